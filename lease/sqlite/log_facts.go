package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// logTerms adds the leaf of new terms.
func logTerms(ctx context.Context, tx *txn, h lease.TermsHash, t *lease.Terms) error {
	e, err := leaf.NewTerms(t)
	if err != nil {
		return fmt.Errorf("terms %v: %w", h, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindTerms, h.String(), e)
	return err
}

// logTemplate adds the leaf of a template that has its Seq.
func logTemplate(ctx context.Context, tx *txn, t *lease.Template) error {
	e, err := leaf.NewJob(t)
	if err != nil {
		return fmt.Errorf("template at height %d: %w", t.Height, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindJob, strconv.FormatInt(t.Seq, 10), e)
	return err
}

// logBlock adds the leaf of a block as it now is stored.
func logBlock(ctx context.Context, tx *txn, h miner.Hash) error {
	var job int64
	var tag lease.Tag
	b, err := scanBlock(tx.QueryRowContext(ctx, fmt.Sprintf(selectBlock, "NULL")+"WHERE hash = ?", h[:]))
	if err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, "SELECT t.leaf, j.tag FROM jobs AS j JOIN templates AS t ON t.seq = j.template WHERE j.seq = ?", b.Job).Scan(&job, fixed(tag[:]))
	if err != nil {
		return err
	}
	e, err := leaf.NewBlock(&b, job, tag)
	if err != nil {
		return fmt.Errorf("block %v: %w", h, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindBlock, h.String(), e)
	return err
}

// logTransaction adds the leaves of a transaction that is booked.
func logTransaction(ctx context.Context, tx *txn, t *lease.Transaction) error {
	leaves, err := leaf.NewTransaction(t, func(id string) (int64, error) { return tx.nextNumber(ctx, id) }, translog.NewSalt)
	if err != nil {
		return fmt.Errorf("transaction %s: %w", t.Key, err)
	}
	for i := range leaves {
		if _, err := tx.addLeaf(ctx, translog.KindTransaction, leaves[i].Lease, leaves[i].Entry); err != nil {
			return err
		}
	}
	return nil
}

// logHour adds the leaf of a settled hour.
func logHour(ctx context.Context, tx *txn, h *lease.SettledHour) error {
	e, err := leaf.NewHour(h, translog.NewSalt())
	if err != nil {
		return fmt.Errorf("hour %d of lease %.40s: %w", h.Hour, h.Lease, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindSLA, h.Lease, e)
	return err
}

// logExclusion adds the leaf of a new exclusion.
func logExclusion(ctx context.Context, tx *txn, x *lease.Exclusion) error {
	e, err := leaf.NewExclusion(x, translog.NewSalt())
	if err != nil {
		return fmt.Errorf("exclusion %d: %w", x.ID, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindSLA, x.Lease, e)
	return err
}

// logExclusionEnd adds the leaf of an exclusion that now has an end.
func logExclusionEnd(ctx context.Context, tx *txn, id int64) error {
	x, err := scanExclusion(tx.QueryRowContext(ctx, selectExclusion+"WHERE id = ?", id))
	if err != nil {
		return err
	}
	e, err := leaf.NewExclusionEnd(&x)
	if err != nil {
		return fmt.Errorf("exclusion %d: %w", id, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindSLA, x.Lease, e)
	return err
}

// logPlacements adds the leaves of who worked for whom in the hours after < hour
// ≤ last.
func logPlacements(ctx context.Context, tx *txn, after, last int64) error {
	type line struct {
		hour   int64
		source string
		leaf.Work
	}
	lines, err := collect(ctx, tx, func(row scanner) (l line, err error) {
		var counted, proven miner.Work
		var receipts int64
		err = row.Scan(&l.hour, &l.source, &l.Lease, workScan{&counted}, workScan{&proven}, &receipts)
		if l.Receipts = uint64(receipts); receipts > 0 {
			proven = proven.Mul(l.Receipts)
		}
		l.Counted, l.Proven = lease.Quantity(counted), lease.Quantity(proven)
		return l, err
	}, `SELECT hour, source, lease, hashes, zeroblob(16), 0 FROM hour_counts WHERE hour > ?1 AND hour <= ?2
		UNION ALL SELECT hour, source, lease, zeroblob(16), work, n FROM hour_receipts WHERE hour > ?1 AND hour <= ?2 ORDER BY 1, 2, 3`, after, last)
	if err != nil {
		return err
	}
	for i := 0; i < len(lines); {
		first := &lines[i]
		var work []leaf.Work
		for ; i < len(lines) && lines[i].hour == first.hour && lines[i].source == first.source; i++ {
			w := lines[i].Work
			if n := len(work); n > 0 && work[n-1].Lease == w.Lease {
				sum := &work[n-1]
				sum.Counted, sum.Proven = addQuantity(sum.Counted, w.Counted), addQuantity(sum.Proven, w.Proven)
				sum.Receipts += w.Receipts
				continue
			}
			work = append(work, w)
		}
		entries, err := leaf.NewPlacement(first.source, first.hour, work)
		if err != nil {
			return fmt.Errorf("hour %d of source %.40s: %w", first.hour, first.source, err)
		}
		for _, e := range entries {
			if _, err := tx.addLeaf(ctx, translog.KindPlacement, first.source, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func addQuantity(a, b lease.Quantity) lease.Quantity { return lease.Quantity(a.Work().Add(b.Work())) }

const selectLastTagMap = "SELECT body FROM log_leaves WHERE kind = ? AND ref = '' ORDER BY idx DESC LIMIT 1"

// lastTagMap returns the last map's leaf; ok tells whether there is one.
func lastTagMap(ctx context.Context, tx *txn) (m leaf.TagMap, ok bool, err error) {
	var body []byte
	err = tx.QueryRowContext(ctx, selectLastTagMap, string(translog.KindTagMap)).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	if err == nil {
		m, _, err = leaf.Read[leaf.TagMap](body, translog.KindTagMap)
	}
	return m, err == nil, err
}
