package receipt

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// pricedTerms want a satoshi for ten hashes, and promise what is contracted.
func pricedTerms() lease.Terms {
	t, sla := schemeTerms(lease.SchemeTides), lease.DefaultSLA()
	t.Prices = &lease.Prices{
		Work: &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(10))}, Power: &lease.Power{SatPerMWh: 1, PUEPPM: 1_000_000},
		EarlyExitPPM: 100_000,
	}
	t.SLA = &sla
	return t
}

// pricedBundle charges for 96 hashes of the 100 that were contracted in the
// second of the period, and 640 that were proven.
func pricedBundle(t *testing.T, terms lease.Terms, change func(*Bundle, *Charges)) *Bundle {
	t.Helper()
	b := schemeBundle(t, terms, nil)
	c := &Charges{
		ThroughMs: (testFromMs/lease.MsPerHour + 1) * lease.MsPerHour, Receipts: 10, Billable: lease.Quantity(miner.Hashes(96)),
		Due: 9, Charged: 7, Up: 1, Prepaid: 20, Credited: 3, PaidBack: 2, ExitFee: 1, Refunded: 13, Corrected: -1, Left: 1,
	}
	b.Statement.Charges, b.Statement.Format = c, ChargedStatementFormat
	if change != nil {
		change(b, c)
	}
	sign(t, b)
	return b
}

func TestHonestCharges(t *testing.T) {
	r := Verify(encode(t, pricedBundle(t, pricedTerms(), nil)), Options{Key: public(provider), TenantKey: public(tenant), Strict: true})
	if !r.OK() {
		t.Fatalf("failed %v: %+v", failed(r), r.Checks)
	}
	said := strings.Join(r.Unchecked, "; ")
	if !strings.Contains(said, "compare your own payments") || strings.Contains(said, "model") {
		t.Errorf("unchecked %q", r.Unchecked)
	}
	hosted := pricedBundle(t, pricedTerms(), func(b *Bundle, c *Charges) {
		b.Statement.Model, c.Billable = lease.Hosted, lease.Quantity(miner.Hashes(160)) // all that is proven
	})
	if r = Verify(encode(t, hosted), Options{}); !r.OK() || !strings.Contains(strings.Join(r.Unchecked, "; "), "of model hosted used is the provider's word") {
		t.Errorf("failed %v, unchecked %q", failed(r), r.Unchecked)
	}
	slice := pricedTerms()
	slice.Prices.Slice = &lease.Slice{SatPerCoreHour: 9}
	virtual := pricedBundle(t, slice, func(b *Bundle, c *Charges) { b.Statement.Model, c.Billable = lease.VirtualHosted, lease.Quantity{} })
	if r = Verify(encode(t, virtual), Options{}); !r.OK() || !strings.Contains(strings.Join(r.Unchecked, "; "), "that nobody else had the processors") {
		t.Errorf("failed %v, unchecked %q", failed(r), r.Unchecked)
	}
}

// TestCheatingCharges lets the provider sign what it should not have charged.
func TestCheatingCharges(t *testing.T) {
	free, plain, noSLA := pricedTerms(), schemeTerms(lease.SchemeTides), pricedTerms()
	free.Prices.Work, noSLA.SLA = nil, nil
	for _, tt := range []struct {
		name  string
		terms lease.Terms
		lie   func(*Bundle, *Charges)
		want  string // in the check's detail
	}{
		{"dearer than the price", pricedTerms(), func(_ *Bundle, c *Charges) { c.Due = 10 }, "cost 9"},
		{"cheaper than the price", pricedTerms(), func(_ *Bundle, c *Charges) { c.Due = 8 }, "cost 9"},
		{"more than was proven", pricedTerms(), func(_ *Bundle, c *Charges) { c.Receipts = 5 }, "prove only 80"},
		{"more than was contracted", pricedTerms(), func(_ *Bundle, c *Charges) { c.Billable, c.Due = lease.Quantity(miner.Hashes(101)), 10 }, "contracted until then were 100"},
		{"before the lease began", pricedTerms(), func(_ *Bundle, c *Charges) { c.ThroughMs = testFromMs / lease.MsPerHour * lease.MsPerHour }, "contracted until then were 0"},
		{"more receipts than there are", pricedTerms(), func(_ *Bundle, c *Charges) { c.Receipts = 1000 }, "1000 receipts"},
		{"a moment that ends no hour", pricedTerms(), func(_ *Bundle, c *Charges) { c.ThroughMs++ }, "not possible"},
		{"due before anything is settled", pricedTerms(), func(_ *Bundle, c *Charges) { c.ThroughMs = 0 }, "nothing is settled"},
		{"more than was due", pricedTerms(), func(_ *Bundle, c *Charges) { c.Charged, c.Left, c.Corrected = 10, 1, 2 }, "only 9 were due"},
		{"something vanished", pricedTerms(), func(_ *Bundle, c *Charges) { c.Left = 0 }, "leave 1"},
		{"a negative credit", pricedTerms(), func(_ *Bundle, c *Charges) { c.PaidBack = -1 }, "-1 sat"},
		{"more than there is", pricedTerms(), func(_ *Bundle, c *Charges) { c.Prepaid = lease.MaxSat + 1 }, "an amount of"},
		{"a correction out of range", pricedTerms(), func(_ *Bundle, c *Charges) { c.Corrected = -lease.MaxSat - 1 }, "by corrections"},
		{"credited more than charged", pricedTerms(), func(_ *Bundle, c *Charges) { c.PaidBack = 5 }, "credited of 7"},
		{"a credit without an SLA", noSLA, func(*Bundle, *Charges) {}, "not possible under the terms"},
		{"a dearer exit", pricedTerms(), func(_ *Bundle, c *Charges) { c.ExitFee, c.Refunded = 2, 12 }, "the terms allow 100000 ppm"},
		{"work without a price", free, func(*Bundle, *Charges) {}, "cost 0"},
		{"processors without a price", pricedTerms(), func(b *Bundle, _ *Charges) { b.Statement.Model = lease.VirtualHosted }, "no price for model"},
		{"machines without a price", free, func(b *Bundle, _ *Charges) {
			b.Statement.Model, b.Terms.Prices.Power = lease.Hosted, nil
		}, "no price for model"},
		{"charges without prices", plain, func(*Bundle, *Charges) {}, "neither prices nor an SLA"},
		{"not a word", pricedTerms(), func(b *Bundle, _ *Charges) { b.Statement.Charges, b.Statement.Format = nil, StatementFormat }, "does not say"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Verify(encode(t, pricedBundle(t, tt.terms, tt.lie)), Options{})
			detail := ""
			for _, c := range r.Checks {
				if c.Name == "charges" && !c.OK {
					detail = c.Detail
				}
			}
			if !strings.Contains(detail, tt.want) {
				t.Errorf("failed %v: %q, want %q", failed(r), detail, tt.want)
			}
		})
	}
	b := pricedBundle(t, pricedTerms(), func(b *Bundle, _ *Charges) { b.Statement.Format = StatementFormat })
	if r := Verify(encode(t, b), Options{}); strings.Join(failed(r), " ") != "period" {
		t.Errorf("the format of a statement without charges: failed %v", failed(r))
	}
}
