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
		cheat func(m, backup *memory)
		want  error
	}{
		{"honest", func(*memory, *memory) {}, nil},
		{"hashes lost", func(m, _ *memory) { m.hashes = m.hashes[:100] }, nil}, // made anew
		{"a hash damaged", func(m, _ *memory) { m.hashes[510][0]++ }, nil},
		{"leaf changed", func(m, _ *memory) { m.entries[7] = translogtest.Entry(t, 900) }, translog.ErrRewritten},
		{"leaves swapped", func(m, _ *memory) { m.entries[7], m.entries[9] = m.entries[9], m.entries[7] }, translog.ErrReordered},
		{"leaf removed", func(m, _ *memory) { m.entries = append(m.entries[:7], m.entries[8:]...) }, translog.ErrTruncated},
		{"end cut off", func(m, _ *memory) { m.entries = m.entries[:290] }, translog.ErrTruncated},
		{"leaf inserted", func(m, _ *memory) {
			m.entries = append(append(m.entries[:7:7], translogtest.Entry(t, 900)), m.entries[7:]...)
		}, translog.ErrReordered},
		{"leaf changed and hashes made anew", func(m, _ *memory) {
			m.entries[7] = translogtest.Entry(t, 900)
			other := m.clone().forget()
			provider(t, other, 0)
			m.hashes = other.hashes
		}, translog.ErrRewritten},
		{"older state brought back", func(m, backup *memory) {
			*m = memory{entries: backup.entries, hashes: backup.hashes, head: backup.head}
		}, translog.ErrTruncated},
		{"older state brought back and other leaves added", func(m, backup *memory) {
			fork := backup.clone()
			provider(t, fork, 0)
			for i := range 100 {
				fork.entries = append(fork.entries, translogtest.Entry(t, 900+i))
			}
			l, err := translog.Open(ctx, config(t, fork, 1))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Sign(ctx); err != nil {
				t.Fatal(err)
			}
			*m = memory{entries: fork.entries, hashes: fork.hashes, head: fork.head}
		}, translog.ErrSplitView},
		{"another key", func(m, _ *memory) {
			other := m.clone().forget()
			l, err := translog.Open(ctx, config(t, other, 2))
			if err != nil {
				t.Fatal(err)
			}
			s, err := l.Sign(ctx)
			if err != nil {
				t.Fatal(err)
			}
			m.head = s.Note
		}, translog.ErrOtherKey},
		{"checkpoint changed", func(m, _ *memory) { m.head = bytes.Replace(m.head, []byte("\n300\n"), []byte("\n200\n"), 1) }, translog.ErrForged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{}
			cfg := config(t, m, 1)
			cfg.Anchor = filelog.NewHeads(t.TempDir() + "/head")
			l, err := translog.Open(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			grow(t, l, 0, 200)
			backup := m.clone()
			grow(t, l, 200, 100)
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

// TestHistoryCheats compares what a provider signs with what it signed before,
// as tenants and witnesses do.
func TestHistoryCheats(t *testing.T) {
	honest := &memory{}
	before := provider(t, honest, 300).Last()
	swap := func(m *memory) { m.entries[111], m.entries[222] = m.entries[222], m.entries[111] }
	change := func(m *memory) { m.entries[111] = translogtest.Entry(t, 900) }
	for _, tt := range []struct {
		name  string
		cheat func(m *memory)
		want  error // of the checkpoints and the tiles
		named error // of both trees
	}{
		{"honest", func(m *memory) { m.entries = append(m.entries, translogtest.Entry(t, 300)) }, nil, nil},
		{"split view", change, translog.ErrSplitView, translog.ErrRewritten},
		{"rewrite", func(m *memory) { change(m); m.entries = append(m.entries, translogtest.Entries(t, 300, 5)...) }, translog.ErrRewritten, translog.ErrRewritten},
		{"reordering", func(m *memory) { swap(m); m.entries = append(m.entries, translogtest.Entries(t, 300, 5)...) }, translog.ErrRewritten, translog.ErrReordered},
		{"truncation", func(m *memory) { m.entries = m.entries[:299] }, translog.ErrReplayed, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := honest.clone().forget()
			tt.cheat(m)
			l := provider(t, m, 0)
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
