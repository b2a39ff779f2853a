//go:build peers

package ledger

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// tool is the path of an accounting program, in the folder that ACCOUNTING
// names or where programs are.
func tool(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv("ACCOUNTING"); dir != "" {
		if file := filepath.Join(dir, name); exec.Command(file, "--version").Run() == nil {
			return file
		}
	}
	file, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("there is no %s: \"make accounting\" fetches it into bin/accounting, which ACCOUNTING must name, or install the packages hledger and beancount", name)
	}
	return file
}

func save(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// output runs a program that must succeed and say nothing on standard error.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s%s", program, args, err, out.Bytes(), errs.Bytes())
	}
	return out.String()
}

// peerBalances reads account and amount, such as "1.50000000 BTC", from CSV.
func peerBalances(t *testing.T, text, commodity string) map[string]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	balances := make(map[string]string)
	for _, l := range lines[1:] {
		if strings.EqualFold(l[0], "total") {
			continue
		}
		sum := strings.TrimSpace(l[1])
		if sum == "" || sum == "0" {
			sum = "0.00000000 " + commodity
		}
		balances[strings.TrimSpace(l[0])] = strings.ReplaceAll(sum, `"`, "")
	}
	return balances
}

func compareBalances(t *testing.T, got map[string]string, commodity string) {
	t.Helper()
	sums := make(map[string]int64)
	for e, sat := range story(t).balances {
		sums[e.account] += sat
	}
	for account, sat := range sums {
		name, err := journalAccount(account)
		if err != nil {
			t.Fatal(err)
		}
		if want := amount(sat) + " " + commodity; got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
		delete(got, name)
	}
	for account, sum := range got {
		t.Errorf("%s of %s is not in our books", account, sum)
	}
}

// forgeries are a journal with a satoshi more in one line, in postings and in
// assertions; no tool may take them.
func forgeries(t *testing.T, journal []byte) (all [][]byte) {
	for _, at := range regexp.MustCompile(`\d\.\d{6}21`).FindAllIndex(journal, -1) {
		wrong := bytes.Clone(journal)
		wrong[at[1]-1] = '2'
		all = append(all, wrong)
	}
	if len(all) < 3 {
		t.Fatalf("only %d amounts to change", len(all))
	}
	return all
}

// oddBooks are names and times that commands do not make, but that the books
// can hold.
func oddBooks() []lease.Transaction {
	var txs []lease.Transaction
	for i, text := range []string{"date:2020-01-01", "[2020-01-01]", "a, date:2020-01-01", "; x", "\x00\xff", "x\n    Assets:Wallet  1 BTC", "%", "|", "∀ \u202e", strings.Repeat("x", 3000)} {
		txs = append(txs, lease.Transaction{Seq: int64(i + 1), Key: text, Kind: text, Ref: text, AtMs: int64(-i) * 24 * lease.MsPerHour, Postings: []lease.Posting{
			{Account: "assets:-odd::x-", Lease: text, Sat: 1}, {Account: "assets:wallet", Lease: text, Sat: -1},
		}})
	}
	return txs
}

func TestHledger(t *testing.T) {
	hledger := tool(t, "hledger")
	for _, commodity := range []string{"BTC", "BCH-REGTEST"} {
		journal := exported(t, Hledger, commodity)
		file := save(t, "books.journal", journal)
		output(t, hledger, "check", "--strict", "-f", file)
		got := peerBalances(t, output(t, hledger, "balance", "--flat", "--empty", "-O", "csv", "-f", file), commodity)
		compareBalances(t, got, commodity)
		for i, wrong := range forgeries(t, journal) {
			if exec.Command(hledger, "check", "-f", save(t, fmt.Sprint(i), wrong)).Run() == nil {
				t.Errorf("forgery %d is accepted", i)
			}
		}
	}
	tagged := output(t, hledger, "print", "tag:lease=L-0003", "tag:key=^orphaned:", "-f", save(t, "books.journal", exported(t, Hledger, "BTC")))
	if strings.Count(tagged, "orphaned") < 1 {
		t.Errorf("tags are not found: %s", tagged)
	}
	var odd bytes.Buffer
	if err := Export(&odd, Hledger, "BTC", list(oddBooks()...)); err != nil {
		t.Fatal(err)
	}
	file := save(t, "odd.journal", odd.Bytes())
	output(t, hledger, "check", "--strict", "-f", file)
	if n := strings.Count(output(t, hledger, "register", "assets:wallet", "-O", "csv", "-f", file), "\n"); n != 1+len(oddBooks())+1 {
		t.Errorf("%d lines of a register of %d postings, an assertion and a head", n, len(oddBooks()))
	}
}

func TestBeancount(t *testing.T) {
	check, query := tool(t, "bean-check"), tool(t, "bean-query")
	for _, commodity := range []string{"BTC", "BCH-REGTEST"} {
		journal := exported(t, Beancount, commodity)
		file := save(t, "books.beancount", journal)
		output(t, check, file)
		got := peerBalances(t, output(t, query, "-f", "csv", file, "SELECT account, sum(position) GROUP BY account"), commodity)
		compareBalances(t, got, commodity)
		for i, wrong := range forgeries(t, journal) {
			if exec.Command(check, save(t, fmt.Sprint(i), wrong)).Run() == nil {
				t.Errorf("forgery %d is accepted", i)
			}
		}
	}
	var odd bytes.Buffer
	if err := Export(&odd, Beancount, "BTC", list(oddBooks()...)); err != nil {
		t.Fatal(err)
	}
	output(t, check, save(t, "odd.beancount", odd.Bytes()))
}
