package dispatch_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// A lease that is charged gets nothing before something is prepaid, also when it
// comes while the node runs; a node that ends in the middle of an hour settles
// it when it runs again, to the satoshi.
func TestPricedLeaseIsSettled(t *testing.T) {
	p := newPlant(t)
	var err error
	p.terms, err = p.store.PutTerms(t.Context(), lease.Terms{
		Format: lease.TermsFormat, Text: "test", Coin: "sandbox", HouseScript: hex.EncodeToString([]byte{0x52}), FeePPM: 20_000,
		Scheme: lease.SchemeTides, Tides: lease.DefaultTides,
		Prices: &lease.Prices{Work: &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(1000))}, LowBudgetHours: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Truncate(time.Hour).Add(time.Hour)
	shift := time.Until(hour.Add(20 * time.Minute))
	now := func() time.Time { return time.Now().Add(shift) }
	p.close()
	p.clock = now // the coin's blocks are of the node's time
	p.open(t)
	settler := &billing.Settler{Store: p.store}
	configure := func(c *dispatch.Config) { c.Billing, c.Now = settler, now }

	var l lease.Lease
	paid := false
	const sat = 1_000_000_000
	p.runWith(t, configure, func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		r := row(s, l.ID)
		switch {
		case row(s, lease.House).Receipts == 0:
		case l.ID == "":
			l = p.add(t, lease.Lease{Tenant: "alice", Model: lease.Leased, ContractedHps: p.capacity / 2, ProofMs: 100})
		case !paid:
			if r.Counted > 0 {
				t.Fatal("it got work before anything was prepaid")
			}
			if slices.Contains(r.Paused, lease.PauseBudget) {
				if _, err := settler.Prepay(t.Context(), l.ID, sat, "payment", now().UnixMilli()); err != nil {
					t.Fatal(err)
				}
				paid = true
			}
		default:
			return r.Receipts > 5
		}
		return false
	})
	h := hour.UnixMilli() / lease.MsPerHour
	if last, err := p.store.SettledHour(t.Context()); err != nil || last >= h {
		t.Fatalf("the hour %d is settled before its end: %d, %v", h, last, err)
	}

	shift += time.Hour
	p.close()
	p.open(t)
	settler = &billing.Settler{Store: p.store}
	p.runWith(t, configure, func(d *dispatch.Dispatcher) bool { return row(d.Snapshot(), l.ID).Receipts > 0 })
	var proven miner.Work
	for m, err := range p.store.HourMeters(t.Context(), l.ID, h, h+1) {
		if err != nil {
			t.Fatal(err)
		}
		proven = proven.Add(m.Evidence.Sum)
	}
	var rows []lease.SettledHour
	for r, err := range p.store.SettledHours(t.Context(), l.ID, 0, 1<<40) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Proven.Work() != (miner.Work{}) {
			rows = append(rows, r)
		}
	}
	if len(rows) != 1 || rows[0].Hour != h || rows[0].Proven.Work() != proven {
		t.Fatalf("settled %+v, proven %v", rows, proven)
	}
	charged := rows[0].ChargedSat
	if charged == 0 || charged != int64(rows[0].Billable.Work().Lo/1000) || rows[0].Billable.Work().Cmp(proven) > 0 {
		t.Errorf("%d sat are charged for %v of %v", charged, rows[0].Billable, proven)
	}
	balances, err := p.store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.verify(t, l)
	st, _ := p.statement(t, l)
	if c := st.Charges; c == nil || c.Charged != charged || c.Due != charged || c.Billable != rows[0].Billable || st.Period.SettledMs < (h+1)*lease.MsPerHour {
		t.Errorf("the statement says %+v of %+v", c, st.Period)
	}
	if a := st.Books.Accounts; len(a) == 0 || a[len(a)-1].Name != ledger.Prepaid("alice") || a[len(a)-1].Closing != sat-charged {
		t.Errorf("the statement has the accounts %+v", a)
	}
	for _, b := range balances {
		if b.Account == ledger.Prepaid("alice") && b.Sat != charged-sat {
			t.Errorf("%d sat are left of %d, %d were charged", -b.Sat, sat, charged)
		}
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
}
