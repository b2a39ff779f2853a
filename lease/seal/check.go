package seal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

var (
	errOrder = errors.New("its receipts are not in the order of their hashes")
	errRoot  = errors.New("its receipts do not have its root")
	errSums  = errors.New("its receipts are not what it says of them")
	errProof = errors.New("the proof of what is left is no list of hashes")
)

// Check checks a batch, as it is stored, by its receipts: their proofs of work,
// order, sums and root; of a thinned one what that says of those that are left.
// It returns these. One whose receipts were dropped holds.
func (h *Hasher) Check(ctx context.Context, b *lease.SealedBatch) ([]lease.Receipt, error) {
	if len(b.Packed) == 0 && b.Thinned {
		return nil, nil
	}
	receipts, err := lease.UnpackReceipts(b.Lease, b.Packed)
	if err != nil {
		return nil, err
	}
	records, hashes, err := h.Hash(ctx, receipts)
	if err != nil {
		return receipts, err
	}
	if !b.Thinned {
		if _, err := h.tree(b, records, hashes); err != nil {
			return receipts, err
		}
		return receipts, checkSums(b, receipts)
	}
	if len(b.ThinProof)%tlog.HashSize != 0 {
		return receipts, errProof
	}
	proof := make([]tlog.Hash, len(b.ThinProof)/tlog.HashSize)
	for i := range proof {
		copy(proof[i][:], b.ThinProof[i*tlog.HashSize:])
	}
	leaves := make([][]byte, len(records))
	for i := range records {
		leaves[i] = records[i].Append(nil)
	}
	root, _, err := receipt.CheckBatch(b.N, leaves, hashes, h.jobs[receipts[0].Job].target, proof)
	if err == nil && root != b.Root {
		err = errRoot
	}
	return receipts, err
}

// checkSums holds the sums of a batch that is whole against its receipts.
func checkSums(b *lease.SealedBatch, receipts []lease.Receipt) error {
	var sums lease.Evidence
	first, last := receipts[0].Seq, receipts[0].Seq
	for i := range receipts {
		r := &receipts[i]
		sums.Add(r.Work)
		first, last = min(first, r.Seq), max(last, r.Seq)
		if r.CommitMs < b.FromMs || r.CommitMs >= b.ToMs {
			return fmt.Errorf("receipt %d at %d ms is not within %d to %d ms", r.Seq, r.CommitMs, b.FromMs, b.ToMs)
		}
	}
	e := &b.Evidence
	if b.N != int64(len(receipts)) || e.N != sums.N || e.Sum != sums.Sum || e.Max != sums.Max || e.SumSq == nil || e.SumSq.Cmp(sums.SumSq) != 0 ||
		b.FirstSeq != first || b.LastSeq != last {
		return errSums
	}
	return nil
}
