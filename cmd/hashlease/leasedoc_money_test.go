package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/miner"
)

// What is settled is final, what is not is estimated, and both are shown.
func TestLeaseShowsMoney(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	e, stdout, stderr := testEnv()
	begin := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	now := begin
	e.now = func() time.Time { return now }
	withVars(e, map[string]string{"HASHLEASE_TERMS_PRICE_SAT": "1", "HASHLEASE_TERMS_PRICE_HASHES": "36kH", "HASHLEASE_TERMS_LOW_BUDGET_HOURS": "100"})
	hashlease := func(args ...string) string {
		t.Helper()
		stdout.Reset()
		if code := run(ctx, e, append(args, "--data", dir)); code != exitOK {
			t.Fatalf("%q: exit code %d, %s", args, code, stderr)
		}
		return stdout.String()
	}
	hashlease("tenant", "add", "acme")
	p, err := openProvider(ctx, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.store.SetCapacity(ctx, 1_000_000); err != nil {
		t.Fatal(err)
	}
	hashlease("lease", "add", "--tenant", "acme", "--rate", "1000", "--for", "30d")
	hashlease("lease", "prepay", "L-0001", "5000sat", "--ref", "a")

	// An hour is delivered in full, and half of the next.
	l, err := p.store.Lease(ctx, "L-0001")
	if err != nil {
		t.Fatal(err)
	}
	work := miner.Hashes(90_000)
	templates, jobs, err := p.store.PutJobs(ctx, []lease.Template{{CreatedMs: 1, Height: 1, Body: []byte("{}")}},
		[]lease.Job{{Lease: l.ID, Tag: l.Tag, Target: miner.TargetForWork(work), CreatedMs: 1}})
	if err != nil || len(templates) != 1 {
		t.Fatal(err)
	}
	start, err := p.store.BeginRun(ctx, begin.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(60) { // one in ninety seconds
		at := begin.UnixMilli() + (i+1)*90_000
		_, err := p.store.CommitBatch(ctx, lease.Batch{Run: start, AtMs: at, Receipts: []lease.Receipt{{
			Lease: l.ID, Job: jobs[0].Seq, Source: "cpu0", Extranonce: []byte{1}, Nonce: uint32(i), Work: jobs[0].Target.Work(),
		}}, Counts: []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: 90_000}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	now = begin.Add(90 * time.Minute)
	if _, err := (&billing.Settler{Store: p.store}).Settle(ctx, now.UnixMilli()/lease.MsPerHour); err != nil {
		t.Fatal(err)
	}

	out := hashlease("lease", "show", "L-0001")
	for _, want := range []string{
		"\nprepaid     4903 sat, of which 53 sat are due for hours not settled yet (estimated)\n",
		"\nleft        4850 sat, for 48 hours as contracted at 100 sat: low\n",
		"\nsettled     1 hour up to 2026-12-01 01:00:00Z, 3.510 MH proven of 3.600 MH contracted, 97 sat charged\n",
		"\nthis hour   ", " contracted, 53 sat due (estimated)\n",
		"\nSLA         since 2026-12-01 00:00:00Z 2 hours up, 0 down, 0 excluded: ",
		"\ncredit      0 sat, 0 % of ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	var doc leaseDoc
	if err := json.Unmarshal([]byte(hashlease("lease", "show", "L-0001", "--json")), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Settled.Hours != 1 || doc.Running == nil || doc.Running.Hour.Final || !doc.Running.SLA || doc.Budget.HoursLeft != 48 || !doc.Budget.Low {
		t.Errorf("%+v", doc)
	}

	// Closed now, the rest comes back, once the hour is over.
	out = hashlease("lease", "close", "L-0001")
	if !strings.Contains(out, "0 sat kept for the early exit, and 4850 sat refunded to what is available to acme") {
		t.Error(out)
	}
	if _, err := p.store.CommitBatch(ctx, lease.Batch{Run: start, AtMs: begin.Add(2 * time.Hour).UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	if _, err := (&billing.Settler{Store: p.store}).Settle(ctx, now.UnixMilli()/lease.MsPerHour); err != nil {
		t.Fatal(err)
	}
	out = hashlease("tenant", "show", "acme")
	if !strings.Contains(out, "\nprepaid     0 sat\navailable   4850 sat\n") {
		t.Error(out)
	}
	out = hashlease("lease", "show", "L-0001")
	if !strings.Contains(out, "lease       L-0001, closed\n") || strings.Contains(out, "\nleft ") {
		t.Error(out) // for how long nothing is enough is no question any more
	}
}

func TestFormatPPM(t *testing.T) {
	for ppm, want := range map[int64]string{0: "0", 1_000_000: "100", 995_800: "99.58", 1: "0.0001", 20_000: "2", 123_456: "12.3456"} {
		if got := formatPPM(ppm); got != want {
			t.Errorf("%d ppm is %q, want %q", ppm, got, want)
		}
	}
}
