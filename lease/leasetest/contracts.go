package leasetest

import (
	"context"
	"math"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
)

func (s *suite) terms() {
	want := sampleTerms()
	h := must(s.store.PutTerms(s.ctx, want))(s)
	hash, err := want.Hash()
	s.ok(err)
	same(s, "hash", h, hash)
	same(s, "again", must(s.store.PutTerms(s.ctx, want))(s), h)
	same(s, "terms", must(s.store.Terms(s.ctx, h))(s), want)
	_, err = s.store.Terms(s.ctx, lease.TermsHash{1})
	s.is(err, lease.ErrNotFound)
}

func (s *suite) tenants() {
	same(s, "no tenants", len(must(s.store.Tenants(s.ctx))(s)), 0)
	b, a := sampleTenant("bob"), sampleTenant("alice")
	b.Address = "bcrt1qexample"
	s.ok(s.store.AddTenant(s.ctx, b))
	s.ok(s.store.AddTenant(s.ctx, a))
	s.is(s.store.AddTenant(s.ctx, sampleTenant("bob")), lease.ErrExists)
	same(s, "tenant", must(s.store.Tenant(s.ctx, "bob"))(s), b)
	same(s, "tenants", must(s.store.Tenants(s.ctx))(s), []lease.Tenant{a, b})
	_, err := s.store.Tenant(s.ctx, "carol")
	s.is(err, lease.ErrNotFound)
	for _, bad := range []lease.Tenant{{ID: "x"}, sampleTenant("No Such Name"), sampleTenant(lease.House)} {
		s.fails("tenant "+bad.ID, s.store.AddTenant(s.ctx, bad))
	}
}

func (s *suite) leases() {
	same(s, "no leases", len(must(s.store.Leases(s.ctx))(s)), 0)
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	var want []lease.Lease
	for _, id := range []string{"L-0001", "L-0002", "L-0003"} {
		l := sampleLease("acme", h)
		l.EndMs = l.StartMs + 1000
		l.ID, l.Tag, l.ClosedMs = "ignored", lease.Tag{9}, 5
		var asked string
		got := must(s.store.AddLease(s.ctx, l, noLimit, func(id string) (lease.Tag, []lease.Event, error) { asked = id; return tagged(id) }))(s)
		l.ID, l.Tag, l.ClosedMs = id, tagOf(id), 0
		same(s, "lease", got, l)
		same(s, "ID for the tag", asked, id)
		same(s, "stored lease", must(s.store.Lease(s.ctx, id))(s), l)
		want = append(want, l)
	}
	same(s, "leases", must(s.store.Leases(s.ctx))(s), want)
	_, err := s.store.Lease(s.ctx, "L-0004")
	s.is(err, lease.ErrNotFound)
}

