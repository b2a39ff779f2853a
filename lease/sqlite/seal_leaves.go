package sqlite

import (
	"context"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

// appendBatches appends the leaves of batches and gives them their indexes.
func appendBatches(ctx context.Context, tx *txn, batches []lease.SealedBatch) error {
	for i := range batches {
		b := &batches[i]
		e, err := leaf.NewBatch(b)
		if err != nil {
			return err
		}
		if b.Leaf, err = tx.addLeaf(ctx, translog.KindBatch, b.Lease, e); err != nil {
			return err
		}
	}
	return nil
}
