package ledger

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashlease/hashlease/lease"
	"pgregory.net/rapid"
)

// exported is the story in a format.
func exported(t testing.TB, format Format, commodity string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Export(&b, format, commodity, story(t).Transactions(t.Context())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var update = flag.Bool("update", false, "write the golden files anew")

func TestExport(t *testing.T) {
	for _, format := range Formats() {
		name := filepath.Join("testdata", "books."+string(format))
		if *update {
			if err := os.WriteFile(name, exported(t, format, "BTC"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := exported(t, format, "BTC"); !bytes.Equal(got, want) {
			t.Errorf("%s: not what is in the file, but\n%s", name, got)
		}
	}
}

// What the CSV says is what the books say.
func TestExportCSVSums(t *testing.T) {
	lines, err := csv.NewReader(bytes.NewReader(exported(t, CSV, "SANDBOX"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := story(t)
	sums := make(map[entry]int64)
	for _, l := range lines[1:] {
		if l[5] == "" {
			continue
		}
		sat, err := strconv.ParseInt(l[7], 10, 64)
		if err != nil || amount(sat) != l[8] || l[9] != "SANDBOX" {
			t.Errorf("%q: %v", l, err)
		}
		sums[entry{l[5], l[6]}] += sat
	}
	for e, sat := range m.balances {
		if sums[e] != sat {
			t.Errorf("%v: %d, want %d", e, sums[e], sat)
		}
	}
}

func list(txs ...lease.Transaction) iter.Seq2[lease.Transaction, error] {
	return (&memory{txs: txs}).Transactions(context.Background())
}

func TestExportErrors(t *testing.T) {
	two := func(a, b string, atMs int64) lease.Transaction {
		return lease.Transaction{Key: "k", Kind: "x", AtMs: atMs, Postings: []lease.Posting{{Account: a, Sat: 1}, {Account: b, Sat: -1}}}
	}
	for _, tt := range []struct {
		name, commodity string
		format          Format
		tx              lease.Transaction
		want            string
	}{
		{"format", "BTC", "xls", lease.Transaction{}, "want csv, hledger or beancount"},
		{"commodity", "bitcoin", CSV, lease.Transaction{}, "want 2 to 24 characters"},
		{"commodity", `B"`, CSV, lease.Transaction{}, "want 2 to 24 characters"},
		{"class", "BTC", Hledger, two("misc:a", "assets:b", 0), "want one under assets, liab"},
		{"class alone", "BTC", Beancount, two("assets", "assets:b", 0), "want one under assets, liab"},
		{"year", "BTC", CSV, two("assets:a", "assets:b", 1<<60), "no year of four digits"},
		{"year before", "BTC", CSV, two("assets:a", "assets:b", -1<<60), "no year of four digits"},
	} {
		if err := Export(new(bytes.Buffer), tt.format, tt.commodity, list(tt.tx)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if err := Export(new(full), Hledger, "BTC", story(t).Transactions(t.Context())); err == nil {
		t.Error("a full disk was not noticed")
	}
	for _, format := range Formats() {
		if err := Export(new(bytes.Buffer), format, "BTC", list()); err != nil {
			t.Errorf("empty books as %s: %v", format, err)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "prepay:wire 7": "prepay:wire 7", "Überweisung": "Überweisung",
		"a,b": "a%2Cb", "=1+1": "%3D1+1", " a ": "%20a%20", "100%": "100%25", "a\nb\t\x00": "a%0Ab%09%00", "\xff": "%FF", "[2026-01-01]": "%5B2026-01-01%5D",
		`"\;|`: "%22%5C%3B%7C", " ": "%20", "\u202e": "%E2%80%AE",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// No two texts, and no two accounts, look the same in an export.
func TestPlainIsUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) })).Draw(t, "text")
		got := plain(text)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r,;\"\\|[]") {
			t.Fatalf("%q", got)
		}
		var back []byte
		for i := 0; i < len(got); i++ {
			if got[i] == '%' {
				c, err := strconv.ParseUint(got[i+1:i+3], 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				back = append(back, byte(c))
				i += 2
			} else {
				back = append(back, got[i])
			}
		}
		if string(back) != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
	account := rapid.StringMatching(`(assets|liab|equity|revenue|expense)(:[a-x0-9-]{0,3}){1,3}`)
	seen := make(map[string]string)
	rapid.Check(t, func(t *rapid.T) {
		ours := account.Draw(t, "account")
		theirs, err := journalAccount(ours)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[theirs]; ok && other != ours {
			t.Fatalf("%s and %s are both %s", ours, other, theirs)
		}
		seen[theirs] = ours
	})
}

func TestAmount(t *testing.T) {
	for sat, want := range map[int64]string{
		0: "0.00000000", 1: "0.00000001", -1: "-0.00000001", 123_456_789: "1.23456789", -lease.MaxSat: "-21000000.00000000", -1 << 63: "-92233720368.54775808",
	} {
		if got := amount(sat); got != want {
			t.Errorf("%d: %s, want %s", sat, got, want)
		}
	}
}
