package main

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/hashlease/hashlease/lease/receipt"
)

func runVerify(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "verify", "BUNDLE [--key HEX] [--tenant-key HEX] [--pool-work WORK] [--strict] [--json]",
		"Checks a bundle offline: re-hashes every receipt and recomputes every figure. The\n"+
			"exit code is 0 only if all checks hold, and 3 if one does not.\n"+
			"No share can prove whose account a foreign pool credits: for a lease that works for\n"+
			"one, give what the pool itself shows you for the period, and it is compared.")
	key := f.String("key", "", "the provider's public key in `HEX`, known from elsewhere")
	tenantKey := f.String("tenant-key", "", "the tenant's public key in `HEX`")
	poolWork := f.String("pool-work", "", "the `WORK` that the pool credited the lease's user with: hashes, such as 1.25PH, or\na sum of difficulties, such as 290kD")
	strict := f.Bool("strict", false, "fail if a key was not given")
	asJSON := f.Bool("json", false, "print the report as JSON")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	o := receipt.Options{Strict: *strict, MaxBytes: receipt.DefaultMaxBytes}
	if *key != "" {
		if o.Key, err = parsePublicKey(*key); err != nil {
			return err
		}
	}
	if *tenantKey != "" {
		if o.TenantKey, err = parsePublicKey(*tenantKey); err != nil {
			return err
		}
	}
	if f.given("pool-work") {
		w, err := parsePoolWork(*poolWork)
		if err != nil {
			return err
		}
		o.PoolWork = &w
	}
	bundle, err := readBounded(pos[0], o.MaxBytes)
	if err != nil {
		return err
	}
	r, err := verifyBundle(ctx, bundle, o)
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(e.stdout, struct {
			OK bool `json:"ok"`
			*receipt.Report
		}{r.OK(), r})
	} else {
		_, err = fmt.Fprint(e.stdout, reportText(r))
	}
	if err == nil && !r.OK() {
		err = &coded{code: exitUnverified}
	}
	return err
}

// verifyBundle checks a bundle, which can take minutes, until ctx ends.
func verifyBundle(ctx context.Context, bundle []byte, o receipt.Options) (*receipt.Report, error) {
	done := make(chan *receipt.Report, 1)
	go func() { done <- receipt.Verify(bundle, o) }()
	select {
	case r := <-done:
		return r, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// reportText writes the outcome for people: a line per check, then the
// figures that hold, then the verdict.
func reportText(r *receipt.Report) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(harmless(fmt.Sprintf(format, args...)) + "\n") }
	wide := 0
	for _, c := range r.Checks {
		wide = max(wide, len(c.Name))
	}
	failed := 0
	for _, c := range r.Checks {
		mark := "✓"
		if !c.OK {
			mark = "✗"
			failed++
		}
		line("%s %-*s  %s", mark, wide, c.Name, c.Detail)
	}
	for _, n := range r.NotApplicable {
		line("– not applicable: %s", n)
	}
	for _, u := range r.Unchecked {
		line("– not checked: %s", u)
	}
	if r.Lease != "" {
		line("")
		line("lease %s of %s: %s proven by %s", r.Lease, r.Tenant, formatHashes(r.ProvenWork.Work()), plural(r.Receipts, "receipt"))
		line("delivered %s, 95 %% interval %s to %s, contracted %s",
			formatSI(r.DeliveredHps.Work())+"H/s", formatSI(r.IntervalHps[0].Work())+"H/s",
			formatSI(r.IntervalHps[1].Work())+"H/s", formatSI(r.ContractedHps.Work())+"H/s")
	}
	switch {
	case r.OK():
		line("VERIFIED: all %d checks hold", len(r.Checks))
	default:
		line("NOT VERIFIED: %d of %d checks failed", failed, len(r.Checks))
	}
	return b.String()
}

// harmless takes the characters out of a line with which words of a foreign
// file could steer the terminal or begin lines of their own.
func harmless(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}
