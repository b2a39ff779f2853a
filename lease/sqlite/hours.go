package sqlite

import (
	"context"
	"fmt"
	"iter"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// ofHours is the rest of a query of the hours ?1 ≤ hour < ?2 in a table whose
// key begins with hour and lease: of all leases, or of the lease ?3, whose
// hours are then looked up one by one.
func ofHours(table, id string) string {
	if id == "" {
		return fmt.Sprintf(" FROM %s WHERE hour >= ?1 AND hour < ?2 AND ?3 = '' ", table)
	}
	return fmt.Sprintf(` FROM %[1]s WHERE lease = ?3 AND +hour < ?2 AND hour IN (
		WITH RECURSIVE span (h) AS (SELECT max(?1, (SELECT min(hour) FROM %[1]s)) UNION ALL
			SELECT h + 1 FROM span WHERE h < min(?2 - 1, (SELECT max(hour) FROM %[1]s)))
		SELECT h FROM span) `, table)
}

// fold makes one of all neighbouring lines that are the same thing's. add
// begins with the zero value.
func fold[L, T any](lines iter.Seq2[L, error], same func(*T, *L) bool, add func(*T, *L)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var t, none T
		pending := false
		for l, err := range lines {
			if err != nil {
				yield(none, err)
				return
			}
			if pending && !same(&t, &l) {
				if !yield(t, nil) {
					return
				}
				t = none
			}
			add(&t, &l)
			pending = true
		}
		if pending {
			yield(t, nil)
		}
	}
}

// meterLine is one row of what makes up an hour's meter.
type meterLine struct {
	hour          int64
	lease, source string
	kind          int // 0: work is what was counted, 1: n receipts of a work, 2: n refused for a reason
	work          miner.Work
	n             uint64
	reason        string
}

// HourMeters implements lease.Store. All are of one moment.
func (s *Store) HourMeters(ctx context.Context, id string, from, to int64) iter.Seq2[lease.HourMeter, error] {
	query := "SELECT hour, lease, source, 0, hashes, 0, ''" + ofHours("hour_counts", id) +
		"UNION ALL SELECT hour, lease, source, 1, work, n, ''" + ofHours("hour_receipts", id) +
		"UNION ALL SELECT hour, lease, source, 2, zeroblob(16), n, reason" + ofHours("hour_verdicts", id) +
		"ORDER BY 1, 2, 3"
	scan := func(row scanner) (l meterLine, err error) {
		return l, row.Scan(&l.hour, &l.lease, &l.source, &l.kind, workScan{&l.work}, &l.n, &l.reason)
	}
	return fold(stream(ctx, s, scan, query, from, to, id), func(m *lease.HourMeter, l *meterLine) bool {
		return m.Hour == l.hour && m.Lease == l.lease && m.Source == l.source
	}, func(m *lease.HourMeter, l *meterLine) {
		if m.Verdicts == nil {
			m.Hour, m.Lease, m.Source, m.Verdicts = l.hour, l.lease, l.source, make(map[string]uint64)
		}
		switch l.kind {
		case 0:
			m.Counted = l.work
		case 1:
			m.Evidence.AddN(l.work, l.n)
		default:
			m.Verdicts[l.reason] = l.n
		}
	})
}

// HourUpstreams implements lease.Store.
func (s *Store) HourUpstreams(ctx context.Context, id string, from, to int64) iter.Seq2[lease.HourUpstream, error] {
	return stream(ctx, s, func(row scanner) (u lease.HourUpstream, err error) {
		return u, row.Scan(&u.Hour, &u.Lease, &u.Sent, &u.Accepted, &u.Rejected, &u.Stale, workScan{&u.SentWork}, workScan{&u.AcceptedWork})
	}, "SELECT hour, lease, sent, accepted, rejected, stale, sent_work, accepted_work"+ofHours("hour_upstream", id)+"ORDER BY 1, 2", from, to, id)
}

// HourEarnings implements lease.Store.
func (s *Store) HourEarnings(ctx context.Context, id string, from, to int64) iter.Seq2[lease.HourEarning, error] {
	type line struct {
		lease.HourEarning
		n uint64
	}
	scan := func(row scanner) (l line, err error) {
		return l, row.Scan(&l.Hour, &l.Lease, workScan{&l.Network}, &l.Sat, workScan{&l.Work}, &l.n)
	}
	query := "SELECT hour, lease, network, sat, work, n" + ofHours("hour_earnings", id) + "ORDER BY 1, 2, 3, 4"
	return fold(stream(ctx, s, scan, query, from, to, id), func(e *lease.HourEarning, l *line) bool {
		return e.Hour == l.Hour && e.Lease == l.Lease && e.Earns == l.Earns
	}, func(e *lease.HourEarning, l *line) {
		sum := e.Work.Add(l.Work.Mul(l.n))
		*e = l.HourEarning
		e.Work = sum
	})
}

// SettledHours implements lease.Store.
func (s *Store) SettledHours(ctx context.Context, id string, from, to int64) iter.Seq2[lease.SettledHour, error] {
	work := func(q *lease.Quantity) workScan { return workScan{(*miner.Work)(q)} }
	return stream(ctx, s, func(row scanner) (h lease.SettledHour, err error) {
		return h, row.Scan(&h.Hour, &h.Lease, &h.OwedMs, &h.ExcludedMs, &h.RunningMs, work(&h.Contracted), work(&h.Counted), work(&h.Proven),
			&h.Receipts, work(&h.Billable), work(&h.Upper), (*string)(&h.Window), &h.DueSat, &h.ChargedSat, &h.EarnedSat)
	}, "SELECT hour, lease, owed_ms, excluded_ms, running_ms, contracted, counted, proven, receipts, billable, upper, kind, due_sat, charged_sat, earned_sat"+
		ofHours("settled_hours", id)+"ORDER BY 1, 2", from, to, id)
}
