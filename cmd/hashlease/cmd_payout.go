package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

func payoutVerbs() []command {
	return []command{
		{name: "list", brief: "list the payouts, and compare the wallet with the books", run: runPayoutList},
		{name: "show", brief: "show one payout", run: runPayoutShow},
		{name: "run", brief: "pay the tenants that are due, and look after earlier payouts", run: runPayoutRun},
		{name: "bump", brief: "replace a payout that waits for too long by one with a higher fee", run: runPayoutBump},
	}
}

// paying is an opened directory from which nobody else pays until close.
type paying struct {
	*provider
	payer  *payout.Payer
	unlock func()
}

func (p *paying) close() {
	if p.unlock != nil {
		p.unlock()
	}
	p.provider.close()
}

// openPayer opens the directory for paying, from the amount least on.
func (f *dataFlags) openPayer(ctx context.Context, least string) (_ *paying, err error) {
	dir, cfg, err := f.open(ctx, false)
	if err != nil {
		return nil, err
	}
	p := &paying{provider: dir}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	minSat, err := p.parseLeast(least)
	if err != nil {
		return nil, err
	}
	wallet, err := p.dialWallet(&cfg)
	if err != nil {
		return nil, err
	}
	if err := wallet.Check(ctx); err != nil {
		return nil, explainWallet(err)
	}
	if p.payer, err = p.provider.payer(ctx, f.e, &cfg, wallet, minSat); err != nil {
		return nil, err
	}
	p.unlock, err = p.lockPayouts()
	return p, err
}

// explainWallet says what to do about what a wallet did not do.
func explainWallet(err error) error {
	switch {
	case errors.Is(err, payout.ErrWallet):
		return withHint(err, "payout.wallet must name a wallet that is loaded there (\"listwallets\") and can sign")
	case errors.Is(err, payout.ErrFee):
		return withHint(err, "payout.max_fee_sat is the limit, payout.fee_rate and payout.confirm_in say what is offered")
	case errors.Is(err, payout.ErrConflict):
		return withHint(err, "offer more with --fee-rate: a replacement pays for all that it takes the place of")
	}
	return err
}

func runPayoutRun(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "payout run", "[--dry-run] [--min AMOUNT]",
		"Looks where earlier payouts stand, sends again what was not sent, and pays all\n"+
			"tenants that are due. A node with payout.enabled does the same by itself. Whatever\n"+
			"goes wrong, nobody is paid twice: run it again.")
	dry := f.Bool("dry-run", false, "say who would be paid what, and pay nobody")
	least := f.String("min", "", "pay from this `AMOUNT` on, such as 50000sat, whatever the terms say")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *dry {
		return f.dryRun(ctx, *least)
	}
	p, err := f.openPayer(ctx, *least)
	if err != nil {
		return err
	}
	defer p.close()
	report, err := p.payer.Run(ctx)
	return f.printReport(report, explainWallet(err))
}

// printReport prints what was done, also when not all of it could be.
func (f *dataFlags) printReport(r payout.Report, failure error) error {
	if *f.json {
		if err := writeJSON(f.e.stdout, r); err != nil {
			return err
		}
	} else {
		printPayoutReport(f.e.stdout, &r, failure == nil)
	}
	if failure == nil && r.Short != nil {
		return withHint(fmt.Errorf("the wallet cannot pay what is due: %s are, it has %s (%s)", formatSat(r.Short.NeedSat), formatSat(r.Short.HaveSat), r.Short.Why),
			"nothing of it was paid: fill the wallet and run it again")
	}
	return failure
}

func printPayoutReport(w io.Writer, r *payout.Report, whole bool) {
	for i := range r.Moved {
		fmt.Fprintln(w, movedLine(&r.Moved[i]))
	}
	for _, wait := range r.Waiting {
		fmt.Fprintf(w, "payout %d waits: %s\n", wait.ID, printable(wait.Why))
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(w, "tenant %s is due %s, but: %s\n", s.Tenant, formatSat(s.Sat), printable(s.Why))
	}
	if whole && len(r.Moved)+len(r.Waiting)+len(r.Skipped) == 0 && r.Short == nil {
		fmt.Fprintln(w, "there is nothing to pay, and no payout has changed")
	}
}

// movedLine tells what became of a payout.
func movedLine(m *lease.PayoutMoved) string {
	line := fmt.Sprintf("payout %d %s: %s, fee %s, transaction %s", m.ID, m.State, formatSat(m.Sat), formatSat(m.FeeSat), m.Txid)
	if m.Replaces != 0 {
		line += fmt.Sprintf(", instead of payout %d", m.Replaces)
	}
	if m.Reason != "" {
		line += " (" + printable(m.Reason) + ")"
	}
	return line
}

