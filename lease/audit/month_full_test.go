//go:build month

package audit_test

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// TestMonth plays a month of a provider with 200 machines, 53 leases of all
// models at any time, nearly all of them at work, ten million shares and all
// that can go wrong, and audits all of it.
func TestMonth(t *testing.T) {
	const leases, hours, shares = 53, 30*24 + 2, 10_000_000
	start := time.Now()
	s := open(t, "lease.db")
	x := newSim(t, t.Context(), s, config{seed: 1, sources: 200, shares: 290, payouts: true})
	r := x.month(leases, hours, func(h int64) {
		if h%120 == 0 {
			t.Logf("day %d, %d shares, after %v", h/24+1, x.receipts, time.Since(start).Round(time.Second))
		}
	})
	if x.receipts < shares {
		t.Errorf("%d shares, want %d", x.receipts, shares)
	}
	for _, c := range r.Checks {
		if c.Checked == 0 && c.Name != "sealed" { // its shares are no proofs of work
			t.Errorf("%s was never looked at", c.Name)
		}
		t.Logf("%-10s checked %d times", c.Name, c.Checked)
	}
	if len(r.Unchecked) > 0 {
		t.Errorf("unchecked: %q", r.Unchecked)
	}
	x.happened()
	x.coverage(140, 30_000)
	t.Logf("%d shares, %d leases, supply %+v, after %v", x.receipts, len(x.leases), r.Supply, time.Since(start).Round(time.Second))
}

// happened wants a month to have had everything in it.
func (x *sim) happened() {
	x.Helper()
	kinds := make(map[string]int)
	for t, err := range x.store.Transactions(x.ctx) {
		x.ok(err)
		kinds[t.Kind]++
	}
	for _, kind := range []string{ledger.KindFound, ledger.KindMatured, ledger.KindUnmatured, ledger.KindOrphaned, ledger.KindLoss, ledger.KindPrepay,
		ledger.KindUsage, ledger.KindPower, ledger.KindRefund, ledger.KindSLA, ledger.KindExit, ledger.KindPPS, ledger.KindIntent, ledger.KindConfirmed} {
		if kinds[kind] == 0 {
			x.Fatalf("no transaction of kind %s", kind)
		}
	}
	x.Logf("transactions: %v", kinds)
	events := make(map[string]int)
	for e, err := range x.store.Events(x.ctx, lease.EventFilter{}) {
		x.ok(err)
		events[string(e.Kind)]++
	}
	for _, kind := range []lease.EventKind{lease.EventLeasePaused, lease.EventLeaseResumed, lease.EventLeaseExtended, lease.EventLeaseClosed,
		lease.EventLowBudget, lease.EventWindowDown, lease.EventPeriodClosed} {
		if events[string(kind)] == 0 {
			x.Fatalf("no event of kind %s", kind)
		}
	}
	x.Logf("events: %v", events)
	models := make(map[lease.Model]int)
	for _, l := range x.leases {
		models[l.Model]++
	}
	x.Logf("leases: %v", models)
}

// coverage compares the intervals of lease-hours with the hashes that were made.
// Which hours count depends on how many shares were to be expected: at least so
// many, far enough above a hundred that hardly any has fewer. To choose them by
// the shares that came would be to leave out bad luck.
func (x *sim) coverage(shares float64, atLeast int) {
	x.Helper()
	var hours, covered, fewest int
	sums := make(map[hourOf]lease.Evidence)
	for m, err := range x.store.HourMeters(x.ctx, "", 0, 1<<40) {
		x.ok(err)
		e := sums[hourOf{m.Hour, m.Lease}]
		e.Merge(m.Evidence)
		sums[hourOf{m.Hour, m.Lease}] = e
	}
	fewest = 1 << 30
	for at, hashes := range x.truth {
		e := sums[at]
		if at.lease == lease.House || e.N < 100 || float64(hashes)/e.Max.Float64() < shares {
			continue
		}
		hours++
		fewest = min(fewest, int(e.N))
		if lo, hi := e.Interval(miner.Work{}); lo.Cmp(miner.Hashes(hashes)) <= 0 && hi.Cmp(miner.Hashes(hashes)) >= 0 {
			covered++
		}
	}
	rate := 100 * float64(covered) / float64(hours)
	x.Logf("95 %% intervals cover the truth in %d of %d lease-hours, %.2f %%, of %d shares and more", covered, hours, rate, fewest)
	if hours < atLeast || rate < 94.5 || rate > 96.5 {
		x.Fatalf("want 94.5 to 96.5 %% of at least %d lease-hours of at least 100 shares", atLeast)
	}
}

// TestMonthIsReproducible plays months of fewer shares: of one seed twice, and
// of another.
func TestMonthIsReproducible(t *testing.T) {
	play := func(seed uint64, name string) audit.Ledger {
		s := open(t, name)
		return newSim(t, t.Context(), s, config{seed: seed, sources: 60, shares: 12, payouts: true}).month(15, 96, nil).Ledger
	}
	first, again, other := play(7, "a"), play(7, "b"), play(8, "c")
	if first != again {
		t.Errorf("one seed gave the ledgers %+v and %+v", first, again)
	}
	if first == other {
		t.Error("two seeds gave the same ledger")
	}
	if text, err := hex.DecodeString(first.Digest); err != nil || len(text) != 32 {
		t.Errorf("digest %q", first.Digest)
	}
	t.Logf("%d transactions, %s", first.Transactions, first.Digest)
}
