package main

import (
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// After a day of history, what was produced says how much may be leased:
// processors by what they counted, the house's rigs by what they proved, and
// not what tenants' own rigs made.
func TestLimitByHistory(t *testing.T) {
	ctx := t.Context()
	p, err := openProvider(ctx, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	const hours = 30
	e, _, _ := testEnv()
	begin := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	e.now = func() time.Time { return begin.Add(hours*time.Hour + time.Minute) }
	cfg := defaultConfig()
	if err := p.store.SetCapacity(ctx, 1_000_000); err != nil {
		t.Fatal(err)
	}
	terms, err := p.newestTerms(ctx, e, &cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.AddTenant(ctx, lease.Tenant{ID: "acme", Key: p.public()}); err != nil {
		t.Fatal(err)
	}
	own := lease.Rig{Name: "own", Tenant: "acme"}
	if _, err := newToken(&own); err != nil {
		t.Fatal(err)
	}
	if err := p.store.AddRig(ctx, own); err != nil {
		t.Fatal(err)
	}
	run, err := p.store.BeginRun(ctx, begin.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	for h := range int64(hours) {
		rate := uint64(500)
		if h == 10 || h == 20 {
			rate = 100 * uint64(h) / 10 // of 29 hours the second lowest counts
		}
		_, err := p.store.CommitBatch(ctx, lease.Batch{Run: run, AtMs: begin.UnixMilli() + h*lease.MsPerHour + 1000, Counts: []lease.Count{
			{Lease: lease.House, Source: "cpu0", Hashes: rate * 3600}, {Lease: lease.House, Source: "own", Hashes: 1 << 40},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit, err := p.leaseLimit(ctx, e, &cfg)
	if want := (lease.Capacity{LimitHps: 190, Hps: 200, Basis: lease.FromHistory, Hours: 29, Of: 29}); err != nil || limit != want {
		t.Fatalf("%+v, %v; want %+v", limit, err, want)
	}
	l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 191, StartMs: e.nowMs(), ProofMs: lease.DefaultProofMs, Terms: terms}
	_, err = p.admit(ctx, &cfg, l, limit, e.nowMs())
	if err == nil || !strings.Contains(err.Error(), "only 190 H/s is free of the 190 H/s that may be leased, 95 % of the rate that it reached in 95 % of the last 29 hours") {
		t.Errorf("oversold: %v", err)
	}
	l.ContractedHps = 190
	if l, err = p.admit(ctx, &cfg, l, limit, e.nowMs()); err != nil {
		t.Fatal(err)
	}
	for x, err := range p.store.Events(ctx, lease.EventFilter{Lease: l.ID}) {
		if err != nil || x.Kind != lease.EventLeaseAdded || !strings.Contains(string(x.Body), `"limit_hps":190`) {
			t.Errorf("%+v, %v", x, err)
		}
	}
}
