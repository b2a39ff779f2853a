package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/ncruces/go-sqlite3"
)

// loggedLeaf is a leaf that a transaction is about to add.
type loggedLeaf struct {
	kind translog.Kind
	ref  string
	translog.Entry
}

// pendingLog is what a transaction adds to the log. It is written when
// everything else is, by one statement for each table.
type pendingLog struct {
	leaves  []loggedLeaf
	first   int64            // index of the first; known once there is one
	numbers map[string]int64 // by lease: how many leaves of kind transaction there are
	nowMs   int64            // as now reads it; 0: not read
}

// nextLeaf is the index that the next leaf will have.
func (t *txn) nextLeaf(ctx context.Context) (int64, error) {
	if len(t.log.leaves) == 0 {
		err := t.QueryRowContext(ctx, "SELECT coalesce(max(idx) + 1, 0) FROM log_leaves").Scan(&t.log.first)
		if err != nil {
			return 0, err
		}
	}
	return t.log.first + int64(len(t.log.leaves)), nil
}

// addLeaf adds a leaf to the log and returns its index. It becomes durable with
// the transaction.
func (t *txn) addLeaf(ctx context.Context, kind translog.Kind, ref string, e translog.Entry) (int64, error) {
	index, err := t.nextLeaf(ctx)
	if err != nil {
		return 0, err
	}
	t.log.leaves = append(t.log.leaves, loggedLeaf{kind, ref, e})
	return index, nil
}

// nextNumber is the number of the next leaf of kind transaction about a lease.
func (t *txn) nextNumber(ctx context.Context, id string) (int64, error) {
	n, ok := t.log.numbers[id]
	if !ok {
		err := t.QueryRowContext(ctx, "SELECT coalesce((SELECT n FROM log_transactions WHERE lease = ?), 0)", id).Scan(&n)
		if err != nil {
			return 0, err
		}
		if t.log.numbers == nil {
			t.log.numbers = make(map[string]int64)
		}
	}
	t.log.numbers[id] = n + 1
	return n, nil
}

// now is the moment up to which the node is known to have run, in Unix
// milliseconds: the last there is without asking a clock.
func (t *txn) now(ctx context.Context) (ms int64, err error) {
	if t.log.nowMs == 0 {
		t.log.nowMs, err = readEarliest(ctx, t)
	}
	return t.log.nowMs, err
}

// flush writes the leaves.
func (t *txn) flush(ctx context.Context) error {
	if len(t.log.leaves) == 0 {
		return nil
	}
	type number struct {
		lease string
		n     int64
	}
	var numbers []number
	for id, n := range t.log.numbers {
		numbers = append(numbers, number{id, n})
	}
	if len(numbers) > 0 {
		_, err := t.ExecContext(ctx, "INSERT OR REPLACE INTO log_transactions SELECT c0, c1 FROM feed(?)",
			newFeed(numbers, func(out sqlite3.Context, n *number, column int) {
				if column == 0 {
					out.ResultText(n.lease)
				} else {
					out.ResultInt64(n.n)
				}
			}))
		if err != nil {
			return err
		}
	}
	_, err := t.ExecContext(ctx, "INSERT INTO log_leaves (idx, kind, ref, at_ms, body, secret) SELECT ?1 + rowid - 1, c0, c1, ?2, c2, c3 FROM feed(?3)",
		t.log.first, time.Now().UnixMilli(), newFeed(t.log.leaves, func(out sqlite3.Context, l *loggedLeaf, column int) {
			switch {
			case column == 0:
				out.ResultText(string(l.kind))
			case column == 1:
				out.ResultText(l.ref)
			case column == 2:
				out.ResultBlob(l.Body)
			case l.Secret == nil:
				out.ResultNull()
			default:
				out.ResultBlob(l.Secret)
			}
		}))
	t.log = pendingLog{}
	return err
}

// Leaves implements lease.Store.
func (s *Store) Leaves(ctx context.Context, f lease.LeafFilter) iter.Seq2[lease.LogLeaf, error] {
	query, args := leafQuery(f)
	return stream(ctx, s, func(row scanner) (l lease.LogLeaf, err error) {
		return l, row.Scan(&l.Index, &l.Kind, &l.Ref, &l.AtMs, &l.Body, &l.Secret)
	}, query, args...)
}

// leafQuery selects leaves. Their indexes are gathered first, in order: the
// bodies are read one at a time, and never sorted.
func leafQuery(f lease.LeafFilter) (query string, args []any) {
	var where []string
	if f.From > 0 {
		where, args = append(where, "idx >= ?"), append(args, f.From)
	}
	if f.To != 0 {
		where, args = append(where, "idx < ?"), append(args, f.To)
	}
	var within []string
	var wanted []any
	if len(f.Kinds) > 0 {
		within = append(within, "kind IN (?"+strings.Repeat(", ?", len(f.Kinds)-1)+")")
		for _, kind := range f.Kinds {
			wanted = append(wanted, kind)
		}
	}
	if f.Ref != "" {
		within, wanted = append(within, "ref = ?"), append(wanted, f.Ref)
	}
	if len(within) > 0 {
		where = append(where, "idx IN (SELECT idx FROM log_leaves WHERE "+strings.Join(append(within, where...), " AND ")+")")
		args = append(append(args, wanted...), args...)
	}
	query = "SELECT idx, kind, ref, at_ms, body, secret FROM log_leaves"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + " ORDER BY idx", args
}

// TemplateLeaves implements lease.Store.
func (s *Store) TemplateLeaves(ctx context.Context, seqs []int64) (map[int64]int64, error) {
	list, err := json.Marshal(append([]int64{}, seqs...))
	if err != nil {
		return nil, err
	}
	type line struct{ seq, leaf int64 }
	lines, err := collect(ctx, s.reader, func(row scanner) (l line, err error) {
		return l, row.Scan(&l.seq, &l.leaf)
	}, "SELECT seq, leaf FROM templates WHERE seq IN (SELECT value FROM json_each(?))", string(list))
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	leaves := make(map[int64]int64, len(lines))
	for _, l := range lines {
		leaves[l.seq] = l.leaf
	}
	for _, seq := range seqs {
		if _, ok := leaves[seq]; !ok {
			return nil, fmt.Errorf("template %d: %w", seq, lease.ErrNotFound)
		}
	}
	return leaves, nil
}
