package render

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

// CSV writes the postings of the books (RFC 4180, UTF-8), one a line, after
// the opening balances, which are of the kind "opening". sat is what was added
// to the account for the tenant: on its own accounts, what the provider came to
// owe; on those of the provider that the lease's postings touch, likewise with
// the sign turned. balance is that of the tenant's account after the line, of
// what is the lease's there, and empty for others.
func CSV(s *bundle.Statement, x Context) ([]byte, error) {
	return TenantCSV([]*bundle.Statement{s}, x)
}

// TenantCSV writes the same of all leases of a tenant, one after the other.
func TenantCSV(all []*bundle.Statement, x Context) ([]byte, error) {
	x, err := x.checkAll(all)
	if err != nil {
		return nil, err
	}
	t := newCSV("lease", "time", "leaf", "kind", "key", "ref", "account", "sat", "balance", "amount", "commodity")
	for _, s := range all {
		t.books(s, x.Unit)
	}
	return t.bytes()
}

// books writes the lines of a lease.
func (t *csvWriter) books(s *bundle.Statement, unit string) {
	id, balance := harmless(s.Lease), map[string]int64{}
	for _, a := range s.Books.Accounts {
		if owed(a.Name) && a.Opening != 0 {
			balance[a.Name] = a.Opening
			t.row(id, moment(s.Period.FromMs), "", "opening", "", "", harmless(a.Name), itoa(a.Opening), itoa(a.Opening), coins(a.Opening), unit)
		}
	}
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		for _, p := range l.Postings {
			after := ""
			if owed(p.Account) {
				balance[p.Account] -= p.Sat
				after = itoa(balance[p.Account])
			}
			t.row(id, stamp(l.AtMs), itoa(l.Leaf), harmless(l.Kind), harmless(l.Key), harmless(l.Ref), harmless(p.Account), itoa(-p.Sat), after, coins(-p.Sat), unit)
		}
	}
}

// HoursCSV writes the settled hours (RFC 4180), one a line, with all of their
// figures.
func HoursCSV(s *bundle.Statement, x Context) ([]byte, error) {
	return TenantHoursCSV([]*bundle.Statement{s}, x)
}

// TenantHoursCSV writes those of all leases of a tenant, one after the other.
func TenantHoursCSV(all []*bundle.Statement, x Context) ([]byte, error) {
	if _, err := x.checkAll(all); err != nil {
		return nil, err
	}
	t := newCSV("lease", "hour", "owed_ms", "excluded_ms", "running_ms", "contracted_hashes", "counted_hashes", "proven_hashes", "receipts",
		"billable_hashes", "upper_hashes", "window", "due_sat", "charged_sat", "earned_sat")
	for _, s := range all {
		t.hours(s)
	}
	return t.bytes()
}

// hours writes the hours of a lease.
func (t *csvWriter) hours(s *bundle.Statement) {
	id := harmless(s.Lease)
	for i := range s.Hours {
		h := &s.Hours[i]
		begin := ""
		if h.Hour >= 0 && h.Hour <= maxMs/lease.MsPerHour {
			begin = utc(h.Hour * lease.MsPerHour).Format("2006-01-02T15:04:05Z")
		}
		t.row(id, begin, itoa(h.OwedMs), itoa(h.ExcludedMs), itoa(h.RunningMs), h.Contracted.Work().String(), h.Counted.Work().String(), h.Proven.Work().String(), itoa(h.Receipts),
			h.Billable.Work().String(), h.Upper.Work().String(), harmless(string(h.Window)), itoa(h.DueSat), itoa(h.ChargedSat), itoa(h.EarnedSat))
	}
}

// csvWriter collects lines.
type csvWriter struct {
	b bytes.Buffer
	w *csv.Writer
}

func newCSV(head ...string) *csvWriter {
	t := &csvWriter{}
	t.w = csv.NewWriter(&t.b)
	t.w.UseCRLF = true
	t.row(head...)
	return t
}

// row writes to memory: errors show at the end.
func (t *csvWriter) row(cells ...string) { t.w.Write(cells) }

func (t *csvWriter) bytes() ([]byte, error) {
	t.w.Flush()
	if err := t.w.Error(); err != nil {
		return nil, fmt.Errorf("render: CSV: %w", err)
	}
	return t.b.Bytes(), nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// stamp writes the moment of a line, or nothing where that has no year of four
// digits.
func stamp(ms int64) string {
	if ms < 0 || ms > maxMs {
		return ""
	}
	return moment(ms)
}

// harmless makes a word safe in any of the tools' formats: what is special to
// one of them, and what does not print, is written as %XX of its bytes, like in
// a URL, and so is what begins a spreadsheet's formula. Most words stay as they
// are.
func harmless(text string) string {
	var b strings.Builder
	for i, r := range text {
		odd := r == unicode.ReplacementChar || !unicode.IsPrint(r) || strings.ContainsRune(`%,;"\|[]`, r) ||
			r == ' ' && (i == 0 || i == len(text)-1) || i == 0 && strings.ContainsRune("=+-@", r)
		if !odd {
			b.WriteRune(r)
			continue
		}
		size := len(string(r))
		if r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], string(r)) {
			size = 1 // a byte that is no UTF-8
		}
		for _, c := range []byte(text[i : i+size]) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
