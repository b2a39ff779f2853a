package sqlite

import (
	"context"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
)

// appendBatches appends the leaves of batches and gives them their indexes.
func appendBatches(ctx context.Context, tx *txn, batches []lease.SealedBatch, atMs int64) error {
	var index int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(idx) + 1, 0) FROM log_leaves").Scan(&index); err != nil {
		return err
	}
	for i := range batches {
		b := &batches[i]
		e, err := leaf.NewBatch(b)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO log_leaves (idx, kind, ref, at_ms, body, secret) VALUES (?, 'batch', ?, ?, ?, NULL)", index, b.Lease, atMs, e.Body)
		if err != nil {
			return err
		}
		b.Leaf = index
		index++
	}
	return nil
}
