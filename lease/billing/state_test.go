package billing

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// FuzzState reads texts as states: what is accepted can be judged, and reads
// back as the same when written.
func FuzzState(f *testing.F) {
	x := newSite(f, f.Context(), newMemory(), ten)
	l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
	x.hours(ten, 3, l.ID, "cpu0", 14, unit*14, lease.Upstream{})
	texts, err := x.store.SettledStates(f.Context())
	x.ok(err)
	f.Add(string(texts[l.ID]))
	f.Add(`{"format":1}`)
	f.Add(strings.Replace(string(texts[l.ID]), `"n":42`, `"n":-1`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		var s state
		if err := decode([]byte(text), &s); err != nil {
			return
		}
		sla := lease.DefaultSLA()
		s.Period.judged(&sla, ten)
		again, err := encode(s)
		if err != nil {
			return // a number that no document holds
		}
		var back state
		if err := decode(again, &back); err != nil || !reflect.DeepEqual(s, back) {
			t.Fatalf("%+v reads back as %+v, %v", s, back, err)
		}
	})
}

func TestStateOfAnotherVersion(t *testing.T) {
	m := newMemory()
	x := newSite(t, t.Context(), m, ten)
	l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
	m.states[l.ID] = []byte(`{"format":2}`)
	x.beat(ten + hour)
	if _, err := x.Settle(t.Context(), 1<<40); err == nil || !strings.Contains(err.Error(), l.ID) {
		t.Errorf("error %v, want one that names the lease", err)
	}
}

// Processes that settle and prepay at once come to one ledger.
func TestAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 100_000)
		const hours = 8
		for h := range int64(hours) {
			x.work(ten+h*hour+minute, l.ID, "cpu0", 14)
		}
		x.beat(ten + hours*hour)
		var group sync.WaitGroup
		errs := make(chan error, 12)
		for range 4 {
			group.Go(func() {
				_, err := (&Settler{Store: s}).Settle(t.Context(), 1<<40)
				errs <- err
			})
			group.Go(func() {
				_, err := (&Settler{Store: s}).Prepay(t.Context(), l.ID, 1000, "the same", ten)
				errs <- err
			})
			group.Go(func() { errs <- (&Settler{Store: s}).Watch(t.Context(), ten+hours*hour) })
		}
		group.Wait()
		close(errs)
		for err := range errs {
			x.ok(err)
		}
		x.has("hours", int64(len(x.rows(l.ID))), hours)
		x.has("prepaid", -x.balance(ledger.Prepaid("acme"), l.ID), 101_000-hours*14*256)
		x.ok(ledger.Check(t.Context(), s))
	})
}