func (s *suite) addLeaseErrors() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	_, err := s.store.AddLease(s.ctx, sampleLease("nobody", h), noLimit, tagged)
	s.is(err, lease.ErrNotFound)
	_, err = s.store.AddLease(s.ctx, sampleLease("acme", lease.TermsHash{1}), noLimit, tagged)
	s.is(err, lease.ErrNotFound)
	bad := sampleLease("acme", h)
	bad.ContractedHps = 0
	_, err = s.store.AddLease(s.ctx, bad, noLimit, tagged)
	s.fails("a lease of nothing", err)

	sameTag := func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{1}, nil, nil }
	must(s.store.AddLease(s.ctx, sampleLease("acme", h), noLimit, sameTag))(s)
	_, err = s.store.AddLease(s.ctx, sampleLease("acme", h), noLimit, sameTag)
	s.is(err, lease.ErrTagTaken)
	same(s, "leases after the errors", len(must(s.store.Leases(s.ctx))(s)), 1)

	// At a pool with little room a tag is its first bytes alone.
	add := func(tag lease.Tag, start, end int64, pool *lease.Pool) error {
		l := sampleLease("acme", h)
		l.StartMs, l.EndMs, l.Pool = start, end, pool
		_, err := s.store.AddLease(s.ctx, l, noLimit, func(string) (lease.Tag, []lease.Event, error) { return tag, nil, nil })
		return err
	}
	pool := &lease.Pool{URLs: []string{"stratum+tcp://pool.example:3333"}, User: "u"}
	other := &lease.Pool{URLs: []string{"stratum+tcp://eu.pool.example:3333"}, User: "v"}
	s.ok(add(lease.Tag{7, 7, 1}, 1000, 2000, pool))
	s.is(add(lease.Tag{7, 7, 2}, 1999, 0, other), lease.ErrTagTaken)
	s.is(add(lease.Tag{7, 7, 2}, 1, 1001, pool), lease.ErrTagTaken)
	s.is(add(lease.Tag{7, 7, 2}, 2000, 3000, pool), lease.ErrTagTaken) // the other's work may still come
	s.ok(add(lease.Tag{7, 8, 1}, 1000, 2000, pool))
	s.ok(add(lease.Tag{7, 7, 3}, 1000, 2000, nil))
	must(s.store.BeginRun(s.ctx, 2000+leaf.TagLingerMs-1))(s)
	s.is(add(lease.Tag{7, 7, 2}, 2000, 3000, pool), lease.ErrTagTaken)
	must(s.store.BeginRun(s.ctx, 2000+leaf.TagLingerMs))(s)
	s.ok(add(lease.Tag{7, 7, 2}, 2000, 0, pool))
}

func (s *suite) oversell() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	add := func(hps uint64, start, end int64) error {
		l := sampleLease("acme", h)
		l.ContractedHps, l.StartMs, l.EndMs = hps, start, end
		_, err := s.store.AddLease(s.ctx, l, 100, tagged)
		return err
	}
	s.ok(add(60, 1000, 2000))
	s.ok(add(40, 1500, 3000))
	s.is(add(1, 1999, 2500), lease.ErrOversold)
	s.is(add(1, 500, 0), lease.ErrOversold)
	s.ok(add(60, 2000, 3000))
	s.ok(add(40, 500, 1500))
	s.is(add(101, 5000, 0), lease.ErrOversold)
	s.ok(add(100, 3000, 0))
	// A lease that is closed makes room from then on.
	s.closeLease("L-0001", 1200)
	s.is(add(60, 1100, 1300), lease.ErrOversold)
	s.ok(add(60, 1200, 2000))
}

func (s *suite) capacity() {
	same(s, "at first", must(s.store.Capacity(s.ctx))(s), 0)
	for _, hps := range []uint64{1, 123_456_789, math.MaxUint64} {
		s.ok(s.store.SetCapacity(s.ctx, hps))
		same(s, "capacity", must(s.store.Capacity(s.ctx))(s), hps)
	}
}

func (s *suite) version() {
	v := must(s.store.LeasesVersion(s.ctx))(s)
	changes := func(what string, want bool) {
		s.Helper()
		now := must(s.store.LeasesVersion(s.ctx))(s)
		same(s, what, now != v, want)
		v = now
	}
	changes("nothing", false)
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	l := must(s.store.AddLease(s.ctx, sampleLease("acme", h), noLimit, tagged))(s)
	changes("a new lease", true)
	s.closeLease(l.ID, l.StartMs+500)
	changes("a closed lease", true)
	s.ok(s.store.SetCapacity(s.ctx, 5))
	changes("no lease", false)
}

// cancelled checks that a call whose context is over changes nothing.
func (s *suite) cancelled() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.is(s.store.AddTenant(ctx, sampleTenant("acme")), context.Canceled)
	_, err := s.store.Tenants(ctx)
	s.is(err, context.Canceled)
	var seen error
	for _, err := range s.store.ReceiptsBack(ctx) {
		seen = err
	}
	s.is(seen, context.Canceled)
	same(s, "tenants", len(must(s.store.Tenants(s.ctx))(s)), 0)
}
