package ledger

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashlease/hashlease/lease"
)

// Format is a form of exported books.
type Format string

// Formats of exported books.
const (
	CSV       Format = "csv"       // RFC 4180, one posting a line
	Hledger   Format = "hledger"   // a journal for hledger
	Beancount Format = "beancount" // a journal for beancount
)

// Formats lists them all.
func Formats() []Format { return []Format{CSV, Hledger, Beancount} }

var commodityName = regexp.MustCompile(`^[A-Z][A-Z0-9-]{0,22}[A-Z0-9]$`)

// CheckCommodity refuses the name of a commodity that not all formats can have.
func CheckCommodity(name string) error {
	if !commodityName.MatchString(name) {
		return fmt.Errorf("commodity %.40q: want 2 to 24 characters of A-Z, 0-9 and -, such as BTC", name)
	}
	return nil
}

// Export writes all of transactions, which come in the order of their Seq.
// commodity is what amounts are in, such as BTC; they have its eight decimals.
// The same books give the same bytes. Journals end with the balance of every
// account, which their tools check.
func Export(w io.Writer, format Format, commodity string, transactions iter.Seq2[lease.Transaction, error]) error {
	if err := CheckCommodity(commodity); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	var to exporter
	switch format {
	case CSV:
		to = newCSV(b, commodity)
	case Hledger:
		to = &hledgerWriter{journal{w: b, commodity: commodity, quoted: quoted(commodity)}}
	case Beancount:
		to = &beancountWriter{journal{w: b, commodity: commodity}}
	default:
		return fmt.Errorf("export format %.40q: want csv, hledger or beancount", format)
	}
	sums := newTotals()
	to.begin()
	for t, err := range transactions {
		if err == nil {
			err = sums.add(t)
		}
		if err == nil {
			err = to.transaction(t, day(t.AtMs))
		}
		if err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := to.end(sums); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return b.Flush()
}

// exporter writes one format. Errors of writing show at the end.
type exporter interface {
	begin()
	transaction(t lease.Transaction, day string) error
	end(sums *totals) error
}

// totals are the sums of accounts after some transactions.
type totals struct {
	accounts map[string]*total
	lastMs   int64 // the latest time of a transaction
	any      bool
}

type total struct {
	sat     int64
	firstMs int64 // the earliest time of a posting
}

func newTotals() *totals { return &totals{accounts: make(map[string]*total)} }

// Times in years of four digits, in Unix milliseconds, with a day after them.
const firstMs, lastMs = -62135596800000, 253402300799999 - 24*lease.MsPerHour

func (s *totals) add(t lease.Transaction) error {
	if t.AtMs < firstMs || t.AtMs > lastMs {
		return fmt.Errorf("transaction %s: no year of four digits at %d ms", t.Key, t.AtMs)
	}
	if !s.any || t.AtMs > s.lastMs {
		s.any, s.lastMs = true, t.AtMs
	}
	for _, p := range t.Postings {
		a := s.accounts[p.Account]
		if a == nil {
			a = &total{firstMs: t.AtMs}
			s.accounts[p.Account] = a
		}
		sum, ok := plus(a.sat, p.Sat)
		if !ok {
			return fmt.Errorf("transaction %s: the sum of %s is out of range", t.Key, p.Account)
		}
		a.sat, a.firstMs = sum, min(a.firstMs, t.AtMs)
	}
	return nil
}

// names lists the accounts in the order of a trial balance.
func (s *totals) names() []string {
	order := Classes()
	return slices.SortedFunc(maps.Keys(s.accounts), func(x, y string) int {
		return cmp.Or(cmp.Compare(slices.Index(order, Class(x)), slices.Index(order, Class(y))), strings.Compare(x, y))
	})
}

func day(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02") }

// moment writes a time to the millisecond.
func moment(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// amount writes satoshi with the coin's eight decimals, exactly.
func amount(sat int64) string {
	sign, u := "", uint64(sat)
	if sat < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%08d", sign, u/1e8, u%1e8)
}

// plain makes text harmless in any of the formats: what is special to one of
// them, and what does not print, is written as %XX of its bytes, like in a
// URL. Most text stays as it is.
func plain(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		odd := r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) || strings.ContainsRune(`%,;"\|[]`, r) ||
			(i == 0 || i+size == len(text)) && r == ' ' || i == 0 && strings.ContainsRune("=+-@", r)
		if odd {
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(text[i : i+size])
		}
		i += size
	}
	return b.String()
}
