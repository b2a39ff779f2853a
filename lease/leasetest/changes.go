package leasetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
)

var errRefused = errors.New("refused")

func (s *suite) changeTenant() {
	want := sampleTenant("acme")
	want.Address = "first"
	s.ok(s.store.AddTenant(s.ctx, want))
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("other")))
	got := must(s.store.ChangeTenant(s.ctx, "acme", func(t *lease.Tenant) ([]lease.Event, error) {
		same(s, "as it is", *t, want)
		t.ChangeAddress("second", 1000, 500)
		t.Orders = 7
		t.ID, t.CreatedMs = "else", 1 // these stay
		t.Key[0]++
		return []lease.Event{happened("a"), happened("b")}, nil
	}))(s)
	want.Next, want.NextMs, want.Orders = "second", 1500, 7
	same(s, "changed", got, want)
	same(s, "stored", must(s.store.Tenant(s.ctx, "acme"))(s), want)
	same(s, "all", must(s.store.Tenants(s.ctx))(s), []lease.Tenant{want, sampleTenant("other")})
	same(s, "events", s.eventKeys(), []string{"a", "b"})

	for what, change := range map[string]func(*lease.Tenant) ([]lease.Event, error){
		"refused":           func(t *lease.Tenant) ([]lease.Event, error) { t.Address = "x"; return nil, errRefused },
		"an older order":    func(t *lease.Tenant) ([]lease.Event, error) { t.Orders = 6; return nil, nil },
		"an event too long": func(t *lease.Tenant) ([]lease.Event, error) { t.Address = "x"; return tooLong("c"), nil },
	} {
		_, err := s.store.ChangeTenant(s.ctx, "acme", change)
		s.fails(what, err)
	}
	_, err := s.store.ChangeTenant(s.ctx, "acme", func(*lease.Tenant) ([]lease.Event, error) { return nil, errRefused })
	s.is(err, errRefused)
	_, err = s.store.ChangeTenant(s.ctx, "nobody", func(*lease.Tenant) ([]lease.Event, error) { return nil, nil })
	s.is(err, lease.ErrNotFound)
	same(s, "after the errors", must(s.store.Tenant(s.ctx, "acme"))(s), want)
	same(s, "events after the errors", s.eventKeys(), []string{"a", "b"})
}

// change changes a lease in a way that must succeed.
func (s *suite) change(id string, f func(*lease.Lease)) lease.Lease {
	s.Helper()
	return must(s.store.ChangeLease(s.ctx, id, noLimit, func(l *lease.Lease) ([]lease.Event, error) { f(l); return nil, nil }))(s)
}

func (s *suite) changeLease() {
	want := s.addPoolLease()
	house := must(s.store.Lease(s.ctx, "L-0001"))(s)
	version := must(s.store.LeasesVersion(s.ctx))(s)
	change := func(what string, versions bool, f func(*lease.Lease)) {
		s.Helper()
		f(&want)
		same(s, what, s.change(want.ID, f), want)
		same(s, what+", stored", must(s.store.Lease(s.ctx, want.ID))(s), want)
		now := must(s.store.LeasesVersion(s.ctx))(s)
		same(s, what+", another version", now != version, versions)
		version = now
	}
	at := want.StartMs
	change("nothing", false, func(*lease.Lease) {})
	change("ends", true, func(l *lease.Lease) { l.EndMs = at + 1000 })
	change("another pool", true, func(l *lease.Lease) { l.Pool = &lease.Pool{URLs: []string{"a:1"}, User: "v"} })
	change("an order", true, func(l *lease.Lease) { l.Orders = 3 })
	change("paused", true, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseTenant, at+10)) })
	change("paused by two", true, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseBudget, at+20)) })
	change("resumed", true, func(l *lease.Lease) { s.ok(l.Resume(lease.PauseTenant, at+30)) })
	change("paused again", true, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseTenant, at+40)) })
	same(s, "pauses", want.Pauses, []lease.Pause{
		{By: lease.PauseTenant, FromMs: at + 10, ToMs: at + 30}, {By: lease.PauseBudget, FromMs: at + 20}, {By: lease.PauseTenant, FromMs: at + 40},
	})
	change("longer", true, func(l *lease.Lease) { l.EndMs = 0 })
	change("closed", true, func(l *lease.Lease) { l.ClosedMs = at + 500 })

	// The contract itself stays what it is.
	same(s, "kept", s.change(want.ID, func(l *lease.Lease) {
		pool := l.Pool
		*l = lease.Lease{ID: "L-0009", Tenant: "nobody", Model: lease.Hosted, ClosedMs: l.ClosedMs, Orders: l.Orders, Pauses: l.Pauses, Rigs: []string{"r"}}
		pool.Password = "never seen"
	}), want)
	same(s, "no pool comes", s.change(house.ID, func(l *lease.Lease) { l.Pool = samplePool() }), house)
	same(s, "both", must(s.store.Leases(s.ctx))(s), []lease.Lease{house, want})

	// What is told comes with the change.
	must(s.store.ChangeLease(s.ctx, house.ID, 0, func(*lease.Lease) ([]lease.Event, error) { return []lease.Event{happened("a")}, nil }))(s)
	same(s, "events", s.eventKeys(), []string{"a"})
}

