package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// PutBlock implements lease.Store.
func (s *Store) PutBlock(ctx context.Context, b lease.Block) error {
	return s.write(ctx, func(tx *txn) error {
		j, err := readJob(ctx, tx, b.Job)
		if err != nil {
			return fmt.Errorf("block %v: %w", b.Hash, err)
		}
		if j.Template != b.Template || j.Lease != b.Lease {
			return fmt.Errorf("block %v: template %d and lease %s, but job %d is of %d and %s", b.Hash, b.Template, b.Lease, b.Job, j.Template, j.Lease)
		}
		added, err := changed(tx.ExecContext(ctx, `INSERT INTO blocks (hash, height, template, job, lease, extranonce, time, nonce, version_bits, found_ms, state, appearances, reason, raw)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?) ON CONFLICT (hash) DO NOTHING`,
			b.Hash[:], b.Height, b.Template, b.Job, b.Lease, b.Extranonce, int64(b.Time), int64(b.Nonce), int64(b.VersionBits), b.FoundMs,
			string(lease.Candidate), b.Raw))
		if err != nil || !added {
			return err
		}
		return logBlock(ctx, tx, b.Hash)
	})
}

const selectBlock = "SELECT hash, height, template, job, lease, extranonce, time, nonce, version_bits, found_ms, state, appearances, reason, %s FROM blocks "

func scanBlock(row scanner) (lease.Block, error) {
	var b lease.Block
	err := row.Scan(fixed(b.Hash[:]), &b.Height, &b.Template, &b.Job, &b.Lease, &b.Extranonce, &b.Time, &b.Nonce, &b.VersionBits,
		&b.FoundMs, (*string)(&b.State), &b.Appearances, &b.Reason, &b.Raw)
	return b, err
}

// Block implements lease.Store.
func (s *Store) Block(ctx context.Context, h miner.Hash) (lease.Block, error) {
	b, err := scanBlock(s.reader.QueryRowContext(ctx, fmt.Sprintf(selectBlock, "raw")+"WHERE hash = ?", h[:]))
	if err != nil {
		return lease.Block{}, s.explain(ctx, notFound(err, "block %v", h))
	}
	return b, nil
}

// Blocks implements lease.Store.
func (s *Store) Blocks(ctx context.Context, states ...lease.BlockState) ([]lease.Block, error) {
	where, args := "", make([]any, len(states))
	for i, state := range states {
		args[i] = string(state)
	}
	if len(states) > 0 {
		where = "WHERE state IN (?" + strings.Repeat(", ?", len(states)-1) + ") "
	}
	all, err := collect(ctx, s.reader, scanBlock, fmt.Sprintf(selectBlock, "NULL")+where+"ORDER BY found_ms, num", args...)
	return all, s.explain(ctx, err)
}

// OpenBlocks implements lease.Store.
func (s *Store) OpenBlocks(ctx context.Context, fromHeight int64) ([]lease.Block, error) {
	all, err := collect(ctx, s.reader, scanBlock, fmt.Sprintf(selectBlock, "NULL")+
		"WHERE state IN (?, ?) OR height >= ? ORDER BY found_ms, num", string(lease.Candidate), string(lease.Adopted), fromHeight)
	return all, s.explain(ctx, err)
}

// CountBlocks implements lease.Store.
func (s *Store) CountBlocks(ctx context.Context) (map[lease.BlockState]int, error) {
	type line struct {
		state lease.BlockState
		n     int
	}
	lines, err := collect(ctx, s.reader, func(row scanner) (l line, err error) {
		return l, row.Scan((*string)(&l.state), &l.n)
	}, "SELECT state, count(*) FROM blocks GROUP BY state")
	counts := make(map[lease.BlockState]int)
	for _, l := range lines {
		counts[l.state] = l.n
	}
	return counts, s.explain(ctx, err)
}

// MoveBlock implements lease.Store.
func (s *Store) MoveBlock(ctx context.Context, h miner.Hash, from, to lease.BlockState, reason string, txs ...lease.Transaction) error {
	return s.write(ctx, func(tx *txn) error {
		moved, err := changed(tx.ExecContext(ctx, `UPDATE blocks SET state = ?1, reason = ?2, appearances = appearances + (?1 = ?3 AND state <> ?3)
			WHERE hash = ?4 AND state = ?5`, string(to), reason, string(lease.Adopted), h[:], string(from)))
		if err != nil {
			return err
		}
		if !moved {
			var state string
			if err := tx.QueryRowContext(ctx, "SELECT state FROM blocks WHERE hash = ?", h[:]).Scan(&state); err != nil {
				return notFound(err, "block %v", h)
			}
			return fmt.Errorf("block %v: %w, it is %s and not %s", h, lease.ErrConflict, state, from)
		}
		if err := logBlock(ctx, tx, h); err != nil {
			return err
		}
		return book(ctx, tx, txs, nil)
	})
}

