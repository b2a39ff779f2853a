package leasetest

import (
	"crypto/sha256"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// checkTags checks that every leaf of the tag map follows from the leases' leaves
// before it, and that the last one is of all of them.
func (s *suite) checkTags() {
	s.Helper()
	tags := leaf.Tags{}
	var last leaf.TagMap
	for _, l := range all(s, s.store.Leaves(s.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindLease), string(translog.KindTagMap)}})) {
		j := &journal{suite: s}
		if l.Kind == string(translog.KindLease) {
			doc, _ := read[leaf.Lease](j, l)
			tags.Add(doc)
			continue
		}
		doc, _ := read[leaf.TagMap](j, l)
		m := must(tags.Map(doc.AtMs))(s)
		if doc.TagRoot != m.Root() || doc.AtMs < last.AtMs {
			s.Errorf("leaf %d is the map %+v, of the leases before it follows %+v", l.Index, doc, m.Root())
		}
		last = doc
	}
	m := must(tags.Map(last.AtMs))(s)
	same(s, "the last map", last.TagRoot, m.Root())
}

// contractLeaves checks the leaves of contracts and what they say.
func (s *suite) contractLeaves() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	j := &journal{suite: s}
	j.added("terms", "terms "+h.String())
	given := sampleLease("acme", h)
	given.Pool, given.EndMs, given.Provider = samplePool(), given.StartMs+9000, [32]byte{9}
	given.Pauses = []lease.Pause{{By: lease.PauseBudget, FromMs: 5}}
	l := must(s.store.AddLease(s.ctx, given, noLimit, tagged))(s)
	same(s, "provider", must(s.store.Lease(s.ctx, l.ID))(s).Provider, given.Provider)
	change := func(what string, f func(*lease.Lease), want ...string) (leaf.Lease, leaf.LeasePrivate) {
		s.Helper()
		must(s.store.ChangeLease(s.ctx, l.ID, noLimit, func(l *lease.Lease) ([]lease.Event, error) { f(l); return nil, nil }))(s)
		leaves := j.added(what, want...)
		if len(leaves) == 0 {
			return leaf.Lease{}, leaf.LeasePrivate{}
		}
		doc, whole := read[leaf.Lease](j, leaves[0])
		return doc, private[leaf.LeasePrivate](j, whole, leaves[0])
	}
	added := j.added("a lease", "lease "+l.ID, "tagmap")
	doc, whole := read[leaf.Lease](j, added[0])
	want := leaf.Lease{
		Lease: l.ID, Model: l.Model, ContractedHps: lease.Quantity{Lo: l.ContractedHps}, ProofMs: l.ProofMs, StartMs: l.StartMs, EndMs: l.EndMs, StopMs: l.EndMs,
		Tag: receipt.B16(l.Tag), Terms: receipt.B32(h), Destinations: []string{leaf.DestinationPool},
	}
	wantPrivate := leaf.LeasePrivate{
		Tenant: "acme", TenantKey: receipt.B32(sampleTenant("acme").Key), Nonce: receipt.B16(l.Nonce), Provider: receipt.B32{9},
		PoolURLs: samplePool().URLs, PoolUser: samplePool().User, Pauses: []leaf.Pause{{By: lease.PauseBudget, FromMs: 5}},
	}
	same(s, "public", doc, want)
	same(s, "private", private[leaf.LeasePrivate](j, whole, added[0]), wantPrivate)

	change("nothing", func(*lease.Lease) {})
	change("an order", func(l *lease.Lease) { l.Orders++ })
	change("a password", func(l *lease.Lease) { l.Pool.Password = "other" })
	doc, secret := change("another pool", func(l *lease.Lease) { l.Pool.URLs = []string{"tcp://other:1"} }, "lease "+l.ID)
	same(s, "public with another pool", doc, want)
	wantPrivate.PoolURLs, wantPrivate.Pauses = []string{"tcp://other:1"}, nil
	same(s, "another pool", secret, wantPrivate)
	_, secret = change("pauses", func(l *lease.Lease) {
		s.ok(l.Resume(lease.PauseBudget, 7))
		s.ok(l.Pause(lease.PauseTenant, l.StartMs+5))
	}, "lease "+l.ID)
	same(s, "pauses", secret.Pauses, []leaf.Pause{{Number: 0, By: lease.PauseBudget, FromMs: 5, ToMs: 7}, {Number: 1, By: lease.PauseTenant, FromMs: l.StartMs + 5}})
	doc, _ = change("closed", func(l *lease.Lease) { l.ClosedMs = l.StartMs + 8000 }, "lease "+l.ID)
	same(s, "stop", doc.StopMs, l.StartMs+8000)
	// Over for hours, it is no more in the map that the next one makes.
	must(s.store.BeginRun(s.ctx, l.StartMs+8000+leaf.TagLingerMs))(s)
	other := sampleLease("acme", h)
	o := must(s.store.AddLease(s.ctx, other, noLimit, tagged))(s)
	maps := j.added("another lease", "lease "+o.ID, "tagmap")
	tags, _ := read[leaf.TagMap](j, maps[1])
	same(s, "entries", tags.Entries, 1)
	_, err := s.store.AddLease(s.ctx, other, noLimit, func(string) (lease.Tag, []lease.Event, error) { return o.Tag, nil, nil })
	s.is(err, lease.ErrTagTaken)
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 5, Pauses: []lease.LeaseChange{{Lease: o.ID, By: lease.PauseBudget, AtMs: o.StartMs + 5}}}))
	j.added("a pause by settling", "lease "+o.ID)
	s.checkTags()
}

