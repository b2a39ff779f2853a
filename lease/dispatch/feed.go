package dispatch

import (
	"math"
	"math/bits"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// maxLag bounds how far behind its contract a lease may fall and still catch
// up. What a lease misses beyond it stays undelivered, and unbilled, instead
// of starving everybody later.
const maxLag = 10 * time.Second

// rigLag is that bound when there are rigs, which serve a lease for a quantum
// and then perhaps another one for many.
const rigLag = quantum * maxRatio * 5 / 4

// feed shares the hashing threads out by deficit in hashes: a lease that is
// behind its contracted rate gets the next chunk, the one furthest behind (in
// seconds of its own rate) first; when none is behind, the house works.
type feed struct {
	now func() time.Time

	mu       sync.Mutex
	tenants  []*account // active leases
	house    *account
	all      map[string]*account      // every account of this run, by lease
	found    []found                  // shares waiting for the committer
	lost     uint64                   // shares dropped because the committer is stuck
	verdicts map[lease.Verdict]uint64 // on rigs' shares, keyed with N = 0; not yet committed
	wake     chan struct{}            // tells the committer that found is not empty
	patient  bool                     // there are rigs
	byRigs   map[string]bool          // leases that the threads leave to rigs
	threads  uint64                   // what the shared threads make together, in H/s, where rigs may come; else 0

	place  func(thread int) miner.Place // where threads run; nil: nobody knows
	cpus   []int                        // by thread, once it has begun; -1: on any processor
	loose  bool                         // some thread may be on any processor, so that none is anybody's alone
	slices map[int]*account             // by processor: the virtual-hosted lease in its term whose it is
	hosted map[string]hosting           // by rig: the hosted lease in its term whose it is; replaced, never changed
}

func newFeed(now func() time.Time) *feed {
	return &feed{now: now, all: make(map[string]*account), verdicts: make(map[lease.Verdict]uint64), wake: make(chan struct{}, 1)}
}

// found is a share on its way to the committer.
type found struct {
	work   *work
	ref    *stratum.Ref
	source string
	rig    bool // not one of the node's threads
	header miner.Header
	stale  bool // its previous block was outlived when it was found
	at     time.Time

	blockOnly bool // it is no receipt: what became of it is counted elsewhere
}

// Bounds of the shares that wait while the store does not answer. Those that
// solve blocks have room beyond that of the others.
const (
	maxFound       = 100_000
	maxFoundBlocks = 1000
)

// account is one lease's, or the house's, part of the threads.
type account struct {
	tenant string // whose it is
	model  lease.Model
	paused bool       // in its term, but stopped for a while
	rate   uint64     // contracted H/s; 0 for the house
	stopMs int64      // no work after this moment, Unix milliseconds; 0 = none
	since  time.Time  // when the contract's clock began, plus what was written off and when there was no work
	given  miner.Work // hashes given since then
	work   *work
	spaces []*stratum.Space // by thread

	begun   time.Time      // when it first had work in this run
	ended   time.Time      // when it had work for the last time
	idle    time.Time      // since when it has no work, while it has none
	unit    miner.Work     // of a receipt of its last work
	counted uint64         // hashes of this run, by the threads
	pending map[int]uint64 // by thread, not yet committed
}

// owed is what the contract asks for by now, in hashes.
func (a *account) owed(now time.Time) miner.Work {
	ns := now.Sub(a.since)
	if ns <= 0 {
		return miner.Work{}
	}
	w := miner.Hashes(a.rate).Mul(uint64(ns))
	hi, rest := w.Hi/uint64(time.Second), w.Hi%uint64(time.Second)
	lo, _ := bits.Div64(rest, w.Lo, uint64(time.Second))
	return miner.Work{Hi: hi, Lo: lo}
}

// give counts hashes towards the contract.
func (a *account) give(hashes miner.Work) { a.given = a.given.Add(hashes) }

// deficit is how many hashes the lease is behind.
func (a *account) deficit(now time.Time) miner.Work { return a.owed(now).Sub(a.given) }

// lag is a deficit as time at the contracted rate.
func (a *account) lag(deficit miner.Work) time.Duration {
	w := deficit.Mul(uint64(time.Second))
	if w.Hi >= a.rate {
		return math.MaxInt64
	}
	ns, _ := bits.Div64(w.Hi, w.Lo, a.rate)
	return time.Duration(min(ns, math.MaxInt64))
}

// Next implements miner.Feeder.
func (f *feed) Next(thread int, max uint64) (miner.Task, bool) {
	cpu := f.processor(thread)
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	best, count := f.serve(thread, cpu, now, max)
	if best == nil {
		return miner.Task{}, false
	}
	for len(best.spaces) <= thread {
		best.spaces = append(best.spaces, nil)
	}
	if best.spaces[thread] == nil {
		best.spaces[thread] = best.work.space(thread)
	}
	t := best.spaces[thread].Task(count, &chunk{best, best.work})
	best.give(miner.Hashes(t.Headers()))
	return t, true
}

// chunk ties a task to the account that pays for it and the job it is of.
type chunk struct {
	account *account
	work    *work
}

// pick chooses whom the next chunk is for, and its size in hashes.
func (f *feed) pick(now time.Time, max uint64) (*account, uint64) {
	best, deficit, lag := f.furthest(now, max)
	if most := f.mostLag(); best != nil && lag > most {
		f.writeOff(now, lag-most, f.large(best))
		best, deficit, _ = f.furthest(now, max)
	}
	if best != nil {
		if deficit.Hi == 0 {
			max = min(max, deficit.Lo)
		}
		return best, max
	}
	if f.house == nil || f.house.work == nil {
		return nil, 0
	}
	return f.house, max
}

// furthest returns the lease that is behind by the most time, if by enough
// hashes to be worth the switch: a fiftieth of a chunk, or half a second of a
// lease so small that it would wait longer for that. Leases that only rigs
// could serve get what the others leave.
func (f *feed) furthest(now time.Time, max uint64) (best *account, deficit miner.Work, lag time.Duration) {
	ms := now.UnixMilli()
	for _, a := range f.tenants {
		if a.work == nil || a.apart() || a.over(ms) || f.byRigs[a.work.job.Lease] {
			continue
		}
		if best != nil && f.large(a) && !f.large(best) {
			continue
		}
		d := a.deficit(now)
		if d.Cmp(miner.Hashes(min(max/50, a.rate/2))) <= 0 {
			continue
		}
		if l := a.lag(d); best == nil || l > lag || f.large(best) && !f.large(a) {
			best, deficit, lag = a, d, l
		}
	}
	return best, deficit, lag
}

// large reports whether a lease is of more than all threads can make, where
// there are others than threads to make it.
func (f *feed) large(a *account) bool { return f.threads > 0 && a.rate > f.threads }

// writeOff forgives the node a time that it cannot make up for. All leases
// that are far behind give up the same time, so that a lasting shortage is
// shared in proportion to the contracts; but one of what rigs make is not
// shared by those that threads serve.
func (f *feed) writeOff(now time.Time, most time.Duration, large bool) {
	for _, a := range f.tenants {
		if lag := a.lag(a.deficit(now)); lag > f.mostLag()/2 && f.large(a) == large && !a.apart() {
			a.since = a.since.Add(min(most, lag))
		}
	}
}

// Found implements miner.Feeder.
func (f *feed) Found(thread int, t *miner.Task, h miner.Header) {
	ref := t.Ref.(*stratum.Ref)
	w := ref.Owner.(*chunk).work
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keep(found{work: w, ref: ref, source: source(thread), header: h, stale: w.tip.outlived.Load(), at: f.now()})
}

// keep hands a share to the committer, under f.mu.
func (f *feed) keep(s found) {
	if n := len(f.found); n >= maxFound && (n >= maxFound+maxFoundBlocks || !s.header.Hash().Meets(s.work.network)) {
		f.lost++
		return
	}
	f.found = append(f.found, s)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Done implements miner.Feeder.
func (f *feed) Done(thread int, t *miner.Task, hashes uint64) {
	a := t.Ref.(*stratum.Ref).Owner.(*chunk).account
	f.mu.Lock()
	defer f.mu.Unlock()
	a.counted += hashes
	if hashes > 0 {
		a.pending[thread] += hashes
	}
	// What was cut short is owed again.
	a.given = a.given.Sub(miner.Hashes(t.Headers() - hashes))
}

// install puts new work in place, for leases in their terms, of which those
// with pauses are stopped. Leases not in it stop working.
func (f *feed) install(leases []lease.Lease, jobs map[string]*work) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	f.tenants = f.tenants[:0]
	for _, a := range f.all {
		a.model, a.paused = "", false
	}
	f.slices = make(map[int]*account)
	f.hosted = f.hosting(leases, now)
	for i := range leases {
		l := &leases[i]
		a := f.account(l.ID, now)
		if a.rate != l.ContractedHps {
			a.since, a.given, a.rate = now, miner.Work{}, l.ContractedHps
		}
		a.stopMs, a.tenant, a.model, a.paused = l.StopMs(), l.Tenant, l.Model, len(l.Pauses) > 0
		a.put(jobs[l.ID], now)
		for _, cpu := range l.Cores {
			f.slices[cpu] = a
		}
		if !a.paused {
			f.tenants = append(f.tenants, a)
		}
	}
	f.house = f.account(lease.House, now)
	f.house.put(jobs[lease.House], now)
	for id, a := range f.all {
		if jobs[id] == nil {
			a.put(nil, now)
		}
	}
}

// setWork puts a lease's new job in place, between two installs.
func (f *feed) setWork(id string, w *work) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.all[id]; a != nil {
		a.put(w, f.now())
	}
}

