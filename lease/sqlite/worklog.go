package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"iter"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// BeginRun implements lease.Store.
func (s *Store) BeginRun(ctx context.Context, atMs int64) (int64, error) {
	var id int64
	err := s.write(ctx, func(tx *txn) error {
		earliest, err := readEarliest(ctx, tx)
		if err != nil {
			return err
		}
		atMs = max(atMs, earliest)
		r, err := tx.ExecContext(ctx, "INSERT INTO runs (start_ms, last_ms, batch, batch_seq, batch_count) VALUES (?1, ?1, 0, 0, 0)", atMs)
		if err != nil {
			return err
		}
		if id, err = r.LastInsertId(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE node SET heartbeat_ms = ?", atMs)
		return err
	})
	return id, err
}

// readEarliest returns the moment before which nothing can happen any more: the
// last heartbeat, and the end of the hour that was settled last.
func readEarliest(ctx context.Context, tx *txn) (int64, error) {
	var heartbeat int64
	if err := tx.QueryRowContext(ctx, "SELECT heartbeat_ms FROM node").Scan(&heartbeat); err != nil {
		return 0, err
	}
	settledMs, err := readSettledEnd(ctx, tx)
	return max(heartbeat, settledMs), err
}

// Heartbeat implements lease.Store.
func (s *Store) Heartbeat(ctx context.Context) (int64, error) {
	var ms int64
	err := s.reader.QueryRowContext(ctx, "SELECT heartbeat_ms FROM node").Scan(&ms)
	return ms, s.explain(ctx, err)
}

// RunningMs implements lease.Store. Time that two runs share counts once.
func (s *Store) RunningMs(ctx context.Context, fromMs, toMs int64) (int64, error) {
	type span struct{ start, last int64 }
	spans, err := collect(ctx, s.reader, func(row scanner) (r span, err error) {
		err = row.Scan(&r.start, &r.last)
		return r, err
	}, "SELECT max(start_ms, ?1), min(last_ms, ?2) FROM runs WHERE last_ms > ?1 AND start_ms < ?2 ORDER BY 1", fromMs, toMs)
	if err != nil {
		return 0, s.explain(ctx, err)
	}
	var sum int64
	done := fromMs
	for _, r := range spans {
		if start := max(r.start, done); r.last > start {
			sum += r.last - start
			done = r.last
		}
	}
	return sum, nil
}

const selectReceipt = "SELECT r.seq, r.lease, r.job, r.source, r.commit_ms, r.extranonce, r.time, r.nonce, r.version_bits, r.work FROM receipts AS r "

func scanReceipt(row scanner) (lease.Receipt, error) {
	var r lease.Receipt
	err := row.Scan(&r.Seq, &r.Lease, &r.Job, &r.Source, &r.CommitMs, &r.Extranonce, &r.Time, &r.Nonce, &r.VersionBits, workScan{&r.Work})
	return r, err
}

// Receipts implements lease.Store.
func (s *Store) Receipts(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.Receipt, error] {
	return stream(ctx, s, scanReceipt, selectReceipt+"WHERE r.lease = ? AND r.commit_ms > ? AND r.commit_ms <= ? ORDER BY r.seq", id, fromMs, toMs)
}

// ReceiptsOn implements lease.Store. The receipts of one block's jobs lie
// close together, between those of few others.
func (s *Store) ReceiptsOn(ctx context.Context, prev miner.Hash) iter.Seq2[lease.Receipt, error] {
	return stream(ctx, s, scanReceipt, `WITH these (job, first_seq, last_seq) AS MATERIALIZED (SELECT p.job, p.first_seq, p.last_seq FROM templates AS t
			JOIN jobs AS j ON j.template = t.seq JOIN job_receipts AS p ON p.job = j.seq WHERE t.prev = ?) `+
		selectReceipt+`WHERE r.seq BETWEEN (SELECT min(first_seq) FROM these) AND (SELECT max(last_seq) FROM these)
			AND r.job IN (SELECT job FROM these) ORDER BY r.seq`, prev[:])
}

// ReceiptsBack implements lease.Store.
func (s *Store) ReceiptsBack(ctx context.Context) iter.Seq2[lease.Receipt, error] {
	return stream(ctx, s, scanReceipt, selectReceipt+"ORDER BY r.seq DESC")
}

// Meter implements lease.Store. Its parts are of one moment.
func (s *Store) Meter(ctx context.Context, id string) (lease.Meter, error) {
	m := lease.Meter{Verdicts: make(map[string]uint64)}
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return m, s.explain(ctx, err)
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(ctx, "SELECT hashes FROM count_totals WHERE lease = ?", id).Scan(workScan{&m.Counted})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return lease.Meter{}, s.explain(ctx, err)
	}
	type total struct {
		work miner.Work
		n    uint64
	}
	totals, err := collect(ctx, tx, func(row scanner) (t total, err error) {
		err = row.Scan(workScan{&t.work}, &t.n)
		return t, err
	}, "SELECT work, n FROM receipt_totals WHERE lease = ?", id)
	if err != nil {
		return lease.Meter{}, s.explain(ctx, err)
	}
	for _, t := range totals {
		m.Evidence.AddN(t.work, t.n)
	}
	type verdict struct {
		reason string
		n      uint64
	}
	verdicts, err := collect(ctx, tx, func(row scanner) (v verdict, err error) {
		err = row.Scan(&v.reason, &v.n)
		return v, err
	}, "SELECT reason, n FROM verdict_totals WHERE lease = ?", id)
	if err != nil {
		return lease.Meter{}, s.explain(ctx, err)
	}
	for _, v := range verdicts {
		m.Verdicts[v.reason] = v.n
	}
	if m.Upstream, err = readUpstream(ctx, tx, "upstream_totals WHERE lease = ?", id); err != nil {
		return lease.Meter{}, s.explain(ctx, err)
	}
	return m, nil
}
