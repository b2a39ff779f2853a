package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// book moves a block to another state together with its ledger entries.
func (d *Dispatcher) book(ctx context.Context, b lease.Block, to lease.BlockState, reason string) error {
	now := d.Now().UnixMilli()
	var txs []lease.Transaction
	switch to {
	case lease.Adopted:
		tx, err := d.foundEntry(ctx, b, now)
		if err != nil {
			return err
		}
		txs = append(txs, tx)
	case lease.Mature, lease.Orphaned:
		found, err := d.Store.Transaction(ctx, ledger.Key(ledger.KindFound, b.Hash, b.Appearances))
		if err != nil {
			return err
		}
		if to == lease.Mature {
			if txs, err = d.maturedEntries(ctx, b, found, now); err != nil {
				return err
			}
			break
		}
		var matured *lease.Transaction
		if b.State == lease.Mature {
			tx, err := d.Store.Transaction(ctx, ledger.Key(ledger.KindMatured, b.Hash, b.Appearances))
			if err != nil {
				return err
			}
			matured = &tx
			balances, err := d.Store.Balances(ctx)
			if err != nil {
				return err
			}
			if loss, ok := ledger.Loss(b, tx, balances, now); ok {
				txs = append(txs, loss)
			}
		}
		txs = append(txs, ledger.Orphaned(b, found, matured, now)...)
	}
	if err := d.Store.MoveBlock(ctx, b.Hash, b.State, to, reason, txs...); err != nil {
		return err
	}
	attrs := []any{"state", to, "height", b.Height, "hash", b.Hash, "lease", b.Lease}
	if reason != "" {
		attrs = append(attrs, "reason", reason)
	}
	level := slog.LevelInfo
	if to == lease.Orphaned { // rewards are taken back
		level = slog.LevelWarn
	}
	d.Log.Log(ctx, level, "block", attrs...)
	return nil
}

// foundEntry books the split frozen in the block's template.
func (d *Dispatcher) foundEntry(ctx context.Context, b lease.Block, nowMs int64) (lease.Transaction, error) {
	document, split, err := d.splitOf(ctx, b.Template)
	if err != nil {
		return lease.Transaction{}, err
	}
	leases, err := d.Store.Leases(ctx)
	if err != nil {
		return lease.Transaction{}, err
	}
	tenants := make(map[string]string, len(leases))
	for i := range leases {
		tenants[leases[i].ID] = leases[i].Tenant
	}
	losses, err := d.losses(ctx, b)
	if err != nil {
		return lease.Transaction{}, err
	}
	return ledger.Found(b, ledger.Reward{Split: split, Fee: document.Fee, Carry: document.Carry, Tenants: tenants, Losses: losses}, nowMs)
}

// maturedEntries books that a block's reward can be spent: where its coinbase
// paid leases directly, by them. With the first block whose PPLNS window was
// full, the house gets what earlier windows left.
func (d *Dispatcher) maturedEntries(ctx context.Context, b lease.Block, found lease.Transaction, nowMs int64) ([]lease.Transaction, error) {
	document, err := d.templateDocument(ctx, b.Template)
	if err != nil {
		return nil, err
	}
	var direct []string
	for i := range document.Direct {
		direct = append(direct, document.Direct[i].Leases...)
	}
	txs := []lease.Transaction{ledger.Matured(b, found, nowMs, direct...)}
	terms, err := d.termsOf(ctx, lease.TermsHash(document.Terms))
	if err != nil {
		return nil, err
	}
	if terms.Scheme != lease.SchemePPLNS || document.Carry != 0 {
		return txs, nil
	}
	balances, err := d.Store.Balances(ctx)
	if err != nil {
		return nil, err
	}
	var carried int64
	for _, x := range balances {
		if x.Account == ledger.Carry {
			carried -= x.Sat
		}
	}
	if carried <= 0 {
		return txs, nil
	}
	ref := fmt.Sprintf("%v:%d", b.Hash, b.Appearances)
	released, err := ledger.CarryReleased(ref, []lease.Part{{Lease: lease.House, Sat: carried}}, nil, nowMs)
	return append(txs, released), err
}

// losses finds what the house bore of earlier appearances of a block.
func (d *Dispatcher) losses(ctx context.Context, b lease.Block) (losses []lease.Transaction, err error) {
	for n := 1; n <= b.Appearances; n++ {
		tx, err := d.Store.Transaction(ctx, ledger.Key(ledger.KindLoss, b.Hash, n))
		if errors.Is(err, lease.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		losses = append(losses, tx)
	}
	return losses, nil
}
