package sqlite

import (
	"context"
	"database/sql"
)

// txn is a transaction that prepares each of its statements once.
type txn struct {
	*sql.Tx
	prepared map[string]*sql.Stmt // closed with the transaction
	log      pendingLog
}

// write runs f in a transaction and commits it, with the leaves that f added to
// the log, unless f fails.
func (s *Store) write(ctx context.Context, f func(tx *txn) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return s.explain(ctx, err)
	}
	defer tx.Rollback()
	t := &txn{Tx: tx, prepared: make(map[string]*sql.Stmt)}
	if err = f(t); err == nil {
		err = t.flush(ctx)
	}
	if err != nil {
		return s.explain(ctx, err)
	}
	return s.explain(ctx, tx.Commit())
}

func (t *txn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := t.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := t.Tx.PrepareContext(ctx, query)
	if err == nil {
		t.prepared[query] = stmt
	}
	return stmt, err
}

// ExecContext runs one statement that returns no rows.
func (t *txn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs one statement that returns rows.
func (t *txn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs one statement that returns at most one row.
func (t *txn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := t.prepare(ctx, query)
	if err != nil {
		return t.Tx.QueryRowContext(ctx, query, args...) // says so, too
	}
	return stmt.QueryRowContext(ctx, args...)
}
