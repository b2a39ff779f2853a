package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// PutEvents implements lease.Store.
func (s *Store) PutEvents(ctx context.Context, events ...lease.Event) error {
	return s.write(ctx, func(tx *txn) error { return putEvents(ctx, tx, events) })
}

// putEvents appends events within tx, but for those whose key is known.
func putEvents(ctx context.Context, tx *txn, events []lease.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind == "" || len(e.Body) > lease.MaxEventBody {
			return fmt.Errorf("event %.40q of kind %.40q with %d bytes: want a kind and at most %d bytes", e.Key, e.Kind, len(e.Body), lease.MaxEventBody)
		}
		body := e.Body
		if body == nil {
			body = []byte{}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO events (key, at_ms, kind, lease, tenant, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
			sql.NullString{String: e.Key, Valid: e.Key != ""}, e.AtMs, string(e.Kind), e.Lease, e.Tenant, body)
		if err != nil {
			return err
		}
	}
	return nil
}

func scanEvent(row scanner) (lease.Event, error) {
	var e lease.Event
	err := row.Scan(&e.Seq, &e.Key, &e.AtMs, (*string)(&e.Kind), &e.Lease, &e.Tenant, &e.Body)
	return e, err
}

// Events implements lease.Store.
func (s *Store) Events(ctx context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error] {
	query := "SELECT seq, coalesce(key, ''), at_ms, kind, lease, tenant, body FROM events WHERE seq > ? AND at_ms > ? AND at_ms <= ?"
	from, to := f.FromMs, f.ToMs
	if from == 0 {
		from = math.MinInt64
	}
	if to == 0 {
		to = math.MaxInt64
	}
	args := []any{f.AfterSeq, from, to}
	// The conditions repeat those of the indexes, which are partial.
	if f.Lease != "" {
		query += " AND lease <> '' AND lease = ?"
		args = append(args, f.Lease)
	}
	if f.Tenant != "" {
		query += " AND tenant <> '' AND tenant = ?"
		args = append(args, f.Tenant)
	}
	if n := len(f.Kinds); n > 0 {
		query += " AND kind IN (?" + strings.Repeat(", ?", n-1) + ")"
		for _, kind := range f.Kinds {
			args = append(args, string(kind))
		}
	}
	return stream(ctx, s, scanEvent, query+" ORDER BY seq", args...)
}
