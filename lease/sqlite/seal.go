package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// Seal implements lease.Store. What takes long is done before the transaction,
// so that commits do not wait for it: receipts that are there stay what they
// are, and new ones have higher Seqs.
func (s *Store) Seal(ctx context.Context, fromMs, toMs int64, batches []lease.SealedBatch) ([]lease.SealedBatch, error) {
	batches = slices.Clone(batches)
	slices.SortStableFunc(batches, func(a, b lease.SealedBatch) int {
		return cmp.Or(cmp.Compare(a.FromMs, b.FromMs), cmp.Compare(a.Lease, b.Lease))
	})
	newest, err := s.compareSealed(ctx, fromMs, toMs, batches)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	err = s.write(ctx, func(tx *txn) error {
		if err := checkSealedMs(ctx, tx, fromMs); err != nil {
			return err
		}
		var late bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM receipts WHERE seq > ? AND commit_ms < ?)", newest, toMs).Scan(&late)
		if err != nil {
			return err
		}
		if late {
			return fmt.Errorf("sealing receipts before %d ms: %w, more of them came", toMs, lease.ErrConflict)
		}
		numbers := make(map[string]int64)
		for i := range batches {
			if err := numberBatch(ctx, tx, numbers, &batches[i]); err != nil {
				return err
			}
		}
		if err := appendBatches(ctx, tx, batches); err != nil {
			return err
		}
		for i := range batches {
			if err := insertSealed(ctx, tx, &batches[i]); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE node SET sealed_ms = ?", toMs); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM receipts WHERE commit_ms < ?", toMs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return batches, nil
}

// compareSealed wants batches to be exactly the receipts that are not sealed
// and before toMs, and returns the newest Seq that it has seen.
func (s *Store) compareSealed(ctx context.Context, fromMs, toMs int64, batches []lease.SealedBatch) (newest int64, err error) {
	if toMs <= fromMs {
		return 0, fmt.Errorf("sealing from %d ms to %d ms: it ends before it begins", fromMs, toMs)
	}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	if err := checkSealedMs(ctx, tx, fromMs); err != nil {
		return 0, err
	}
	var claimed []lease.Receipt
	ends := make(map[string]int64) // by lease
	for i := range batches {
		b := &batches[i]
		receipts, err := checkSealed(b, max(fromMs, ends[b.Lease]), toMs)
		if err != nil {
			return 0, fmt.Errorf("batch of lease %.40q from %d ms on: %w", b.Lease, b.FromMs, err)
		}
		ends[b.Lease] = b.ToMs
		claimed = append(claimed, receipts...)
	}
	slices.SortFunc(claimed, func(a, b lease.Receipt) int { return cmp.Compare(a.Seq, b.Seq) })
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(seq), 0) FROM receipts").Scan(&newest); err != nil {
		return 0, err
	}
	rows, err := tx.QueryContext(ctx, selectReceipt+whereUnsealed, toMs)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	other := fmt.Errorf("sealing receipts before %d ms: %w, there are others than those of the batches", toMs, lease.ErrConflict)
	for rows.Next() {
		r, err := scanReceipt(rows)
		if err != nil {
			return 0, err
		}
		if len(claimed) == 0 || !equalReceipts(&claimed[0], &r) {
			return 0, other
		}
		claimed = claimed[1:]
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if len(claimed) > 0 {
		return 0, other
	}
	return newest, nil
}

func checkSealedMs(ctx context.Context, q querier, fromMs int64) error {
	sealed, err := readSealed(ctx, q)
	if err == nil && sealed != fromMs {
		err = fmt.Errorf("sealing from %d ms on: %w, receipts are sealed up to %d ms", fromMs, lease.ErrConflict, sealed)
	}
	return err
}

var errSums = errors.New("what it says of its receipts is not what they are")

// checkSealed returns the receipts of a batch, which must be what it says of
// them.
func checkSealed(b *lease.SealedBatch, fromMs, toMs int64) ([]lease.Receipt, error) {
	if b.FromMs < fromMs || b.ToMs > toMs || b.FromMs >= b.ToMs || b.FromMs/lease.BatchMs != (b.ToMs-1)/lease.BatchMs {
		return nil, fmt.Errorf("%d to %d ms is not within one window, or not within %d to %d ms", b.FromMs, b.ToMs, fromMs, toMs)
	}
	receipts, err := lease.UnpackReceipts(b.Lease, b.Packed)
	if err != nil {
		return nil, err
	}
	if b.Thinned || len(b.ThinProof) > 0 || b.N != int64(len(receipts)) || b.Evidence.SumSq == nil {
		return nil, errSums
	}
	var sums lease.Evidence
	first, last := receipts[0].Seq, receipts[0].Seq
	for i := range receipts {
		r := &receipts[i]
		sums.Add(r.Work)
		first, last = min(first, r.Seq), max(last, r.Seq)
		if r.CommitMs < b.FromMs || r.CommitMs >= b.ToMs {
			return nil, fmt.Errorf("receipt %d at %d ms is not within %d to %d ms", r.Seq, r.CommitMs, b.FromMs, b.ToMs)
		}
	}
	e := &b.Evidence
	if e.N != sums.N || e.Sum != sums.Sum || e.Max != sums.Max || e.SumSq.Cmp(sums.SumSq) != 0 || b.FirstSeq != first || b.LastSeq != last {
		return nil, errSums
	}
	return receipts, nil
}

// equalReceipts reports whether two receipts are the same in everything.
func equalReceipts(a, b *lease.Receipt) bool {
	return a.Seq == b.Seq && a.Lease == b.Lease && a.Job == b.Job && a.Source == b.Source && a.CommitMs == b.CommitMs &&
		string(a.Extranonce) == string(b.Extranonce) && a.Time == b.Time && a.Nonce == b.Nonce && a.VersionBits == b.VersionBits && a.Work == b.Work
}

// numberBatch gives a batch the next number of its lease.
func numberBatch(ctx context.Context, tx *txn, numbers map[string]int64, b *lease.SealedBatch) error {
	n, ok := numbers[b.Lease]
	if !ok {
		err := tx.QueryRowContext(ctx, "SELECT coalesce(max(number), -1) + 1 FROM sealed_batches WHERE lease = ?", b.Lease).Scan(&n)
		if err != nil {
			return err
		}
	}
	b.Number, numbers[b.Lease] = n, n+1
	return nil
}

func insertSealed(ctx context.Context, tx *txn, b *lease.SealedBatch) error {
	square, err := sumSqBlob(&b.Evidence)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO sealed_batches (leaf, lease, number, from_ms, to_ms, n, sum, max, sum_sq, root, first_seq, last_seq, packed, thinned, thin_proof)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, X'')`,
		b.Leaf, b.Lease, b.Number, b.FromMs, b.ToMs, b.N, workBlob(b.Evidence.Sum), workBlob(b.Evidence.Max), square, b.Root[:], b.FirstSeq, b.LastSeq, b.Packed)
	return err
}
