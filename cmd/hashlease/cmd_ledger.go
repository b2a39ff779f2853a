package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

func runLedgerShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "ledger show", "[--transactions] [--account PREFIX] [--lease ID] [--tenant NAME] [--from TIME] [--to TIME] [--json]",
		"Shows the trial balance: every account with the debit or credit it comes to. With\n"+
			"--from or --to, what was booked in that time; the accounts are those of\n"+
			"assets, liab (owed to tenants), equity, revenue and expense.")
	transactions := f.Bool("transactions", false, "show the transactions, each with all its postings, instead")
	filter := newLedgerFilter(f)
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := filter.parse(e.now()); err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	selected, err := filter.find(ctx, p)
	if err != nil {
		return err
	}
	coin, err := p.commodity()
	if err != nil {
		return err
	}
	if *transactions {
		all := selected.Transactions(p.store.Transactions(ctx))
		if *f.json {
			return writeTransactions(e.stdout, all)
		}
		return printTransactions(e.stdout, all)
	}
	var balances []lease.Balance
	if selected.Dated() {
		balances, err = selected.Movements(p.store.Transactions(ctx))
	} else if balances, err = p.store.Balances(ctx); err == nil {
		balances = selected.Balances(balances)
	}
	if err != nil {
		return err
	}
	trial, err := ledger.TrialBalance(balances)
	if err != nil {
		return err
	}
	if *f.json {
		err = writeJSON(e.stdout, trialDoc{Commodity: coin, Trial: trial, Balanced: trial.Balanced()})
	} else {
		err = printTrial(e.stdout, &trial, coin)
	}
	whole := selected.Account == "" && selected.Lease == "" && selected.Tenant == ""
	if err == nil && whole && !trial.Balanced() {
		return withHint(errors.New("the columns differ: the books are wrong"), "\"hashlease ledger check\" finds where")
	}
	return err
}

// trialDoc is a trial balance for programs.
type trialDoc struct {
	Commodity string `json:"commodity"`
	ledger.Trial
	Balanced bool `json:"balanced"` // the columns have one total, as those of the whole books must
}

// printTrial prints a trial balance in the coin's unit.
func printTrial(w io.Writer, t *ledger.Trial, coin string) error {
	sat := func(n int64) string {
		if n == 0 {
			return ""
		}
		return formatSat(n)
	}
	rows := [][]string{{"ACCOUNT", "DEBIT " + coin, "CREDIT " + coin}}
	for _, c := range t.Classes {
		for _, a := range c.Accounts {
			row := []string{a.Account, sat(a.DebitSat), sat(a.CreditSat)}
			if a.DebitSat == 0 && a.CreditSat == 0 {
				row[1] = formatSat(0)
			}
			rows = append(rows, row)
		}
	}
	rows = append(rows, []string{"total", formatSat(t.DebitSat), formatSat(t.CreditSat)})
	_, err := fmt.Fprint(w, table(rows, rows[0][1:]...))
	return err
}

func runLedgerCheck(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "ledger check", "[--all] [--before LEDGER] [--json]",
		"Checks everything that was ever booked against what must hold in all books. It\n"+
			"ends with exit code 1 at the first thing that is wrong, and names it. With --all it\n"+
			"also adds all receipts up again, hashes those in the log once more, holds them\n"+
			"against their leaves and the hours that were metered and settled, charges against\n"+
			"prices, blocks against the books, and settles every hour once more, and names all\n"+
			"that it finds.")
	all := f.Bool("all", false, "check all that is stored, not the books alone")
	last := f.String("before", "", "the `LEDGER` that --all named before: what is booked now must begin with it")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	before, ok := parseLedger(*last)
	switch {
	case !ok:
		return withHint(f.usage("--before %.100q: want a number of transactions, a colon and 64 hexadecimal digits", *last), "\"hashlease ledger check --all\" names it at its end")
	case before != nil && !*all:
		return f.usage("--before is for --all")
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if *all {
		return f.checkAll(ctx, p, before)
	}
	report, failure := ledger.Audit(ctx, p.store)
	if ctx.Err() != nil {
		return failure
	}
	if *f.json {
		doc := checkDoc{OK: failure == nil, Report: report}
		if failure != nil {
			doc.Error = failure.Error()
		}
		if err := writeJSON(e.stdout, doc); err != nil {
			return err
		}
		if failure != nil {
			return &coded{code: exitFailed}
		}
		return nil
	}
	if failure != nil {
		return withHint(failure, "%s before it were in order", plural(max(0, report.Transactions-1), "transaction"))
	}
	rows := [][]string{{"INVARIANT", "CHECKED", "RULE"}}
	for _, i := range report.Invariants {
		rows = append(rows, []string{i.Name, fmt.Sprint(i.Checked), i.Rule})
	}
	_, err = fmt.Fprintf(e.stdout, "%sall hold in %s with %s\n", table(rows, "CHECKED"),
		plural(report.Transactions, "transaction"), plural(report.Postings, "posting"))
	return err
}

// checkDoc is the outcome of a check for programs.
type checkDoc struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
	ledger.Report
}

func runLedgerExport(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "ledger export", "--format csv|hledger|beancount [-o FILE]",
		"Writes all transactions: one posting a line for spreadsheets, or as a journal that\n"+
			"\"hledger check\" or \"bean-check\" takes, with the balances as assertions.")
	format := f.String("format", "", "the `FORM`: csv, hledger or beancount")
	out := f.String("o", "-", "the `FILE` to write; - is standard output")
	commodity := f.String("commodity", "", "what amounts are in, a `NAME` such as BTC (default by the coin)")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	switch {
	case *f.json:
		return withHint(usage("ledger export has no JSON form"), "\"hashlease ledger show --transactions --json\" prints it")
	case *format == "":
		return f.usage("--format is missing: csv, hledger or beancount?")
	case !knownFormat(*format):
		return f.usage("--format %q: want csv, hledger or beancount", *format)
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if *commodity == "" {
		if *commodity, err = p.commodity(); err != nil {
			return err
		}
	} else if err := ledger.CheckCommodity(*commodity); err != nil {
		return usage("--commodity: %w", err)
	}
	return e.saveStream(*out, func(w io.Writer) error {
		return ledger.Export(w, ledger.Format(*format), *commodity, p.store.Transactions(ctx))
	})
}

func knownFormat(name string) bool {
	for _, known := range ledger.Formats() {
		if string(known) == name {
			return true
		}
	}
	return false
}

// commodity is what amounts of the directory's books are in: BTC, or
// BTC-REGTEST where the coin is worth nothing. Before the house has settled on
// a coin there is nothing in the books, and it is the sandbox's.
func (p *provider) commodity() (string, error) {
	house, ok, err := p.readHouse()
	if err != nil {
		return "", err
	}
	if !ok {
		house.Coin, house.Network = sandboxCoin, sandboxCoin
	}
	return strings.ToUpper(strings.ReplaceAll(coinName(house.Coin, house.Network), "/", "-")), nil
}
