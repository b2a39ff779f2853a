package payout

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// payDue pays those who are due, one transaction after the other, until
// everybody is paid or a transaction could not be sent.
func (p *Payer) payDue(ctx context.Context, r *Report) error {
	for {
		dues, skipped, err := p.dues(ctx)
		if err != nil {
			return err
		}
		r.Skipped = skipped
		if len(dues) == 0 {
			return nil
		}
		if sent, err := p.pay(ctx, batch(dues), r); err != nil || !sent {
			return err
		}
	}
}

// pay makes, stores and sends one payout.
func (p *Payer) pay(ctx context.Context, dues []due, r *Report) (sent bool, err error) {
	payout := lease.Payout{CreatedMs: p.nowMs()}
	var lines []ledger.Due
	minSat := make(map[string]int64)
	for i := range dues {
		payout.Items = append(payout.Items, dues[i].PayoutItem)
		lines = append(lines, dues[i].lines...)
		minSat[dues[i].Tenant] = dues[i].minSat
	}
	signed, err := p.fund(ctx, payout.Items, p.cfg.Fee, nil)
	if errors.Is(err, ErrFunds) {
		return false, p.short(ctx, payout.Sat(), err, r)
	}
	if err != nil {
		return false, err
	}
	payout.Txid, payout.Raw, payout.FeeSat, payout.Inputs = signed.Txid, signed.Raw, signed.FeeSat, signed.Inputs
	payout, err = p.store(ctx, payout, func(q *lease.Payout) ([]lease.Transaction, []lease.Event, error) {
		intent, err := ledger.PayoutIntent(q.ID, q.Txid, lines, q.CreatedMs)
		if err != nil {
			return nil, nil, err
		}
		told, err := events(q, moved(q, lease.PayoutPrepared), q.CreatedMs, true, minSat)
		return []lease.Transaction{intent}, told, err
	}, r)
	if err != nil {
		return false, err
	}
	return p.send(ctx, &payout, r)
}

// fund has the wallet make a transaction for the items.
func (p *Payer) fund(ctx context.Context, items []lease.PayoutItem, fee Fee, inputs []lease.Outpoint) (Signed, error) {
	request := Request{ID: fmt.Sprintf("to %d of the tenants", len(items)), Fee: fee, Inputs: inputs}
	if len(items) == 1 {
		request.ID = "to " + items[0].Tenant
	}
	for _, item := range items {
		request.Outputs = append(request.Outputs, Output{item.Address, item.Sat})
	}
	signed, err := p.cfg.Wallet.Fund(ctx, request)
	if err == nil && !spends(signed.Inputs, inputs) {
		p.release(ctx)
		return signed, fmt.Errorf("payout %s: %w: it leaves out coins that were demanded", request.ID, ErrTransaction)
	}
	return signed, err
}

// spends reports whether all of some coins are among others, of which there
// are any.
func spends(have, want []lease.Outpoint) bool {
	in := make(map[lease.Outpoint]bool, len(have))
	for _, o := range have {
		in[o] = true
	}
	for _, o := range want {
		if !in[o] {
			return false
		}
	}
	return len(have) > 0
}

// store makes a payout durable. What it could not store is never sent, and its
// coins are freed; whether it was stored nonetheless, as when the answer was
// lost, the next pass sees.
func (p *Payer) store(ctx context.Context, payout lease.Payout, book func(*lease.Payout) ([]lease.Transaction, []lease.Event, error), r *Report) (lease.Payout, error) {
	stored, err := p.cfg.Store.AddPayout(ctx, payout, func(id int64) ([]lease.Transaction, []lease.Event, error) {
		payout.ID = id
		return book(&payout)
	})
	if err != nil {
		p.release(ctx)
		if errors.Is(err, lease.ErrOverdrawn) {
			err = fmt.Errorf("what is available changed meanwhile, nothing was paid: %w", err)
		}
		return payout, err
	}
	r.Moved = append(r.Moved, moved(&stored, lease.PayoutPrepared))
	return stored, nil
}

// send brings a payout's transaction to the node, once more or for the first
// time. Where the node does not want it, that is noted, and it waits.
func (p *Payer) send(ctx context.Context, payout *lease.Payout, r *Report) (sent bool, err error) {
	if err := p.cfg.Wallet.Broadcast(ctx, payout.Raw); err != nil {
		if answered(err) {
			r.wait(payout.ID, err)
			return false, nil
		}
		return false, fmt.Errorf("payout %d: %w", payout.ID, err)
	}
	return true, p.sent(ctx, payout, r)
}

// sent notes that a payout's transaction is in the mempool or in a block.
func (p *Payer) sent(ctx context.Context, payout *lease.Payout, r *Report) error {
	if payout.State != lease.PayoutPrepared {
		return nil
	}
	return p.move(ctx, payout, moved(payout, lease.PayoutSent), true, nil, r)
}

// move changes a payout's state with what is booked for it.
func (p *Payer) move(ctx context.Context, payout *lease.Payout, m lease.PayoutMoved, tenants bool, txs []lease.Transaction, r *Report) error {
	told, err := events(payout, m, p.nowMs(), tenants, nil)
	if err != nil {
		return err
	}
	height := m.Height
	if m.State != lease.PayoutConfirmed {
		height = 0
	}
	if err := p.cfg.Store.MovePayout(ctx, payout.ID, payout.State, m.State, height, m.Reason, txs, told); err != nil {
		return err
	}
	payout.State, payout.Height, payout.Reason = m.State, height, m.Reason
	r.Moved = append(r.Moved, m)
	return nil
}

// short reports that the wallet cannot pay what is due.
func (p *Payer) short(ctx context.Context, need int64, cause error, r *Report) error {
	balance, err := p.cfg.Wallet.Balance(ctx)
	if err != nil {
		return err
	}
	r.Short = &Short{NeedSat: need, HaveSat: balance.SpendableSat, Why: cause.Error()}
	if balance.SpendableSat > need {
		r.Short.Why += ": some wait for a confirmation or for other payouts"
		return nil
	}
	e, err := shortEvent(r.Short, p.nowMs())
	if err != nil {
		return err
	}
	return p.cfg.Store.PutEvents(ctx, e)
}
