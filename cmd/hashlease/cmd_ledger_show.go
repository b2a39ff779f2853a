package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// ledgerFilter are the flags that select what of the ledger is shown.
type ledgerFilter struct {
	f                                *dataFlags
	account, lease, tenant, from, to *string
	selected                         ledger.Filter
}

func newLedgerFilter(f *dataFlags) *ledgerFilter {
	return &ledgerFilter{
		f:       f,
		account: f.String("account", "", "only accounts whose name begins with the words of `PREFIX`, such as liab:acme or revenue"),
		lease:   f.String("lease", "", "only what is about the lease `ID`"),
		tenant:  f.String("tenant", "", "only the accounts of the tenant `NAME`, and what is about its leases"),
		from:    f.String("from", "", "only what was booked at `TIME` or later, such as 2026-12-01"),
		to:      f.String("to", "", "only what was booked before `TIME`"),
	}
}

// parse checks what can be checked without the books.
func (l *ledgerFilter) parse(now time.Time) error {
	s := &l.selected
	s.Account, s.Lease, s.Tenant = *l.account, *l.lease, *l.tenant
	class := ledger.Class(s.Account)
	known := false
	for _, c := range ledger.Classes() {
		known = known || c == class
	}
	if s.Account != "" && !known {
		err := usage("--account %.60q: no account begins like that", s.Account)
		if near := nearest(class, ledger.Classes()); near != "" {
			return withHint(err, "did you mean %s?", near)
		}
		return withHint(err, "they begin with %s", strings.Join(ledger.Classes(), ", "))
	}
	for _, t := range []struct {
		name, text string
		ms         *int64
	}{{"--from", *l.from, &s.FromMs}, {"--to", *l.to, &s.ToMs}} {
		if t.text == "" {
			continue
		}
		at, err := parseTime(t.text, now)
		if err != nil {
			return usage("%s: %w", t.name, err)
		}
		*t.ms = at.UnixMilli()
	}
	if s.FromMs != 0 && s.ToMs != 0 && s.FromMs >= s.ToMs {
		return l.f.usage("--from %s is not before --to %s", *l.from, *l.to)
	}
	return nil
}

// find completes the filter by what the books know of tenants and leases.
func (l *ledgerFilter) find(ctx context.Context, p *provider) (ledger.Filter, error) {
	s := l.selected
	if s.Lease != "" && s.Lease != lease.House {
		if _, err := p.findLease(ctx, s.Lease); err != nil {
			return s, err
		}
	}
	if s.Tenant == "" {
		return s, nil
	}
	if _, err := p.store.Tenant(ctx, s.Tenant); errors.Is(err, lease.ErrNotFound) {
		tenants, err := p.store.Tenants(ctx)
		if err != nil {
			return s, err
		}
		var names []string
		for i := range tenants {
			names = append(names, tenants[i].ID)
		}
		return s, unknownName("tenant", s.Tenant, names, `"hashlease tenant list" lists them`)
	} else if err != nil {
		return s, err
	}
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return s, err
	}
	s.Leases = make(map[string]bool)
	for i := range leases {
		if leases[i].Tenant == s.Tenant {
			s.Leases[leases[i].ID] = true
		}
	}
	return s, nil
}

// transactionDoc is a transaction for programs.
type transactionDoc struct {
	Seq      int64        `json:"seq"` // 0: not booked
	AtMs     int64        `json:"at_ms"`
	Kind     string       `json:"kind"`
	Key      string       `json:"key"`
	Ref      string       `json:"ref,omitempty"`
	Postings []postingDoc `json:"postings"`
}

type postingDoc struct {
	Account string `json:"account"`
	Lease   string `json:"lease,omitempty"`
	Sat     int64  `json:"sat"` // a debit; negative: a credit
}

func newTransactionDoc(t *lease.Transaction) transactionDoc {
	doc := transactionDoc{t.Seq, t.AtMs, t.Kind, t.Key, t.Ref, []postingDoc{}}
	for _, p := range t.Postings {
		doc.Postings = append(doc.Postings, postingDoc(p))
	}
	return doc
}

// writeTransactions prints transactions as one JSON array, as they come.
func writeTransactions(w io.Writer, all iter.Seq2[lease.Transaction, error]) error {
	b := bufio.NewWriter(w)
	next := "[\n  "
	for t, err := range all {
		if err != nil {
			return err
		}
		b.WriteString(next)
		text, err := json.Marshal(newTransactionDoc(&t))
		if err != nil {
			return err
		}
		b.Write(text)
		next = ",\n  "
	}
	if next[0] == '[' {
		b.WriteString("[]\n")
	} else {
		b.WriteString("\n]\n")
	}
	return b.Flush()
}

// printTransactions prints transactions with debits to the left of credits.
func printTransactions(w io.Writer, all iter.Seq2[lease.Transaction, error]) error {
	b := bufio.NewWriter(w)
	for t, err := range all {
		if err != nil {
			return err
		}
		seq := "-" // not booked
		if t.Seq != 0 {
			seq = fmt.Sprint(t.Seq)
		}
		fmt.Fprintf(b, "%s  %s  %s\n", seq, formatMs(t.AtMs), printable(t.Key))
		if t.Ref != "" && !strings.Contains(t.Key, t.Ref) {
			fmt.Fprintf(b, "    ref %s\n", printable(t.Ref))
		}
		for _, p := range t.Postings {
			side := ""
			if p.Sat < 0 {
				side = strings.Repeat(" ", 19)
			}
			fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("    %-32s %-7s%s %18s", p.Account, p.Lease, side, formatSat(max(p.Sat, -p.Sat))), " "))
		}
	}
	return b.Flush()
}

// printable keeps what others named from moving the cursor or hiding text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
