package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// querier is what a transaction and a pool of connections have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scanner is a row, or the current one of many.
type scanner interface{ Scan(dest ...any) error }

// changed reports whether a statement changed a row.
func changed(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// fixed scans a BLOB of exactly the length of its slice.
type fixed []byte

// Scan implements sql.Scanner.
func (f fixed) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok || len(b) != len(f) {
		return fmt.Errorf("%w: a field of %d bytes instead of %d", errDamaged, len(b), len(f))
	}
	copy(f, b)
	return nil
}

// workBlob writes work as it is stored.
func workBlob(w miner.Work) []byte {
	b := make([]byte, 16)
	binary.BigEndian.PutUint64(b, w.Hi)
	binary.BigEndian.PutUint64(b[8:], w.Lo)
	return b
}

// workScan scans what workBlob writes.
type workScan struct{ w *miner.Work }

// Scan implements sql.Scanner.
func (s workScan) Scan(v any) error {
	var b [16]byte
	if err := fixed(b[:]).Scan(v); err != nil {
		return err
	}
	s.w.Hi, s.w.Lo = binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	return nil
}

// notFound turns an empty answer into lease.ErrNotFound with a name.
func notFound(err error, format string, args ...any) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), lease.ErrNotFound)
	}
	return err
}

// collect runs a query and gathers what scan makes of its rows.
func collect[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// stream yields what scan makes of a query's rows, one at a time and all of
// one moment.
func stream[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) func(yield func(T, error) bool) {
	return func(yield func(T, error) bool) {
		var none T
		rows, err := s.reader.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, s.explain(ctx, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				yield(none, s.explain(ctx, err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, s.explain(ctx, err))
		}
	}
}

// orNull gives bytes to SQLite; nil are NULL.
func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}
