package sqlite

import (
	"cmp"
	"context"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/ncruces/go-sqlite3"
)

// slotKey names one row of the sums of rigs: of ten minutes, or of all time
// where the slot is 0.
type slotKey struct {
	slot   int64
	source string
	work   miner.Work
}

func (k slotKey) compare(o slotKey) int {
	return cmp.Or(cmp.Compare(k.slot, o.slot), cmp.Compare(k.source, o.source), k.work.Cmp(o.work))
}

// addRigReceipts adds receipts to the sums of the rigs among their sources.
func addRigReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) error {
	slots, totals, lastMs := make(map[slotKey]int64), make(map[slotKey]int64), make(map[string]int64)
	for i := range receipts {
		r := &receipts[i]
		slots[slotKey{r.CommitMs / lease.RigSlotMs, r.Source, r.Work}]++
		lastMs[r.Source] = max(lastMs[r.Source], r.CommitMs)
	}
	for k, n := range slots {
		totals[slotKey{source: k.source, work: k.work}] += n
	}
	column := func(out sqlite3.Context, s *sum[slotKey], column int) {
		switch column {
		case 0:
			out.ResultInt64(s.key.slot)
		case 1:
			out.ResultText(s.key.source)
		case 2:
			resultWork(out, s.key.work)
		case 3:
			out.ResultInt64(s.n)
		default:
			out.ResultInt64(lastMs[s.key.source])
		}
	}
	r, err := tx.ExecContext(ctx, `INSERT INTO rig_totals SELECT name, c2, c3, c4 FROM feed(?) CROSS JOIN rigs ON name = c1 WHERE true
		ON CONFLICT DO UPDATE SET n = n + excluded.n, last_ms = max(last_ms, excluded.last_ms)`, newFeed(sums(totals, slotKey.compare), column))
	if rigs, err := changed(r, err); err != nil || !rigs {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO rig_slots SELECT c0, name, c2, c3 FROM feed(?) CROSS JOIN rigs ON name = c1 WHERE true
		ON CONFLICT DO UPDATE SET n = n + excluded.n`, newFeed(sums(slots, slotKey.compare), column))
	return err
}

// addRigVerdict adds refused shares to the sums of their source, if it is a
// rig.
func addRigVerdict(ctx context.Context, tx *txn, v *lease.Verdict, atMs int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO rig_verdicts SELECT name, ?2, ?3, ?4 FROM rigs WHERE name = ?1
		ON CONFLICT DO UPDATE SET n = n + ?3, last_ms = max(last_ms, ?4)`, v.Source, v.Reason, int64(v.N), atMs)
	return err
}

// RigMeter implements lease.Store.
func (s *Store) RigMeter(ctx context.Context, name string, sinceMs int64) (lease.RigMeter, error) {
	if _, err := s.Rig(ctx, name); err != nil {
		return lease.RigMeter{}, err
	}
	meters, err := s.rigMeters(ctx, sinceMs, "rig = ?2", name)
	if err != nil {
		return lease.RigMeter{}, err
	}
	m, ok := meters[name]
	if !ok {
		m.Verdicts = make(map[string]uint64)
	}
	return m, nil
}

// RigMeters implements lease.Store.
func (s *Store) RigMeters(ctx context.Context, sinceMs int64) (map[string]lease.RigMeter, error) {
	return s.rigMeters(ctx, sinceMs, "?2 = ''", "")
}

// rigMeters sums up the rigs that a condition on the parameter ?2 selects.
func (s *Store) rigMeters(ctx context.Context, sinceMs int64, condition, name string) (map[string]lease.RigMeter, error) {
	type line struct {
		kind, rig, reason string
		work              miner.Work
		n                 uint64
		lastMs            int64
	}
	// One statement sees one moment.
	lines, err := collect(ctx, s.reader, func(row scanner) (line, error) {
		var l line
		err := row.Scan(&l.kind, &l.rig, &l.reason, workScan{&l.work}, &l.n, &l.lastMs)
		return l, err
	}, "SELECT 'total', rig, '', work, n, last_ms FROM rig_totals WHERE "+condition+
		" UNION ALL SELECT 'recent', rig, '', work, n, 0 FROM rig_slots WHERE slot >= ?1 AND "+condition+
		" UNION ALL SELECT 'refused', rig, reason, zeroblob(16), n, last_ms FROM rig_verdicts WHERE "+condition,
		ceilDiv(sinceMs, lease.RigSlotMs), name)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	meters := make(map[string]lease.RigMeter)
	for i := range lines {
		l := &lines[i]
		m, ok := meters[l.rig]
		if !ok {
			m.Verdicts = make(map[string]uint64)
		}
		switch l.kind {
		case "total":
			m.Evidence.AddN(l.work, l.n)
		case "recent":
			m.Recent.AddN(l.work, l.n)
		default:
			m.Verdicts[l.reason] = l.n
		}
		m.LastMs = max(m.LastMs, l.lastMs)
		meters[l.rig] = m
	}
	return meters, nil
}

// ceilDiv is a/b rounded up, for positive b.
func ceilDiv(a, b int64) int64 {
	q := a / b
	if a%b > 0 {
		q++
	}
	return q
}
