package sqlite

import (
	"context"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// addRigReceipts adds receipts to the sums of the rigs among their sources.
func addRigReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) error {
	type key struct {
		source string
		slot   int64
		work   miner.Work
	}
	type sum struct{ n, lastMs int64 }
	sums := make(map[key]sum)
	for i := range receipts {
		r := &receipts[i]
		k := key{r.Source, r.CommitMs / lease.RigSlotMs, r.Work}
		sums[k] = sum{sums[k].n + 1, max(sums[k].lastMs, r.CommitMs)}
	}
	for k, v := range sums {
		work := workBlob(k.work)
		rig, err := changed(tx.ExecContext(ctx, `INSERT INTO rig_totals SELECT name, ?2, ?3, ?4 FROM rigs WHERE name = ?1
			ON CONFLICT DO UPDATE SET n = n + ?3, last_ms = max(last_ms, ?4)`, k.source, work, v.n, v.lastMs))
		if err == nil && rig {
			_, err = tx.ExecContext(ctx, "INSERT INTO rig_slots VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET n = n + ?4", k.slot, k.source, work, v.n)
		}
		if err != nil {
			return err
		}
	}
	return nil
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
