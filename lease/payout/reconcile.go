package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// group is a payout with its replacements, of which at most one can ever be
// confirmed.
type group struct {
	root int64          // ID of the payout that has the intent
	open []lease.Payout // of the group, by ID: the newest is last
}

// reconcile brings every payout that is not final where the chain says it
// belongs. It ends early only when the wallet or the Store cannot be reached.
func (p *Payer) reconcile(ctx context.Context, r *Report) error {
	groups, err := p.groups(ctx)
	if err != nil {
		return err
	}
	for i := range groups {
		g := &groups[i]
		if err := p.settle(ctx, g, r); answered(err) {
			r.wait(g.root, err)
		} else if err != nil {
			return fmt.Errorf("payout %d: %w", g.root, err)
		}
	}
	return nil
}

// groups returns the payouts that are not final, by the ID of the first of
// each group.
func (p *Payer) groups(ctx context.Context) ([]group, error) {
	open, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	var groups []group
	for i := range open {
		root := rootOf(&open[i])
		at := slices.IndexFunc(groups, func(g group) bool { return g.root == root })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{root: root})
		}
		groups[at].open = append(groups[at].open, open[i])
	}
	return groups, nil
}

// rootOf is the payout whose intent another one shares, itself when it has its
// own.
func rootOf(p *lease.Payout) int64 {
	if p.Replaces != 0 {
		return p.Replaces
	}
	return p.ID
}

// settle brings one group where it belongs.
func (p *Payer) settle(ctx context.Context, g *group, r *Report) error {
	intent, ended, err := p.intent(ctx, g.root)
	if err != nil {
		return err
	}
	if ended != nil { // a crash came between
		return p.endRest(ctx, g, ended, r)
	}
	states, err := p.states(ctx, g)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(states, func(s Status) bool { return s.State == Confirmed }); at >= 0 {
		return p.confirmed(ctx, g, at, states[at], intent, r)
	}
	if at := slices.IndexFunc(states, func(s Status) bool { return s.State == Conflicted && s.PaysAll }); at >= 0 {
		return p.confirmed(ctx, g, at, states[at], intent, r)
	}
	if states, err = p.giveUp(ctx, g, states, intent, r); err != nil {
		return err
	}
	return p.resend(ctx, g, states, r)
}

// intent returns what was booked for a group, and how it ended; nil while it
// has not.
func (p *Payer) intent(ctx context.Context, root int64) (intent lease.Transaction, ended *lease.Transaction, err error) {
	if intent, err = p.cfg.Store.Transaction(ctx, ledger.PayoutKey(ledger.KindIntent, root)); err != nil {
		return intent, nil, err
	}
	for _, kind := range []string{ledger.KindConfirmed, ledger.KindFailed} {
		t, err := p.cfg.Store.Transaction(ctx, ledger.PayoutKey(kind, root))
		if err == nil {
			return intent, &t, nil
		}
		if !errors.Is(err, lease.ErrNotFound) {
			return intent, nil, err
		}
	}
	return intent, nil, nil
}

// confirmed takes note that one of a group is in a block, or a transaction
// that the provider made by hand to pay the same.
func (p *Payer) confirmed(ctx context.Context, g *group, at int, s Status, intent lease.Transaction, r *Report) error {
	payout := &g.open[at]
	if err := p.sent(ctx, payout, r); err != nil || s.Depth < p.cfg.Confirmations {
		return err
	}
	m := moved(payout, lease.PayoutConfirmed)
	m.InBlock, m.Height, m.Depth, m.NeededDepth = s.Txid, s.Height, s.Depth, p.cfg.Confirmations
	switch {
	case s.State == Conflicted:
		m.FeeSat, m.Reason = s.FeeSat, "it was replaced by hand: "+s.Txid+" pays the same"
	case s.Txid != payout.Txid:
		m.Reason = "it is in the chain with other signatures, as " + s.Txid
	}
	booked, err := ledger.PayoutConfirmed(intent, s.Txid, m.FeeSat, p.nowMs())
	if err != nil {
		return err
	}
	if err := p.move(ctx, payout, m, true, []lease.Transaction{booked}, r); err != nil {
		return err
	}
	return p.endRest(ctx, g, &booked, r)
}

// endRest ends what is left of a group whose intent has ended. Nothing is
// booked for it.
func (p *Payer) endRest(ctx context.Context, g *group, ended *lease.Transaction, r *Report) error {
	for i := range g.open {
		payout := &g.open[i]
		if payout.State == lease.PayoutConfirmed {
			continue
		}
		m := moved(payout, lease.PayoutFailed)
		m.Reason = "its coins are spent otherwise"
		if ended.Kind == ledger.KindConfirmed {
			m.InBlock, m.Reason = ended.Ref, "the transaction "+ended.Ref+" pays the same and is in the chain"
		}
		if err := p.move(ctx, payout, m, false, nil, r); err != nil {
			return err
		}
	}
	return nil
}

// giveUp ends those of a group that can never be confirmed, the first last,
// with whom the intent ends. It returns the states of what is left.
func (p *Payer) giveUp(ctx context.Context, g *group, states []Status, intent lease.Transaction, r *Report) ([]Status, error) {
	for i := len(g.open) - 1; i >= 0; i-- {
		payout, s := &g.open[i], states[i]
		if s.State != Conflicted || s.PaysSome || s.Depth < p.cfg.GiveUp {
			continue
		}
		m := moved(payout, lease.PayoutFailed)
		m.InBlock, m.Depth, m.NeededDepth = s.Txid, s.Depth, p.cfg.GiveUp
		m.Reason = "a coin it spends is spent by another transaction in the chain"
		var txs []lease.Transaction
		if payout.ID == g.root {
			if len(g.open) > 1 {
				continue // a replacement is not seen to be impossible yet
			}
			reversal, err := ledger.PayoutFailed(intent, p.nowMs())
			if err != nil {
				return nil, err
			}
			txs = append(txs, reversal)
		}
		if err := p.move(ctx, payout, m, payout.ID == g.root, txs, r); err != nil {
			return nil, err
		}
		g.open, states = slices.Delete(g.open, i, i+1), slices.Delete(states, i, i+1)
	}
	return states, nil
}

// resend sees to it that one of a group is in the mempool, the newest that the
// node takes.
func (p *Payer) resend(ctx context.Context, g *group, states []Status, r *Report) error {
	for i := len(g.open) - 1; i >= 0; i-- {
		payout, s := &g.open[i], states[i]
		switch s.State {
		case InMempool:
			return p.sent(ctx, payout, r)
		case Conflicted:
			r.wait(payout.ID, p.conflict(s))
			continue
		}
		if sent, err := p.send(ctx, payout, r); err != nil || sent {
			return err
		}
	}
	return nil
}
