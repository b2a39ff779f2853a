package dispatch

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Snapshot is the node at one moment, for people to look at.
type Snapshot struct {
	Uptime      time.Duration
	Kernel      string
	Threads     int
	Hps         uint64 // all threads, over the last seconds
	CapacityHps uint64 // what the threads can do
	Hashes      uint64 // headers hashed in this run
	Rows        []Row  // leases by ID, the house last
	Blocks      map[lease.BlockState]int
	Coin        string
	Upstream    string
	Height      int64 // of the block being worked on
	TipAge      time.Duration
	Templates   uint64
	Notes       []string
	Rigs        []RigRow // connections of rigs, by name
}

// Row is what one lease, or the house, got in this run.
type Row struct {
	Lease, Tenant string
	Model         lease.Model
	Paused        []lease.PauseBy // who stops it now
	ContractedHps uint64
	Counted       uint64         // hashes
	CountedHps    uint64         // of the threads, over the last seconds
	RigHps        uint64         // of the rigs at work for it, as their shares of the last minutes prove
	Evidence      lease.Evidence // of the receipts
	Unit          miner.Work     // of a receipt of the present job
	Receipts      uint64
	Rejected      uint64
	Stale         uint64
	ProvenHps     uint64 // of the receipts, since the lease had work in this run
	LoHps, HiHps  uint64 // its 95 % interval
}

// sampleSpan is the time over which present rates are taken.
const sampleSpan = 10 * time.Second

// status is what the other parts tell for the snapshot.
type status struct {
	mu       sync.Mutex
	leases   []lease.Lease
	evidence map[string]lease.Evidence
	rejected map[string]uint64
	stale    map[string]uint64
	blocks   map[lease.BlockState]int
	samples  []sample          // oldest first
	missing  map[string]string // by lease: why its processors do not work for it
}

// sample is the counters at one moment.
type sample struct {
	at      time.Time
	hashes  uint64
	tallies map[string]tally
}

func (s *status) setLeases(l []lease.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases = l
}

func (s *status) setBlocks(counts map[lease.BlockState]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocks = counts
}

// add counts what was committed.
func (s *status) add(receipts []lease.Receipt, verdicts []lease.Verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.evidence == nil {
		s.evidence = make(map[string]lease.Evidence)
		s.rejected = make(map[string]uint64)
		s.stale = make(map[string]uint64)
	}
	for i := range receipts {
		e := s.evidence[receipts[i].Lease]
		e.Add(receipts[i].Work)
		s.evidence[receipts[i].Lease] = e
	}
	for _, v := range verdicts {
		if v.Reason == lease.Stale {
			s.stale[v.Lease] += v.N
		} else {
			s.rejected[v.Lease] += v.N
		}
	}
}

// rate takes the hash rates since the oldest sample that is not older than
// sampleSpan, and keeps the present counters as a sample.
func (s *status) rate(now sample) (all uint64, byLease map[string]uint64) {
	for len(s.samples) > 1 && now.at.Sub(s.samples[1].at) >= sampleSpan {
		s.samples = s.samples[1:]
	}
	byLease = make(map[string]uint64)
	if len(s.samples) > 0 {
		old := s.samples[0]
		if ms := now.at.Sub(old.at).Milliseconds(); ms > 0 {
			all = (now.hashes - old.hashes) * 1000 / uint64(ms)
			for id, t := range now.tallies {
				byLease[id] = (t.counted - old.tallies[id].counted) * 1000 / uint64(ms)
			}
		}
	}
	if n := len(s.samples); n == 0 || now.at.Sub(s.samples[n-1].at) >= sampleSpan/20 {
		s.samples = append(s.samples, now)
	}
	return all, byLease
}

// Snapshot tells how the node is doing. Rates need two calls some time apart.
func (d *Dispatcher) Snapshot() Snapshot {
	now := d.Now()
	s := Snapshot{
		Kernel: d.engine.Kernel().Name, Threads: d.engine.Threads(),
		CapacityHps: d.capacity(),
		Hashes:      d.engine.Hashes(),
		Coin:        d.params.Coin, Upstream: d.Upstream, Notes: slices.Concat(d.engine.Notes(), d.pools.notes(), d.status.missingNotes()),
	}
	s.Rigs = d.Rigs()
	rigs := make(map[string]uint64)
	for i := range s.Rigs {
		rigs[s.Rigs[i].Lease] += s.Rigs[i].Hps
	}
	tallies := d.feed.tallies()
	d.jobs.mu.Lock()
	switch j := &d.jobs; {
	case j.template != nil:
		s.Height = j.template.Height
	case j.pool != nil:
		s.Height, s.Upstream = j.pool.height, j.pool.address
	}
	if d.jobs.tip != nil {
		s.Templates, s.TipAge = d.jobs.templates, now.Sub(d.jobs.tip.since)
	}
	d.jobs.mu.Unlock()

	st := &d.status
	st.mu.Lock()
	defer st.mu.Unlock()
	if !d.started.IsZero() {
		s.Uptime = now.Sub(d.started)
	}
	s.Blocks = maps.Clone(st.blocks)
	var rates map[string]uint64
	s.Hps, rates = st.rate(sample{now, s.Hashes, tallies})
	ms := now.UnixMilli()
	for i := range st.leases {
		l := &st.leases[i]
		state := l.StateAt(ms)
		if state == lease.Active || state == lease.Paused || tallies[l.ID].counted > 0 || st.evidence[l.ID].N > 0 {
			r := Row{Lease: l.ID, Tenant: l.Tenant, Model: l.Model, ContractedHps: l.ContractedHps}
			if state == lease.Paused {
				r.Paused = l.PausedAt(ms)
			}
			s.Rows = append(s.Rows, r)
		}
	}
	s.Rows = append(s.Rows, Row{Lease: lease.House, Tenant: lease.House})
	for i := range s.Rows {
		r := &s.Rows[i]
		t := tallies[r.Lease]
		r.Counted, r.CountedHps, r.RigHps, r.Unit = t.counted, rates[r.Lease], rigs[r.Lease], t.unit
		r.Evidence, r.Rejected, r.Stale = st.evidence[r.Lease], st.rejected[r.Lease], st.stale[r.Lease]
		r.Receipts = r.Evidence.N
		if ms := now.Sub(t.begun).Milliseconds(); ms > 0 && !t.begun.IsZero() {
			r.rates(ms)
		}
	}
	return s
}

// rates turns the evidence of ms milliseconds into hash rates.
func (r *Row) rates(ms int64) {
	r.ProvenHps, _ = lease.Rate(r.Evidence.Sum, ms)
	lo, hi := r.Evidence.Interval(r.Unit)
	r.LoHps, _ = lease.Rate(lo, ms)
	_, r.HiHps = lease.Rate(hi, ms)
}
