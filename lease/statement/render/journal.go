package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// journal is the books in the tenant's accounts.
type journal struct {
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
