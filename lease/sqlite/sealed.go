package sqlite

import (
	"context"
	"fmt"
	"iter"
	"math/big"

	"github.com/hashlease/hashlease/lease"
)

// SealedMs implements lease.Store.
func (s *Store) SealedMs(ctx context.Context) (int64, error) {
	ms, err := readSealed(ctx, s.reader)
	return ms, s.explain(ctx, err)
}

func readSealed(ctx context.Context, q querier) (ms int64, err error) {
	return ms, q.QueryRowContext(ctx, "SELECT sealed_ms FROM node").Scan(&ms)
}

// whereUnsealed selects receipts before a moment. What is sealed is not there
// any more.
const whereUnsealed = "WHERE r.commit_ms < ? ORDER BY r.seq"

// Unsealed implements lease.Store.
func (s *Store) Unsealed(ctx context.Context, toMs int64) iter.Seq2[lease.Receipt, error] {
	return stream(ctx, s, scanReceipt, selectReceipt+whereUnsealed, toMs)
}

const selectBatch = `SELECT leaf, lease, number, from_ms, to_ms, n, sum, max, sum_sq, root, first_seq, last_seq, packed, thinned, thin_proof
	FROM sealed_batches `

func scanBatch(row scanner) (lease.SealedBatch, error) {
	var b lease.SealedBatch
	var square [sumSqSize]byte
	err := row.Scan(&b.Leaf, &b.Lease, &b.Number, &b.FromMs, &b.ToMs, &b.N, workScan{&b.Evidence.Sum}, workScan{&b.Evidence.Max}, fixed(square[:]),
		fixed(b.Root[:]), &b.FirstSeq, &b.LastSeq, &b.Packed, &b.Thinned, &b.ThinProof)
	b.Evidence.N, b.Evidence.SumSq = uint64(b.N), new(big.Int).SetBytes(square[:])
	if len(b.ThinProof) == 0 {
		b.ThinProof = nil
	}
	if len(b.Packed) == 0 {
		b.Packed = nil
	}
	return b, err
}

// sumSqSize is the length of a sum of squares of work, in bytes.
const sumSqSize = 32

func sumSqBlob(e *lease.Evidence) ([]byte, error) {
	if e.SumSq == nil || e.SumSq.Sign() < 0 || e.SumSq.BitLen() > 8*sumSqSize {
		return nil, fmt.Errorf("%d receipts with a sum of squares of %v are not possible", e.N, e.SumSq)
	}
	return e.SumSq.FillBytes(make([]byte, sumSqSize)), nil
}

// SealedBatches implements lease.Store. The order of the leaves is that of the
// windows and, within one, of the leases.
func (s *Store) SealedBatches(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error] {
	if id == "" {
		return stream(ctx, s, scanBatch, selectBatch+"WHERE from_ms >= ? AND from_ms < ? ORDER BY from_ms, lease, number", fromMs, toMs)
	}
	return stream(ctx, s, scanBatch, selectBatch+"WHERE lease = ? AND from_ms >= ? AND from_ms < ? ORDER BY from_ms, number", id, fromMs, toMs)
}
