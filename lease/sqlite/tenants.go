package sqlite

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// AddTenant implements lease.Store.
func (s *Store) AddTenant(ctx context.Context, t lease.Tenant) error {
	if err := t.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func(tx *txn) error {
		added, err := changed(tx.ExecContext(ctx, "INSERT INTO tenants VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			t.ID, []byte(t.Key), t.Address, t.CreatedMs, t.Next, t.NextMs, t.Orders))
		if err == nil && !added {
			return fmt.Errorf("tenant %s: %w", t.ID, lease.ErrExists)
		}
		return err
	})
}

const selectTenant = "SELECT id, key, address, created_ms, next, next_ms, orders FROM tenants "

func scanTenant(row scanner) (lease.Tenant, error) {
	t := lease.Tenant{Key: make(ed25519.PublicKey, ed25519.PublicKeySize)}
	err := row.Scan(&t.ID, fixed(t.Key), &t.Address, &t.CreatedMs, &t.Next, &t.NextMs, &t.Orders)
	return t, err
}

// Tenant implements lease.Store.
func (s *Store) Tenant(ctx context.Context, id string) (lease.Tenant, error) {
	t, err := readTenant(ctx, s.reader, id)
	return t, s.explain(ctx, err)
}

func readTenant(ctx context.Context, q querier, id string) (lease.Tenant, error) {
	t, err := scanTenant(q.QueryRowContext(ctx, selectTenant+"WHERE id = ?", id))
	if err != nil {
		return lease.Tenant{}, notFound(err, "tenant %.40q", id)
	}
	return t, nil
}

// Tenants implements lease.Store.
func (s *Store) Tenants(ctx context.Context) ([]lease.Tenant, error) {
	all, err := collect(ctx, s.reader, scanTenant, selectTenant+"ORDER BY id")
	return all, s.explain(ctx, err)
}

// ChangeTenant implements lease.Store.
func (s *Store) ChangeTenant(ctx context.Context, id string, change func(*lease.Tenant) ([]lease.Event, error)) (lease.Tenant, error) {
	var t lease.Tenant
	err := s.write(ctx, func(tx *txn) error {
		was, err := readTenant(ctx, tx, id)
		if err != nil {
			return err
		}
		t = was
		t.Key = slices.Clone(was.Key)
		events, err := change(&t)
		if err != nil {
			return err
		}
		t.ID, t.Key, t.CreatedMs = was.ID, was.Key, was.CreatedMs
		if err := t.Validate(); err != nil {
			return err
		}
		if t.Orders < was.Orders {
			return fmt.Errorf("tenant %s: order %d comes after %d was carried out", id, t.Orders, was.Orders)
		}
		_, err = tx.ExecContext(ctx, "UPDATE tenants SET address = ?, next = ?, next_ms = ?, orders = ? WHERE id = ?",
			t.Address, t.Next, t.NextMs, t.Orders, id)
		if err != nil {
			return err
		}
		return putEvents(ctx, tx, events)
	})
	if err != nil {
		return lease.Tenant{}, err
	}
	return t, nil
}
