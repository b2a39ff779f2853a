package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// AddLease implements lease.Store.
func (s *Store) AddLease(ctx context.Context, l lease.Lease, limitHps uint64, tag func(id string) (lease.Tag, []lease.Event, error)) (lease.Lease, error) {
	l = cloneLease(&l)
	l.ID, l.Tag, l.ClosedMs = "", lease.Tag{}, 0
	if err := l.Validate(); err != nil {
		return lease.Lease{}, err
	}
	if err := checkPauses(&l, nil); err != nil {
		return lease.Lease{}, err
	}
	err := s.write(ctx, func(tx *txn) error {
		if err := checkParties(ctx, tx, &l); err != nil {
			return err
		}
		endMs, err := readSettledEnd(ctx, tx)
		if err == nil && l.StartMs < endMs {
			err = tooLate("a lease that begins at "+stamp(l.StartMs), endMs)
		}
		if err != nil {
			return err
		}
		others, err := collect(ctx, tx, scanLease, selectLease)
		if err != nil {
			return err
		}
		if err := lease.Admit(others, &l, limitHps); err != nil {
			return err
		}
		if err := lease.Exclusive(others, &l); err != nil {
			return err
		}
		var num int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(num), 0) + 1 FROM leases").Scan(&num); err != nil {
			return err
		}
		l.ID = fmt.Sprintf("L-%04d", num)
		var events []lease.Event
		if l.Tag, events, err = tag(l.ID); err != nil {
			return err
		}
		if err := distinct(ctx, tx, others, &l); err != nil {
			return err
		}
		if err := insertLease(ctx, tx, num, &l); err != nil {
			return err
		}
		if err := logLease(ctx, tx, &l, nil); err != nil {
			return err
		}
		if err := logTags(ctx, tx); err != nil {
			return err
		}
		return putEvents(ctx, tx, events)
	})
	if err != nil {
		return lease.Lease{}, err
	}
	return l, nil
}

// checkParties fails with ErrNotFound where the tenant, the terms or a rig of
// the tenant's is missing.
func checkParties(ctx context.Context, tx *txn, l *lease.Lease) error {
	var known int
	if err := tx.QueryRowContext(ctx, "SELECT 1 FROM tenants WHERE id = ?", l.Tenant).Scan(&known); err != nil {
		return notFound(err, "tenant %.40q", l.Tenant)
	}
	if err := tx.QueryRowContext(ctx, "SELECT 1 FROM terms WHERE hash = ?", l.Terms[:]).Scan(&known); err != nil {
		return notFound(err, "terms %v", l.Terms)
	}
	for _, name := range l.Rigs {
		err := tx.QueryRowContext(ctx, "SELECT 1 FROM rigs WHERE name = ? AND tenant = ? AND removed_ms = 0", name, l.Tenant).Scan(&known)
		if err != nil {
			return notFound(err, "rig %.40q of tenant %s", name, l.Tenant)
		}
	}
	return nil
}

func insertLease(ctx context.Context, tx *txn, num int64, l *lease.Lease) error {
	atPool, err := readHousePool(ctx, tx)
	if err != nil {
		return err
	}
	pool, err := newPoolColumns(l.Pool)
	if err != nil {
		return err
	}
	rigs, err := jsonList(l.Rigs)
	if err != nil {
		return err
	}
	cores, err := jsonList(l.Cores)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO leases (num, id, tenant, model, hps, start_ms, end_ms, closed_ms, proof_ms,
		nonce, provider, terms, tag, pool_urls, pool_user, pool_password, rigs, cores, orders, at_pool) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		num, l.ID, l.Tenant, string(l.Model), int64(l.ContractedHps), l.StartMs, l.EndMs, l.ClosedMs, l.ProofMs,
		l.Nonce[:], l.Provider[:], l.Terms[:], l.Tag[:], pool.urls, pool.user, pool.password, rigs, cores, l.Orders, atPool || l.Pool != nil)
	if err != nil {
		return err
	}
	return putPauses(ctx, tx, l, nil)
}

// The pauses come with their lease, so that both are of one moment.
const selectLease = `SELECT id, tenant, model, hps, start_ms, end_ms, closed_ms, proof_ms, nonce, provider, terms, tag, pool_urls, pool_user, pool_password, rigs, cores, orders,
	(SELECT json_group_array(json_object('by', by, 'from_ms', from_ms, 'to_ms', to_ms) ORDER BY num) FROM lease_pauses WHERE lease = id) FROM leases `

func scanLease(row scanner) (lease.Lease, error) {
	var l lease.Lease
	var pool poolColumns
	err := row.Scan(&l.ID, &l.Tenant, (*string)(&l.Model), &l.ContractedHps, &l.StartMs, &l.EndMs, &l.ClosedMs, &l.ProofMs,
		fixed(l.Nonce[:]), fixed(l.Provider[:]), fixed(l.Terms[:]), fixed(l.Tag[:]), &pool.urls, &pool.user, &pool.password,
		jsonScan[string]{&l.Rigs}, jsonScan[int]{&l.Cores}, &l.Orders, jsonScan[lease.Pause]{&l.Pauses})
	if err != nil {
		return lease.Lease{}, err
	}
	l.Pool, err = pool.pool()
	return l, err
}

// jsonList writes a list as it is stored.
func jsonList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// jsonScan scans what jsonList writes; an empty list is nil.
type jsonScan[T any] struct{ list *[]T }

// Scan implements sql.Scanner.
func (s jsonScan[T]) Scan(v any) error {
	*s.list = nil
	text, ok := v.(string)
	if ok && text == "[]" {
		return nil
	}
	if !ok || json.Unmarshal([]byte(text), s.list) != nil || len(*s.list) == 0 {
		return fmt.Errorf("%w: the text %.40q is no list of the kind that belongs there", errDamaged, text)
	}
	return nil
}

// Lease implements lease.Store.
func (s *Store) Lease(ctx context.Context, id string) (lease.Lease, error) {
	l, err := readLease(ctx, s.reader, id)
	return l, s.explain(ctx, err)
}

func readLease(ctx context.Context, q querier, id string) (lease.Lease, error) {
	l, err := scanLease(q.QueryRowContext(ctx, selectLease+"WHERE id = ?", id))
	if err != nil {
		return lease.Lease{}, notFound(err, "lease %.40q", id)
	}
	return l, nil
}

// Leases implements lease.Store.
func (s *Store) Leases(ctx context.Context) ([]lease.Lease, error) {
	all, err := collect(ctx, s.reader, scanLease, selectLease+"ORDER BY num")
	return all, s.explain(ctx, err)
}
