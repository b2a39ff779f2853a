package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/payout"
)

// payoutDoc is a payout as --json prints it.
type payoutDoc struct {
	ID        int64              `json:"id"`
	State     lease.PayoutState  `json:"state"`
	CreatedMs int64              `json:"created_ms"`
	Sat       int64              `json:"sat"`
	FeeSat    int64              `json:"fee_sat"` // of this transaction; it costs nothing where another one took its place
	Txid      string             `json:"txid"`
	Height    int64              `json:"height,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	Replaces  int64              `json:"replaces,omitempty"`
	Items     []lease.PayoutItem `json:"items"`
	Inputs    []lease.Outpoint   `json:"inputs,omitempty"`
	Raw       string             `json:"raw,omitempty"` // hexadecimal
	Chain     *chainDoc          `json:"chain,omitempty"`
}

// chainDoc is where a payout stands in the chain at present.
type chainDoc struct {
	State payout.State `json:"state"`
	Depth int64        `json:"depth"`
	Txid  string       `json:"txid,omitempty"`
}

func newPayoutDoc(p *lease.Payout, whole bool) payoutDoc {
	d := payoutDoc{ID: p.ID, State: p.State, CreatedMs: p.CreatedMs, Sat: p.Sat(), FeeSat: p.FeeSat, Txid: p.Txid,
		Height: p.Height, Reason: p.Reason, Replaces: p.Replaces, Items: p.Items}
	if whole {
		d.Inputs, d.Raw = p.Inputs, hex.EncodeToString(p.Raw)
	}
	return d
}

// walletDoc compares the wallet with the books.
type walletDoc struct {
	BooksSat      int64 `json:"books_sat"`      // assets:wallet
	OnTheWaySat   int64 `json:"on_the_way_sat"` // with fees: has left the wallet, not yet the books
	WalletSat     int64 `json:"wallet_sat"`
	DifferenceSat int64 `json:"difference_sat"` // what the wallet has beyond the books
}

// payoutsDoc is the list as --json prints it.
type payoutsDoc struct {
	Payouts []payoutDoc `json:"payouts"`
	Wallet  *walletDoc  `json:"wallet,omitempty"` // with --wallet
}

func runPayoutList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "payout list", "[--state STATE] [--wallet]", "Lists the payouts.")
	state := f.String("state", "", "only those that are prepared, sent, confirmed or failed: the `STATE`")
	compare := f.Bool("wallet", false, "ask the wallet, too, and compare it with the books")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	var states []lease.PayoutState
	switch s := lease.PayoutState(*state); s {
	case "":
	case lease.PayoutPrepared, lease.PayoutSent, lease.PayoutConfirmed, lease.PayoutFailed:
		states = append(states, s)
	default:
		return f.usage("--state %.40q: want prepared, sent, confirmed or failed", *state)
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	all, err := p.store.Payouts(ctx, states...)
	if err != nil {
		return err
	}
	doc := payoutsDoc{Payouts: []payoutDoc{}}
	rows := [][]string{{"PAYOUT", "STATE", "SINCE", "TENANTS", "AMOUNT", "FEE", "HEIGHT", "TRANSACTION"}}
	for i := range all {
		d := newPayoutDoc(&all[i], false)
		doc.Payouts = append(doc.Payouts, d)
		height := "-"
		if d.Height != 0 {
			height = strconv.FormatInt(d.Height, 10)
		}
		rows = append(rows, []string{strconv.FormatInt(d.ID, 10), string(d.State), formatMs(d.CreatedMs), strconv.Itoa(len(d.Items)),
			formatSat(d.Sat), formatSat(d.FeeSat), height, d.Txid})
	}
	if *compare {
		if doc.Wallet, err = p.compareWallet(ctx, &cfg); err != nil {
			return explainWallet(err)
		}
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, []string{"TRANSACTION", "HEIGHT"}, "PAYOUT", "TENANTS", "AMOUNT", "FEE", "HEIGHT"))
	if w := doc.Wallet; w != nil {
		_, err = fmt.Fprintf(e.stdout, "%s in the books (%s), less %s on the way; in the wallet %s: a difference of %s\n",
			formatSat(w.BooksSat), ledger.Wallet, formatSat(w.OnTheWaySat), formatSat(w.WalletSat), formatSat(w.DifferenceSat))
	}
	return err
}

// compareWallet asks what the wallet has and what it should have by the books.
// It may have more: what the provider put into it is not in them.
func (p *provider) compareWallet(ctx context.Context, cfg *config) (*walletDoc, error) {
	wallet, err := p.dialWallet(cfg)
	if err != nil {
		return nil, err
	}
	balance, err := wallet.Balance(ctx)
	if err != nil {
		return nil, err
	}
	var d walletDoc
	balances, err := p.store.Balances(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range balances {
		if b.Account == ledger.Wallet {
			d.BooksSat += b.Sat
		}
	}
	open, err := p.store.Payouts(ctx, lease.PayoutPrepared, lease.PayoutSent)
	if err != nil {
		return nil, err
	}
	for i := range open {
		s, err := wallet.Status(ctx, open[i].Raw)
		if err != nil {
			return nil, err
		}
		if s.State == payout.InMempool || s.State == payout.Confirmed {
			d.OnTheWaySat += open[i].Sat() + open[i].FeeSat
		}
	}
	d.WalletSat = balance.SpendableSat
	d.DifferenceSat = d.WalletSat - (d.BooksSat - d.OnTheWaySat)
	return &d, nil
}

func runPayoutShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "payout show", "ID [--json]", "Shows one payout: whom it pays, what it spends, and where it stands in the chain\nwhen the wallet can be asked.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	id, err := parsePayoutID(pos[0])
	if err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	found, err := p.findPayout(ctx, id)
	if err != nil {
		return err
	}
	doc := newPayoutDoc(&found, true)
	wallet, err := p.dialWallet(&cfg)
	if err == nil {
		var s payout.Status
		if s, err = wallet.Status(ctx, found.Raw); err == nil {
			doc.Chain = &chainDoc{s.State, s.Depth, s.Txid}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	return printPayout(e, &doc, err)
}

func printPayout(e *env, d *payoutDoc, unasked error) error {
	lines := [][2]string{
		{"payout", strconv.FormatInt(d.ID, 10)},
		{"state", string(d.State)},
		{"since", formatMs(d.CreatedMs)},
		{"amount", formatSat(d.Sat)},
		{"fee", formatSat(d.FeeSat)},
		{"transaction", d.Txid},
	}
	add := func(name, text string) { lines = append(lines, [2]string{name, text}) }
	if d.Replaces != 0 {
		add("instead of", "payout "+strconv.FormatInt(d.Replaces, 10))
	}
	if d.Height != 0 {
		add("height", strconv.FormatInt(d.Height, 10))
	}
	if d.Reason != "" {
		add("reason", printable(d.Reason))
	}
	var hinted *coded
	switch {
	case d.Chain != nil && d.Chain.Depth > 0:
		add("chain", fmt.Sprintf("%s, %s deep", d.Chain.State, plural(d.Chain.Depth, "block")))
	case d.Chain != nil:
		add("chain", string(d.Chain.State))
	case !errors.As(unasked, &hinted): // where there is no wallet there is nothing to say
		add("chain", "not known: "+printable(unasked.Error()))
	}
	for _, in := range d.Inputs {
		add("spends", fmt.Sprintf("%s:%d", in.Txid, in.Vout))
	}
	for _, l := range lines {
		fmt.Fprintf(e.stdout, "%-12s %s\n", l[0], l[1])
	}
	rows := [][]string{{"TENANT", "AMOUNT", "ADDRESS"}}
	for _, item := range d.Items {
		rows = append(rows, []string{item.Tenant, formatSat(item.Sat), item.Address})
	}
	_, err := fmt.Fprintf(e.stdout, "\n%s", table(rows, "AMOUNT"))
	return err
}
