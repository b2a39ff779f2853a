package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// CommitBatch implements lease.Store.
func (s *Store) CommitBatch(ctx context.Context, b lease.Batch) ([]lease.Receipt, error) {
	receipts := slices.Clone(b.Receipts)
	err := s.write(ctx, func(tx *txn) error {
		last, seq, count, err := readRun(ctx, tx, b.Run)
		if err != nil {
			return err
		}
		if b.N != 0 && b.N <= last {
			return stored(ctx, tx, &b, receipts, last, seq, count)
		}
		earliest, err := readEarliest(ctx, tx)
		if err != nil {
			return err
		}
		b.AtMs = max(b.AtMs, earliest)
		for i := range receipts {
			r := &receipts[i]
			if r.CommitMs == 0 {
				r.CommitMs = b.AtMs
			}
			r.CommitMs = max(r.CommitMs, earliest)
		}
		jobs, err := insertReceipts(ctx, tx, receipts)
		if err != nil {
			return err
		}
		if err := addSums(ctx, tx, receipts, jobs); err != nil {
			return err
		}
		if err := addCounts(ctx, tx, b.Counts, b.AtMs/lease.MsPerHour); err != nil {
			return err
		}
		if err := addVerdicts(ctx, tx, b.Verdicts, b.AtMs); err != nil {
			return err
		}
		for _, u := range b.Upstream {
			if err := addUpstream(ctx, tx, u, b.AtMs/lease.MsPerHour); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE node SET heartbeat_ms = ?", b.AtMs); err != nil {
			return err
		}
		if b.N == 0 {
			_, err = tx.ExecContext(ctx, "UPDATE runs SET last_ms = ? WHERE id = ?", b.AtMs, b.Run)
			return err
		}
		seq = 0
		if len(receipts) > 0 {
			seq = receipts[0].Seq - 1
		}
		_, err = tx.ExecContext(ctx, "UPDATE runs SET last_ms = ?, batch = ?, batch_seq = ?, batch_count = ? WHERE id = ?",
			b.AtMs, int64(b.N), seq, len(receipts), b.Run)
		return err
	})
	if err != nil {
		return nil, err
	}
	return receipts, nil
}

// readRun returns the number of the run's last batch, the Seq before its first
// receipt and how many it had.
func readRun(ctx context.Context, tx *txn, run int64) (last uint64, seq int64, count int, err error) {
	err = tx.QueryRowContext(ctx, "SELECT batch, batch_seq, batch_count FROM runs WHERE id = ?", run).Scan(&last, &seq, &count)
	return last, seq, count, notFound(err, "run %d", run)
}

// stored answers for a batch that is in the store already: its receipts have
// the Seqs and times that they were given then.
func stored(ctx context.Context, tx *txn, b *lease.Batch, receipts []lease.Receipt, last uint64, seq int64, count int) error {
	if b.N != last || len(receipts) != count {
		return fmt.Errorf("batch %d of run %d with %d receipts: %w, the last was %d with %d",
			b.N, b.Run, len(receipts), lease.ErrExists, last, count)
	}
	then, err := collect(ctx, tx, scanReceipt, selectReceipt+"WHERE r.seq > ? AND r.seq <= ? ORDER BY r.seq", seq, seq+int64(count))
	if err != nil {
		return err
	}
	for i := range then {
		r, was := &receipts[i], &then[i]
		if r.Job != was.Job || r.Source != was.Source || r.Nonce != was.Nonce || !bytes.Equal(r.Extranonce, was.Extranonce) {
			return fmt.Errorf("batch %d of run %d: %w, and was another one", b.N, b.Run, lease.ErrExists)
		}
		r.Seq, r.CommitMs = was.Seq, was.CommitMs
	}
	return nil
}

// credit is what a share of a job counts for.
type credit struct {
	lease string
	work  miner.Work
	earns *lease.Earns
}

// insertReceipts appends receipts, gives them their Seqs, and returns what the
// shares of their jobs count for.
func insertReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) (map[int64]credit, error) {
	jobs := make(map[int64]credit)
	if len(receipts) == 0 {
		return jobs, nil
	}
	for i := range receipts {
		r := &receipts[i]
		due, ok := jobs[r.Job]
		if !ok {
			j, err := readJob(ctx, tx, r.Job)
			if err != nil {
				return nil, fmt.Errorf("receipt: %w", err)
			}
			due = credit{j.Lease, j.Target.Work(), j.Earns}
			jobs[r.Job] = due
		}
		if r.Lease != due.lease || r.Work != due.work {
			return nil, fmt.Errorf("receipt of job %d: lease %s and work %v, want %s and %v", r.Job, r.Lease, r.Work, due.lease, due.work)
		}
	}
	insert, err := tx.prepare(ctx, "INSERT INTO receipts (lease, job, source, commit_ms, extranonce, time, nonce, version_bits, work) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return nil, err
	}
	for i := range receipts {
		r := &receipts[i]
		res, err := insert.ExecContext(ctx, r.Lease, r.Job, r.Source, r.CommitMs, r.Extranonce,
			int64(r.Time), int64(r.Nonce), int64(r.VersionBits), workBlob(r.Work))
		if err != nil {
			return nil, err
		}
		if r.Seq, err = res.LastInsertId(); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}
