package sqlite

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// PutTerms implements lease.Store.
func (s *Store) PutTerms(ctx context.Context, t lease.Terms) (lease.TermsHash, error) {
	body, err := lease.Canonical(t)
	if err != nil {
		return lease.TermsHash{}, err
	}
	h, err := t.Hash()
	if err != nil {
		return lease.TermsHash{}, err
	}
	return h, s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO terms VALUES (?, ?) ON CONFLICT DO NOTHING", h[:], string(body))
		return err
	})
}

// Terms implements lease.Store.
func (s *Store) Terms(ctx context.Context, h lease.TermsHash) (lease.Terms, error) {
	var body string
	err := s.reader.QueryRowContext(ctx, "SELECT body FROM terms WHERE hash = ?", h[:]).Scan(&body)
	if err != nil {
		return lease.Terms{}, s.explain(ctx, notFound(err, "terms %v", h))
	}
	var t lease.Terms
	err = json.Unmarshal([]byte(body), &t)
	if back, hashErr := t.Hash(); err != nil || hashErr != nil || back != h {
		return lease.Terms{}, s.explain(ctx, fmt.Errorf("%w: terms %v are not what their hash says", errDamaged, h))
	}
	return t, nil
}

// AddTenant implements lease.Store.
func (s *Store) AddTenant(ctx context.Context, t lease.Tenant) error {
	if err := t.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		added, err := changed(tx.ExecContext(ctx, "INSERT INTO tenants VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
			t.ID, []byte(t.Key), t.Address, t.CreatedMs))
		if err == nil && !added {
			return fmt.Errorf("tenant %s: %w", t.ID, lease.ErrExists)
		}
		return err
	})
}

const selectTenant = "SELECT id, key, address, created_ms FROM tenants "

func scanTenant(row scanner) (lease.Tenant, error) {
	t := lease.Tenant{Key: make(ed25519.PublicKey, ed25519.PublicKeySize)}
	err := row.Scan(&t.ID, fixed(t.Key), &t.Address, &t.CreatedMs)
	return t, err
}

// Tenant implements lease.Store.
func (s *Store) Tenant(ctx context.Context, id string) (lease.Tenant, error) {
	t, err := scanTenant(s.reader.QueryRowContext(ctx, selectTenant+"WHERE id = ?", id))
	if err != nil {
		return lease.Tenant{}, s.explain(ctx, notFound(err, "tenant %.40q", id))
	}
	return t, nil
}

// Tenants implements lease.Store.
func (s *Store) Tenants(ctx context.Context) ([]lease.Tenant, error) {
	all, err := collect(ctx, s.reader, scanTenant, selectTenant+"ORDER BY id")
	return all, s.explain(ctx, err)
}

// AddLease implements lease.Store.
func (s *Store) AddLease(ctx context.Context, l lease.Lease, limitHps uint64, tag func(id string) lease.Tag) (lease.Lease, error) {
	l.ClosedMs = 0
	if err := l.Validate(); err != nil {
		return lease.Lease{}, err
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		var known int
		if err := tx.QueryRowContext(ctx, "SELECT 1 FROM tenants WHERE id = ?", l.Tenant).Scan(&known); err != nil {
			return notFound(err, "tenant %.40q", l.Tenant)
		}
		if err := tx.QueryRowContext(ctx, "SELECT 1 FROM terms WHERE hash = ?", l.Terms[:]).Scan(&known); err != nil {
			return notFound(err, "terms %v", l.Terms)
		}
		others, err := collect(ctx, tx, scanLease, selectLease)
		if err != nil {
			return err
		}
		if err := lease.Admit(others, &l, limitHps); err != nil {
			return err
		}
		var num int64
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(num), 0) + 1 FROM leases").Scan(&num); err != nil {
			return err
		}
		l.ID = fmt.Sprintf("L-%04d", num)
		l.Tag = tag(l.ID)
		if err := lease.Distinct(others, &l); err != nil {
			return err
		}
		pool, err := newPoolColumns(l.Pool)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			num, l.ID, l.Tenant, string(l.Model), int64(l.ContractedHps), l.StartMs, l.EndMs, l.ClosedMs, l.ProofMs,
			l.Nonce[:], l.Terms[:], l.Tag[:], pool.urls, pool.user, pool.password)
		return err
	})
	if err != nil {
		return lease.Lease{}, err
	}
	return l, nil
}

const selectLease = "SELECT id, tenant, model, hps, start_ms, end_ms, closed_ms, proof_ms, nonce, terms, tag, pool_urls, pool_user, pool_password FROM leases "

func scanLease(row scanner) (lease.Lease, error) {
	var l lease.Lease
	var pool poolColumns
	err := row.Scan(&l.ID, &l.Tenant, (*string)(&l.Model), &l.ContractedHps, &l.StartMs, &l.EndMs, &l.ClosedMs, &l.ProofMs,
		fixed(l.Nonce[:]), fixed(l.Terms[:]), fixed(l.Tag[:]), &pool.urls, &pool.user, &pool.password)
	if err != nil {
		return lease.Lease{}, err
	}
	l.Pool, err = pool.pool()
	return l, err
}

// Lease implements lease.Store.
func (s *Store) Lease(ctx context.Context, id string) (lease.Lease, error) {
	l, err := scanLease(s.reader.QueryRowContext(ctx, selectLease+"WHERE id = ?", id))
	if err != nil {
		return lease.Lease{}, s.explain(ctx, notFound(err, "lease %.40q", id))
	}
	return l, nil
}

// Leases implements lease.Store.
func (s *Store) Leases(ctx context.Context) ([]lease.Lease, error) {
	all, err := collect(ctx, s.reader, scanLease, selectLease+"ORDER BY num")
	return all, s.explain(ctx, err)
}

// CloseLease implements lease.Store.
func (s *Store) CloseLease(ctx context.Context, id string, atMs int64) error {
	if atMs <= 0 {
		return fmt.Errorf("lease %.40q cannot be closed at %d ms: want a moment after 1970", id, atMs)
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		l, err := scanLease(tx.QueryRowContext(ctx, selectLease+"WHERE id = ?", id))
		if err != nil {
			return notFound(err, "lease %.40q", id)
		}
		if state := l.StateAt(atMs); l.ClosedMs != 0 || state == lease.Ended {
			return fmt.Errorf("lease %s: %w", id, lease.ErrClosed)
		}
		_, err = tx.ExecContext(ctx, "UPDATE leases SET closed_ms = ? WHERE id = ?", atMs, id)
		return err
	})
}

// Capacity implements lease.Store.
func (s *Store) Capacity(ctx context.Context) (uint64, error) {
	var bits int64
	err := s.reader.QueryRowContext(ctx, "SELECT capacity_hps FROM node").Scan(&bits)
	return uint64(bits), s.explain(ctx, err)
}

// SetCapacity implements lease.Store.
func (s *Store) SetCapacity(ctx context.Context, hps uint64) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE node SET capacity_hps = ?", int64(hps))
		return err
	})
}

// LeasesVersion implements lease.Store.
func (s *Store) LeasesVersion(ctx context.Context) (int64, error) {
	var n int64
	err := s.reader.QueryRowContext(ctx, "SELECT leases_version FROM node").Scan(&n)
	return n, s.explain(ctx, err)
}
