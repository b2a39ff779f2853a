package billing

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

func TestExcused(t *testing.T) {
	l := lease.Lease{ID: "L-0001", StartMs: ten, Pool: &lease.Pool{}, Pauses: []lease.Pause{
		{By: lease.PauseTenant, FromMs: ten + 50*minute, ToMs: ten + 55*minute},
		{By: lease.PauseProvider, FromMs: ten + 10*minute, ToMs: ten + 12*minute},
	}}
	pool := func(from, to int64) lease.Exclusion {
		return lease.Exclusion{Lease: "L-0001", Kind: lease.ExcludePool, AnnouncedMs: ten + from*minute, FromMs: ten + from*minute, ToMs: ten + to*minute}
	}
	maintenance := func(announced, from, to int64) lease.Exclusion {
		return lease.Exclusion{Kind: lease.ExcludeMaintenance, AnnouncedMs: ten + announced*minute, FromMs: ten + from*minute, ToMs: ten + to*minute}
	}
	lasting := pool(45, 0)
	lasting.ToMs = 0
	foreign := pool(0, 60)
	foreign.Lease = "L-0002"
	everybody := pool(0, 60)
	everybody.Lease = ""
	for _, tt := range []struct {
		name               string
		x                  []lease.Exclusion
		limit              int64 // minutes
		want, byAnnouncing int64 // minutes
	}{
		{"nothing", nil, 60, 0, 0},
		{"the pool", []lease.Exclusion{pool(5, 15)}, 0, 10, 0},
		{"the pool, seen twice", []lease.Exclusion{pool(5, 15), pool(10, 20)}, 0, 15, 0},
		{"the pool, from before to after", []lease.Exclusion{pool(-5, 70)}, 0, 55, 0},
		{"the pool, still", []lease.Exclusion{lasting}, 0, 10, 0},
		{"another's pool", []lease.Exclusion{foreign}, 60, 0, 0},
		{"a pool that is nobody's", []lease.Exclusion{everybody}, 60, 0, 0},
		{"while the tenant paused", []lease.Exclusion{pool(50, 55)}, 60, 0, 0},
		{"maintenance", []lease.Exclusion{maintenance(-60, 0, 10)}, 60, 10, 10},
		{"maintenance not announced", []lease.Exclusion{maintenance(0, 0, 10)}, 60, 0, 0},
		{"maintenance above the limit", []lease.Exclusion{maintenance(-60, 0, 10)}, 4, 4, 4},
		{"maintenance beyond the limit", []lease.Exclusion{maintenance(-60, 0, 10)}, -4, 0, 0},
		{"both", []lease.Exclusion{maintenance(-60, 0, 10), pool(5, 20)}, 60, 20, 5},
	} {
		ms, announced := l.ExcludedMs(tt.x, ten, ten+hour, tt.limit*minute)
		if ms != tt.want*minute || announced != tt.byAnnouncing*minute {
			t.Errorf("%s: %d and %d ms, want %d and %d minutes", tt.name, ms, announced, tt.want, tt.byAnnouncing)
		}
	}
}

// The month ends within the lease: what is missing is credited to the
// prepayment, and the next period begins. Announced maintenance explains the
// hours that are down as far as the month's four hours go.
func TestMonthEnds(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		end := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		x := newSite(t, t.Context(), s, end-20*hour)
		l := x.lease(testTerms(), lease.Lease{StartMs: end - 20*hour}, nil)
		x.prepay(end-20*hour, l.ID, 1_000_000)
		_, err := s.PutExclusion(t.Context(), lease.Exclusion{
			Kind: lease.ExcludeMaintenance, AnnouncedMs: end - day, FromMs: end - 6*hour, ToMs: end, Evidence: "new switches",
		})
		x.ok(err)
		for h := range int64(14) {
			x.work(end-(20-h)*hour+minute, l.ID, "cpu0", 14)
		}
		x.work(end+minute, l.ID, "cpu0", 14)
		x.beat(end + hour)
		estimate, err := x.Period(t.Context(), l.ID)
		x.ok(err)
		if estimate.FromMs != end || estimate.Up != 1 || estimate.Down != 0 {
			t.Errorf("the running period is %+v", estimate)
		}
		free, err := x.FreeExit(t.Context(), l.ID)
		x.ok(err)
		if free {
			t.Error("a free exit before the period is closed in the books")
		}
		x.settle()
		p := x.closed(l.ID)
		if len(p) != 1 || p[0].Up != 14 || p[0].Excluded != 4 || p[0].Down != 2 || p[0].AvailabilityPPM != 875_000 || !p[0].FreeExit ||
			p[0].Contracted != lease.Quantity(miner.Hashes(16*rate*3600)) || p[0].FeesSat != 14*3584 || p[0].CreditSat != 14*3584 {
			t.Errorf("closed %+v", p)
		}
		x.has("credit", x.balance(ledger.SLAExpense, l.ID), 14*3584)
		x.has("prepaid", -x.balance(ledger.Prepaid("acme"), l.ID), 1_000_000-3584)
		if free, err = x.FreeExit(t.Context(), l.ID); err != nil || !free {
			t.Errorf("no free exit: %v", err)
		}
		rows := x.rows(l.ID)
		x.has("hours", int64(len(rows)), 21)
		x.has("excluded", rows[14].ExcludedMs, hour)
		x.has("excluded", rows[18].ExcludedMs, 0)
		if rows[14].Window != lease.WindowExcluded || rows[18].Window != lease.WindowDown {
			t.Errorf("windows %s and %s", rows[14].Window, rows[18].Window)
		}
	})
}

// A gap in which nothing was owed settles in no time, and to the same as hour
// by hour, months included.
func TestGap(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 10_000)
		x.work(ten+minute, l.ID, "cpu0", 14)
		x.ok(x.change(l.ID, func(l *lease.Lease) error { return l.Pause(lease.PauseTenant, ten+hour) }))
		x.beat(ten + 100*day)
		x.settle()
		if rows, closed := x.rows(l.ID), x.closed(l.ID); len(rows) != 1 || len(closed) != 3 || closed[1].FeesSat != 0 || closed[0].FeesSat != 3584 {
			t.Errorf("%d hours, closed %+v", len(rows), closed)
		}
		settled, err := s.SettledHour(t.Context())
		x.ok(err)
		x.has("settled", settled, (ten+100*day)/hour-1)
	})
}

func TestEstimate(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 10_000)
		x.work(ten+30*minute, l.ID, "cpu0", 7)
		got, err := x.Estimate(t.Context(), l.ID, ten/hour)
		x.ok(err)
		if got.Final || got.OwedMs != 30*minute || got.RunningMs != 30*minute || got.ChargedSat != 7*256 || got.Receipts != 7 || got.Window != lease.WindowUp {
			t.Errorf("half an hour: %+v", got)
		}
		x.beat(ten + hour)
		before, err := x.Estimate(t.Context(), l.ID, ten/hour)
		x.ok(err)
		x.settle()
		after, err := x.Estimate(t.Context(), l.ID, ten/hour)
		x.ok(err)
		if before.Final || !after.Final || before.SettledHour != after.SettledHour {
			t.Errorf("estimated %+v, settled %+v", before, after)
		}
		later, err := x.Estimate(t.Context(), l.ID, ten/hour+5)
		x.ok(err)
		if later.Final || later.OwedMs != 0 {
			t.Errorf("an hour to come: %+v", later)
		}
	})
}
