package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// AddRig implements lease.Store.
func (s *Store) AddRig(ctx context.Context, r lease.Rig) error {
	if err := r.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func(tx *txn) error {
		if r.Tenant != "" {
			var known int
			if err := tx.QueryRowContext(ctx, "SELECT 1 FROM tenants WHERE id = ?", r.Tenant).Scan(&known); err != nil {
				return notFound(err, "tenant %.40q", r.Tenant)
			}
		}
		added, err := changed(tx.ExecContext(ctx, "INSERT INTO rigs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			r.Name, sql.NullString{String: r.Tenant, Valid: r.Tenant != ""}, r.Token.Salt[:], r.Token.Sum[:],
			r.CreatedMs, r.DisabledMs, r.RemovedMs, r.Note, int64(r.RatedHps), int64(r.RatedMilliJTH)))
		if err == nil && !added {
			return fmt.Errorf("rig %s: %w", r.Name, lease.ErrExists)
		}
		return err
	})
}

const selectRig = "SELECT name, coalesce(tenant, ''), token_salt, token_sum, created_ms, disabled_ms, removed_ms, note, rated_hps, rated_mj_th FROM rigs "

func scanRig(row scanner) (lease.Rig, error) {
	var r lease.Rig
	err := row.Scan(&r.Name, &r.Tenant, fixed(r.Token.Salt[:]), fixed(r.Token.Sum[:]),
		&r.CreatedMs, &r.DisabledMs, &r.RemovedMs, &r.Note, &r.RatedHps, &r.RatedMilliJTH)
	return r, err
}

// Rig implements lease.Store.
func (s *Store) Rig(ctx context.Context, name string) (lease.Rig, error) {
	r, err := scanRig(s.reader.QueryRowContext(ctx, selectRig+"WHERE name = ?", name))
	if err != nil {
		return lease.Rig{}, s.explain(ctx, notFound(err, "rig %.40q", name))
	}
	return r, nil
}

// Rigs implements lease.Store.
func (s *Store) Rigs(ctx context.Context) ([]lease.Rig, error) {
	all, err := collect(ctx, s.reader, scanRig, selectRig+"ORDER BY name")
	return all, s.explain(ctx, err)
}

// ChangeRig implements lease.Store.
func (s *Store) ChangeRig(ctx context.Context, name string, change func(*lease.Rig) error) (lease.Rig, error) {
	var r lease.Rig
	err := s.write(ctx, func(tx *txn) error {
		was, err := scanRig(tx.QueryRowContext(ctx, selectRig+"WHERE name = ?", name))
		if err != nil {
			return notFound(err, "rig %.40q", name)
		}
		if was.State() == lease.RigRemoved {
			return fmt.Errorf("rig %s was removed: %w", name, lease.ErrClosed)
		}
		r = was
		if err := change(&r); err != nil {
			return err
		}
		r.Name, r.Tenant, r.CreatedMs = was.Name, was.Tenant, was.CreatedMs
		if r == was {
			return nil
		}
		if err := r.Validate(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE rigs SET token_salt = ?, token_sum = ?, disabled_ms = ?, removed_ms = ?, note = ?,
			rated_hps = ?, rated_mj_th = ? WHERE name = ?`, r.Token.Salt[:], r.Token.Sum[:], r.DisabledMs, r.RemovedMs, r.Note,
			int64(r.RatedHps), int64(r.RatedMilliJTH), name)
		return err
	})
	if err != nil {
		return lease.Rig{}, err
	}
	return r, nil
}

// RigsVersion implements lease.Store.
func (s *Store) RigsVersion(ctx context.Context) (int64, error) {
	var n int64
	err := s.reader.QueryRowContext(ctx, "SELECT rigs_version FROM node").Scan(&n)
	return n, s.explain(ctx, err)
}