// Post implements lease.Store.
func (s *Store) Post(ctx context.Context, t lease.Transaction, events ...lease.Event) error {
	return s.write(ctx, func(tx *txn) error { return book(ctx, tx, []lease.Transaction{t}, events) })
}

// PostAll implements lease.Store.
func (s *Store) PostAll(ctx context.Context, txs []lease.Transaction, events ...lease.Event) error {
	return s.write(ctx, func(tx *txn) error { return book(ctx, tx, txs, events) })
}

// prepaid ends the names of the accounts that hold what was paid in advance
// for one lease each, and for no other.
const prepaid = ":prepaid"

// post books t, with its leaves, within tx.
func post(ctx context.Context, tx *txn, t *lease.Transaction) error {
	if err := t.Validate(); err != nil {
		return err
	}
	r, err := tx.ExecContext(ctx, "INSERT INTO transactions (key, kind, at_ms, ref) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", t.Key, t.Kind, t.AtMs, t.Ref)
	if added, err := changed(r, err); err != nil {
		return err
	} else if !added {
		return fmt.Errorf("transaction %s: %w", t.Key, lease.ErrDuplicate)
	}
	seq, err := r.LastInsertId()
	if err != nil {
		return err
	}
	for i, p := range t.Postings {
		if _, err := tx.ExecContext(ctx, "INSERT INTO postings VALUES (?, ?, ?, ?, ?)", seq, i, p.Account, p.Lease, p.Sat); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO balances VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET sat = sat + ?3", p.Account, p.Lease, p.Sat); err != nil {
			return err
		}
	}
	for _, p := range t.Postings {
		if p.Sat < 0 || !strings.HasPrefix(p.Account, lease.Liability) {
			continue // a credit cannot overdraw what is owed
		}
		query, args, of := "SELECT sum(sat) FROM balances WHERE account = ?", []any{p.Account}, ""
		if strings.HasSuffix(p.Account, prepaid) {
			query, args, of = query+" AND lease = ?", append(args, p.Lease), " of lease "+p.Lease
		}
		var sum int64
		if err := tx.QueryRowContext(ctx, query, args...).Scan(&sum); err != nil {
			return err
		}
		if sum > 0 {
			return fmt.Errorf("transaction %s: %w: %s%s by %d sat", t.Key, lease.ErrOverdrawn, p.Account, of, sum)
		}
	}
	return logTransaction(ctx, tx, t)
}

// scanLine reads one posting beside its transaction; a transaction without
// postings has one line without an account.
func scanLine(row scanner) (t lease.Transaction, err error) {
	var account, id sql.NullString
	var sat sql.NullInt64
	err = row.Scan(&t.Seq, &t.Key, &t.Kind, &t.AtMs, &t.Ref, &account, &id, &sat)
	if account.Valid {
		t.Postings = []lease.Posting{{Account: account.String, Lease: id.String, Sat: sat.Int64}}
	}
	return t, err
}

const selectLines = `SELECT t.seq, t.key, t.kind, t.at_ms, t.ref, p.account, p.lease, p.sat
	FROM transactions AS t LEFT JOIN postings AS p ON p.tx = t.seq `

// Transaction implements lease.Store.
func (s *Store) Transaction(ctx context.Context, key string) (lease.Transaction, error) {
	for t, err := range gather(stream(ctx, s, scanLine, selectLines+"WHERE t.key = ? ORDER BY p.line", key)) {
		return t, err
	}
	return lease.Transaction{}, notFound(sql.ErrNoRows, "transaction %.100s", key)
}

// Transactions implements lease.Store.
func (s *Store) Transactions(ctx context.Context) iter.Seq2[lease.Transaction, error] {
	return gather(stream(ctx, s, scanLine, selectLines+"ORDER BY t.seq, p.line"))
}

// gather joins the lines of each transaction.
func gather(lines iter.Seq2[lease.Transaction, error]) iter.Seq2[lease.Transaction, error] {
	return fold(lines, func(t, line *lease.Transaction) bool { return t.Seq == line.Seq }, func(t, line *lease.Transaction) {
		if t.Seq == line.Seq {
			t.Postings = append(t.Postings, line.Postings...)
		} else {
			*t = *line
		}
	})
}

// Balances implements lease.Store.
func (s *Store) Balances(ctx context.Context) ([]lease.Balance, error) {
	all, err := collect(ctx, s.reader, func(row scanner) (b lease.Balance, err error) {
		err = row.Scan(&b.Account, &b.Lease, &b.Sat)
		return b, err
	}, "SELECT account, lease, sat FROM balances ORDER BY account, lease")
	return all, s.explain(ctx, err)
}
