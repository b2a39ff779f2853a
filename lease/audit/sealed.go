package audit

import (
	"bytes"
	"context"
	"iter"
	"math"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/translog"
)

// unsealed reads the receipts that are in no batch, and up to when all are in
// one at the same moment.
func (w *walk) unsealed(ctx context.Context) (sealedMs int64, receipts []lease.Receipt, err error) {
	for {
		if sealedMs, err = w.store.SealedMs(ctx); err != nil {
			return 0, nil, err
		}
		receipts = receipts[:0]
		for r, err := range w.store.Unsealed(ctx, math.MaxInt64) {
			if err != nil {
				return 0, nil, err
			}
			receipts = append(receipts, r)
		}
		again, err := w.store.SealedMs(ctx)
		if err != nil || again == sealedMs {
			return sealedMs, receipts, err
		}
	}
}

// sealed holds the batches before a moment against their leaves and their
// receipts, and counts these.
func (w *walk) sealed(ctx context.Context, sealedMs int64) error {
	// One after the other, both: the leaves are in the order of the batches.
	next, stop := iter.Pull2(w.store.Leaves(ctx, lease.LeafFilter{Kinds: []string{string(translog.KindBatch)}}))
	defer stop()
	h := seal.NewHasher(w.store)
	numbers, last := make(map[string]int64), int64(-1)
	for b, err := range w.store.SealedBatches(ctx, "", 0, sealedMs) {
		if err != nil {
			return err
		}
		w.report.counted(checkSealed, 1)
		if b.Number != numbers[b.Lease] || b.Leaf <= last {
			w.report.find(checkSealed, "lease %s: batch %d with leaf %d follows batch %d and leaf %d", b.Lease, b.Number, b.Leaf, numbers[b.Lease]-1, last)
		}
		numbers[b.Lease], last = b.Number+1, b.Leaf
		l, err, ok := next()
		if err != nil {
			return err
		}
		want, err := leaf.NewBatch(&b)
		if !ok || err != nil || l.Index != b.Leaf || !bytes.Equal(l.Body, want.Body) {
			w.report.find(checkSealed, "batch %d of lease %s is not what leaf %d of the log says", b.Number, b.Lease, b.Leaf)
		}
		receipts, err := h.Check(ctx, &b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			w.report.find(checkSealed, "batch %d of lease %s: %v", b.Number, b.Lease, err)
		}
		if hour := b.FromMs / lease.MsPerHour; b.Thinned && hour < w.final() {
			k := hourKey{hour, b.Lease}
			if w.thinned[k] == nil {
				w.thinned[k] = new(lease.Evidence)
			}
			w.thinned[k].Merge(b.Evidence)
		}
		for i := range receipts {
			if err := w.count(ctx, &receipts[i], !b.Thinned); err != nil {
				return err
			}
		}
	}
	// A batch that came since may be there.
	if l, err, ok := next(); err != nil {
		return err
	} else if doc, _, err := leaf.Read[leaf.Batch](l.Body, translog.KindBatch); ok && (err != nil || doc.FromMs < sealedMs) {
		w.report.find(checkSealed, "leaf %d of the log is of a batch that there is not", l.Index)
	}
	return nil
}
