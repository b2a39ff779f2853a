package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// A virtual-hosted lease has processors of its own: the threads that are kept
// on them work for it alone, whatever they make, from its start to its stop.
// While its pool has no work for it they wait. Only while it is paused do they
// work for the house, which is what idle processors do, and never for another
// tenant; they are back within a kernel call of its going on. The processors
// are kept from the hashing of others, not from the system, which may do there
// what it must.
//
// That a processor is one tenant's alone cannot be promised where a thread may
// be on any of them. There such a lease gets nothing, and the node says why.

// apart reports whether a lease is served by machines or processors of its own.
func (a *account) apart() bool { return a.model == lease.Hosted || a.model == lease.VirtualHosted }

// over reports whether the lease's time is over, in Unix milliseconds.
func (a *account) over(ms int64) bool { return a.stopMs != 0 && a.stopMs <= ms }

// processor is where a thread that has begun is kept, -1 when that is anywhere.
func (f *feed) processor(thread int) int {
	if f.place == nil {
		return -1
	}
	return f.place(thread).CPU
}

// serve chooses whom the next chunk of a thread is for, and its size in hashes.
func (f *feed) serve(thread, cpu int, now time.Time, max uint64) (*account, uint64) {
	for len(f.cpus) <= thread {
		f.cpus = append(f.cpus, -1)
	}
	f.cpus[thread] = cpu
	f.loose = f.loose || cpu < 0
	a := f.slices[cpu]
	switch {
	case a == nil || f.loose || a.over(now.UnixMilli()):
		return f.pick(now, max)
	case a.paused && f.house != nil && f.house.work != nil:
		return f.house, max
	case a.paused || a.work == nil:
		return nil, 0
	}
	return a, max
}

// dedicated is how many threads have begun that work for virtual-hosted leases
// alone.
func (f *feed) dedicated() (n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, cpu := range f.cpus {
		if f.slices[cpu] != nil && !f.loose {
			n++
		}
	}
	return n
}

// sharedCapacity is what the threads that are no tenant's alone can hash at
// their duty, in H/s.
func (d *Dispatcher) sharedCapacity() uint64 {
	threads := uint64(max(d.engine.Threads(), 1))
	return d.capacity() / threads * (threads - min(d.feed.dedicated(), threads))
}

// keptFor is how many threads have begun that work for these leases alone now.
func (f *feed) keptFor(active []lease.Lease) (n uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, cpu := range f.cpus {
		if !f.loose && slices.ContainsFunc(active, func(l lease.Lease) bool { return slices.Contains(l.Cores, cpu) }) {
			n++
		}
	}
	return n
}

// leftCapacity is what the threads can hash that work for none of these leases
// alone, in H/s.
func (d *Dispatcher) leftCapacity(active []lease.Lease) uint64 {
	threads := uint64(max(d.engine.Threads(), 1))
	return d.capacity() / threads * (threads - min(d.feed.keptFor(active), threads))
}

// Undelivered is the body of lease.EventPlacement for a lease that the node, as
// it was started, cannot serve as contracted.
type Undelivered struct {
	Reason string `json:"reason"`
	Cores  []int  `json:"cores"` // that no thread works on for it
}

// watchCores finds virtual-hosted leases with processors that no thread works
// on for them, and says so: in the log, as an event, and in the notes.
func (d *Dispatcher) watchCores(ctx context.Context, term []lease.Lease) {
	has := make(map[int]bool)
	for _, p := range d.engine.Places() {
		if !p.Begun {
			return // it will soon
		}
		has[p.CPU] = true
	}
	missing := make(map[string]string)
	for i := range term {
		l := &term[i]
		if why, cores := unserved(l, has); why != "" && len(l.Pauses) == 0 {
			missing[l.ID] = why
			d.tellMissing(ctx, l, Undelivered{why, cores})
		}
	}
	d.status.mu.Lock()
	defer d.status.mu.Unlock()
	d.status.missing = missing
}

// unserved says which processors of a lease have no thread, and why.
func unserved(l *lease.Lease, has map[int]bool) (why string, cores []int) {
	if l.Model != lease.VirtualHosted {
		return "", nil
	}
	if has[-1] {
		return "its processors cannot be its alone, for the hashing threads are not pinned to processors here", l.Cores
	}
	for _, cpu := range l.Cores {
		if !has[cpu] {
			cores = append(cores, cpu)
		}
	}
	if len(cores) == 0 {
		return "", nil
	}
	return fmt.Sprintf("no hashing thread is kept on processor %s: let the node run more threads, or let the lease have other processors",
		numbers(cores)), cores
}

// numbers writes a list of numbers for people.
func numbers(ns []int) string {
	var words []string
	for _, n := range ns {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ", ")
}

// tellMissing says once what a lease does not get.
func (d *Dispatcher) tellMissing(ctx context.Context, l *lease.Lease, u Undelivered) {
	d.status.mu.Lock()
	said := d.status.missing[l.ID] == u.Reason
	d.status.mu.Unlock()
	if said {
		return
	}
	d.Log.Warn("a lease does not get what it is owed", "lease", l.ID, "reason", u.Reason)
	key := fmt.Sprintf("undelivered:%s:%d:%s", l.ID, d.run, strings.Join(strings.Fields(numbers(u.Cores)), ""))
	e, err := lease.NewEvent(lease.EventPlacement, d.Now().UnixMilli(), key, u)
	if err == nil {
		err = d.Store.PutEvents(ctx, e.Of(l))
	}
	if err != nil && ctx.Err() == nil {
		d.Log.Error("an event cannot be stored", "lease", l.ID, "err", err)
	}
}

// missingNotes are for people.
func (s *status) missingNotes() (notes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, why := range s.missing {
		notes = append(notes, fmt.Sprintf("lease %s: %s", id, why))
	}
	slices.Sort(notes)
	return notes
}
