package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// PutExclusion implements lease.Store.
func (s *Store) PutExclusion(ctx context.Context, x lease.Exclusion) (lease.Exclusion, error) {
	switch {
	case x.Kind != lease.ExcludeMaintenance && x.Kind != lease.ExcludePool:
		return lease.Exclusion{}, fmt.Errorf("exclusion of kind %.40q: want %s or %s", x.Kind, lease.ExcludeMaintenance, lease.ExcludePool)
	case x.FromMs <= 0 || x.ToMs != 0 && x.ToMs < x.FromMs:
		return lease.Exclusion{}, fmt.Errorf("exclusion from %d to %d ms is not possible", x.FromMs, x.ToMs)
	case len(x.Evidence) > lease.MaxEvidence:
		return lease.Exclusion{}, fmt.Errorf("exclusion with %d bytes of evidence: at most %d", len(x.Evidence), lease.MaxEvidence)
	}
	err := s.write(ctx, func(tx *txn) error {
		if x.Lease != "" {
			if _, err := readLease(ctx, tx, x.Lease); err != nil {
				return err
			}
		}
		if err := dateExclusion(ctx, tx, &x); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "INSERT INTO exclusions (lease, kind, announced_ms, from_ms, to_ms, evidence) VALUES (?, ?, ?, ?, ?, ?)",
			sql.NullString{String: x.Lease, Valid: x.Lease != ""}, string(x.Kind), x.AnnouncedMs, x.FromMs, x.ToMs, x.Evidence)
		if err != nil {
			return err
		}
		if x.ID, err = r.LastInsertId(); err != nil {
			return err
		}
		return logExclusion(ctx, tx, &x)
	})
	if err != nil {
		return lease.Exclusion{}, err
	}
	return x, nil
}

// dateExclusion sees to it that nothing is explained after the fact:
// maintenance is announced now, and what is settled stays as it is.
func dateExclusion(ctx context.Context, tx *txn, x *lease.Exclusion) error {
	nowMs, err := readEarliest(ctx, tx)
	if err != nil {
		return err
	}
	if x.Kind == lease.ExcludeMaintenance {
		x.AnnouncedMs = max(x.AnnouncedMs, nowMs)
		return nil
	}
	endMs, err := readSettledEnd(ctx, tx)
	if err == nil && x.FromMs < endMs {
		err = tooLate("exclusion from "+stamp(x.FromMs), endMs)
	}
	return err
}

// EndExclusion implements lease.Store. It ends no earlier than it began.
func (s *Store) EndExclusion(ctx context.Context, id, toMs int64) error {
	return s.write(ctx, func(tx *txn) error {
		var from, to int64
		if err := tx.QueryRowContext(ctx, "SELECT from_ms, to_ms FROM exclusions WHERE id = ?", id).Scan(&from, &to); err != nil {
			return notFound(err, "exclusion %d", id)
		}
		if to != 0 {
			return fmt.Errorf("exclusion %d: %w", id, lease.ErrClosed)
		}
		toMs = max(toMs, from)
		endMs, err := readSettledEnd(ctx, tx)
		if err == nil && toMs < endMs {
			err = tooLate(fmt.Sprintf("exclusion %d to %s", id, stamp(toMs)), endMs)
		}
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "UPDATE exclusions SET to_ms = ? WHERE id = ?", toMs, id); err != nil {
			return err
		}
		return logExclusionEnd(ctx, tx, id)
	})
}

const selectExclusion = "SELECT id, coalesce(lease, ''), kind, announced_ms, from_ms, to_ms, evidence FROM exclusions "

func scanExclusion(row scanner) (x lease.Exclusion, err error) {
	return x, row.Scan(&x.ID, &x.Lease, (*string)(&x.Kind), &x.AnnouncedMs, &x.FromMs, &x.ToMs, &x.Evidence)
}

// Exclusions implements lease.Store.
func (s *Store) Exclusions(ctx context.Context, fromMs, toMs int64) ([]lease.Exclusion, error) {
	all, err := collect(ctx, s.reader, scanExclusion, selectExclusion+"WHERE (to_ms = 0 OR to_ms > ?1) AND from_ms < ?2 ORDER BY from_ms, id", fromMs, toMs)
	return all, s.explain(ctx, err)
}
