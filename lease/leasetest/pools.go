package leasetest

import (
	"math"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// samplePool is valid, and its password holds what must be quoted.
func samplePool() *lease.Pool {
	return &lease.Pool{
		URLs:     []string{"stratum+ssl://pool.example.com:443", "wss://b.example.com/stratum?x=1"},
		User:     "bc1qexample.rig%1",
		Password: `x"' \,d=1024`,
	}
}

// addPoolLease adds a lease with a pool of its own.
func (s *suite) addPoolLease() lease.Lease {
	s.Helper()
	l := s.addLease("acme")
	l.Pool = samplePool()
	return must(s.store.AddLease(s.ctx, l, noLimit, tagged))(s)
}

func (s *suite) poolLeases() {
	house := s.addLease("acme")
	given := house
	given.Pool = samplePool()
	want := given
	want.Pool = samplePool()
	want.ID, want.Tag = "L-0002", tagOf("L-0002")
	same(s, "added", must(s.store.AddLease(s.ctx, given, noLimit, tagged))(s), want)
	given.Pool.URLs[0], given.Pool.User = "tcp://changed:1", "changed" // is the caller's own
	same(s, "stored", must(s.store.Lease(s.ctx, want.ID))(s), want)
	same(s, "both", must(s.store.Leases(s.ctx))(s), []lease.Lease{house, want})

	// Nothing of a pool may get lost or be made up.
	for _, p := range []lease.Pool{
		{URLs: []string{"a:1"}, User: "u"},
		{URLs: []string{"a:1", "a:2", "a:3", "a:4", "a:5"}, User: strings.Repeat("u", lease.MaxPoolUser), Password: strings.Repeat("p", lease.MaxPoolPassword)},
	} {
		l := house
		l.Pool = &p
		l = must(s.store.AddLease(s.ctx, l, noLimit, tagged))(s)
		same(s, "pool", must(s.store.Lease(s.ctx, l.ID))(s).Pool, &p)
	}
	for _, bad := range []lease.Pool{{}, {User: "u"}, {URLs: []string{"a:1"}}, {URLs: []string{"a:1"}, User: "a b"}} {
		l := house
		l.Pool = &bad
		_, err := s.store.AddLease(s.ctx, l, noLimit, tagged)
		s.fails("pool "+bad.String(), err)
	}

	// Closing leaves it. The contracted rates count as those of all leases.
	s.closeLease(want.ID, want.StartMs+1)
	same(s, "of a closed lease", must(s.store.Lease(s.ctx, want.ID))(s).Pool, want.Pool)
	l := house
	l.Pool = samplePool()
	_, err := s.store.AddLease(s.ctx, l, l.ContractedHps, tagged)
	s.is(err, lease.ErrOversold)
}

func (s *suite) upstream() {
	house, a, b := s.addLease("acme"), s.addPoolLease(), s.addPoolLease()
	at := s.addLease("acme") // works for the house's pool
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	const hour = 3_600_000
	big := miner.Work{Hi: 1 << 40, Lo: math.MaxUint64} // sums must carry
	var want, other lease.Upstream
	for i := range uint64(6) {
		u := lease.Upstream{Sent: 10, Accepted: 5, Rejected: 2, Stale: 1, SentWork: big.Mul(2), AcceptedWork: big}
		v := lease.Upstream{Sent: i, SentWork: miner.Hashes(i)}
		want.Add(u)
		want.Add(v)
		other.Add(v)
		u.Lease, v.Lease = a.ID, a.ID
		w := v
		w.Lease = b.ID
		x := u
		x.Lease = at.ID
		batch := lease.Batch{Run: run, N: i + 1, AtMs: 1 + int64(i)*hour/3, Upstream: []lease.Upstream{u, w, v, x}}
		for range 2 { // sent again it counts once
			must(s.store.CommitBatch(s.ctx, batch))(s)
		}
	}
	m := must(s.store.Meter(s.ctx, a.ID))(s)
	same(s, "of the first", m.Upstream, want)
	same(s, "lost", m.Upstream.Lost(), want.Sent-5*6-2*6-6)
	same(s, "of the second", must(s.store.Meter(s.ctx, b.ID))(s).Upstream, other)
	same(s, "of one at the house's pool", must(s.store.Meter(s.ctx, at.ID))(s).Upstream.Sent, 60)
	same(s, "without a pool", must(s.store.Meter(s.ctx, house.ID))(s).Upstream, lease.Upstream{})
	same(s, "verdicts", m.Verdicts, map[string]uint64{}) // the pool's are none of ours
	if m.Evidence.N != 0 || !m.Counted.IsZero() {
		s.Errorf("what a pool said is metered as delivered: %+v", m)
	}
}

func (s *suite) upstreamErrors() {
	l := s.addPoolLease()
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	good := lease.Upstream{Lease: l.ID, Sent: 3, Accepted: 1, Rejected: 1, Stale: 1, SentWork: miner.Hashes(3), AcceptedWork: miner.Hashes(3)}
	batch := lease.Batch{Run: run, N: 1, AtMs: 2, Receipts: []lease.Receipt{share(job, 2, 1)}, Upstream: []lease.Upstream{good}}
	for _, tt := range []struct {
		name string
		make func(u *lease.Upstream)
	}{
		{"more verdicts than shares", func(u *lease.Upstream) { u.Sent = 2 }},
		{"absurd number of shares", func(u *lease.Upstream) { u.Sent = math.MaxUint64 }},
		{"verdicts that overflow", func(u *lease.Upstream) { u.Accepted, u.Rejected = math.MaxUint64, 2 }},
		{"more work accepted than sent", func(u *lease.Upstream) { u.AcceptedWork = miner.Hashes(4) }},
	} {
		bad := good
		tt.make(&bad)
		b := batch
		b.Upstream = slices.Concat(batch.Upstream, []lease.Upstream{bad})
		_, err := s.store.CommitBatch(s.ctx, b)
		s.fails(tt.name, err)
	}
	for _, id := range []string{"", lease.House, "L-0099"} {
		bad := good
		bad.Lease = id
		b := batch
		b.Upstream = []lease.Upstream{good, bad}
		_, err := s.store.CommitBatch(s.ctx, b)
		s.is(err, lease.ErrNotFound)
	}
	// All or nothing: the good part of the failed batches is not in the sums.
	m := must(s.store.Meter(s.ctx, l.ID))(s)
	same(s, "after the errors", m.Upstream, lease.Upstream{})
	same(s, "receipts after the errors", m.Evidence.N, 0)
	must(s.store.CommitBatch(s.ctx, batch))(s)
	m = must(s.store.Meter(s.ctx, l.ID))(s)
	want := good
	want.Lease = ""
	same(s, "after the good one", m.Upstream, want)
}
