package sqlite

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

const selectReceipt = "SELECT r.seq, r.lease, r.job, r.source, r.commit_ms, r.extranonce, r.time, r.nonce, r.version_bits, r.work FROM receipts AS r "

func scanReceipt(row scanner) (lease.Receipt, error) {
	var r lease.Receipt
	err := row.Scan(&r.Seq, &r.Lease, &r.Job, &r.Source, &r.CommitMs, &r.Extranonce, &r.Time, &r.Nonce, &r.VersionBits, workScan{&r.Work})
	return r, err
}

// Receipts implements lease.Store.
func (s *Store) Receipts(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.Receipt, error] {
	return s.merged(ctx, func(context.Context, *sql.Tx) (*selection, error) {
		return &selection{
			// A window's length before, a batch ends in time at the latest.
			sealed:   "WHERE lease = ? AND from_ms > ? AND from_ms <= ? AND to_ms - 1 > ? ORDER BY first_seq",
			arg:      []any{id, fromMs - lease.BatchMs, toMs, fromMs},
			unsealed: "WHERE r.lease = ? AND r.commit_ms > ? AND r.commit_ms <= ? ORDER BY r.seq",
			args:     []any{id, fromMs, toMs},
			keep:     func(r *lease.Receipt) bool { return r.CommitMs > fromMs && r.CommitMs <= toMs },
		}, nil
	})
}

// ReceiptsOn implements lease.Store. The receipts of one block's jobs lie
// close together, between those of few others.
func (s *Store) ReceiptsOn(ctx context.Context, prev miner.Hash) iter.Seq2[lease.Receipt, error] {
	return s.merged(ctx, func(ctx context.Context, tx *sql.Tx) (*selection, error) {
		jobs := make(map[int64]jobPlace)
		var first, last int64
		list, err := collect(ctx, tx, func(row scanner) (p jobPlace, err error) {
			return p, row.Scan(&p.job, &p.lease, &p.first, &p.last)
		}, `SELECT p.job, j.lease, p.first_seq, p.last_seq FROM templates AS t
			JOIN jobs AS j ON j.template = t.seq JOIN job_receipts AS p ON p.job = j.seq WHERE t.prev = ?`, prev[:])
		for _, p := range list {
			if len(jobs) == 0 || p.first < first {
				first = p.first
			}
			last = max(last, p.last)
			jobs[p.job] = p
		}
		return &selection{
			sealed:   "WHERE last_seq >= ? AND first_seq <= ? ORDER BY first_seq",
			arg:      []any{first, last},
			unsealed: "WHERE r.seq BETWEEN ? AND ? ORDER BY r.seq",
			args:     []any{first, last},
			keep: func(r *lease.Receipt) bool {
				_, ok := jobs[r.Job]
				return ok
			},
			needs: func(b *packed) bool {
				for _, p := range jobs {
					if p.lease == b.lease && p.first <= b.last && p.last >= b.first {
						return true
					}
				}
				return false
			},
		}, err
	})
}

// jobPlace is where the receipts of a job lie.
type jobPlace struct {
	job         int64
	lease       string
	first, last int64
}

// ReceiptsBack implements lease.Store.
func (s *Store) ReceiptsBack(ctx context.Context) iter.Seq2[lease.Receipt, error] {
	return s.merged(ctx, func(context.Context, *sql.Tx) (*selection, error) {
		return &selection{back: true, sealed: "ORDER BY last_seq DESC", unsealed: "ORDER BY r.seq DESC"}, nil
	})
}

// selection is which receipts are read, sealed ones and others.
type selection struct {
	sealed   string // of batches, by the Seq that comes first
	arg      []any
	unsealed string // of receipts, by Seq
	args     []any
	back     bool                       // from the newest on
	keep     func(*lease.Receipt) bool  // of those in batches; nil: all
	needs    func(*packed) (found bool) // whether one that is thinned is in the way; nil: it is
}

// packed is a sealed batch as it is stored.
type packed struct {
	leaf, number int64
	lease        string
	first, last  int64 // Seqs
	toMs         int64
	thinned      bool
	b            []byte
}

// merged yields receipts in the order of their Seqs, all of one moment. Of
// batches, those are in memory at a time whose Seqs overlap.
func (s *Store) merged(ctx context.Context, find func(context.Context, *sql.Tx) (*selection, error)) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		err := s.readMerged(ctx, find, func(r *lease.Receipt) bool { return yield(*r, nil) })
		if err != nil {
			yield(lease.Receipt{}, s.explain(ctx, err))
		}
	}
}

