package sqlite

import (
	"context"
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
	return h, s.write(ctx, func(tx *txn) error {
		added, err := changed(tx.ExecContext(ctx, "INSERT INTO terms VALUES (?, ?) ON CONFLICT DO NOTHING", h[:], string(body)))
		if err != nil || !added {
			return err
		}
		return logTerms(ctx, tx, h, &t)
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

// Capacity implements lease.Store.
func (s *Store) Capacity(ctx context.Context) (uint64, error) {
	var bits int64
	err := s.reader.QueryRowContext(ctx, "SELECT capacity_hps FROM node").Scan(&bits)
	return uint64(bits), s.explain(ctx, err)
}

// SetCapacity implements lease.Store.
func (s *Store) SetCapacity(ctx context.Context, hps uint64) error {
	return s.write(ctx, func(tx *txn) error {
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
