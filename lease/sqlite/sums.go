package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/ncruces/go-sqlite3"
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

// earnKey names one row of the hourly sums of what pays by the share.
type earnKey struct {
	hour  int64
	lease string
	lease.Earns
	work miner.Work
}

// sum is one row to be added to.
type sum[K any] struct {
	key K
	n   int64
}

// sums are the rows that counted, in the order of their keys if compare is
// given: rows that lie together are written together.
func sums[K comparable](counted map[K]int64, compare func(a, b K) int) []sum[K] {
	list := make([]sum[K], 0, len(counted))
	for k, n := range counted {
		list = append(list, sum[K]{k, n})
	}
	if compare != nil {
		slices.SortFunc(list, func(a, b sum[K]) int { return compare(a.key, b.key) })
	}
	return list
}

// addSums keeps the numbers of receipts: of each lease, hour by hour, of rigs,
// and of what pays by the share.
func addSums(ctx context.Context, tx *txn, receipts []lease.Receipt, jobs map[int64]credit) error {
	hours, totals, earnings := make(map[sumKey]int64), make(map[sumKey]int64), make(map[earnKey]int64)
	for i := range receipts {
		r := &receipts[i]
		hour := r.CommitMs / lease.MsPerHour
		hours[sumKey{hour, r.Lease, r.Source, r.Work}]++
		if e := jobs[r.Job].earns; e != nil {
			earnings[earnKey{hour, r.Lease, *e, r.Work}]++
		}
	}
	for k, n := range hours {
		totals[sumKey{lease: k.lease, work: k.work}] += n
	}
	column := func(out sqlite3.Context, s *sum[sumKey], column int) {
		switch column {
		case 0:
			out.ResultInt64(s.key.hour)
		case 1:
			out.ResultText(s.key.lease)
		case 2:
			out.ResultText(s.key.source)
		case 3:
			resultWork(out, s.key.work)
		default:
			out.ResultInt64(s.n)
		}
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO hour_receipts SELECT c0, c1, c2, c3, c4 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n",
		newFeed(sums(hours, sumKey.compare), column))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO receipt_totals SELECT c1, c3, c4 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n",
		newFeed(sums(totals, sumKey.compare), column))
	if err != nil {
		return err
	}
	if err := addEarnings(ctx, tx, earnings); err != nil {
		return err
	}
	if err := addJobReceipts(ctx, tx, receipts); err != nil {
		return err
	}
	return addRigReceipts(ctx, tx, receipts)
}

// addJobReceipts keeps where the receipts of each job begin and end.
func addJobReceipts(ctx context.Context, tx *txn, receipts []lease.Receipt) error {
	type place struct{ job, first, last int64 }
	places := make(map[int64]place)
	for i := range receipts {
		r := &receipts[i]
		p, ok := places[r.Job]
		if !ok {
			p = place{r.Job, r.Seq, r.Seq}
		}
		p.last = r.Seq
		places[r.Job] = p
	}
	list := slices.SortedFunc(maps.Values(places), func(a, b place) int { return cmp.Compare(a.job, b.job) })
	_, err := tx.ExecContext(ctx, "INSERT INTO job_receipts SELECT c0, c1, c2 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET last_seq = excluded.last_seq",
		newFeed(list, func(out sqlite3.Context, p *place, column int) {
			out.ResultInt64([]int64{p.job, p.first, p.last}[column])
		}))
	return err
}

func addEarnings(ctx context.Context, tx *txn, earnings map[earnKey]int64) error {
	if len(earnings) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO hour_earnings SELECT c0, c1, c2, c3, c4, c5 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET n = n + excluded.n",
		newFeed(sums(earnings, nil), func(out sqlite3.Context, s *sum[earnKey], column int) {
			switch column {
			case 0:
				out.ResultInt64(s.key.hour)
			case 1:
				out.ResultText(s.key.lease)
			case 2:
				resultWork(out, s.key.Network)
			case 3:
				out.ResultInt64(s.key.Sat)
			case 4:
				resultWork(out, s.key.work)
			default:
				out.ResultInt64(s.n)
			}
		}))
	return err
}

// counted is what was counted for a lease by a source, in an hour or, without
// a source, of all time.
type counted struct {
	hour          int64
	lease, source string
	hashes        miner.Work
}

// addCounts adds hashes to the hour of each lease and source and to the
// leases' totals.
func addCounts(ctx context.Context, tx *txn, counts []lease.Count, hour int64) error {
	if len(counts) == 0 {
		return nil
	}
	hours, totals := make(map[sumKey]miner.Work), make(map[sumKey]miner.Work)
	for i := range counts {
		c := &counts[i]
		one, all, n := sumKey{hour: hour, lease: c.Lease, source: c.Source}, sumKey{lease: c.Lease}, miner.Hashes(c.Hashes)
		hours[one], totals[all] = hours[one].Add(n), totals[all].Add(n)
	}
	err := addHashes(ctx, tx, hours, "SELECT hashes, feed.rowid FROM feed(?) CROSS JOIN hour_counts ON hour = c0 AND lease = c1 AND source = c2",
		"INSERT INTO hour_counts SELECT c0, c1, c2, c3 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET hashes = excluded.hashes")
	if err != nil {
		return err
	}
	return addHashes(ctx, tx, totals, "SELECT hashes, feed.rowid FROM feed(?) CROSS JOIN count_totals ON lease = c1",
		"INSERT INTO count_totals SELECT c1, c3 FROM feed(?) WHERE true ON CONFLICT DO UPDATE SET hashes = excluded.hashes")
}

// addHashes adds to sums that are read by one statement and written by
// another: SQLite cannot add 128 bits.
func addHashes(ctx context.Context, tx *txn, added map[sumKey]miner.Work, read, write string) error {
	rows := make([]counted, 0, len(added))
	for _, k := range slices.SortedFunc(maps.Keys(added), sumKey.compare) {
		rows = append(rows, counted{k.hour, k.lease, k.source, added[k]})
	}
	source := newFeed(rows, func(out sqlite3.Context, c *counted, column int) {
		switch column {
		case 0:
			out.ResultInt64(c.hour)
		case 1:
			out.ResultText(c.lease)
		case 2:
			out.ResultText(c.source)
		default:
			resultWork(out, c.hashes)
		}
	})
	type line struct {
		hashes miner.Work
		row    int
	}
	there, err := collect(ctx, tx, func(row scanner) (l line, err error) {
		return l, row.Scan(workScan{&l.hashes}, &l.row)
	}, read, source)
	if err != nil {
		return err
	}
	for _, l := range there {
		c := &rows[l.row-1]
		c.hashes = c.hashes.Add(l.hashes)
	}
	_, err = tx.ExecContext(ctx, write, source)
	return err
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
