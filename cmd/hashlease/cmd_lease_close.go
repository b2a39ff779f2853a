package main

import (
	"context"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
)

// closingDoc is what follows when a lease is closed, as it stood at that
// moment. It is booked when the lease's last hour is settled.
type closingDoc struct {
	FreeExit   bool  `json:"free_exit"` // no fee is due for leaving early
	CreditSat  int64 `json:"credit_sat"`
	ExitFeeSat int64 `json:"exit_fee_sat"`
	RefundSat  int64 `json:"refund_sat"` // of the prepayment, to what is available to the tenant
	SettledMs  int64 `json:"settled_ms"` // when its last hour is over
	Estimated  bool  `json:"estimated"`  // always: until that hour is settled
}

func runLeaseClose(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease close", "LEASE [--for provider|tenant] [--json]",
		"Ends a lease now. What was delivered stays in its statement. When its last hour is\n"+
			"settled, the node credits what the SLA says and gives the unspent prepayment back,\n"+
			"all of it when the provider closes; the terms may keep a part when a tenant leaves a\n"+
			"fixed term early (--for tenant).")
	who := f.String("for", string(lease.PauseProvider), "`WHO` wants it: provider or tenant")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *who != string(lease.PauseProvider) && *who != string(lease.PauseTenant) {
		return f.usage("--for %.30q: want provider or tenant", *who)
	}
	var closing closingDoc
	return f.changeLease(ctx, pos[0], func(p *provider, _ *config, l *lease.Lease, atMs int64) (lease.Lease, error) {
		var err error
		if closing, err = p.closing(ctx, l, *who == string(lease.PauseTenant), atMs); err != nil {
			return *l, err
		}
		return p.store.ChangeLease(ctx, l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
			return l.Close(closing.FreeExit, atMs)
		})
	}, func(l *lease.Lease) error {
		fmt.Fprintf(e.stdout, "lease %s closed at %s\n", l.ID, formatMs(l.ClosedMs))
		return closing.print(e.stdout, l)
	}, func(d *leaseDoc) { d.Closing = &closing })
}

// closing tells what closing the lease at a moment comes to.
func (p *provider) closing(ctx context.Context, l *lease.Lease, byTenant bool, atMs int64) (closingDoc, error) {
	d := closingDoc{FreeExit: true, SettledMs: ((atMs-1)/lease.MsPerHour + 1) * lease.MsPerHour, Estimated: true}
	settler := &billing.Settler{Store: p.store}
	budget, err := settler.Budget(ctx, l.ID)
	if err != nil {
		return d, err
	}
	period, err := settler.Period(ctx, l.ID)
	if err != nil {
		return d, err
	}
	terms, err := p.store.Terms(ctx, l.Terms)
	if err != nil {
		return d, err
	}
	if byTenant && l.EndMs != 0 {
		if d.FreeExit, err = settler.FreeExit(ctx, l.ID); err != nil {
			return d, err
		}
	}
	d.CreditSat, d.RefundSat = period.CreditSat, max(0, budget.PrepaidSat-budget.OpenSat)
	if !d.FreeExit && terms.Prices != nil {
		// In two steps, for the product is beyond 64 bits.
		ppm := terms.Prices.EarlyExitPPM
		d.ExitFeeSat = d.RefundSat/1_000_000*ppm + d.RefundSat%1_000_000*ppm/1_000_000
		d.RefundSat -= d.ExitFeeSat
	}
	return d, nil
}

func (d *closingDoc) print(w io.Writer, l *lease.Lease) error {
	if d.CreditSat+d.ExitFeeSat+d.RefundSat == 0 {
		_, err := fmt.Fprintf(w, "nothing of a prepayment is left, and no credit is due; a running node settles the last hour after %s\n", formatMs(d.SettledMs))
		return err
	}
	_, err := fmt.Fprintf(w, "a running node settles the last hour after %s; as it stands, %d sat will be credited by the SLA,\n"+
		"%d sat kept for the early exit, and %d sat refunded to what is available to %s\n",
		formatMs(d.SettledMs), d.CreditSat, d.ExitFeeSat, d.RefundSat, l.Tenant)
	return err
}
