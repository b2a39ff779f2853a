package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// sumKey names one row of the hourly sums of receipts.
type sumKey struct {
	hour          int64
	lease, source string
	work          miner.Work
}

func (k sumKey) compare(o sumKey) int {
	return cmp.Or(cmp.Compare(k.hour, o.hour), cmp.Compare(k.lease, o.lease), cmp.Compare(k.source, o.source), k.work.Cmp(o.work))
}

// addSums keeps the numbers of receipts: of each lease, hour by hour, of rigs,
// and of what pays by the share. The batch is summed up before anything is
// written, and written in the order of the keys.
func addSums(ctx context.Context, tx *txn, receipts []lease.Receipt, jobs map[int64]credit) error {
	if len(receipts) == 0 {
		return nil
	}
	type earnKey struct {
		hour  int64
		lease string
		lease.Earns
		work miner.Work
	}
	type total struct {
		lease string
		work  miner.Work
	}
	hours, totals, earnings := make(map[sumKey]int64), make(map[total]int64), make(map[earnKey]int64)
	for i := range receipts {
		r := &receipts[i]
		hour := r.CommitMs / lease.MsPerHour
		hours[sumKey{hour, r.Lease, r.Source, r.Work}]++
		if e := jobs[r.Job].earns; e != nil {
			earnings[earnKey{hour, r.Lease, *e, r.Work}]++
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(hours), sumKey.compare) {
		totals[total{k.lease, k.work}] += hours[k]
		_, err := tx.ExecContext(ctx, "INSERT INTO hour_receipts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET n = n + ?5",
			k.hour, k.lease, k.source, workBlob(k.work), hours[k])
		if err != nil {
			return err
		}
	}
	for k, n := range totals {
		_, err := tx.ExecContext(ctx, "INSERT INTO receipt_totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3", k.lease, workBlob(k.work), n)
		if err != nil {
			return err
		}
	}
	for k, n := range earnings {
		_, err := tx.ExecContext(ctx, "INSERT INTO hour_earnings VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET n = n + ?6",
			k.hour, k.lease, workBlob(k.Network), k.Sat, workBlob(k.work), n)
		if err != nil {
			return err
		}
	}
	return addRigReceipts(ctx, tx, receipts)
}

// addCounts adds hashes to the hour of each lease and source and to the
// leases' totals.
func addCounts(ctx context.Context, tx *txn, counts []lease.Count, hour int64) error {
	counts = slices.Clone(counts)
	slices.SortFunc(counts, func(a, b lease.Count) int {
		return cmp.Or(cmp.Compare(a.Lease, b.Lease), cmp.Compare(a.Source, b.Source))
	})
	totals := make(map[string]miner.Work)
	for i := range counts {
		c := &counts[i]
		sum, err := readWork(ctx, tx, "SELECT hashes FROM hour_counts WHERE hour = ? AND lease = ? AND source = ?", hour, c.Lease, c.Source)
		if err != nil {
			return err
		}
		added := miner.Hashes(c.Hashes)
		totals[c.Lease] = totals[c.Lease].Add(added)
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO hour_counts VALUES (?, ?, ?, ?)", hour, c.Lease, c.Source, workBlob(sum.Add(added)))
		if err != nil {
			return err
		}
	}
	for id, added := range totals {
		sum, err := readWork(ctx, tx, "SELECT hashes FROM count_totals WHERE lease = ?", id)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO count_totals VALUES (?, ?)", id, workBlob(sum.Add(added))); err != nil {
			return err
		}
	}
	return nil
}

// readWork reads one sum, zero where there is none.
func readWork(ctx context.Context, q querier, query string, args ...any) (sum miner.Work, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(workScan{&sum})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return sum, err
}

// addVerdicts adds to the numbers of refused shares: of each lease, hour by
// hour, and of rigs.
func addVerdicts(ctx context.Context, tx *txn, verdicts []lease.Verdict, atMs int64) error {
	for i := range verdicts {
		v := &verdicts[i]
		if v.N > math.MaxInt32 {
			return fmt.Errorf("lease %s: %d shares refused as %.40q in one batch are not possible", v.Lease, v.N, v.Reason)
		}
		if v.N == 0 {
			continue
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO hour_verdicts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET n = n + ?5",
			atMs/lease.MsPerHour, v.Lease, v.Source, v.Reason, int64(v.N))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO verdict_totals VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET n = n + ?3", v.Lease, v.Reason, int64(v.N))
		if err != nil {
			return err
		}
		if err := addRigVerdict(ctx, tx, v, atMs); err != nil {
			return err
		}
	}
	return nil
}
