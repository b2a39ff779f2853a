package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashlease/hashlease/lease/payout"
)

// payTenants pays tenants from time to time until ctx ends, where that is
// configured. The channel is closed when it has ended.
func (n *node) payTenants(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if !n.cfg.Payouts.Enabled {
			return
		}
		ticker := time.NewTicker(time.Duration(n.cfg.Payouts.IntervalSec) * time.Second)
		defer ticker.Stop()
		told := payoutNotes{log: n.log}
		for {
			report, err := n.payOnce(ctx)
			if ctx.Err() == nil {
				told.tell(&report, err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return done
}

// payOnce makes one pass, unless another process makes one.
func (n *node) payOnce(ctx context.Context) (r payout.Report, err error) {
	unlock, err := n.lockPayouts()
	if errors.Is(err, errPaying) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer unlock()
	wallet, err := n.dialWallet(n.cfg)
	if err != nil {
		return r, err
	}
	if err := wallet.Check(ctx); err != nil {
		return r, err
	}
	payer, err := n.payer(ctx, n.e, n.cfg, wallet, 0)
	if err != nil {
		return r, err
	}
	return payer.Run(ctx)
}

// payoutNotes logs what passes did; what stays as it was is said once.
type payoutNotes struct {
	log  *slog.Logger
	last map[string]bool
}

func (p *payoutNotes) tell(r *payout.Report, err error) {
	for i := range r.Moved {
		m := &r.Moved[i]
		p.log.Info("payout", "payout", m.ID, "state", m.State, "sat", m.Sat, "fee_sat", m.FeeSat, "transaction", m.Txid, "reason", m.Reason)
	}
	now := make(map[string]bool)
	warn := func(key, text string, args ...any) {
		if now[key] = true; !p.last[key] {
			p.log.Warn(text, args...)
		}
	}
	for _, w := range r.Waiting {
		warn(fmt.Sprintf("%d %s", w.ID, w.Why), "payout waits", "payout", w.ID, "why", w.Why)
	}
	for _, s := range r.Skipped {
		warn(s.Tenant+" "+s.Why, "tenant is due and cannot be paid", "tenant", s.Tenant, "sat", s.Sat, "why", s.Why)
	}
	if s := r.Short; s != nil {
		warn("short", "the wallet has too little to pay what is due", "due_sat", s.NeedSat, "wallet_sat", s.HaveSat, "why", s.Why)
	}
	if err != nil {
		warn(err.Error(), "payouts", "error", err)
	}
	p.last = now
}