// housePool checks the destinations of the leases' work.
func (s *suite) housePool() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	add := func(tag lease.Tag, pool *lease.Pool, end int64) (lease.Lease, error) {
		l := sampleLease("acme", h)
		l.Pool, l.EndMs = pool, end
		return s.store.AddLease(s.ctx, l, noLimit, func(string) (lease.Tag, []lease.Event, error) { return tag, nil, nil })
	}
	own := must(add(lease.Tag{1, 1, 1}, samplePool(), 0))(s)
	alike := must(add(lease.Tag{1, 1, 2}, nil, 0))(s)
	first, second := must(add(lease.Tag{2, 2, 1}, nil, 0))(s), must(add(lease.Tag{2, 2, 2}, nil, 0))(s)
	over := must(add(lease.Tag{3, 3}, nil, sampleLease("acme", h).StartMs+1))(s)
	must(s.store.BeginRun(s.ctx, over.EndMs+leaf.TagLingerMs))(s)
	j := &journal{suite: s}
	j.next = int64(len(all(s, s.store.Leaves(s.ctx, lease.LeafFilter{}))))
	version := must(s.store.LeasesVersion(s.ctx))(s)
	s.ok(s.store.SetHousePool(s.ctx, false))
	j.added("as it is")
	same(s, "version", must(s.store.LeasesVersion(s.ctx))(s), version)
	s.ok(s.store.SetHousePool(s.ctx, true))
	s.ok(s.store.SetHousePool(s.ctx, true))
	moved := j.added("of those whose tags differ", "lease "+first.ID, "tagmap")
	doc, _ := read[leaf.Lease](j, moved[0])
	same(s, "destinations", fmt.Sprint(doc.Destinations), "[house pool]")
	tags, _ := read[leaf.TagMap](j, moved[1])
	same(s, "entries", tags.Entries, 5)
	_, err := add(lease.Tag{2, 2, 3}, nil, 0)
	s.is(err, lease.ErrTagTaken)
	_, err = add(lease.Tag{2, 2, 3}, samplePool(), 0)
	s.is(err, lease.ErrTagTaken)
	more := must(add(lease.Tag{4, 4}, nil, 0))(s)
	doc, _ = read[leaf.Lease](j, j.added("a new one", "lease "+more.ID, "tagmap")[0])
	same(s, "destinations of a new one", fmt.Sprint(doc.Destinations), "[house pool]")
	// What they were stays theirs through other changes; when the first is over,
	// the next has its place.
	s.closeLease(first.ID, over.EndMs+leaf.TagLingerMs+1)
	j.added("the first is closed", "lease "+first.ID)
	must(s.store.BeginRun(s.ctx, over.EndMs+2*leaf.TagLingerMs+1))(s)
	s.ok(s.store.SetHousePool(s.ctx, true))
	j.added("its place", "lease "+second.ID, "tagmap")
	for _, l := range []lease.Lease{own, alike, second} {
		s.closeLease(l.ID, over.EndMs+2*leaf.TagLingerMs)
	}
	leaves := j.added("closed", "lease "+own.ID, "lease "+alike.ID, "lease "+second.ID)
	for i, want := range []string{"[pool]", "[house]", "[house pool]"} {
		doc, _ := read[leaf.Lease](j, leaves[i])
		same(s, "destinations", fmt.Sprint(doc.Destinations), want)
	}
	// Over for hours, they make room for others.
	must(s.store.BeginRun(s.ctx, over.EndMs+3*leaf.TagLingerMs))(s)
	last := must(add(lease.Tag{5, 5}, nil, 0))(s)
	j.added("another", "lease "+last.ID, "tagmap")
	s.ok(s.store.SetHousePool(s.ctx, false))
	j.added("back", "lease "+more.ID, "lease "+last.ID, "tagmap")
	s.checkTags()
}

