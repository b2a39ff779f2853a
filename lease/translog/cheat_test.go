package translog_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
)

// TestStoreCheats opens stores that somebody has been at.
func TestStoreCheats(t *testing.T) {
	ctx := t.Context()
	for _, tt := range []struct {
		name  string
		cheat func(m, backup *translogtest.Memory)
		want  error
	}{
		{"honest", func(*translogtest.Memory, *translogtest.Memory) {}, nil},
		{"hashes lost", func(m, _ *translogtest.Memory) { m.Nodes = m.Nodes[:100] }, nil}, // made anew
		{"a hash damaged", func(m, _ *translogtest.Memory) { m.Nodes[510][0]++ }, nil},
		{"a hash damaged that only proofs have", func(m, _ *translogtest.Memory) { m.Nodes[100][0]++ }, translog.ErrCorrupt},
		{"leaf changed", func(m, _ *translogtest.Memory) { m.Leaves[7] = translogtest.Entry(t, 900) }, translog.ErrRewritten},
		{"leaves swapped", func(m, _ *translogtest.Memory) { m.Leaves[7], m.Leaves[9] = m.Leaves[9], m.Leaves[7] }, translog.ErrReordered},
		{"leaf removed", func(m, _ *translogtest.Memory) { m.Leaves = append(m.Leaves[:7], m.Leaves[8:]...) }, translog.ErrTruncated},
		{"end cut off", func(m, _ *translogtest.Memory) { m.Leaves = m.Leaves[:290] }, translog.ErrTruncated},
		{"leaf inserted", func(m, _ *translogtest.Memory) {
			m.Leaves = append(append(m.Leaves[:7:7], translogtest.Entry(t, 900)), m.Leaves[7:]...)
		}, translog.ErrReordered},
		{"leaf changed and hashes made anew", func(m, _ *translogtest.Memory) {
			m.Leaves[7] = translogtest.Entry(t, 900)
			other := m.Clone().Forget()
			translogtest.Provider(t, other, 1, 0)
			m.Nodes = other.Nodes
		}, translog.ErrRewritten},
		{"older state brought back", func(m, backup *translogtest.Memory) {
			m.Restore(backup)
		}, translog.ErrTruncated},
		{"older state brought back and as many other leaves added", fork(t, 100), translog.ErrSplitView},
		{"older state brought back and more other leaves added", fork(t, 101), translog.ErrRewritten},
		{"another key", func(m, _ *translogtest.Memory) {
			other := m.Clone().Forget()
			l, err := translog.Open(ctx, translogtest.Config(t, other, 2))
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Sign(ctx)
			if err != nil {
				t.Fatal(err)
			}
			m.Head = s.Note
		}, translog.ErrOtherKey},
		{"checkpoint changed", func(m, _ *translogtest.Memory) {
			m.Head = bytes.Replace(m.Head, []byte("\n300\n"), []byte("\n200\n"), 1)
		}, translog.ErrForged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &translogtest.Memory{}
			cfg := translogtest.Config(t, m, 1)
			cfg.Anchor = filelog.NewHeads(t.TempDir() + "/head")
			l, err := translog.Open(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			translogtest.Grow(t, l, 0, 200)
			backup := m.Clone()
			translogtest.Grow(t, l, 200, 100)
			tt.cheat(m, backup)
			if l, err = translog.Open(ctx, cfg); err == nil {
				err = l.Audit(ctx)
			}
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// fork brings an older state back, and adds and signs for n leaves that the
// first history does not have.
func fork(t *testing.T, n int) func(m, backup *translogtest.Memory) {
	return func(m, backup *translogtest.Memory) {
		l := translogtest.Provider(t, backup, 1, 0)
		translogtest.Grow(t, l, 900, n)
		m.Restore(backup)
	}
}

// TestHistoryCheats compares what a provider signs with what it signed before,
// as tenants and witnesses do.
func TestHistoryCheats(t *testing.T) {
	honest := &translogtest.Memory{}
	before := translogtest.Provider(t, honest, 1, 300).Last()
	swap := func(m *translogtest.Memory) { m.Leaves[111], m.Leaves[222] = m.Leaves[222], m.Leaves[111] }
	change := func(m *translogtest.Memory) { m.Leaves[111] = translogtest.Entry(t, 900) }
	for _, tt := range []struct {
		name  string
		cheat func(m *translogtest.Memory)
		want  error // of the checkpoints and the tiles
		named error // of both trees
	}{
		{"honest", func(m *translogtest.Memory) { m.Leaves = append(m.Leaves, translogtest.Entry(t, 300)) }, nil, nil},
		{"split view", change, translog.ErrSplitView, translog.ErrRewritten},
		{"rewrite", func(m *translogtest.Memory) {
			change(m)
			m.Leaves = append(m.Leaves, translogtest.Entries(t, 300, 5)...)
		}, translog.ErrRewritten, translog.ErrRewritten},
		{"reordering", func(m *translogtest.Memory) { swap(m); m.Leaves = append(m.Leaves, translogtest.Entries(t, 300, 5)...) }, translog.ErrRewritten, translog.ErrReordered},
		{"truncation", func(m *translogtest.Memory) { m.Leaves = m.Leaves[:299] }, translog.ErrReplayed, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := honest.Clone().Forget()
			tt.cheat(m)
			l := translogtest.Provider(t, m, 1, 0)
			now := l.Last()
			r := tlog.TileHashReader(now.Tree, tileReader(func(x tlog.Tile) ([]byte, error) { return l.Tile(t.Context(), x) }))
			err := translog.CheckPrefix(&before, &now, r)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			var e *translog.Evidence
			if tt.want != nil && (!errors.As(err, &e) || !bytes.Equal(e.Seen, before.Note) || !bytes.Equal(e.Offered, now.Note)) {
				t.Errorf("no evidence in %v", err)
			}
			was := tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return honest.Hashes(t.Context(), i) })
			if err := translog.Difference(min(before.N, now.N), was, r); !errors.Is(err, tt.named) || (err == nil) != (tt.named == nil) {
				t.Errorf("trees: %v, want %v", err, tt.named)
			}
			// No proof makes up for it.
			proof, err := l.ProveGrowth(t.Context(), min(before.N, now.N), now.N)
			if err != nil {
				t.Fatal(err)
			}
			if err := translog.CheckGrowth(&before, &now, proof); (err == nil) != (tt.want == nil) {
				t.Errorf("by proof: %v", err)
			}
		})
	}
}

// TestMend makes damaged hashes anew, each of which a proof would have had, and
// nothing of leaves that are not those signed for.
func TestMend(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 300)
	for i := range m.Nodes {
		m.Nodes[i][i%32]++
		if i%7 == 0 || i == len(m.Nodes)-1 {
			if err := l.Audit(ctx); !errors.Is(err, translog.ErrCorrupt) {
				t.Fatalf("hash %d damaged: %v, want %v", i, err, translog.ErrCorrupt)
			}
			if n, err := l.Mend(ctx); err != nil || n == 0 || n > 7 {
				t.Fatalf("hash %d mended: %d, %v", i, n, err)
			}
			if err := l.Audit(ctx); err != nil {
				t.Fatalf("hash %d mended: %v", i, err)
			}
		}
	}
	m.Nodes = m.Nodes[:200]
	if n, err := l.Mend(ctx); err != nil || n == 0 {
		t.Errorf("lost hashes mended: %d, %v", n, err)
	}
	before := m.Clone()
	m.Leaves[7], m.Nodes[3] = translogtest.Entry(t, 900), tlog.Hash{}
	if _, err := l.Mend(ctx); !errors.Is(err, translog.ErrRewritten) && !errors.Is(err, translog.ErrReordered) {
		t.Errorf("another leaf: %v", err)
	}
	if m.Nodes[3] != (tlog.Hash{}) || m.Nodes[20] != before.Nodes[20] {
		t.Error("hashes were made of another leaf")
	}
}
