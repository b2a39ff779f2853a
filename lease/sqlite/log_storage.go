package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/ncruces/go-sqlite3"
	"golang.org/x/mod/sumdb/tlog"
)

// Log is the store's log, to be signed for and served. Its leaves are those that
// come with the facts, and those that are appended to it.
func (s *Store) Log() translog.Storage { return logStorage{s} }

// logStorage is a translog.Storage in the Store's tables.
type logStorage struct{ s *Store }

// maxAppend bounds what is appended at once, in leaves.
const maxAppend = 1 << 20

// Append implements translog.Storage. What is appended by itself is about
// nothing.
func (l logStorage) Append(ctx context.Context, entries []translog.Entry) (first int64, err error) {
	if len(entries) > maxAppend {
		return 0, fmt.Errorf("%d leaves at once: %w: at most %d", len(entries), translog.ErrTooLarge, maxAppend)
	}
	kinds := make([]translog.Kind, len(entries))
	for i := range entries {
		leaf, err := translog.DecodeLeaf(entries[i].Body)
		if err != nil {
			return 0, err
		}
		kinds[i] = leaf.Kind
	}
	return first, l.s.write(ctx, func(tx *txn) error {
		if first, err = tx.nextLeaf(ctx); err != nil {
			return err
		}
		for i, e := range entries {
			if _, err := tx.addLeaf(ctx, kinds[i], "", e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Size implements translog.Storage.
func (l logStorage) Size(ctx context.Context) (n int64, err error) {
	err = l.s.reader.QueryRowContext(ctx, "SELECT coalesce(max(idx) + 1, 0) FROM log_leaves").Scan(&n)
	return n, l.s.explain(ctx, err)
}

// Read implements translog.Storage.
func (l logStorage) Read(ctx context.Context, from, n int64, do func(index int64, e translog.Entry) error) error {
	size, err := l.Size(ctx)
	if err != nil {
		return err
	}
	if from < 0 || n < 0 || n > size-from {
		return fmt.Errorf("leaves from %d on, %d of them: %w: there are %d", from, n, translog.ErrNotFound, size)
	}
	rows, err := l.s.reader.QueryContext(ctx, "SELECT idx, body, secret FROM log_leaves WHERE idx >= ? AND idx < ? ORDER BY idx", from, from+n)
	if err != nil {
		return l.s.explain(ctx, err)
	}
	defer rows.Close()
	next := from
	for ; rows.Next(); next++ {
		var index int64
		var body, secret sql.RawBytes
		if err := rows.Scan(&index, &body, &secret); err != nil {
			return l.s.explain(ctx, err)
		}
		if index != next {
			break
		}
		if err := do(index, translog.Entry{Body: body, Secret: secret}); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return l.s.explain(ctx, err)
	}
	if next != from+n {
		return l.s.explain(ctx, fmt.Errorf("%w: leaf %d of the log is missing", errDamaged, next))
	}
	return nil
}

// PutHashes implements translog.Storage.
func (l logStorage) PutHashes(ctx context.Context, first int64, hashes []tlog.Hash) error {
	return l.s.write(ctx, func(tx *txn) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO log_hashes SELECT ? + rowid - 1, c0 FROM feed(?)",
			first, newFeed(hashes, func(out sqlite3.Context, h *tlog.Hash, _ int) { out.ResultBlob(h[:]) }))
		return err
	})
}

// Hashes implements translog.Storage.
func (l logStorage) Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(indexes)
	if err != nil {
		return nil, err
	}
	type line struct {
		index int64
		hash  tlog.Hash
	}
	lines, err := collect(ctx, l.s.reader, func(row scanner) (h line, err error) {
		return h, row.Scan(&h.index, fixed(h.hash[:]))
	}, "SELECT idx, hash FROM log_hashes WHERE idx IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, l.s.explain(ctx, err)
	}
	there := make(map[int64]tlog.Hash, len(lines))
	for _, h := range lines {
		there[h.index] = h.hash
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h, ok := there[x]
		if !ok {
			return nil, fmt.Errorf("hash %d: %w", x, translog.ErrNotFound)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// Checkpoint implements translog.Heads.
func (l logStorage) Checkpoint(ctx context.Context) (signed []byte, err error) {
	err = l.s.reader.QueryRowContext(ctx, "SELECT note FROM log_checkpoint").Scan(&signed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return signed, l.s.explain(ctx, err)
}

// PutCheckpoint implements translog.Heads.
func (l logStorage) PutCheckpoint(ctx context.Context, signed []byte) error {
	return l.s.write(ctx, func(tx *txn) error {
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO log_checkpoint VALUES (1, ?)", signed)
		return err
	})
}