// put gives the account other work, or none. While it has none, as when the
// tenant's pool is not to be reached, its contract's clock stands still: what
// cannot be delivered is neither owed later nor, if it was ahead, forgotten.
func (a *account) put(w *work, now time.Time) {
	if w != nil && a.begun.IsZero() {
		a.begun = now
	}
	switch {
	case w != nil && a.work == nil:
		a.since = a.since.Add(now.Sub(a.idle))
	case w == nil && a.work != nil:
		a.ended, a.idle = now, now
	}
	if w != nil {
		a.unit = w.credit // kept: what chance may have done stays to be told
	}
	if a.work != w { // else threads go on where they are
		a.work = w
		clear(a.spaces)
	}
}

// account finds or opens a lease's account.
func (f *feed) account(id string, now time.Time) *account {
	a := f.all[id]
	if a == nil {
		a = &account{since: now, idle: now, pending: make(map[int]uint64)}
		f.all[id] = a
	}
	return a
}

// take hands over everything that waits to be committed.
func (f *feed) take() ([]found, []lease.Count, []lease.Verdict) {
	f.mu.Lock()
	defer f.mu.Unlock()
	shares := f.found
	f.found = nil
	var counts []lease.Count
	for id, a := range f.all {
		for thread, n := range a.pending {
			counts = append(counts, lease.Count{Lease: id, Source: source(thread), Hashes: n})
		}
		clear(a.pending)
	}
	if f.lost > 0 {
		f.verdicts[lease.Verdict{Lease: lease.House, Source: "node", Reason: overflow}] += f.lost
		f.lost = 0
	}
	var verdicts []lease.Verdict
	for v, n := range f.verdicts {
		v.N = n
		verdicts = append(verdicts, v)
	}
	clear(f.verdicts)
	return shares, counts, verdicts
}

// tally is how an account stands.
type tally struct {
	counted uint64     // hashes of this run, by the threads
	begun   time.Time  // when it first had work in this run
	unit    miner.Work // of a receipt of the last job; zero before the first
}

// tallies returns how every account of this run stands, by lease.
func (f *feed) tallies() map[string]tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]tally, len(f.all))
	for id, a := range f.all {
		out[id] = tally{counted: a.counted, begun: a.begun, unit: a.unit}
	}
	return out
}
