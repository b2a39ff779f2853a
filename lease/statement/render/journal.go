package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// Hledger writes the books as a journal for hledger, as a tenant would keep
// them: what the provider owes is an asset, what was used an expense, what was
// mined an income. Opening and closing balances are asserted.
func Hledger(s *bundle.Statement, x Context) ([]byte, error) {
	x, err := x.checkBooks(s)
	if err != nil {
		return nil, err
	}
	j := newJournal(s)
	unit := x.Unit
	if strings.ContainsAny(unit, "-0123456789") {
		unit = `"` + unit + `"`
	}
	j.line("; Statement %s of lease %s, for hledger. Assertions: hledger check", periodName(s.Period.FromMs, s.Period.ToMs), harmless(s.Lease))
	j.line("; Where the journal of the period before is in the same file, leave out the opening.")
	j.line("decimal-mark .")
	j.line("commodity 1000.00000000 %s", unit)
	for _, name := range j.names() {
		j.line("account %s", name)
	}
	if len(j.opening) > 0 {
		j.line("\n%s * (opening) opening balances", j.first)
		var sum int64
		for _, a := range j.opening {
			j.line("    %-56s  %20s %s = %s %s", a.name, coins(a.sat), unit, coins(a.sat), unit)
			sum += a.sat
		}
		j.line("    %-56s  %20s %s", j.equity("Opening"), coins(-sum), unit)
	}
	for _, t := range j.txs {
		j.line("\n%s * (%d) %s", t.day, t.leaf, t.what)
		for _, m := range t.meta {
			j.line("    ; %s:%s", m[0], m[1])
		}
		for _, p := range t.postings {
			j.line("    %-56s  %20s %s", p.name, coins(p.sat), unit)
		}
	}
	if len(j.closing) > 0 {
		j.line("\n%s * (closing) closing balances", j.last)
		for _, a := range j.closing {
			j.line("    %-56s  0 %s = %20s %s", a.name, unit, coins(a.sat), unit)
		}
	}
	return j.b.Bytes(), nil
}

// Beancount writes the same books as a journal for beancount.
func Beancount(s *bundle.Statement, x Context) ([]byte, error) {
	x, err := x.checkBooks(s)
	if err != nil {
		return nil, err
	}
	j := newJournal(s)
	j.line("; Statement %s of lease %s, for beancount. Assertions: bean-check", periodName(s.Period.FromMs, s.Period.ToMs), harmless(s.Lease))
	j.line("; Where the journal of the period before is in the same file, leave out the opening and what is open already.")
	j.line(`option "title" "lease %s"`, harmless(s.Lease))
	j.line(`option "operating_currency" "%s"`, x.Unit)
	for _, name := range j.names() {
		j.line("%s open %-56s  %s", j.before, name, x.Unit)
	}
	if len(j.opening) > 0 {
		j.line("\n%s * \"opening balances\"", j.before)
		var sum int64
		for _, a := range j.opening {
			j.line("  %-56s  %20s %s", a.name, coins(a.sat), x.Unit)
			sum += a.sat
		}
		j.line("  %-56s  %20s %s", j.equity("Opening"), coins(-sum), x.Unit)
		for _, a := range j.opening {
			j.line("%s balance %-56s  %20s ~ 0 %s", j.first, a.name, coins(a.sat), x.Unit)
		}
	}
	for _, t := range j.txs {
		j.line("\n%s * \"%s\"", t.day, t.what)
		j.line("  leaf: %d", t.leaf)
		for _, m := range t.meta {
			j.line("  %s: \"%s\"", m[0], m[1])
		}
		for _, p := range t.postings {
			j.line("  %-56s  %20s %s", p.name, coins(p.sat), x.Unit)
		}
	}
	j.line("")
	for _, a := range j.closing {
		j.line("%s balance %-56s  %20s ~ 0 %s", j.after, a.name, coins(a.sat), x.Unit)
	}
	return j.b.Bytes(), nil
}

