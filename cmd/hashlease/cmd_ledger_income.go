package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/ledger"
)

// incomeLock is the file whose lock whoever shares a payment holds: two at once
// could be for the same hours.
const incomeLock = "income.lock"

// incomeDoc is a payment of the house's pool as --json prints it.
type incomeDoc struct {
	Again bool `json:"again"` // it was booked before, and is not twice
	lease.PoolIncome
	NetSat int64           `json:"net_sat"` // of leases, together
	Parts  []incomePartDoc `json:"parts"`
}

// incomePartDoc is one lease's part.
type incomePartDoc struct {
	Lease    string         `json:"lease"`
	Tenant   string         `json:"tenant"`
	OwnWork  lease.Quantity `json:"own_work"`
	GrossSat int64          `json:"gross_sat"`
	FeeSat   int64          `json:"fee_sat"`
	NetSat   int64          `json:"net_sat"`
}

func runLedgerIncome(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "ledger income", "AMOUNT --ref REFERENCE --from TIME --to TIME [--json]",
		"Shares what the house's pool (house.pool) paid into the provider's wallet by the\n"+
			"work that was proven for it, of leases and of the house, in the full hours from\n"+
			"--from up to --to: those that the payment is for. Tenants get their part less the\n"+
			"fee of their terms; where these pay shares by themselves, the part is the house's.\n"+
			"An hour is shared once, and when it is settled. The reference names the payment for\n"+
			"good, such as TXID:VOUT: the same one is booked once.")
	ref := f.String("ref", "", "what names the payment: `TXID:VOUT`, or another text")
	from := f.String("from", "", "the `TIME` of the first hour, such as 2026-12-01 or 2026-12-01T08:00:00Z")
	to := f.String("to", "", "the `TIME` at which the last hour ends")
	pos, err := f.parse(args, 1, 1)
	switch {
	case err != nil:
		return err
	case *ref == "":
		return f.usage("--ref is missing: which payment is it?")
	case *from == "" || *to == "":
		return f.usage("--from and --to are missing: which hours is it for?")
	}
	begin, err := parseTime(*from, e.now())
	if err != nil {
		return err
	}
	end, err := parseTime(*to, e.now())
	if err != nil {
		return err
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
	sat, err := parseSat(pos[0], coin)
	if err != nil {
		return err
	}
	unlock, err := p.lockIncome()
	if err != nil {
		return err
	}
	defer unlock()
	atMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	share, again, err := billing.Incomes{Store: p.store}.Book(ctx, sat, *ref, begin.UnixMilli(), end.UnixMilli(), atMs)
	if err != nil {
		return p.explainIncome(ctx, *ref, err)
	}
	doc := incomeDoc{Again: again, PoolIncome: share.Total, Parts: []incomePartDoc{}}
	for i := range share.Parts {
		part := &share.Parts[i]
		doc.Parts = append(doc.Parts, incomePartDoc{
			Lease: part.Lease, Tenant: part.Tenant, OwnWork: part.OwnWork,
			GrossSat: part.GrossSat, FeeSat: part.FeeSat, NetSat: part.GrossSat - part.FeeSat,
		})
		doc.NetSat += part.GrossSat - part.FeeSat
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	return doc.print(e, coin)
}

func (d *incomeDoc) print(e *env, coin string) error {
	rows := [][]string{{"LEASE", "TENANT", "WORK", "PART SAT", "FEE SAT", "GETS SAT"}}
	for i := range d.Parts {
		p := &d.Parts[i]
		rows = append(rows, []string{p.Lease, p.Tenant, formatHashes(p.OwnWork.Work()), fmt.Sprint(p.GrossSat), fmt.Sprint(p.FeeSat), fmt.Sprint(p.NetSat)})
	}
	rows = append(rows, []string{lease.House, lease.House, formatHashes(d.OwnWork.Work()), fmt.Sprint(d.GrossSat), "", fmt.Sprint(d.GrossSat + d.FeeSat)})
	verb := "are shared by"
	if d.Again {
		verb = "were shared already, and are not twice, by"
	}
	_, err := fmt.Fprintf(e.stdout, "%s%s %s (%d sat) of %s %s %s proven from %s to %s\n", table(rows, rows[0][2:]...),
		formatSat(d.Sat), coin, d.Sat, asLine(d.Ref), verb, formatHashes(d.Work.Work()), formatMs(d.FromMs), formatMs(d.ToMs))
	return err
}

// explainIncome says how to mend what keeps a payment from being shared.
func (p *provider) explainIncome(ctx context.Context, ref string, err error) error {
	switch {
	case errors.Is(err, billing.ErrUnsettled):
		return withHint(err, "the node settles an hour some seconds after its end: try again when it has run then")
	case errors.Is(err, billing.ErrShared):
		return withHint(err, "name the hours of this payment alone; \"hashlease ledger correct income:REFERENCE --none\" takes back what was booked by mistake")
	case errors.Is(err, billing.ErrNoWork):
		return withHint(err, "name the hours in which the node mined for house.pool")
	case errors.Is(err, lease.ErrExists):
		return withHint(err, "\"hashlease ledger show --transactions\" shows what was booked")
	case errors.Is(err, lease.ErrDuplicate):
		if _, was := p.store.Transaction(ctx, ledger.ReversalKey(ledger.IncomeKey(ref))); was == nil {
			return withHint(err, "income %s was taken back: book the payment by another name, such as %s:again", ref, ref)
		}
	case errors.Is(err, context.Canceled), errors.Is(err, lease.ErrConflict):
	default:
		return &coded{code: exitUsage, err: err}
	}
	return err
}

// lockIncome makes this process the only one that shares payments, until unlock.
func (p *provider) lockIncome() (unlock func(), err error) {
	name := filepath.Join(p.dir, incomeLock)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	held, err := lockFile(f)
	if err == nil {
		return func() { f.Close() }, nil
	}
	f.Close()
	if held {
		return nil, withHint(fmt.Errorf("another process is sharing a payment on %s", p.dir), "it is done in a moment: try again")
	}
	return nil, fmt.Errorf("locking %s: %w", name, err)
}
