package audit_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// addLease adds a lease of some model, where one can be had; pick chooses.
func (x *sim) addLease(pick func(n int) int) {
	x.Helper()
	l := lease.Lease{Model: lease.Leased, Tenant: x.tenants[pick(len(x.tenants))], StartMs: x.at() + int64(pick(3))*30*minute, ContractedHps: unitHps}
	switch kind := pick(5); {
	case kind == 3 && x.freeRigs(l.Tenant) != nil:
		l.Model, l.Rigs = lease.Hosted, x.freeRigs(l.Tenant)
	case kind == 4 && len(x.freeCores) > 0:
		l.Model, l.Cores = lease.VirtualHosted, []int{x.freeCores[0]}
		x.freeCores = x.freeCores[1:]
	default:
		l.ContractedHps *= uint64(1 + pick(4))
	}
	if n := uint64(len(l.Rigs)); n > 0 {
		l.ContractedHps *= n
	}
	if pick(3) > 0 {
		l.EndMs = l.StartMs + int64(1+pick(20))*day/2
	}
	l.ProofMs = max(lease.MinProofMs, hour/int64(x.shares))
	binary.BigEndian.PutUint64(l.Nonce[:], x.rng.Uint64())
	terms := x.terms[pick(len(x.terms))]
	if pick(3) == 0 {
		l.Pool = &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}
	}
	var err error
	l.Terms, err = terms.Hash()
	x.ok(err)
	l, err = x.store.AddLease(x.ctx, l, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		var tag lease.Tag
		binary.BigEndian.PutUint64(tag[:], x.rng.Uint64())
		e, err := lease.NewEvent(lease.EventLeaseAdded, x.at(), "", lease.LeaseAdded{Model: l.Model, StartMs: l.StartMs, EndMs: l.EndMs})
		return tag, []lease.Event{e}, err
	})
	x.ok(err)
	x.leases = append(x.leases, &simLease{Lease: l, terms: terms})
}

// freeRigs are the rigs of a tenant that no lease has, at most four; nil for
// none.
func (x *sim) freeRigs(tenant string) []string {
	taken := make(map[string]bool)
	for _, l := range x.leases {
		if s := l.StateAt(x.at()); s != lease.Closed && s != lease.Ended {
			for _, name := range l.Rigs {
				taken[name] = true
			}
		}
	}
	var free []string
	for _, s := range x.sources {
		if s.tenant == tenant && !taken[s.name] && len(free) < 4 {
			free = append(free, s.name)
		}
	}
	slices.Sort(free)
	return free
}

// alive are the leases that are not over.
func (x *sim) alive() (alive []*simLease) {
	for _, l := range x.leases {
		if s := l.StateAt(x.at()); s != lease.Closed && s != lease.Ended {
			alive = append(alive, l)
		}
	}
	return alive
}

// change changes a lease; that it is over, or so already, is fine.
func (x *sim) change(l *simLease, change func(l *lease.Lease) ([]lease.Event, error)) {
	x.Helper()
	now, err := x.store.ChangeLease(x.ctx, l.ID, 1<<62, change)
	if errors.Is(err, lease.ErrClosed) || errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrNotFound) || errors.Is(err, lease.ErrTaken) {
		return
	}
	x.ok(err)
	l.Lease = now
}

func (x *sim) pause(l *simLease, by lease.PauseBy) {
	x.Helper()
	x.change(l, func(l *lease.Lease) ([]lease.Event, error) { return nil, l.Pause(by, x.at()) })
}

func (x *sim) resume(l *simLease, by lease.PauseBy) {
	x.Helper()
	x.change(l, func(l *lease.Lease) ([]lease.Event, error) { return nil, l.Resume(by, x.at()) })
}

func (x *sim) extend(l *simLease, ms int64) {
	x.Helper()
	if l.EndMs != 0 {
		x.change(l, func(l *lease.Lease) ([]lease.Event, error) { return l.Extend(0, ms, 1<<62, x.at()) })
	}
}

func (x *sim) close(l *simLease, byProvider bool) {
	x.Helper()
	x.change(l, func(l *lease.Lease) ([]lease.Event, error) { return l.Close(byProvider, x.at()) })
}

// prepay books money for a lease, and sometimes the same payment again.
func (x *sim) prepay(l *simLease, sat int64) {
	x.Helper()
	x.number++
	ref := fmt.Sprintf("tx%d:0", x.number)
	for range 1 + x.rng.IntN(2) {
		if _, err := x.settler.Prepay(x.ctx, l.ID, sat, ref, x.at()); !errors.Is(err, lease.ErrClosed) {
			x.ok(err)
		}
	}
}

// refresh reads the leases, of which others may have paused some.
func (x *sim) refresh() {
	x.Helper()
	for _, l := range x.alive() {
		now, err := x.store.Lease(x.ctx, l.ID)
		x.ok(err)
		l.Lease = now
	}
	// Processors of leases that are over can be let again.
	x.freeCores = x.freeCores[:0]
	taken := make(map[int]bool)
	for _, l := range x.alive() {
		for _, n := range l.Cores {
			taken[n] = true
		}
	}
	for _, s := range x.sources {
		if s.core >= 0 && !taken[s.core] {
			x.freeCores = append(x.freeCores, s.core)
		}
	}
}

// maintain announces maintenance.
func (x *sim) maintain(afterMs, ms int64) {
	x.Helper()
	from := x.at() + 1 + afterMs
	_, err := x.store.PutExclusion(x.ctx, lease.Exclusion{Kind: lease.ExcludeMaintenance, AnnouncedMs: x.at(), FromMs: from, ToMs: from + ms, Evidence: "new fans"})
	x.ok(err)
}

// outage begins, or ends, a time in which a lease's pool cannot be reached.
func (x *sim) outage(l *simLease) {
	x.Helper()
	switch {
	case l.Pool == nil:
	case l.outage != 0:
		x.ok(x.store.EndExclusion(x.ctx, l.outage, x.at()))
		l.outage = 0
	default:
		e, err := x.store.PutExclusion(x.ctx, lease.Exclusion{Lease: l.ID, Kind: lease.ExcludePool, AnnouncedMs: x.at(), FromMs: x.at(), Evidence: "connection refused"})
		x.ok(err)
		l.outage = e.ID
	}
}
