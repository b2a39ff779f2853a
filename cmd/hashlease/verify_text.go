package main

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/bundle"
)

// reportText writes the outcome for people: a line per check, then the figures
// that hold, then the verdict. Of a tenant's bundle each lease has its own.
func reportText(r *bundle.Report) string {
	t := new(reportWriter)
	t.lease(r)
	for _, l := range r.Leases {
		t.line("")
		t.line("lease %s", l.Lease)
		t.lease(l)
	}
	t.line("")
	switch {
	case !r.OK():
		t.line("NOT VERIFIED: %d of %d checks failed", t.failed, t.checks)
	case t.keyed:
		t.line("VERIFIED: all %d checks hold", t.checks)
	default:
		// Anybody can make a key, and all else with it.
		t.line("VERIFIED against the key in the bundle itself: all %d checks hold; give --key to know that it is your provider's", t.checks)
	}
	return t.b.String()
}

// reportWriter writes reports and counts their checks.
type reportWriter struct {
	b              strings.Builder
	checks, failed int
	keyed          bool // the provider's key was given
}

func (t *reportWriter) line(format string, args ...any) {
	t.b.WriteString(harmless(fmt.Sprintf(format, args...)) + "\n")
}

func (t *reportWriter) lease(r *bundle.Report) {
	wide := 0
	for _, c := range r.Checks {
		wide = max(wide, len(c.Name))
	}
	for _, c := range r.Checks {
		mark := "✓"
		t.checks++
		t.keyed = t.keyed || c.Name == "key"
		if !c.OK {
			mark = "✗"
			t.failed++
		}
		t.line("%s %-*s  %s", mark, wide, c.Name, c.Detail)
	}
	for _, n := range r.NotApplicable {
		t.line("– not applicable: %s", n)
	}
	for _, u := range r.Unchecked {
		t.line("– not checked: %s", u)
	}
	for _, w := range r.Word {
		t.line("– the provider's word: %s", w)
	}
	if r.Kind == "lease" && r.Lease != "" {
		t.figures(r)
	}
}

func (t *reportWriter) figures(r *bundle.Report) {
	t.line("")
	t.line("lease %s of %s, %s to %s: %s proven by %s", r.Lease, r.Tenant, formatMs(r.Period.FromMs), formatMs(r.Period.ToMs),
		formatHashes(r.ProvenWork.Work()), plural(r.Receipts, "receipt"))
	t.line("delivered %s, 95 %% interval %s to %s, contracted %s",
		formatSI(r.DeliveredHps.Work())+"H/s", formatSI(r.IntervalHps[0].Work())+"H/s",
		formatSI(r.IntervalHps[1].Work())+"H/s", formatSI(r.ContractedHps.Work())+"H/s")
	if r.Checkpoint.Size > 0 {
		t.line("log %s of %d leaves, root %x", r.Checkpoint.Origin, r.Checkpoint.Size, r.Checkpoint.Root)
	}
}
