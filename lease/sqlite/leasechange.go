package sqlite

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// ChangeLease implements lease.Store.
func (s *Store) ChangeLease(ctx context.Context, id string, limitHps uint64, change func(*lease.Lease) ([]lease.Event, error)) (lease.Lease, error) {
	var l lease.Lease
	err := s.write(ctx, func(tx *txn) error {
		was, err := readLease(ctx, tx, id)
		if err != nil {
			return err
		}
		l = cloneLease(&was)
		events, err := change(&l)
		if err != nil {
			return err
		}
		l = cloneLease(&l) // what change holds on to is not ours
		keep(&l, &was)
		if err := l.Validate(); err != nil {
			return err
		}
		if l.ClosedMs < 0 {
			return fmt.Errorf("lease %s cannot be closed at %d ms: want a moment after 1970", id, l.ClosedMs)
		}
		if l.Orders < was.Orders {
			return fmt.Errorf("lease %s: order %d comes after %d was carried out", id, l.Orders, was.Orders)
		}
		if err := checkPauses(&l, was.Pauses); err != nil {
			return err
		}
		if err := checkSettled(ctx, tx, &l, &was); err != nil {
			return err
		}
		if err := admitLonger(ctx, tx, &l, &was, limitHps); err != nil {
			return err
		}
		if err := updateLease(ctx, tx, &l, &was); err != nil {
			return err
		}
		return putEvents(ctx, tx, events)
	})
	if err != nil {
		return lease.Lease{}, err
	}
	return l, nil
}

// cloneLease returns a lease that shares nothing with l.
func cloneLease(l *lease.Lease) lease.Lease {
	c := *l
	c.Pauses, c.Rigs, c.Cores = slices.Clone(l.Pauses), slices.Clone(l.Rigs), slices.Clone(l.Cores)
	if l.Pool != nil {
		p := *l.Pool
		p.URLs = slices.Clone(p.URLs)
		c.Pool = &p
	}
	return c
}

// keep gives l back what never changes.
func keep(l, was *lease.Lease) {
	l.ID, l.Tenant, l.Model, l.ContractedHps, l.StartMs, l.ProofMs = was.ID, was.Tenant, was.Model, was.ContractedHps, was.StartMs, was.ProofMs
	l.Nonce, l.Provider, l.Terms, l.Tag, l.Rigs, l.Cores = was.Nonce, was.Provider, was.Terms, was.Tag, was.Rigs, was.Cores
	if was.Pool == nil || l.Pool == nil {
		l.Pool = was.Pool
	}
}

// admitLonger checks that there is room for l in the time that its term did
// not have before.
func admitLonger(ctx context.Context, tx *txn, l, was *lease.Lease, limitHps uint64) error {
	from := was.StopMs()
	if from == 0 || l.StopMs() != 0 && l.StopMs() <= from {
		return nil
	}
	others, err := collect(ctx, tx, scanLease, selectLease+"WHERE id <> ?", l.ID)
	if err != nil {
		return err
	}
	longer := *l
	longer.StartMs = max(l.StartMs, from)
	if err := lease.Admit(others, &longer, limitHps); err != nil {
		return err
	}
	if err := lease.Exclusive(others, &longer); err != nil {
		return err
	}
	return distinct(ctx, tx, others, &longer)
}

// updateLease stores what a change made of a lease, with its leaf where the
// contract is another one. Where nothing changed, the
// version of the leases stays.
func updateLease(ctx context.Context, tx *txn, l, was *lease.Lease) error {
	if l.EndMs != was.EndMs || l.ClosedMs != was.ClosedMs || l.Orders != was.Orders || !reflect.DeepEqual(l.Pool, was.Pool) {
		pool, err := newPoolColumns(l.Pool)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE leases SET end_ms = ?, closed_ms = ?, pool_urls = ?, pool_user = ?, pool_password = ?, orders = ? WHERE id = ?",
			l.EndMs, l.ClosedMs, pool.urls, pool.user, pool.password, l.Orders, l.ID)
		if err != nil {
			return err
		}
	}
	if err := putPauses(ctx, tx, l, was.Pauses); err != nil || !otherContract(l, was) {
		return err
	}
	if err := logLease(ctx, tx, l, was.Pauses); err != nil || l.StopMs() == was.StopMs() {
		return err
	}
	return logTags(ctx, tx)
}

// checkPauses checks that the pauses of l are possible, and that of those
// there were, none did anything but end.
func checkPauses(l *lease.Lease, was []lease.Pause) error {
	if len(l.Pauses) < len(was) || len(l.Pauses) > lease.MaxPauses {
		return fmt.Errorf("lease %s: %d pauses instead of %d to %d", l.ID, len(l.Pauses), len(was), lease.MaxPauses)
	}
	for i, p := range l.Pauses {
		switch p.By {
		case lease.PauseTenant, lease.PauseProvider, lease.PauseBudget:
		default:
			return fmt.Errorf("lease %s: nobody called %.20q can pause it", l.ID, p.By)
		}
		if p.ToMs != 0 && p.ToMs < p.FromMs || i > 0 && p.FromMs < l.Pauses[i-1].FromMs {
			return fmt.Errorf("lease %s: a pause from %d to %d ms, in this place, is not possible", l.ID, p.FromMs, p.ToMs)
		}
		if i < len(was) {
			if was[i].ToMs == 0 {
				p.ToMs = 0
			}
			if p != was[i] {
				return fmt.Errorf("lease %s: the pause from %d to %d ms was, and cannot be another", l.ID, was[i].FromMs, was[i].ToMs)
			}
		}
	}
	return nil
}

// putPauses stores the pauses of l that are new or ended since.
func putPauses(ctx context.Context, tx *txn, l *lease.Lease, was []lease.Pause) error {
	for i, p := range l.Pauses {
		var err error
		switch {
		case i >= len(was):
			_, err = tx.ExecContext(ctx, "INSERT INTO lease_pauses VALUES (?, ?, ?, ?, ?)", l.ID, i, string(p.By), p.FromMs, p.ToMs)
		case p != was[i]:
			_, err = tx.ExecContext(ctx, "UPDATE lease_pauses SET to_ms = ? WHERE lease = ? AND num = ?", p.ToMs, l.ID, i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