func (s *Store) readMerged(ctx context.Context, find func(context.Context, *sql.Tx) (*selection, error), yield func(*lease.Receipt) bool) error {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	sel, err := find(ctx, tx)
	if err != nil {
		return err
	}
	m := merge{back: sel.back}
	rows, err := tx.QueryContext(ctx, selectReceipt+sel.unsealed, sel.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := m.add(&run{rows: rows, keep: sel.keep}); err != nil {
		return err
	}
	places, err := tx.QueryContext(ctx, "SELECT leaf, first_seq, last_seq FROM sealed_batches "+sel.sealed, sel.arg...)
	if err != nil {
		return err
	}
	defer places.Close()
	var next packed
	ok, err := next.place(places)
	for ; err == nil; err = m.advance() {
		for ok && err == nil && m.waits(&next) {
			if err = sel.open(ctx, tx, &m, &next); err == nil {
				ok, err = next.place(places)
			}
		}
		if err != nil || len(m.runs) == 0 || !yield(&m.runs[0].left[0]) {
			break
		}
	}
	return err
}

// readSeqs reads the receipts from < Seq ≤ to, in order, sealed ones too.
func readSeqs(ctx context.Context, q querier, from, to int64) ([]lease.Receipt, error) {
	all, err := collect(ctx, q, scanReceipt, selectReceipt+"WHERE r.seq > ? AND r.seq <= ?", from, to)
	if err != nil || int64(len(all)) == to-from {
		return all, err
	}
	batches, err := collect(ctx, q, func(row scanner) (p packed, err error) {
		return p, row.Scan(&p.lease, &p.number, &p.thinned, &p.b)
	}, "SELECT lease, number, thinned, packed FROM sealed_batches WHERE last_seq > ? AND first_seq <= ?", from, to)
	if err != nil {
		return nil, err
	}
	for i := range batches {
		if batches[i].thinned {
			continue
		}
		receipts, err := batches[i].unpack()
		if err != nil {
			return nil, err
		}
		all = append(all, slices.DeleteFunc(receipts, func(r lease.Receipt) bool { return r.Seq <= from || r.Seq > to })...)
	}
	slices.SortFunc(all, func(a, b lease.Receipt) int { return cmp.Compare(a.Seq, b.Seq) })
	return all, nil
}

// place reads where the next batch lies, if there is one.
func (p *packed) place(rows *sql.Rows) (bool, error) {
	if !rows.Next() {
		return false, rows.Err()
	}
	return true, rows.Scan(&p.leaf, &p.first, &p.last)
}

// open adds what is selected of a batch.
func (sel *selection) open(ctx context.Context, q querier, m *merge, p *packed) error {
	err := q.QueryRowContext(ctx, "SELECT lease, number, to_ms, thinned, packed FROM sealed_batches WHERE leaf = ?", p.leaf).
		Scan(&p.lease, &p.number, &p.toMs, &p.thinned, &p.b)
	if err != nil {
		return err
	}
	if p.thinned {
		if sel.needs != nil && !sel.needs(p) {
			return nil
		}
		return &lease.ThinnedError{Lease: p.lease, Number: p.number, ToMs: p.toMs}
	}
	receipts, err := p.unpack()
	if err != nil {
		return err
	}
	if sel.keep != nil {
		receipts = slices.DeleteFunc(receipts, func(r lease.Receipt) bool { return !sel.keep(&r) })
	}
	slices.SortFunc(receipts, func(a, b lease.Receipt) int { return m.compare(a.Seq, b.Seq) })
	return m.add(&run{left: receipts})
}

// unpack reads the receipts of a batch, in the order of their hashes.
func (p *packed) unpack() ([]lease.Receipt, error) {
	receipts, err := lease.UnpackReceipts(p.lease, p.b)
	if err != nil {
		return nil, fmt.Errorf("%w: batch %d of lease %s: %w", errDamaged, p.number, p.lease, err)
	}
	return receipts, nil
}

// run is receipts in their order: those of a batch, or rows.
type run struct {
	left []lease.Receipt // of rows, the next one
	rows *sql.Rows       // nil: none
	keep func(*lease.Receipt) bool
}

// fill reads on where nothing is left.
func (r *run) fill() error {
	for len(r.left) == 0 && r.rows != nil {
		if !r.rows.Next() {
			return r.rows.Err()
		}
		one, err := scanReceipt(r.rows)
		if err != nil {
			return err
		}
		if r.keep == nil || r.keep(&one) {
			r.left = append(r.left, one)
		}
	}
	return nil
}

// merge is a heap of runs, by the first receipt that is left of each.
type merge struct {
	runs []*run
	back bool
}

// compare orders Seqs.
func (m *merge) compare(a, b int64) int {
	if m.back {
		a, b = b, a
	}
	return cmp.Compare(a, b)
}

// waits reports whether a batch may have the next receipt.
func (m *merge) waits(p *packed) bool {
	first := p.first
	if m.back {
		first = p.last
	}
	return len(m.runs) == 0 || m.compare(first, m.runs[0].left[0].Seq) < 0
}

// add adds a run, unless nothing is in it.
func (m *merge) add(r *run) error {
	err := r.fill()
	if err == nil && len(r.left) > 0 {
		heap.Push(m, r)
	}
	return err
}

// advance drops the first receipt.
func (m *merge) advance() error {
	r := m.runs[0]
	if r.rows != nil {
		r.left = r.left[:0]
	} else {
		r.left = r.left[1:]
	}
	if err := r.fill(); err != nil {
		return err
	}
	if len(r.left) == 0 {
		heap.Pop(m)
		return nil
	}
	heap.Fix(m, 0)
	return nil
}

// Len implements heap.Interface, as the methods below do.
func (m *merge) Len() int { return len(m.runs) }
func (m *merge) Less(i, k int) bool {
	return m.compare(m.runs[i].left[0].Seq, m.runs[k].left[0].Seq) < 0
}
func (m *merge) Swap(i, k int) { m.runs[i], m.runs[k] = m.runs[k], m.runs[i] }
func (m *merge) Push(r any)    { m.runs = append(m.runs, r.(*run)) }
func (m *merge) Pop() any {
	r := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return r
}
