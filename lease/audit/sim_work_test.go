package audit_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// poisson draws a number of events of which so many are expected.
func poisson(r *rand.Rand, mean float64) int {
	const most = 30
	n := 0
	for mean > most { // the sum of two is one
		n += poisson(r, most)
		mean -= most
	}
	limit, p := math.Exp(-mean), r.Float64()
	for p > limit {
		n++
		p *= r.Float64()
	}
	return n
}

// placement is who works for whom.
type placement struct {
	lease  *simLease
	source *source
}

// placements shares the machines out: those that are somebody's own first, then
// the others, lease by lease, until each has what it was promised. The rest is
// the house's.
func (x *sim) placements() (all []placement) {
	x.Helper()
	shared := make([]*source, 0, len(x.sources))
	byName, byCore := make(map[string]*source), make(map[int]*source)
	for _, s := range x.sources {
		if s.broken {
			continue
		}
		byName[s.name], byCore[s.core] = s, s
		if s.tenant == "" && s.core < 0 {
			shared = append(shared, s)
		}
	}
	for _, l := range x.leases {
		if l.StateAt(x.at()) != lease.Active || l.outage != 0 {
			continue
		}
		for _, name := range l.Rigs {
			if s := byName[name]; s != nil {
				all = append(all, placement{lease: l, source: s})
			}
		}
		for _, n := range l.Cores {
			if s := byCore[n]; s != nil {
				all = append(all, placement{lease: l, source: s})
			}
		}
		if l.Model != lease.Leased {
			continue
		}
		n := min(int(l.ContractedHps/unitHps), len(shared))
		for _, s := range shared[:n] {
			all = append(all, placement{lease: l, source: s})
		}
		shared = shared[n:]
	}
	for _, s := range shared {
		all = append(all, placement{lease: x.house, source: s})
	}
	return all
}

// work lets some time pass in which the machines hash, and commits what came of
// it.
func (x *sim) work(ms int64) {
	x.Helper()
	if x.tip == 0 || x.nowMs-x.tipMs >= hour {
		x.newTip()
	}
	placed := x.placements()
	var workers []*simLease
	for _, p := range placed {
		workers = append(workers, p.lease)
	}
	x.putJobs(slices.Compact(workers))
	x.nowMs += ms
	b := lease.Batch{AtMs: x.clock() - 1}
	hashes := uint64(ms) * unitHps / 1000
	at := max(b.AtMs, x.heartbeat) / hour
	sent := make(map[*simLease]int)
	for i := range placed {
		p := &placed[i]
		j := &p.lease.job
		n := poisson(x.rng, float64(hashes)/j.Target.Work().Float64())
		sent[p.lease] += n
		for range n {
			b.Receipts = append(b.Receipts, x.share(p))
		}
		if !p.source.rig {
			b.Counts = append(b.Counts, lease.Count{Lease: p.lease.ID, Source: p.source.name, Hashes: hashes})
		}
		if x.rng.IntN(50) == 0 {
			b.Verdicts = append(b.Verdicts, lease.Verdict{Lease: p.lease.ID, Source: p.source.name, Reason: lease.Stale, N: 1})
		}
		x.truth[hourOf{at, p.lease.ID}] += hashes
	}
	for _, l := range x.leases {
		if n := sent[l]; n > 0 && l.Pool != nil {
			b.Upstream = append(b.Upstream, x.upstream(l, n))
		}
	}
	x.commit(b)
}

// share is the next share of a placement.
func (x *sim) share(p *placement) lease.Receipt {
	x.number++
	var extranonce [6]byte
	binary.BigEndian.PutUint32(extranonce[2:], uint32(x.number))
	return lease.Receipt{
		Lease: p.lease.ID, Job: p.lease.job.Seq, Source: p.source.name, Extranonce: extranonce[:], Time: uint32(x.nowMs / 1000),
		Nonce: x.rng.Uint32(), VersionBits: uint32(x.number>>32) << 13, Work: p.lease.job.Target.Work(),
	}
}

// upstream is what a pool says that takes every fourth share, and now and then
// refuses one.
func (x *sim) upstream(l *simLease, n int) lease.Upstream {
	const each = 4
	work := l.job.Target.Work().Mul(each)
	u := lease.Upstream{Lease: l.ID}
	for range n {
		if x.rng.IntN(each) == 0 {
			u.Sent++
			if x.rng.IntN(200) == 0 {
				u.Rejected++
			} else {
				u.Accepted++
			}
		}
	}
	u.SentWork, u.AcceptedWork = work.Mul(u.Sent), work.Mul(u.Accepted)
	return u
}

// commit commits a batch, in so many parts, sometimes again, and tells the
// windows of it.
func (x *sim) commit(b lease.Batch) {
	x.Helper()
	parts := max(1, x.split)
	for i := range parts {
		part := lease.Batch{Run: x.run, AtMs: b.AtMs}
		x.batches++
		part.N = x.batches
		part.Receipts = b.Receipts[i*len(b.Receipts)/parts : (i+1)*len(b.Receipts)/parts]
		part.Counts = b.Counts[i*len(b.Counts)/parts : (i+1)*len(b.Counts)/parts]
		if i == 0 {
			part.Verdicts, part.Upstream = b.Verdicts, b.Upstream
		}
		receipts, err := x.store.CommitBatch(x.ctx, part)
		x.ok(err)
		x.last = part
		x.heartbeat = max(x.heartbeat, b.AtMs)
		x.receipts += len(receipts)
		for j := range receipts {
			x.push(&receipts[j])
		}
	}
}

// resend sends the last batch again, which must change nothing.
func (x *sim) resend() {
	x.Helper()
	if x.last.N != 0 {
		_, err := x.store.CommitBatch(x.ctx, x.last)
		x.ok(err)
	}
}

// push takes a receipt into the window of its lease's scheme.
func (x *sim) push(r *lease.Receipt) {
	scheme := lease.SchemeTides // the house's
	if r.Lease != lease.House {
		l := x.leaseOf(r.Lease)
		if l.Pool != nil {
			return
		}
		scheme = l.terms.Scheme
	}
	if w := x.windows[scheme]; w != nil {
		w.Push(reward.Share{Seq: r.Seq, Lease: r.Lease, Work: r.Work, Network: networkWork, AtMs: r.CommitMs})
	}
}

func (x *sim) leaseOf(id string) *simLease {
	// IDs count from L-0001.
	n := 0
	for _, c := range id[2:] {
		n = 10*n + int(c-'0')
	}
	return x.leases[n-1]
}

// beat tells that the node runs.
func (x *sim) beat() {
	x.Helper()
	x.commit(lease.Batch{AtMs: x.clock()})
}

// networkWork is what a block takes: the shared machines of a large provider
// find some two a day.
var networkWork = miner.Hashes(unitHps).Mul(100 * 12 * 3600)