// statements checks what is issued, and that it stays.
func (s *suite) statements() {
	a, b := s.addLease("acme"), s.addLease("bob")
	j := &journal{suite: s}
	j.next = int64(len(all(s, s.store.Leaves(s.ctx, lease.LeafFilter{}))))
	issue := func(id string, from, number int64, note string) (lease.IssuedStatement, error) {
		return s.store.PutStatement(s.ctx, lease.IssuedStatement{Lease: id, FromMs: from, ToMs: 100, Number: number, Hash: sha256.Sum256([]byte(note)), Note: []byte(note), Leaf: 77})
	}
	same(s, "none", len(must(s.store.Statements(s.ctx, ""))(s)), 0)
	one := must(issue(a.ID, 1, 1, "one"))(s)
	l := j.added("issued", "statement "+a.ID)[0]
	doc, _ := read[leaf.Statement](j, l)
	same(s, "leaf", doc, leaf.Statement{Lease: a.ID, FromMs: 1, ToMs: 100, Number: 1, Hash: one.Hash})
	same(s, "its index", one.Leaf, l.Index)
	same(s, "again", must(issue(a.ID, 1, 1, "one"))(s), one)
	for _, number := range []int64{-1, 0, 1, 3} {
		_, err := issue(a.ID, 1, number, "other")
		s.is(err, lease.ErrConflict)
	}
	j.added("again, and errors")
	two, other, ofB := must(issue(a.ID, 1, 2, "two"))(s), must(issue(a.ID, 2, 1, "one"))(s), must(issue(b.ID, 1, 1, "one"))(s)
	same(s, "again, though superseded", must(issue(a.ID, 1, 1, "one"))(s), one)
	same(s, "of one", must(s.store.Statements(s.ctx, a.ID))(s), []lease.IssuedStatement{one, two, other})
	same(s, "of all", must(s.store.Statements(s.ctx, ""))(s), []lease.IssuedStatement{one, two, other, ofB})
	_, err := issue("L-0099", 1, 1, "one")
	s.is(err, lease.ErrNotFound)
	_, err = s.store.PutStatement(s.ctx, lease.IssuedStatement{Lease: b.ID, FromMs: 3, ToMs: 4, Number: 1, Note: []byte("x")})
	s.fails("another hash", err)
	_, err = issue(b.ID, 100, 1, "one")
	s.fails("a period of no time", err)
	j.added("the others", "statement "+a.ID, "statement "+a.ID, "statement "+b.ID)
}