// journal is the books in the tenant's accounts.
type journal struct {
	b                          bytes.Buffer
	lease                      string // as part of an account's name
	before, first, last, after string // days: before the period, its ends, and behind it
	opening, closing           []amount
	txs                        []journalTx
}

// amount is satoshi of an account, debits positive.
type amount struct {
	name string
	sat  int64
}

type journalTx struct {
	day, what string
	leaf      int64
	meta      [][2]string
	postings  []amount
}

func (j *journal) line(format string, args ...any) { fmt.Fprintf(&j.b, format+"\n", args...) }

func newJournal(s *bundle.Statement) *journal {
	const day = 24 * lease.MsPerHour
	from, last := s.Period.FromMs, max(s.Period.FromMs, s.Period.ToMs-1)
	j := &journal{lease: accountWord(s.Lease), before: date(from - day), first: date(from), last: date(last), after: date(last + day)}
	f := newFlows(s)
	for _, a := range f.accounts {
		if sat := f.opening[a]; sat != 0 {
			j.opening = append(j.opening, amount{j.account(a), sat})
		}
		j.closing = append(j.closing, amount{j.account(a), f.closing[a]})
	}
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		t := journalTx{day: date(min(max(l.AtMs, from), last)), leaf: l.Leaf, what: harmless(l.Kind)}
		t.meta = append(t.meta, [2]string{"key", harmless(l.Key)})
		if l.Ref != "" {
			t.meta = append(t.meta, [2]string{"ref", harmless(l.Ref)})
		}
		t.meta = append(t.meta, [2]string{"at", stamp(l.AtMs)})
		var rest int64
		for _, p := range l.Postings {
			t.postings = append(t.postings, amount{j.account(p.Account), -p.Sat})
			rest += p.Sat
		}
		if rest != 0 {
			t.postings = append(t.postings, amount{j.other(meant(l)), rest})
		}
		j.txs = append(j.txs, t)
	}
	return j
}

// account is the tenant's name of an account of the provider's books: what is a
// liability there is an asset here, and so on.
func (j *journal) account(name string) string {
	words := strings.Split(name, ":")
	root := "Equity"
	switch words[0] + ":" {
	case lease.Liability:
		root = "Assets"
	case "revenue:":
		root = "Expenses"
	case "expense:":
		root = "Income"
	default:
		words = append([]string{""}, words...)
	}
	all := []string{root, "Hashlease", j.lease}
	for _, w := range words[1:] {
		all = append(all, accountWord(w))
	}
	return strings.Join(all, ":")
}

// equity is an account for what is on neither side.
func (j *journal) equity(what string) string {
	return "Equity:Hashlease:" + j.lease + ":" + what
}

// other is where the other side of a line is that the statement does not show,
// because it is not the lease's alone.
func (j *journal) other(kind string) string {
	switch kind {
	case ledger.KindFound, ledger.KindOrphaned, ledger.KindUnmatured, ledger.KindLoss, ledger.KindCarry, ledger.KindIncome, ledger.KindPPS:
		return "Income:Hashlease:" + j.lease + ":Mining"
	}
	return j.equity("Transfers") // from and to the tenant's own wallet
}

// names lists the accounts in use.
func (j *journal) names() []string {
	var all []string
	for _, list := range [][]amount{j.opening, j.closing} {
		for _, a := range list {
			all = append(all, a.name)
		}
	}
	if len(j.opening) > 0 {
		all = append(all, j.equity("Opening"))
	}
	for _, t := range j.txs {
		for _, p := range t.postings {
			all = append(all, p.name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// accountWord is a part of an account's name by the rules of both tools: it
// begins with a capital or a digit, and has letters, digits and dashes. Different
// words stay different, but for the case of the first letter.
func accountWord(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "-%02X-", c)
		}
	}
	switch w := b.String(); {
	case w == "" || w[0] == '-':
		return "XX" + w
	default:
		return strings.ToUpper(w[:1]) + w[1:]
	}
}
