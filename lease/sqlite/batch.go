package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/ncruces/go-sqlite3"
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
		if len(receipts) > 0 {
			if err := addReceipts(ctx, tx, receipts); err != nil {
				return err
			}
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
	then, err := readSeqs(ctx, tx, seq, seq+int64(count))
	if err != nil {
		return err
	}
	if len(then) != count {
		return fmt.Errorf("batch %d of run %d: %w, %d of its %d receipts are there", b.N, b.Run, errDamaged, len(then), count)
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

// addReceipts appends receipts, gives them their Seqs, and adds them to the
// sums.
func addReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) error {
	jobs, err := readCredits(ctx, tx, receipts)
	if err != nil {
		return err
	}
	if err := insertReceipts(ctx, tx, receipts); err != nil {
		return err
	}
	return addSums(ctx, tx, receipts, jobs)
}

// credit is what a share of a job counts for.
type credit struct {
	lease string
	work  miner.Work
	earns *lease.Earns
}

// readCredits returns what the shares of the receipts' jobs count for, and
// refuses receipts that claim something else.
func readCredits(ctx context.Context, tx *txn, receipts []lease.Receipt) (map[int64]credit, error) {
	jobs := make(map[int64]credit)
	for i := range receipts {
		jobs[receipts[i].Job] = credit{}
	}
	type line struct {
		seq int64
		credit
	}
	lines, err := collect(ctx, tx, func(row scanner) (l line, err error) {
		var target miner.Target
		var earns earnsScan
		if err := row.Scan(&l.seq, &l.lease, fixed(target[:]), &earns.network, &earns.sat); err != nil {
			return l, err
		}
		l.work = target.Work()
		l.earns, err = earns.earns()
		return l, err
	}, "SELECT seq, lease, target, earns_network, earns_sat FROM feed(?) CROSS JOIN jobs ON seq = c0",
		newFeed(slices.Sorted(maps.Keys(jobs)), func(out sqlite3.Context, seq *int64, _ int) { out.ResultInt64(*seq) }))
	if err != nil {
		return nil, err
	}
	for i := range lines {
		jobs[lines[i].seq] = lines[i].credit
	}
	for i := range receipts {
		r := &receipts[i]
		switch due := jobs[r.Job]; {
		case due.lease == "":
			return nil, fmt.Errorf("receipt of job %d: %w", r.Job, lease.ErrNotFound)
		case r.Lease != due.lease || r.Work != due.work:
			return nil, fmt.Errorf("receipt of job %d: lease %s and work %v, want %s and %v", r.Job, r.Lease, r.Work, due.lease, due.work)
		}
	}
	return jobs, nil
}

// insertReceipts appends receipts and gives them their Seqs, which follow one
// another.
func insertReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) error {
	r, err := tx.ExecContext(ctx, `INSERT INTO receipts (lease, job, source, commit_ms, extranonce, time, nonce, version_bits, work)
		SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8 FROM feed(?)`,
		newFeed(receipts, func(out sqlite3.Context, r *lease.Receipt, column int) {
			switch column {
			case 0:
				out.ResultText(r.Lease)
			case 1:
				out.ResultInt64(r.Job)
			case 2:
				out.ResultText(r.Source)
			case 3:
				out.ResultInt64(r.CommitMs)
			case 4:
				out.ResultBlob(r.Extranonce)
			case 5:
				out.ResultInt64(int64(r.Time))
			case 6:
				out.ResultInt64(int64(r.Nonce))
			case 7:
				out.ResultInt64(int64(r.VersionBits))
			default:
				resultWork(out, r.Work)
			}
		}))
	if err != nil {
		return err
	}
	last, err := r.LastInsertId()
	for i := range receipts {
		receipts[i].Seq = last - int64(len(receipts)-1-i)
	}
	return err
}
