package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// destinations are where a lease's work goes: to its own pool, or to the house
// and, if atPool is set, to the house's pool.
func destinations(l *lease.Lease, atPool bool) []string {
	switch {
	case l.Pool != nil:
		return []string{leaf.DestinationPool}
	case atPool:
		return []string{leaf.DestinationHouse, leaf.DestinationPool}
	}
	return []string{leaf.DestinationHouse}
}

// logLease adds the leaf of a lease as it now is, whose pauses were others.
func logLease(ctx context.Context, tx *txn, l *lease.Lease, was []lease.Pause) error {
	f := leaf.LeaseFacts{Pauses: leaf.PausesSince(l, was)}
	var atPool bool
	if err := tx.QueryRowContext(ctx, "SELECT at_pool FROM leases WHERE id = ?", l.ID).Scan(&atPool); err != nil {
		return err
	}
	f.Destinations = destinations(l, atPool)
	if err := tx.QueryRowContext(ctx, "SELECT key FROM tenants WHERE id = ?", l.Tenant).Scan(&f.TenantKey); err != nil {
		return err
	}
	e, err := leaf.NewLease(l, f, translog.NewSalt())
	if err != nil {
		return fmt.Errorf("lease %s: %w", l.ID, err)
	}
	_, err = tx.addLeaf(ctx, translog.KindLease, l.ID, e)
	return err
}

// otherContract tells whether a lease's leaf would say something else than it
// did.
func otherContract(l, was *lease.Lease) bool {
	if l.EndMs != was.EndMs || l.StopMs() != was.StopMs() || len(leaf.PausesSince(l, was.Pauses)) > 0 {
		return true
	}
	return l.Pool != nil && (l.Pool.User != was.Pool.User || !slices.Equal(l.Pool.URLs, was.Pool.URLs))
}

// logTags adds the leaf of the tag map, unless the last one still is what follows
// from the leases. It fails with lease.ErrTagTaken where two leases' work could be
// taken for one another's.
func logTags(ctx context.Context, tx *txn) error {
	nowMs, err := tx.now(ctx)
	if err != nil {
		return err
	}
	leases, err := collect(ctx, tx, func(row scanner) (d leaf.Lease, err error) {
		var l lease.Lease
		var hasPool, atPool bool
		err = row.Scan(&l.ID, fixed(l.Tag[:]), &l.EndMs, &l.ClosedMs, &hasPool, &atPool)
		if hasPool {
			l.Pool = new(lease.Pool)
		}
		return leaf.Lease{Lease: l.ID, Tag: receipt.B16(l.Tag), StopMs: l.StopMs(), Destinations: destinations(&l, atPool)}, err
	}, "SELECT id, tag, end_ms, closed_ms, pool_urls IS NOT NULL, at_pool FROM leases")
	if err != nil {
		return err
	}
	tags := make(leaf.Tags, len(leases))
	for _, l := range leases {
		tags.Add(l)
	}
	last, ok, err := lastTagMap(ctx, tx)
	if err != nil {
		return err
	}
	if ok {
		if m, err := tags.Map(last.AtMs); err == nil && m.Root() == last.TagRoot {
			return nil
		}
	}
	m, err := tags.Map(nowMs)
	if errors.Is(err, translog.ErrTagTwice) {
		return fmt.Errorf("%w: %w: use another nonce", lease.ErrTagTaken, err)
	}
	if err != nil {
		return err
	}
	e, err := leaf.NewTagMap(nowMs, m.Root())
	if err != nil {
		return err
	}
	_, err = tx.addLeaf(ctx, translog.KindTagMap, "", e)
	return err
}

// readHousePool tells whether the house works for a pool.
func readHousePool(ctx context.Context, q querier) (on bool, err error) {
	return on, q.QueryRowContext(ctx, "SELECT house_pool FROM node").Scan(&on)
}

// SetHousePool implements lease.Store.
func (s *Store) SetHousePool(ctx context.Context, on bool) error {
	return s.write(ctx, func(tx *txn) error {
		if _, err := tx.ExecContext(ctx, "UPDATE node SET house_pool = ?", on); err != nil {
			return err
		}
		leases, err := runningLeases(ctx, tx)
		if err != nil {
			return err
		}
		type start [lease.MinPoolTag]byte
		taken := make(map[start]bool)
		for i := range leases {
			if l := &leases[i]; l.Pool != nil {
				taken[start(l.Tag[:])] = true
			}
		}
		for i := range leases {
			l := &leases[i]
			if l.Pool != nil {
				continue
			}
			atPool := on && !taken[start(l.Tag[:])]
			taken[start(l.Tag[:])] = true
			moved, err := changed(tx.ExecContext(ctx, "UPDATE leases SET at_pool = ?1 WHERE id = ?2 AND at_pool <> ?1", atPool, l.ID))
			if err == nil && moved {
				err = logLease(ctx, tx, l, l.Pauses)
			}
			if err != nil {
				return err
			}
		}
		return logTags(ctx, tx)
	})
}

// runningLeases are those whose tags still count, by ID.
func runningLeases(ctx context.Context, tx *txn) ([]lease.Lease, error) {
	nowMs, err := tx.now(ctx)
	if err != nil {
		return nil, err
	}
	leases, err := collect(ctx, tx, scanLease, selectLease+"ORDER BY num")
	return slices.DeleteFunc(leases, func(l lease.Lease) bool {
		return l.StopMs() != 0 && l.StopMs()+leaf.TagLingerMs <= nowMs
	}), err
}

// distinct is lease.Distinct, or lease.DistinctAtPool where the house works for
// a pool.
func distinct(ctx context.Context, tx *txn, others []lease.Lease, l *lease.Lease) error {
	atPool, err := readHousePool(ctx, tx)
	if err == nil && atPool {
		return lease.DistinctAtPool(others, l)
	}
	if err == nil {
		err = lease.Distinct(others, l)
	}
	return err
}
