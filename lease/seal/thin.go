package seal

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// Archive is what making old batches smaller needs of a lease.Store.
type Archive interface {
	Work
	SealedBatches(ctx context.Context, lease string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error]
	Thin(ctx context.Context, lease string, number int64, packed []byte, proof []byte) error
}

// Thinned is what became of old batches.
type Thinned struct {
	Thinned int   // batches
	Dropped int   // batches
	Freed   int64 // bytes, for what is sealed next
}

// stretchMs is how many windows are read at a time, so that others can write
// between.
const stretchMs = 12 * lease.BatchMs

// Thin thins the batches whose windows ended before thinMs, and drops the
// receipts of those that ended before dropMs; 0 is none. What was thinned before
// is not read again: it goes from the oldest batch on, and so everything before
// the first that is whole is done.
func Thin(ctx context.Context, a Archive, thinMs, dropMs int64) (done Thinned, err error) {
	h := NewHasher(a)
	err = passFrom(ctx, a, dropMs, func(b *lease.SealedBatch) bool { return len(b.Packed) == 0 }, func(b *lease.SealedBatch) error {
		if err := a.Thin(ctx, b.Lease, b.Number, nil, nil); err != nil {
			return err
		}
		done.Dropped++
		done.Freed += int64(len(b.Packed) + len(b.ThinProof))
		return nil
	})
	if err != nil {
		return done, fmt.Errorf("dropping receipts: %w", err)
	}
	err = passFrom(ctx, a, thinMs, func(b *lease.SealedBatch) bool { return b.Thinned }, func(b *lease.SealedBatch) error {
		packed, proof, err := h.thin(ctx, b)
		if err == nil {
			err = a.Thin(ctx, b.Lease, b.Number, packed, proof)
		}
		if err != nil {
			return fmt.Errorf("batch %d of lease %s: %w", b.Number, b.Lease, err)
		}
		done.Thinned++
		done.Freed += int64(len(b.Packed) - len(packed) - len(proof))
		return nil
	})
	if err != nil {
		return done, fmt.Errorf("thinning receipts: %w", err)
	}
	return done, nil
}

// passFrom calls do with the batches that ended before a moment and are not
// done, from the first such on.
func passFrom(ctx context.Context, a Archive, beforeMs int64, isDone func(*lease.SealedBatch) bool, do func(*lease.SealedBatch) error) error {
	fromMs, err := firstAt(ctx, a, 0, beforeMs)
	if err != nil || fromMs >= beforeMs {
		return err
	}
	if fromMs, err = firstNotDone(ctx, a, fromMs, beforeMs, isDone); err != nil {
		return err
	}
	for fromMs < beforeMs {
		to := min(fromMs+stretchMs, beforeMs)
		var batches []lease.SealedBatch
		for b, err := range a.SealedBatches(ctx, "", fromMs, to) {
			if err != nil {
				return err
			}
			if b.ToMs <= beforeMs && !isDone(&b) {
				batches = append(batches, b)
			}
		}
		for i := range batches {
			if err := do(&batches[i]); err != nil {
				return err
			}
		}
		if fromMs, err = firstAt(ctx, a, to, beforeMs); err != nil {
			return err
		}
	}
	return nil
}

// firstAt is where the first batch from a moment on begins; math.MaxInt64 when
// there is none before another.
func firstAt(ctx context.Context, a Archive, fromMs, beforeMs int64) (int64, error) {
	for b, err := range a.SealedBatches(ctx, "", fromMs, beforeMs) {
		return b.FromMs, err
	}
	return math.MaxInt64, nil
}

// firstNotDone looks for where the first batch begins that is not done. All
// before it are.
func firstNotDone(ctx context.Context, a Archive, fromMs, beforeMs int64, isDone func(*lease.SealedBatch) bool) (int64, error) {
	low, high := fromMs, beforeMs
	for low < high {
		middle := low + (high-low)/2
		next := int64(math.MaxInt64)
		for b, err := range a.SealedBatches(ctx, "", middle, beforeMs) {
			if err != nil {
				return 0, err
			}
			if isDone(&b) {
				next = b.FromMs
			}
			break
		}
		if next == math.MaxInt64 {
			high = middle
		} else {
			low = next + 1
		}
	}
	// Of the last window that was begun, some may be left.
	return max(low-lease.BatchMs, fromMs), nil
}

// thin returns what is kept of a batch, and the proof that it is its beginning.
// Of one whose jobs count at different targets, as the house's may, all is kept.
func (h *Hasher) thin(ctx context.Context, b *lease.SealedBatch) (packed, proof []byte, err error) {
	receipts, err := lease.UnpackReceipts(b.Lease, b.Packed)
	if err != nil {
		return nil, nil, err
	}
	records, hashes, err := h.Hash(ctx, receipts)
	if err != nil {
		return nil, nil, err
	}
	target := h.jobs[receipts[0].Job].target
	for i := range receipts {
		if h.jobs[receipts[i].Job].target != target {
			return b.Packed, nil, nil
		}
	}
	tree, err := h.tree(b, records, hashes)
	if err != nil {
		return nil, nil, err
	}
	_, kept := receipt.Thin(hashes, target)
	path, err := tree.Prove(multiproof.First(kept))
	if err != nil {
		return nil, nil, err
	}
	for i := range path {
		proof = append(proof, path[i][:]...)
	}
	packed, err = lease.PackReceipts(receipts[:kept])
	return packed, proof, err
}

// tree is the tree of a batch that is whole, whose receipts must be in order and
// have the batch's root.
func (h *Hasher) tree(b *lease.SealedBatch, records []receipt.Record, hashes []miner.Hash) (*multiproof.Tree, error) {
	order, tree, err := receipt.Seal(records, hashes)
	if err != nil {
		return nil, err
	}
	for i, at := range order {
		if i != at {
			return nil, errOrder
		}
	}
	if tree.Root() != b.Root {
		return nil, errRoot
	}
	return tree, nil
}
