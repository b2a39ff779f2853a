package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/ledger"
)

// prepaidDoc is a prepayment as --json prints it.
type prepaidDoc struct {
	Lease  string      `json:"lease"`
	Tenant string      `json:"tenant"`
	Sat    int64       `json:"sat"`
	Ref    string      `json:"ref"`
	Key    string      `json:"key"` // of the transaction in the ledger
	AtMs   int64       `json:"at_ms"`
	Again  bool        `json:"again"` // it was booked before, and is not twice
	State  lease.State `json:"state"`
	Budget *budgetDoc  `json:"budget"`
}

func runLeasePrepay(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease prepay", "LEASE AMOUNT --ref REFERENCE [--json]",
		"Books a payment for a lease that has arrived in the provider's wallet, and lets the\n"+
			"lease go on if it had stopped for want of budget. AMOUNT is such as 5000sat or, in\n"+
			"the coin of the books, 0.00005BTC. The reference names the payment for good, such\n"+
			"as TXID:VOUT: the same one is booked once, however often it is given.")
	ref := f.String("ref", "", "what names the payment: `TXID:VOUT`, or another text")
	pos, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	if *ref == "" {
		return f.usage("--ref is missing: which payment is it?")
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	coin, err := p.commodity()
	if err != nil {
		return err
	}
	sat, err := parseSat(pos[1], coin)
	if err != nil {
		return err
	}
	l, err := p.findLease(ctx, pos[0])
	if err != nil {
		return err
	}
	atMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	if _, err := ledger.Prepayment(ledger.Party{Tenant: l.Tenant, Lease: l.ID}, *ref, sat, atMs); err != nil {
		return usage("--ref: %w", err)
	}
	doc := prepaidDoc{Lease: l.ID, Tenant: l.Tenant, Sat: sat, Ref: *ref, Key: ledger.PrepayKey(*ref)}
	if _, err := p.store.Transaction(ctx, doc.Key); err == nil {
		doc.Again = true
	} else if !errors.Is(err, lease.ErrNotFound) {
		return err
	}
	settler := &billing.Settler{Store: p.store}
	t, err := settler.Prepay(ctx, l.ID, sat, *ref, atMs)
	switch {
	case errors.Is(err, lease.ErrExists):
		return withHint(err, "\"hashlease ledger show --transactions --lease LEASE\" shows what was booked")
	case err != nil:
		return p.explainChange(ctx, l.ID, err, atMs)
	}
	doc.AtMs = t.AtMs
	budget, err := settler.Budget(ctx, l.ID)
	if err != nil {
		return err
	}
	if l, err = p.store.Lease(ctx, l.ID); err != nil {
		return err
	}
	doc.State = l.StateAt(atMs)
	doc.Budget = newBudgetDoc(budget, doc.State)
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	verb := "prepaid"
	if doc.Again {
		verb = "were prepaid already, and are not booked twice,"
	}
	fmt.Fprintf(e.stdout, "%s %s (%d sat) %s for lease %s, as %s\n", formatSat(sat), coin, sat, verb, l.ID, *ref)
	if budget.HourSat == 0 && budget.WarnHours == 0 {
		_, err = fmt.Fprintf(e.stdout, "its terms charge nothing for it: what is prepaid is refunded when it is closed\n")
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%d sat are left, for %s as contracted; the lease is %s\n",
		doc.Budget.LeftSat, plural(doc.Budget.HoursLeft, "hour"), doc.State)
	return err
}
