package render

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/bundle"
)

// cells reads CSV back, without its first line, by the names of that.
func cells(t testing.TB, b []byte) []map[string]string {
	t.Helper()
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		t.Fatal("lines do not end as RFC 4180 wants it")
	}
	lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, l := range lines[1:] {
		m := map[string]string{}
		for i, c := range l {
			if c != "" && strings.ContainsAny(c[:1], "=+@\t\r") {
				t.Errorf("cell %q is a formula", c)
			}
			m[lines[0][i]] = c
		}
		all = append(all, m)
	}
	return all
}

func number(t testing.TB, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// checkBooks proves that the lines of the CSV lead from the statement's opening
// balances to its closing ones.
func checkBooks(t testing.TB, s *bundle.Statement, b []byte) {
	t.Helper()
	balance := map[string]int64{}
	postings := 0
	for _, c := range cells(t, b) {
		if c["lease"] != harmless(s.Lease) {
			continue // a tenant's: it is of another
		}
		if c["kind"] != "opening" {
			postings++
		}
		if c["balance"] == "" {
			continue
		}
		balance[c["account"]] += number(t, c["sat"])
		if have := number(t, c["balance"]); have != balance[c["account"]] {
			t.Fatalf("%s: balance %d, lines sum to %d", c["account"], have, balance[c["account"]])
		}
	}
	for _, l := range s.Books.Lines {
		postings -= len(l.Postings)
	}
	if postings != 0 {
		t.Errorf("%d lines of CSV more than postings", postings)
	}
	for _, a := range s.Books.Accounts {
		if balance[a.Name] != a.Closing {
			t.Errorf("%s: %d in the end, want %d", a.Name, balance[a.Name], a.Closing)
		}
	}
}

func TestCSVSums(t *testing.T) {
	for name, fixture := range named() {
		s, d, x := fixture()
		checkBooks(t, s, write(t, "csv", s, d, x))
		if name == "huge" {
			continue // its hours are not those of its sums
		}
		var charged, receipts int64
		proven, billable := new(big.Int), new(big.Int)
		for _, c := range cells(t, write(t, "csv-hours", s, d, x)) {
			charged += number(t, c["charged_sat"])
			receipts += number(t, c["receipts"])
			for sum, text := range map[*big.Int]string{proven: c["proven_hashes"], billable: c["billable_hashes"]} {
				n, ok := new(big.Int).SetString(text, 10)
				if !ok {
					t.Fatalf("%s: %q is no number", name, text)
				}
				sum.Add(sum, n)
			}
		}
		if c := s.Charges; c != nil && (charged != c.Charged || billable.Cmp(c.Billable.Work().Big()) != 0) {
			t.Errorf("%s: hours of %d sat for %v, want %d for %v", name, charged, billable, c.Charged, c.Billable.Work())
		}
		if name == "preliminary" {
			continue // its last receipts are of no settled hour
		}
		if receipts != s.Delivery.Receipts || proven.Cmp(s.Delivery.ProvenWork.Work().Big()) != 0 {
			t.Errorf("%s: hours of %d receipts and %v, want %d and %v", name, receipts, proven, s.Delivery.Receipts, s.Delivery.ProvenWork.Work())
		}
	}
}

// TestBalances proves that the tables of the sheet add up too: opening and all
// kinds are closing, and the last balances of the lines are those.
func TestBalances(t *testing.T) {
	plain := func(cell string) int64 {
		cell = strings.NewReplacer(thin, "", "−", "-", "+", "", dash, "0").Replace(cell)
		return number(t, cell)
	}
	for name, fixture := range named() {
		s, d, x := fixture()
		x, err := x.check(s, d)
		if err != nil {
			t.Fatal(err)
		}
		var last map[string]int64
		for _, b := range newSheet(s, d, x).Parts[4].Blocks {
			switch {
			case b.Table == nil:
			case b.Table.Caption == "From opening to closing balance":
				rows := b.Table.Rows
				last = map[string]int64{}
				for i := 1; i < len(b.Table.Columns); i++ {
					var sum int64
					for _, r := range rows[:len(rows)-1] {
						sum += plain(r.Cells[i])
					}
					closing := plain(rows[len(rows)-1].Cells[i])
					if sum != closing {
						t.Errorf("%s, %s: rows sum to %d, closing is %d", name, b.Table.Columns[i].Name, sum, closing)
					}
					last[strings.ToLower(b.Table.Columns[i].Name)] = closing
				}
			default:
				have := map[string]int64{}
				for _, r := range b.Table.Rows {
					have[r.Cells[3]] = plain(r.Cells[5])
				}
				for account, sat := range have {
					if last[account] != sat {
						t.Errorf("%s: %q ends with %s at %d, want %d", name, b.Table.Caption, account, sat, last[account])
					}
				}
				if len(have) == 0 {
					t.Errorf("%s: no lines in %q", name, b.Table.Caption)
				}
			}
		}
		if last == nil && len(s.Books.Accounts) > 0 {
			t.Errorf("%s: no balances", name)
		}
	}
}
