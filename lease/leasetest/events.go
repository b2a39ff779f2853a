package leasetest

import (
	"bytes"

	"github.com/hashlease/hashlease/lease"
)

// happened is an event with a key.
func happened(key string) lease.Event {
	return lease.Event{Key: key, AtMs: 5, Kind: lease.EventAlarm, Lease: "L-0001", Tenant: "acme", Body: []byte(`{"a":1}`)}
}

// tooLong are events of which the last is not possible.
func tooLong(key string) []lease.Event {
	bad := happened(key + " too long")
	bad.Body = bytes.Repeat([]byte{'1'}, lease.MaxEventBody+1)
	return []lease.Event{happened(key), bad}
}

// eventKeys are the keys of all events.
func (s *suite) eventKeys() (keys []string) {
	s.Helper()
	for _, e := range all(s, s.store.Events(s.ctx, lease.EventFilter{})) {
		keys = append(keys, e.Key)
	}
	return keys
}

func (s *suite) events() {
	same(s, "no events", len(s.eventKeys()), 0)
	want := []lease.Event{
		{Key: "one", AtMs: 10, Kind: lease.EventLeaseAdded, Lease: "L-0001", Tenant: "acme", Body: []byte(`{"n":1}`)},
		{Key: "", AtMs: 30, Kind: lease.EventAlarm, Lease: "L-0002", Tenant: "acme", Body: []byte(`{"n":2}`)},
		{Key: "", AtMs: 20, Kind: lease.EventTerms, Body: []byte(`{"n":3}`)}, // the order is that of the Seqs
		{Key: "four", AtMs: 40, Kind: lease.EventAlarm, Lease: "L-0001", Tenant: "bob", Body: bytes.Repeat([]byte{'1'}, lease.MaxEventBody)},
	}
	s.ok(s.store.PutEvents(s.ctx, want[0], want[1]))
	again := want[0]
	again.Kind = lease.EventAlarm
	s.ok(s.store.PutEvents(s.ctx, again, want[2], want[3], again, want[3])) // known ones are left out
	got := all(s, s.store.Events(s.ctx, lease.EventFilter{}))
	same(s, "number", len(got), len(want))
	for i := range got {
		if got[i].Seq <= 0 || i > 0 && got[i].Seq <= got[i-1].Seq {
			s.Fatalf("Seqs are not in order: %d", got[i].Seq)
		}
		want[i].Seq = got[i].Seq
	}
	same(s, "all", got, want)
	for _, tt := range []struct {
		name string
		f    lease.EventFilter
		want []int
	}{
		{"after a Seq", lease.EventFilter{AfterSeq: want[1].Seq}, []int{2, 3}},
		{"later than", lease.EventFilter{FromMs: 20}, []int{1, 3}},
		{"until", lease.EventFilter{ToMs: 20}, []int{0, 2}},
		{"of a lease", lease.EventFilter{Lease: "L-0001"}, []int{0, 3}},
		{"of a tenant", lease.EventFilter{Tenant: "acme"}, []int{0, 1}},
		{"of a kind", lease.EventFilter{Kinds: []lease.EventKind{lease.EventAlarm}}, []int{1, 3}},
		{"of kinds", lease.EventFilter{Kinds: []lease.EventKind{lease.EventTerms, lease.EventLeaseAdded}}, []int{0, 2}},
		{"all at once", lease.EventFilter{AfterSeq: want[0].Seq, FromMs: 9, ToMs: 40, Lease: "L-0001", Tenant: "bob", Kinds: []lease.EventKind{lease.EventAlarm}}, []int{3}},
		{"none", lease.EventFilter{Lease: "L-0003"}, nil},
	} {
		var selected []lease.Event
		for _, i := range tt.want {
			selected = append(selected, want[i])
		}
		same(s, tt.name, all(s, s.store.Events(s.ctx, tt.f)), selected)
	}
	for e, err := range s.store.Events(s.ctx, lease.EventFilter{}) { // breaking off
		s.ok(err)
		same(s, "first", e.Key, "one")
		break
	}
}

func (s *suite) eventErrors() {
	s.fails("an event too long", s.store.PutEvents(s.ctx, tooLong("a")...))
	s.fails("an event of no kind", s.store.PutEvents(s.ctx, happened("b"), lease.Event{Key: "c"}))
	same(s, "after the errors", len(s.eventKeys()), 0)
	// With a posting it is all or nothing, too.
	pay := entry("one", "assets:wallet", "liab:acme:prepaid", 100)
	s.fails("a posting with an event too long", s.store.Post(s.ctx, pay, tooLong("a")...))
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 0)
	same(s, "balances", len(must(s.store.Balances(s.ctx))(s)), 0)
	s.ok(s.store.Post(s.ctx, pay, happened("a"), happened("b")))
	s.is(s.store.Post(s.ctx, pay, happened("c")), lease.ErrDuplicate)
	same(s, "events", s.eventKeys(), []string{"a", "b"})
}
