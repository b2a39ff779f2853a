package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

const selectStatement = "SELECT lease, from_ms, to_ms, number, hash, note, leaf FROM statements "

func scanStatement(row scanner) (st lease.IssuedStatement, err error) {
	return st, row.Scan(&st.Lease, &st.FromMs, &st.ToMs, &st.Number, fixed(st.Hash[:]), &st.Note, &st.Leaf)
}

// PutStatement implements lease.Store.
func (s *Store) PutStatement(ctx context.Context, st lease.IssuedStatement) (lease.IssuedStatement, error) {
	if st.Hash != sha256.Sum256(st.Note) {
		return lease.IssuedStatement{}, fmt.Errorf("statement %d of lease %.40s: its hash is not that of its note", st.Number, st.Lease)
	}
	err := s.write(ctx, func(tx *txn) error {
		if _, err := readLease(ctx, tx, st.Lease); err != nil {
			return err
		}
		earlier, err := collect(ctx, tx, scanStatement, selectStatement+"WHERE lease = ? AND from_ms = ? AND to_ms = ? ORDER BY number", st.Lease, st.FromMs, st.ToMs)
		if err != nil {
			return err
		}
		if n := st.Number; n >= 1 && n <= int64(len(earlier)) && bytes.Equal(earlier[n-1].Note, st.Note) {
			st = earlier[n-1]
			return nil
		}
		if next := int64(len(earlier)) + 1; st.Number != next {
			return fmt.Errorf("statement %d of lease %s from %s to %s: %w, the next is number %d",
				st.Number, st.Lease, stamp(st.FromMs), stamp(st.ToMs), lease.ErrConflict, next)
		}
		e, err := leaf.NewStatement(&st)
		if err != nil {
			return err
		}
		if st.Leaf, err = tx.addLeaf(ctx, translog.KindStatement, st.Lease, e); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO statements (lease, from_ms, to_ms, number, hash, note, leaf) VALUES (?, ?, ?, ?, ?, ?, ?)",
			st.Lease, st.FromMs, st.ToMs, st.Number, st.Hash[:], st.Note, st.Leaf)
		return err
	})
	if err != nil {
		return lease.IssuedStatement{}, err
	}
	return st, nil
}

// Statements implements lease.Store.
func (s *Store) Statements(ctx context.Context, id string) ([]lease.IssuedStatement, error) {
	all, err := collect(ctx, s.reader, scanStatement, selectStatement+"WHERE ?1 = '' OR lease = ?1 ORDER BY leaf", id)
	return all, s.explain(ctx, err)
}
