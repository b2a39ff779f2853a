package sqlite

import (
	"context"
	"database/sql"
	"errors"

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
// last heartbeat, the end of the hour that was settled last, and up to when
// receipts are sealed.
func readEarliest(ctx context.Context, tx *txn) (int64, error) {
	var heartbeat, sealed int64
	if err := tx.QueryRowContext(ctx, "SELECT heartbeat_ms, sealed_ms FROM node").Scan(&heartbeat, &sealed); err != nil {
		return 0, err
	}
	settledMs, err := readSettledEnd(ctx, tx)
	return max(heartbeat, settledMs, sealed), err
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
