package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease/audit"
)

// auditDoc is the outcome of "ledger check --all" for programs.
type auditDoc struct {
	OK bool `json:"ok"`
	*audit.Report
}

// parseLedger reads what formatLedger writes; nil for nothing.
func parseLedger(s string) (*audit.Ledger, bool) {
	if s == "" {
		return nil, true
	}
	n, digest, _ := strings.Cut(s, ":")
	count, err := strconv.ParseInt(n, 10, 64)
	const digits = 64
	ok := err == nil && count >= 0 && len(digest) == digits && strings.Trim(digest, "0123456789abcdef") == ""
	return &audit.Ledger{Transactions: count, Digest: digest}, ok
}

func formatLedger(l audit.Ledger) string { return fmt.Sprintf("%d:%s", l.Transactions, l.Digest) }

// checkAll audits everything that is stored.
func (f *dataFlags) checkAll(ctx context.Context, p *provider, before *audit.Ledger) error {
	e := f.e
	report, err := audit.Run(ctx, p.store, audit.Options{Before: before, Progress: func(what string) { e.progress("checking: " + what) }})
	e.progress("")
	if err != nil {
		return err
	}
	if *f.json {
		if err := writeJSON(e.stdout, auditDoc{report.OK(), report}); err != nil {
			return err
		}
		if !report.OK() {
			return &coded{code: exitFailed}
		}
		return nil
	}
	rows := [][]string{{"CHECK", "CHECKED", "FOUND", "RULE"}}
	found := 0
	for i := range report.Checks {
		c := &report.Checks[i]
		n := len(c.Findings) + int(c.More)
		found += n
		rows = append(rows, []string{c.Name, fmt.Sprint(c.Checked), fmt.Sprint(n), c.Rule})
	}
	fmt.Fprint(e.stdout, table(rows, "CHECKED", "FOUND"))
	for i := range report.Checks {
		for _, text := range report.Checks[i].Findings {
			fmt.Fprintf(e.stdout, "✗ %s: %s\n", report.Checks[i].Name, harmless(text))
		}
	}
	for _, text := range report.Unchecked {
		fmt.Fprintf(e.stdout, "– not checked: %s\n", harmless(text))
	}
	if s := report.Supply; s.Hours > 0 {
		fmt.Fprintf(e.stdout, "in %d of %s less was produced than was leased\n", s.Short, plural(int(s.Hours), "hour"))
	}
	fmt.Fprintf(e.stdout, "the ledger is %s\n", formatLedger(report.Ledger))
	if err := report.Err(); err != nil {
		return fmt.Errorf("%s found", plural(found, "contradiction"))
	}
	_, err = fmt.Fprintln(e.stdout, "all that is stored agrees")
	return err
}
