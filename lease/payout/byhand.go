package payout

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// states asks the wallet where the payouts of a group stand.
func (p *Payer) states(ctx context.Context, g *group) ([]Status, error) {
	states := make([]Status, len(g.open))
	for i := range g.open {
		s, err := p.cfg.Wallet.Status(ctx, g.open[i].Raw)
		if err == nil && s.PaysSome {
			err = p.byHand(ctx, g, &g.open[i], &s)
		}
		if err != nil {
			return nil, err
		}
		states[i] = s
	}
	return states, nil
}

// byHand looks whether a transaction that conflicts with a payout and pays the
// same or some of it was made by hand. Stored payouts are not: one of the same
// group counts for itself, and what another group pays is owed besides. It
// clears what the transaction pays where that does not count for this payout,
// and PaysAll where only people can tell.
func (p *Payer) byHand(ctx context.Context, g *group, payout *lease.Payout, s *Status) error {
	all, err := p.cfg.Store.Payouts(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		other := &all[i]
		if other.ID == payout.ID || !slices.ContainsFunc(other.Inputs, func(in lease.Outpoint) bool { return slices.Contains(payout.Inputs, in) }) {
			continue
		}
		switch {
		case other.State == lease.PayoutFailed && rootOf(other) != g.root: // coins that became free again
		case other.Txid == s.Txid && rootOf(other) != g.root:
			s.PaysAll, s.PaysSome = false, false
			return nil
		case other.Txid == s.Txid, rootOf(other) != g.root:
			s.PaysAll = false
		}
	}
	return nil
}

// conflict says what a payout waits for whose coins are spent otherwise.
func (p *Payer) conflict(s Status) error {
	if s.PaysSome {
		return fmt.Errorf("%w: %s does, made by hand, and pays some of the same addresses, other amounts: it is for people to find out what is still owed", ErrInputs, s.Txid)
	}
	return fmt.Errorf("%w: by a transaction in the chain, %d of %d blocks deep after which it is given up", ErrInputs, s.Depth, p.cfg.GiveUp)
}
