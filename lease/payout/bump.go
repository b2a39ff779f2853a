package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// ErrFinal says that a payout cannot be replaced any more.
var ErrFinal = errors.New("payout cannot be replaced")

// Bump makes and sends a replacement of a payout that waits for too long. It
// pays the same to the same addresses, spends all coins of the payout that was
// decided upon first, so that of all that were ever made for it at most one can
// be confirmed, and costs satPerKvB satoshi per 1000 virtual bytes. Both stay
// until one of them is deep enough in the chain: it may be the first one still.
// ErrFinal when a transaction in a block has decided it already.
func (p *Payer) Bump(ctx context.Context, id, satPerKvB int64) (lease.Payout, Report, error) {
	r := Report{Moved: []lease.PayoutMoved{}, Waiting: []Waiting{}, Skipped: []Skipped{}}
	if satPerKvB <= 0 {
		return lease.Payout{}, r, fmt.Errorf("%w: a fee rate of %d satoshi per kvB", ErrRequest, satPerKvB)
	}
	payout, err := p.cfg.Store.Payout(ctx, id)
	if err != nil {
		return payout, r, err
	}
	first, err := p.replaceable(ctx, rootOf(&payout))
	if err != nil {
		return payout, r, fmt.Errorf("payout %d: %w", id, err)
	}
	if err := p.relock(ctx); err != nil {
		return payout, r, err
	}
	fee := p.cfg.Fee
	fee.SatPerKvB = satPerKvB
	signed, err := p.fund(ctx, first.Items, fee, first.Inputs)
	if err != nil {
		return payout, r, err
	}
	payout, err = p.store(ctx, lease.Payout{
		CreatedMs: p.nowMs(), Items: first.Items, Replaces: first.ID,
		Txid: signed.Txid, Raw: signed.Raw, FeeSat: signed.FeeSat, Inputs: signed.Inputs,
	}, func(q *lease.Payout) ([]lease.Transaction, []lease.Event, error) {
		told, err := events(q, moved(q, lease.PayoutPrepared), q.CreatedMs, false, nil)
		return nil, told, err // the first one's intent is its own
	}, &r)
	if err != nil {
		return payout, r, err
	}
	_, err = p.send(ctx, &payout, &r)
	return payout, r, err
}

// replaceable returns the first payout of a group that can be replaced.
func (p *Payer) replaceable(ctx context.Context, root int64) (lease.Payout, error) {
	var none lease.Payout
	groups, err := p.groups(ctx)
	if err != nil {
		return none, err
	}
	at := slices.IndexFunc(groups, func(g group) bool { return g.root == root })
	if at < 0 || groups[at].open[0].ID != root {
		return none, fmt.Errorf("%w: it is final", ErrFinal)
	}
	g := groups[at]
	_, ended, err := p.intent(ctx, root)
	if err != nil {
		return none, err
	}
	if ended != nil {
		return none, fmt.Errorf("%w: it is final", ErrFinal)
	}
	states, err := p.states(ctx, &g)
	if err != nil {
		return none, err
	}
	for _, s := range states {
		if s.State == Confirmed {
			return none, fmt.Errorf("%w: %s is in a block, %d deep", ErrFinal, s.Txid, s.Depth)
		}
	}
	if states[0].State == Conflicted {
		return none, fmt.Errorf("%w: another transaction in a block spends a coin of it", ErrFinal)
	}
	return g.open[0], nil
}
