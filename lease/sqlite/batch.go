package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

const msPerHour = 60 * 60 * 1000

// CommitBatch implements lease.Store.
func (s *Store) CommitBatch(ctx context.Context, b lease.Batch) ([]lease.Receipt, error) {
	receipts := slices.Clone(b.Receipts)
	err := s.write(ctx, func(tx *sql.Tx) error {
		last, seq, count, err := readRun(ctx, tx, b.Run)
		if err != nil {
			return err
		}
		if b.N != 0 && b.N <= last {
			return stored(b, receipts, last, seq, count)
		}
		if seq, err = insertReceipts(ctx, tx, b.AtMs, receipts); err != nil {
			return err
		}
		if err := addTotals(ctx, tx, receipts); err != nil {
			return err
		}
		if err := addRigReceipts(ctx, tx, receipts); err != nil {
			return err
		}
		hour := b.AtMs / msPerHour
		for _, c := range b.Counts {
			if err := addCount(ctx, tx, c, hour); err != nil {
				return err
			}
		}
		for _, v := range b.Verdicts {
			if err := addVerdict(ctx, tx, v, hour); err != nil {
				return err
			}
			if err := addRigVerdict(ctx, tx, v, b.AtMs); err != nil {
				return err
			}
		}
		for _, u := range b.Upstream {
			if err := addUpstream(ctx, tx, u, hour); err != nil {
				return err
			}
		}
		if b.N == 0 {
			_, err = tx.ExecContext(ctx, "UPDATE runs SET last_ms = max(last_ms, ?) WHERE id = ?", b.AtMs, b.Run)
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE runs SET last_ms = max(last_ms, ?), batch = ?, batch_seq = ?, batch_count = ? WHERE id = ?",
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
func readRun(ctx context.Context, tx *sql.Tx, run int64) (last uint64, seq int64, count int, err error) {
	err = tx.QueryRowContext(ctx, "SELECT batch, batch_seq, batch_count FROM runs WHERE id = ?", run).Scan(&last, &seq, &count)
	return last, seq, count, notFound(err, "run %d", run)
}

// stored answers for a batch that is in the store already: its receipts have
// the Seqs that they were given then.
func stored(b lease.Batch, receipts []lease.Receipt, last uint64, seq int64, count int) error {
	if b.N != last || len(receipts) != count {
		return fmt.Errorf("batch %d of run %d with %d receipts: %w, the last was %d with %d",
			b.N, b.Run, len(receipts), lease.ErrExists, last, count)
	}
	for i := range receipts {
		receipts[i].Seq = seq + int64(i) + 1
		stamp(&receipts[i], b.AtMs)
	}
	return nil
}

// stamp gives a receipt the batch's time where it has none of its own.
func stamp(r *lease.Receipt, atMs int64) {
	if r.CommitMs == 0 {
		r.CommitMs = atMs
	}
}

// insertReceipts appends receipts, gives them their Seqs, and returns the Seq
// before the first of them.
func insertReceipts(ctx context.Context, tx *sql.Tx, atMs int64, receipts []lease.Receipt) (int64, error) {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO receipts (lease, job, source, commit_ms, extranonce, time, nonce, version_bits, work) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	type credit struct {
		lease string
		work  miner.Work
	}
	jobs := make(map[int64]credit)
	for i := range receipts {
		r := &receipts[i]
		stamp(r, atMs)
		due, ok := jobs[r.Job]
		if !ok {
			j, err := readJob(ctx, tx, r.Job)
			if err != nil {
				return 0, fmt.Errorf("receipt: %w", err)
			}
			due = credit{j.Lease, j.Target.Work()}
			jobs[r.Job] = due
		}
		if (credit{r.Lease, r.Work}) != due {
			return 0, fmt.Errorf("receipt of job %d: lease %s and work %v, want %s and %v", r.Job, r.Lease, r.Work, due.lease, due.work)
		}
		res, err := insert.ExecContext(ctx, r.Lease, r.Job, r.Source, r.CommitMs, r.Extranonce,
			int64(r.Time), int64(r.Nonce), int64(r.VersionBits), workBlob(r.Work))
		if err != nil {
			return 0, err
		}
		if r.Seq, err = res.LastInsertId(); err != nil {
			return 0, err
		}
	}
	if len(receipts) == 0 {
		return 0, nil
	}
	return receipts[0].Seq - 1, nil
}

// addTotals keeps the number of receipts of each lease and work.
func addTotals(ctx context.Context, tx *sql.Tx, receipts []lease.Receipt) error {
	type key struct {
		lease string
		work  miner.Work
	}
	totals := make(map[key]int64)
	for i := range receipts {
		totals[key{receipts[i].Lease, receipts[i].Work}]++
	}
	for k, n := range totals {
		_, err := tx.ExecContext(ctx, "INSERT INTO receipt_totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3", k.lease, workBlob(k.work), n)
		if err != nil {
			return err
		}
	}
	return nil
}

// addCount adds hashes to the hour of lease and source and to the lease's
// total.
func addCount(ctx context.Context, tx *sql.Tx, c lease.Count, hour int64) error {
	var sum miner.Work
	err := tx.QueryRowContext(ctx, "SELECT hashes FROM counts WHERE lease = ? AND source = ? AND hour = ?", c.Lease, c.Source, hour).Scan(workScan{&sum})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	sum = sum.Add(miner.Hashes(c.Hashes))
	if _, err := tx.ExecContext(ctx, "INSERT INTO counts VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET hashes = ?4", c.Lease, c.Source, hour, workBlob(sum)); err != nil {
		return err
	}
	var total miner.Work
	err = tx.QueryRowContext(ctx, "SELECT hashes FROM count_totals WHERE lease = ?", c.Lease).Scan(workScan{&total})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	total = total.Add(miner.Hashes(c.Hashes))
	_, err = tx.ExecContext(ctx, "INSERT INTO count_totals VALUES (?1, ?2) ON CONFLICT DO UPDATE SET hashes = ?2", c.Lease, workBlob(total))
	return err
}

// addVerdict adds to the hour's and to the lease's number of refused shares.
func addVerdict(ctx context.Context, tx *sql.Tx, v lease.Verdict, hour int64) error {
	if v.N > math.MaxInt32 {
		return fmt.Errorf("lease %s: %d shares refused as %.40q in one batch are not possible", v.Lease, v.N, v.Reason)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET n = n + ?5",
		v.Lease, v.Source, v.Reason, hour, int64(v.N))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO verdict_totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3", v.Lease, v.Reason, int64(v.N))
	return err
}