func (s *suite) changeLeaseErrors() {
	l := s.addLease("acme")
	l = s.change(l.ID, func(l *lease.Lease) {
		l.Orders = 2
		s.ok(l.Pause(lease.PauseTenant, l.StartMs+10))
		s.ok(l.Resume(lease.PauseTenant, l.StartMs+20))
		s.ok(l.Pause(lease.PauseTenant, l.StartMs+30))
	})
	version := must(s.store.LeasesVersion(s.ctx))(s)
	for what, f := range map[string]func(*lease.Lease){
		"an end before the start":  func(l *lease.Lease) { l.EndMs = l.StartMs },
		"closed before all time":   func(l *lease.Lease) { l.ClosedMs = -1 },
		"an older order":           func(l *lease.Lease) { l.Orders = 1 },
		"a pause undone":           func(l *lease.Lease) { l.Pauses = l.Pauses[:1] },
		"a pause that began later": func(l *lease.Lease) { l.Pauses[1].FromMs++ },
		"a pause that goes on":     func(l *lease.Lease) { l.Pauses[0].ToMs = 0 },
		"somebody else's pause":    func(l *lease.Lease) { l.Pauses[1].By = lease.PauseProvider },
		"a pause of nobody's":      func(l *lease.Lease) { s.ok(l.Pause("nobody", l.StartMs+40)) },
		"a pause that ends before": func(l *lease.Lease) { l.Pauses[1].ToMs = l.Pauses[1].FromMs - 1 },
	} {
		_, err := s.store.ChangeLease(s.ctx, l.ID, noLimit, func(l *lease.Lease) ([]lease.Event, error) {
			f(l)
			return []lease.Event{happened("a")}, nil
		})
		s.fails(what, err)
	}
	_, err := s.store.ChangeLease(s.ctx, l.ID, noLimit, func(l *lease.Lease) ([]lease.Event, error) { l.EndMs = l.StartMs + 1; return nil, errRefused })
	s.is(err, errRefused)
	_, err = s.store.ChangeLease(s.ctx, l.ID, noLimit, func(l *lease.Lease) ([]lease.Event, error) { l.EndMs = l.StartMs + 1; return tooLong("b"), nil })
	s.fails("an event too long", err)
	_, err = s.store.ChangeLease(s.ctx, "L-0099", noLimit, func(*lease.Lease) ([]lease.Event, error) { return nil, nil })
	s.is(err, lease.ErrNotFound)
	same(s, "after the errors", must(s.store.Lease(s.ctx, l.ID))(s), l)
	same(s, "events after the errors", len(s.eventKeys()), 0)
	same(s, "version after the errors", must(s.store.LeasesVersion(s.ctx))(s), version)

	// Nor is a lease there whose event is not possible.
	_, err = s.store.AddLease(s.ctx, l, noLimit, func(id string) (lease.Tag, []lease.Event, error) { return tagOf(id), tooLong("c"), nil })
	s.fails("a lease with an event too long", err)
	_, err = s.store.AddLease(s.ctx, l, noLimit, func(id string) (lease.Tag, []lease.Event, error) { return tagOf(id), nil, errRefused })
	s.is(err, errRefused)
	same(s, "leases", len(must(s.store.Leases(s.ctx))(s)), 1)
}