// dueDoc is what a pass would pay.
type dueDoc struct {
	Due     []lease.PayoutItem `json:"due"`
	Sat     int64              `json:"sat"`
	Skipped []payout.Skipped   `json:"skipped"`
}

func (f *dataFlags) dryRun(ctx context.Context, least string) error {
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	minSat, err := p.parseLeast(least)
	if err != nil {
		return err
	}
	payer, err := p.payer(ctx, f.e, &cfg, nil, minSat)
	if err != nil {
		return err
	}
	doc := dueDoc{}
	if doc.Due, doc.Skipped, err = payer.Due(ctx); err != nil {
		return err
	}
	rows := [][]string{{"TENANT", "AMOUNT", "ADDRESS"}}
	for _, d := range doc.Due {
		doc.Sat += d.Sat
		rows = append(rows, []string{d.Tenant, formatSat(d.Sat), d.Address})
	}
	if *f.json {
		return writeJSON(f.e.stdout, doc)
	}
	fmt.Fprint(f.e.stdout, table(rows, "AMOUNT"))
	for _, s := range doc.Skipped {
		fmt.Fprintf(f.e.stdout, "tenant %s is due %s, but: %s\n", s.Tenant, formatSat(s.Sat), printable(s.Why))
	}
	_, err = fmt.Fprintf(f.e.stdout, "%s would get %s; nobody was paid\n", plural(len(doc.Due), "tenant"), formatSat(doc.Sat))
	return err
}

// parseLeast reads the amount from which on is paid; empty is what the terms
// say.
func (p *provider) parseLeast(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	commodity, err := p.commodity()
	if err != nil {
		return 0, err
	}
	sat, err := parseSat(text, commodity)
	if err != nil {
		return 0, err
	}
	if sat < payout.MinSat {
		return 0, usage("--min %s: want at least %d sat, since nodes relay no less", text, payout.MinSat)
	}
	return sat, nil
}

func runPayoutBump(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "payout bump", "ID --fee-rate RATE",
		"Replaces a payout that waits for too long by one that pays the same for a higher\n"+
			"fee. It spends the same coins, so that only one of them can ever be confirmed:\n"+
			"whichever it is, the tenants are paid once, and the other one fails.")
	rate := f.String("fee-rate", "", "the new fee `RATE` in satoshi per virtual byte, such as 12 or 3.5")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	id, err := parsePayoutID(pos[0])
	if err != nil {
		return err
	}
	perKvB, err := parseFeeRate(*rate)
	if err != nil {
		return err
	}
	p, err := f.openPayer(ctx, "")
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.findPayout(ctx, id); err != nil {
		return err
	}
	_, report, err := p.payer.Bump(ctx, id, perKvB)
	if errors.Is(err, payout.ErrFinal) {
		return withHint(err, "%q shows what became of it", fmt.Sprintf("hashlease payout show %d", id))
	}
	return f.printReport(report, explainWallet(err))
}

// parseFeeRate reads satoshi per virtual byte, with up to three decimals, and
// returns them per 1000.
func parseFeeRate(text string) (perKvB int64, err error) {
	if text == "" {
		return 0, withHint(usage("--fee-rate is missing"), "what does a virtual byte cost at present? Such as --fee-rate 12")
	}
	whole, frac, dot := strings.Cut(text, ".")
	if whole == "" || len(whole) > 8 || !digits(whole) || len(frac) > 3 || !digits(frac) || dot && frac == "" {
		return 0, usage("--fee-rate %.40q: want satoshi per virtual byte, such as 12 or 3.5", text)
	}
	perKvB, err = strconv.ParseInt(whole+frac+strings.Repeat("0", 3-len(frac)), 10, 64)
	if err != nil || perKvB < 1 || perKvB > maxFeeRate {
		return 0, usage("--fee-rate %.40s: want above 0 and at most %d", text, maxFeeRate/1000)
	}
	return perKvB, nil
}

func parsePayoutID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || !digits(text) {
		return 0, withHint(usage("payout %.40q: want its number", text), "%q lists the payouts", "hashlease payout list")
	}
	return id, nil
}

// findPayout is Payout with an error that says what to do.
func (p *provider) findPayout(ctx context.Context, id int64) (lease.Payout, error) {
	found, err := p.store.Payout(ctx, id)
	if errors.Is(err, lease.ErrNotFound) {
		return found, withHint(usage("there is no payout %d", id), "%q lists the payouts", "hashlease payout list")
	}
	return found, err
}
