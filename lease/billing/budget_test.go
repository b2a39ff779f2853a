package billing

import (
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// paused tells who pauses a lease at a moment.
func (x *site) paused(id string, atMs int64) bool {
	x.Helper()
	l, err := x.store.Lease(x.ctx, id)
	x.ok(err)
	return slices.Contains(l.PausedAt(atMs), lease.PauseBudget)
}

// watch looks after the budgets at the heartbeat.
func (x *site) watch(atMs int64) {
	x.Helper()
	x.beat(atMs)
	x.ok(x.Watch(x.ctx, atMs))
}

func TestBudget(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten-hour)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		free := testTerms()
		free.Prices = nil
		other := x.lease(free, lease.Lease{StartMs: ten - hour}, nil)

		x.watch(ten - 2*minute)
		if x.paused(l.ID, ten) {
			t.Error("a lease is stopped long before it begins")
		}
		x.watch(ten - minute/2)
		if !x.paused(l.ID, ten) || x.paused(other.ID, ten) {
			t.Error("a lease that nothing was prepaid for begins, or a free one does not")
		}
		if n := len(x.events(lease.EventLeasePaused)); n != 1 || len(x.events(lease.EventLowBudget)) != 1 {
			t.Errorf("%d events of a stop", n)
		}
		x.watch(ten) // nothing new
		x.prepay(ten+minute, l.ID, 8000)
		if x.paused(l.ID, ten+minute) {
			t.Error("prepaid, and does not go on")
		}
		// An hour as contracted is 3600 sat: 7200 are enough, less are not.
		x.work(ten+10*minute, l.ID, "cpu0", 3)
		x.watch(ten + 11*minute)
		budget, err := x.Budget(t.Context(), l.ID)
		x.ok(err)
		// Three shares came, but ten minutes' work is contracted so far.
		want := lease.BudgetState{PrepaidSat: 8000, OpenSat: 600, HourSat: 3600, WarnHours: 2}
		if budget != want {
			t.Errorf("budget %+v, want %+v", budget, want)
		}
		x.has("warnings", int64(len(x.events(lease.EventLowBudget))), 1)
		x.work(ten+20*minute, l.ID, "cpu0", 1)
		x.watch(ten + 20*minute)
		x.watch(ten + 20*minute)
		x.Settler = &Settler{Store: s} // which knows nothing of it
		x.watch(ten + 21*minute)
		x.has("warnings", int64(len(x.events(lease.EventLowBudget))), 2)
		var low lease.BudgetState
		x.ok(unmarshal(x.events(lease.EventLowBudget)[1], &low))
		x.has("open at the warning", low.OpenSat, 1024)

		// All of it is used: it was for 31.25 shares.
		x.work(ten+2*hour, l.ID, "cpu0", 20)
		x.work(ten+150*minute, l.ID, "cpu0", 20)
		x.watch(ten + 150*minute)
		if !x.paused(l.ID, ten+150*minute) {
			t.Error("goes on without a budget")
		}
		x.beat(ten + 5*hour)
		x.settle()
		x.has("prepaid", x.balance(ledger.Prepaid("acme"), l.ID), 0)
		x.has("revenue", x.balance(ledger.LeaseRevenue, l.ID), -8000)
		x.watch(ten + 5*hour)
		x.has("warnings", int64(len(x.events(lease.EventLowBudget))), 3) // that of the stop

		// What was not covered is not owed.
		x.prepay(ten+5*hour, l.ID, 10_000)
		budget, err = x.Budget(t.Context(), l.ID)
		x.ok(err)
		x.has("prepaid again", budget.PrepaidSat, 10_000)
		x.has("open", budget.OpenSat, 0)
		if x.paused(l.ID, ten+5*hour) {
			t.Error("prepaid again, and does not go on")
		}
		if n := len(x.rows(l.ID)); n != 3 {
			t.Errorf("%d hours, want the three before the stop", n)
		}
	})
}

func TestPrepay(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		other := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		ended := x.lease(testTerms(), lease.Lease{StartMs: ten - hour, EndMs: ten}, nil)
		for range 2 { // the second time changes nothing
			booked, err := x.Prepay(t.Context(), l.ID, 700, "tx:0", ten)
			x.ok(err)
			if booked.Key != "prepay:tx:0" || booked.AtMs != ten {
				t.Errorf("booked %+v", booked)
			}
			x.has("prepaid", -x.balance(ledger.Prepaid("acme"), l.ID), 700)
		}
		for _, tt := range []struct {
			id, ref string
			sat     int64
			want    error
		}{
			{l.ID, "tx:0", 701, lease.ErrExists},
			{other.ID, "tx:0", 700, lease.ErrExists},
			{ended.ID, "tx:1", 700, lease.ErrClosed},
			{"L-9999", "tx:1", 700, lease.ErrNotFound},
			{l.ID, "tx:1", 0, nil},
			{l.ID, "tx:1", -1, nil},
			{l.ID, "tx:1", lease.MaxSat + 1, nil},
			{l.ID, "tx:1", lease.MaxSat, nil}, // with the 700
			{l.ID, "", 1, nil},
			{l.ID, "two\nlines", 1, nil},
		} {
			_, err := x.Prepay(t.Context(), tt.id, tt.sat, tt.ref, ten)
			if err == nil {
				t.Errorf("%+v is accepted", tt)
			}
			if tt.want != nil {
				x.is(err, tt.want)
			}
		}
		x.has("prepaid", -x.balance(ledger.Prepaid("acme"), l.ID), 700)
		x.has("events", int64(len(x.events(lease.EventPrepaid))), 1)
	})
}

// Money counts from its hour on, however late that hour is settled.
func TestPrepaidLater(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.work(ten+minute, l.ID, "cpu0", 10)
		x.prepay(ten+hour, l.ID, 10_000) // the heartbeat is earlier
		x.work(ten+hour+minute, l.ID, "cpu0", 10)
		x.beat(ten + 2*hour)
		x.settle()
		rows := x.rows(l.ID)
		x.has("before", rows[0].ChargedSat, 0)
		x.has("before", rows[0].DueSat, 2560)
		x.has("after", rows[1].ChargedSat, 2560)
	})
}
