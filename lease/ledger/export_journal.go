package ledger

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// journal is what the two journals have in common.
type journal struct {
	w         *bufio.Writer
	commodity string
	quoted    string // as hledger wants it
}

func (j *journal) line(format string, args ...any) { fmt.Fprintf(j.w, format+"\n", args...) }

// journalAccount is an account's name by the rules of both tools: five roots,
// and words that begin with a capital or a digit. Names differ as ours do.
func journalAccount(account string) (string, error) {
	roots := []string{"Assets", "Liabilities", "Equity", "Income", "Expenses"} // as Classes
	words := strings.Split(account, ":")
	root := slices.Index(Classes(), words[0])
	if root < 0 || len(words) < 2 {
		return "", fmt.Errorf("account %.60q: want one under %s", account, strings.Join(Classes(), ", "))
	}
	words[0] = roots[root]
	for i, word := range words[1:] {
		switch {
		case word == "" || word[0] == '-':
			words[i+1] = "XX" + word // no other word has two capitals
		default:
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, ":"), nil
}

// quoted puts a commodity that is not letters alone into hledger's quotes.
func quoted(commodity string) string {
	if strings.ContainsAny(commodity, "-0123456789") {
		return `"` + commodity + `"`
	}
	return commodity
}

// hledgerWriter writes a journal for hledger, whose tags are comments.
type hledgerWriter struct{ journal }

func (h *hledgerWriter) begin() {
	h.line("; The books of a hashlease provider. Assertions at the end: hledger check")
	h.line("decimal-mark .")
	h.line("commodity 1000.00000000 %s", h.quoted)
}

func (h *hledgerWriter) transaction(t lease.Transaction, day string) error {
	h.line("\n%s * (%d) %s", day, t.Seq, plain(t.Kind))
	h.line("    ; key:%s", plain(t.Key))
	if t.Ref != "" {
		h.line("    ; ref:%s", plain(t.Ref))
	}
	h.line("    ; at:%s", moment(t.AtMs))
	for _, p := range t.Postings {
		account, err := journalAccount(p.Account)
		if err != nil {
			return fmt.Errorf("transaction %s: %w", t.Key, err)
		}
		of := ""
		if p.Lease != "" {
			of = "  ; lease:" + plain(p.Lease)
		}
		h.line("    %-40s  %20s %s%s", account, amount(p.Sat), h.quoted, of)
	}
	return nil
}

// end declares the accounts and asserts their balances, on the last day. An
// assertion of hledger is about the account without those below it.
func (h *hledgerWriter) end(sums *totals) error {
	names := sums.names()
	for i, name := range names {
		account, err := journalAccount(name)
		if err != nil {
			return err
		}
		if i == 0 {
			h.line("")
		}
		h.line("account %s", account)
	}
	for i, name := range names {
		account, _ := journalAccount(name)
		if i == 0 {
			h.line("\n%s * balances", day(sums.lastMs))
		}
		h.line("    %-40s  0 %s = %20s %s", account, h.quoted, amount(sums.accounts[name].sat), h.quoted)
	}
	return nil
}

// beancountWriter writes a journal for beancount.
type beancountWriter struct{ journal }

func (b *beancountWriter) begin() {
	b.line("; The books of a hashlease provider. Assertions at the end: bean-check")
	b.line(`option "title" "hashlease"`)
	b.line(`option "operating_currency" "%s"`, b.commodity)
}

func (b *beancountWriter) transaction(t lease.Transaction, day string) error {
	b.line("\n%s * \"%s\"", day, plain(t.Kind))
	b.line("  seq: %d", t.Seq)
	b.line("  key: \"%s\"", plain(t.Key))
	if t.Ref != "" {
		b.line("  ref: \"%s\"", plain(t.Ref))
	}
	b.line("  at: \"%s\"", moment(t.AtMs))
	for _, p := range t.Postings {
		account, err := journalAccount(p.Account)
		if err != nil {
			return fmt.Errorf("transaction %s: %w", t.Key, err)
		}
		b.line("  %-40s  %20s %s", account, amount(p.Sat), b.commodity)
		if p.Lease != "" {
			b.line("    lease: \"%s\"", plain(p.Lease))
		}
	}
	return nil
}

// end opens the accounts on the first day of each, wherever in the file that
// is, and asserts their balances at the beginning of the day after the last.
// An assertion of beancount includes the accounts below, and is exact only
// when it says so.
func (b *beancountWriter) end(sums *totals) error {
	names := sums.names()
	for i, name := range names {
		account, err := journalAccount(name)
		if err != nil {
			return err
		}
		if i == 0 {
			b.line("")
		}
		b.line("%s open %-40s  %s", day(sums.accounts[name].firstMs), account, b.commodity)
	}
	for i, name := range names {
		account, _ := journalAccount(name)
		if i == 0 {
			b.line("")
		}
		var sat int64
		for _, below := range names {
			if under(below, name) {
				var ok bool
				if sat, ok = plus(sat, sums.accounts[below].sat); !ok {
					return fmt.Errorf("account %s: its sum with those below is out of range", name)
				}
			}
		}
		b.line("%s balance %-40s  %20s ~ 0 %s", day(sums.lastMs+24*lease.MsPerHour), account, amount(sat), b.commodity)
	}
	return nil
}