// longerTerm checks that a longer term needs room in the time it adds.
func (s *suite) longerTerm() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	add := func(hps uint64, start, end int64, tag lease.Tag, pool *lease.Pool) lease.Lease {
		s.Helper()
		l := sampleLease("acme", h)
		l.ContractedHps, l.StartMs, l.EndMs, l.Pool = hps, start, end, pool
		return must(s.store.AddLease(s.ctx, l, 100, func(string) (lease.Tag, []lease.Event, error) { return tag, nil, nil }))(s)
	}
	end := func(id string, end int64) error {
		_, err := s.store.ChangeLease(s.ctx, id, 100, func(l *lease.Lease) ([]lease.Event, error) { l.EndMs = end; return nil, nil })
		return err
	}
	first := add(60, 1000, 2000, lease.Tag{1, 1}, samplePool())
	add(50, 3000, 4000, lease.Tag{1, 2}, nil)
	s.is(end(first.ID, 3001), lease.ErrOversold)
	s.is(end(first.ID, 0), lease.ErrOversold)
	same(s, "after the errors", must(s.store.Lease(s.ctx, first.ID))(s), first)
	s.ok(end(first.ID, 3000))
	s.ok(end(first.ID, 1500)) // shorter always goes
	s.ok(end(first.ID, 3000))
	// A shorter term makes room, which may be gone when it is to be longer.
	s.ok(end(first.ID, 2500))
	add(41, 2600, 2700, lease.Tag{1, 3}, nil)
	s.is(end(first.ID, 3000), lease.ErrOversold)
	// Tags that begin alike are distinct only as long as they do not meet.
	must(s.store.BeginRun(s.ctx, 2500+leaf.TagLingerMs))(s)
	add(1, 2550, 2600, lease.Tag{1, 1, 5}, samplePool())
	s.is(end(first.ID, 2551), lease.ErrTagTaken)
	// What was closed makes room, and stays closed.
	s.closeLease(first.ID, 2400)
	for _, ms := range []int64{0, 2401} {
		_, err := s.store.ChangeLease(s.ctx, first.ID, 100, func(l *lease.Lease) ([]lease.Event, error) { l.ClosedMs = ms; return nil, nil })
		s.is(err, lease.ErrClosed)
	}
	s.closeLease(first.ID, 2300)
}

func (s *suite) changeLeaseAtOnce() {
	l := s.addLease("acme")
	var wg sync.WaitGroup
	const n = 16
	for i := range n {
		wg.Go(func() {
			_, err := s.store.ChangeLease(s.ctx, l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
				l.Orders++
				return []lease.Event{happened(fmt.Sprint(i))}, nil
			})
			if err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	same(s, "orders", must(s.store.Lease(s.ctx, l.ID))(s).Orders, n)
	same(s, "events", len(s.eventKeys()), n)
}

// ownMachines checks the leases that have rigs or processors of their own.
func (s *suite) ownMachines() {
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("bob")))
	for _, name := range []string{"a", "b", "gone"} {
		s.ok(s.store.AddRig(s.ctx, s.sampleRig(name, "acme")))
	}
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("house-rig", "")))
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("others", "bob")))
	must(s.store.ChangeRig(s.ctx, "gone", func(r *lease.Rig) error { r.RemovedMs = 5; return nil }))(s)
	add := func(start, end int64, rigs []string, cores []int) (lease.Lease, error) {
		l := sampleLease("acme", h)
		l.StartMs, l.EndMs, l.Rigs, l.Cores = start, end, rigs, cores
		l.Model = lease.Hosted
		if len(cores) > 0 {
			l.Model = lease.VirtualHosted
		}
		return s.store.AddLease(s.ctx, l, noLimit, tagged)
	}
	for _, name := range []string{"gone", "house-rig", "others", "unheard-of"} {
		_, err := add(1, 0, slices.Sorted(slices.Values([]string{"a", name})), nil)
		s.is(err, lease.ErrNotFound)
	}
	hosted := must(add(1000, 2000, []string{"a", "b"}, nil))(s)
	same(s, "hosted", must(s.store.Lease(s.ctx, hosted.ID))(s), hosted)
	_, err := add(1999, 0, []string{"b"}, nil)
	s.is(err, lease.ErrTaken)
	must(add(2000, 3000, []string{"b"}, nil))(s)
	virtual := must(add(1000, 2000, nil, []int{0, 3}))(s)
	same(s, "virtual-hosted", must(s.store.Lease(s.ctx, virtual.ID))(s), virtual)
	_, err = add(1500, 1600, nil, []int{3})
	s.is(err, lease.ErrTaken)
	must(add(1500, 1600, nil, []int{1, 2}))(s)
	must(add(2000, 0, nil, []int{3}))(s)
	// Going on into the time of those that follow.
	for _, id := range []string{hosted.ID, virtual.ID} {
		_, err := s.store.ChangeLease(s.ctx, id, noLimit, func(l *lease.Lease) ([]lease.Event, error) { l.EndMs = 2001; return nil, nil })
		s.is(err, lease.ErrTaken)
	}
	same(s, "leases", len(must(s.store.Leases(s.ctx))(s)), 5)
}
