package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease/bundle"
)

// Hledger writes the books as a journal for hledger, as a tenant would keep
// them: what the provider owes is an asset, what was used an expense, what was
// mined an income. Opening and closing balances are asserted.
func Hledger(s *bundle.Statement, x Context) ([]byte, error) {
	return TenantHledger([]*bundle.Statement{s}, x)
}

// TenantHledger writes those of all leases of a tenant as one journal; each has
// accounts of its own.
func TenantHledger(all []*bundle.Statement, x Context) ([]byte, error) {
	x, err := x.checkAll(all)
	if err != nil {
		return nil, err
	}
	unit := x.Unit
	if strings.ContainsAny(unit, "-0123456789") {
		unit = `"` + unit + `"`
	}
	f := newJournalFile(all)
	f.line("; %s, for hledger. Assertions: hledger check", f.about)
	f.line("; Where the journal of the period before is in the same file, leave out the opening.")
	f.line("decimal-mark .")
	f.line("commodity 1000.00000000 %s", unit)
	for _, name := range f.names() {
		f.line("account %s", name)
	}
	for _, j := range f.journals {
		f.hledger(j, unit)
	}
	return f.b.Bytes(), nil
}

// Beancount writes the same books as a journal for beancount.
func Beancount(s *bundle.Statement, x Context) ([]byte, error) {
	return TenantBeancount([]*bundle.Statement{s}, x)
}

// TenantBeancount writes those of all leases of a tenant as one journal; each
// has accounts of its own.
func TenantBeancount(all []*bundle.Statement, x Context) ([]byte, error) {
	x, err := x.checkAll(all)
	if err != nil {
		return nil, err
	}
	f := newJournalFile(all)
	f.line("; %s, for beancount. Assertions: bean-check", f.about)
	f.line("; Where the journal of the period before is in the same file, leave out the opening and what is open already.")
	f.line(`option "title" "%s"`, f.title)
	f.line(`option "operating_currency" "%s"`, x.Unit)
	for _, j := range f.journals {
		for _, name := range j.names() {
			f.line("%s open %-56s  %s", j.before, name, x.Unit)
		}
	}
	for _, j := range f.journals {
		f.beancount(j, x.Unit)
	}
	return f.b.Bytes(), nil
}

// journalFile collects the lines of a file with journals of one tenant.
type journalFile struct {
	b            bytes.Buffer
	about, title string
	journals     []*journal
}

func newJournalFile(all []*bundle.Statement) *journalFile {
	f := &journalFile{}
	from, to := all[0].Period.FromMs, all[0].Period.ToMs
	for _, s := range all {
		from, to = min(from, s.Period.FromMs), max(to, s.Period.ToMs)
		f.journals = append(f.journals, newJournal(s))
	}
	f.title = "lease " + harmless(all[0].Lease)
	f.about = "Statement " + periodName(from, to) + " of " + f.title
	if len(all) > 1 {
		f.title = "tenant " + harmless(all[0].Tenant)
		f.about = "Statements " + periodName(from, to) + " of all leases of " + f.title
	}
	return f
}

func (f *journalFile) line(format string, args ...any) { fmt.Fprintf(&f.b, format+"\n", args...) }

// names lists the accounts of all leases.
func (f *journalFile) names() []string {
	var all []string
	for _, j := range f.journals {
		all = append(all, j.names()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// hledger writes the transactions of a lease.
func (f *journalFile) hledger(j *journal, unit string) {
	if len(j.opening) > 0 {
		f.line("\n%s * (opening) opening balances", j.first)
		var sum int64
		for _, a := range j.opening {
			f.line("    %-56s  %20s %s = %s %s", a.name, coins(a.sat), unit, coins(a.sat), unit)
			sum += a.sat
		}
		f.line("    %-56s  %20s %s", j.equity("Opening"), coins(-sum), unit)
	}
	for _, t := range j.txs {
		f.line("\n%s * (%d) %s", t.day, t.leaf, t.what)
		for _, m := range t.meta {
			f.line("    ; %s:%s", m[0], m[1])
		}
		for _, p := range t.postings {
			f.line("    %-56s  %20s %s", p.name, coins(p.sat), unit)
		}
	}
	if len(j.closing) > 0 {
		f.line("\n%s * (closing) closing balances", j.last)
		for _, a := range j.closing {
			f.line("    %-56s  0 %s = %20s %s", a.name, unit, coins(a.sat), unit)
		}
	}
}

// beancount writes the transactions of a lease.
func (f *journalFile) beancount(j *journal, unit string) {
	if len(j.opening) > 0 {
		f.line("\n%s * \"opening balances\"", j.before)
		var sum int64
		for _, a := range j.opening {
			f.line("  %-56s  %20s %s", a.name, coins(a.sat), unit)
			sum += a.sat
		}
		f.line("  %-56s  %20s %s", j.equity("Opening"), coins(-sum), unit)
		for _, a := range j.opening {
			f.line("%s balance %-56s  %20s ~ 0 %s", j.first, a.name, coins(a.sat), unit)
		}
	}
	for _, t := range j.txs {
		f.line("\n%s * \"%s\"", t.day, t.what)
		f.line("  leaf: %d", t.leaf)
		for _, m := range t.meta {
			f.line("  %s: \"%s\"", m[0], m[1])
		}
		for _, p := range t.postings {
			f.line("  %-56s  %20s %s", p.name, coins(p.sat), unit)
		}
	}
	f.line("")
	for _, a := range j.closing {
		f.line("%s balance %-56s  %20s ~ 0 %s", j.after, a.name, coins(a.sat), unit)
	}
}
