package translog_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// TestTree compares with the tree of x/mod, and proves every leaf and every
// growth.
func TestTree(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 0)
	var reference []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var h []tlog.Hash
		for _, i := range indexes {
			h = append(h, reference[i])
		}
		return h, nil
	})
	history := []translog.Signed{l.Last()}
	for n := range 70 {
		s := translogtest.Grow(t, l, n, 1)
		more, err := tlog.StoredHashes(int64(n), translogtest.Entry(t, n).Body, read)
		if err != nil {
			t.Fatal(err)
		}
		reference = append(reference, more...)
		root, err := tlog.TreeHash(int64(n+1), read)
		if err != nil || s.Hash != root || s.N != int64(n+1) {
			t.Fatalf("%d leaves have the root %v, %v, want %v", s.N, s.Hash, err, root)
		}
		history = append(history, s)
	}
	for i := range history {
		later := &history[i]
		for j := range history[:i+1] {
			proof, err := l.ProveGrowth(ctx, int64(j), int64(i))
			if err != nil {
				t.Fatal(err)
			}
			if err := translog.CheckGrowth(&history[j], later, proof); err != nil {
				t.Fatalf("from %d to %d: %v", j, i, err)
			}
			if err := translog.CheckPrefix(&history[j], later, read); err != nil {
				t.Fatalf("from %d to %d: %v", j, i, err)
			}
			if len(proof) > 0 {
				proof[len(proof)/2][7] ^= 1
				if err := translog.CheckGrowth(&history[j], later, proof); !errors.Is(err, translog.ErrProof) {
					t.Fatalf("from %d to %d with a broken proof: %v", j, i, err)
				}
			}
			if j == i {
				continue
			}
			body := translogtest.Entry(t, j).Body
			inclusion, err := l.ProveLeaf(ctx, int64(i), int64(j))
			if err != nil {
				t.Fatal(err)
			}
			if err := later.CheckLeaf(int64(j), body, inclusion); err != nil {
				t.Fatal(err)
			}
			if err := later.CheckLeaf(int64(j+1), body, inclusion); !errors.Is(err, translog.ErrProof) {
				t.Fatalf("leaf %d as leaf %d of %d: %v", j, j+1, i, err)
			}
		}
	}
	for _, bad := range [][2]int64{{-1, 3}, {4, 3}, {3, 71}} {
		if _, err := l.ProveGrowth(ctx, bad[0], bad[1]); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("growth %v: %v", bad, err)
		}
		if _, err := l.ProveLeaf(ctx, bad[1], bad[0]); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("leaf %v: %v", bad, err)
		}
	}
}

func TestSign(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 3)
	first := l.Last()
	again, err := l.Sign(ctx)
	if err != nil || !bytes.Equal(again.Note, first.Note) {
		t.Errorf("signed again without a leaf: %s, %v", again.Note, err)
	}
	// Somebody else adds a leaf to the store.
	if _, err := m.Append(ctx, translogtest.Entries(t, 3, 1)); err != nil {
		t.Fatal(err)
	}
	if l.Last().N != 3 {
		t.Errorf("%d leaves are signed for", l.Last().N)
	}
	if s, err := l.Sign(ctx); err != nil || s.N != 4 {
		t.Errorf("%d leaves, %v", s.N, err)
	}
	if err := l.Cosigned(ctx, first); !errors.Is(err, translog.ErrReplayed) {
		t.Errorf("the former checkpoint: %v", err)
	}
	public, private := translogtest.Entry(t, 0), translogtest.Entry(t, 1)
	for name, e := range map[string]translog.Entry{
		"no private part": {Body: private.Body}, "no commitment": {Body: public.Body, Secret: private.Secret},
		"another private part": {Body: private.Body, Secret: translogtest.Entry(t, 3).Secret},
	} {
		if _, err := l.Append(ctx, e); !errors.Is(err, translog.ErrCommitment) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.Append(ctx, translog.Entry{Body: []byte("{}")}); !errors.Is(err, translog.ErrMalformed) {
		t.Errorf("no leaf: %v", err)
	}
	cfg := translogtest.Config(t, &translogtest.Memory{}, 1)
	cfg.Signers = translogtest.Config(t, nil, 2).Signers
	if _, err := translog.Open(ctx, cfg); err == nil {
		t.Error("a key that is not the log's may sign")
	}
}

// TestRotation signs one checkpoint with both keys: whoever knows the former one
// finds the next in the log.
func TestRotation(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	former := translogtest.Provider(t, m, 1, 3).Identity()
	next := translogtest.Config(t, m, 2)
	cfg := translogtest.Config(t, m, 1)
	cfg.Identity.Keys = append(cfg.Identity.Keys, next.Identity.Keys...)
	cfg.Signers = append(cfg.Signers, next.Signers...)
	l, err := translog.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	public := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32)).Public().(ed25519.PublicKey)
	key, err := translog.VerifierKey(translogtest.Origin, public)
	if err != nil {
		t.Fatal(err)
	}
	other, err := translog.VerifierKey("example.com/other", public)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{key, other, "no key"} {
		e, err := translog.NewEntry(translog.KindKey, translog.NextKey{Key: k}, nil, translog.Salt{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	both, err := l.Sign(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rotate := func(leaf, proven int64) (translog.Identity, error) {
		t.Helper()
		proof, err := l.ProveLeaf(ctx, both.N, proven)
		if err != nil {
			t.Fatal(err)
		}
		return former.Rotate(both.Note, leaf, m.Leaves[leaf].Body, proof)
	}
	later, err := rotate(3, 3)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = translog.Open(ctx, next); err != nil {
		t.Fatal(err)
	}
	only := translogtest.Grow(t, l, len(m.Leaves), 1)
	if _, err := former.Open(only.Note); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("with the former key alone: %v", err)
	}
	if _, err := later.Open(only.Note); err != nil {
		t.Errorf("with the next key: %v", err)
	}
	for _, tt := range []struct {
		name         string
		leaf, proven int64
		want         error
	}{
		{"another leaf", 0, 0, translog.ErrMalformed}, {"a key of another name", 4, 4, translog.ErrMalformed},
		{"no key", 5, 5, translog.ErrMalformed}, {"proof of another", 3, 4, translog.ErrProof},
	} {
		if _, err := rotate(tt.leaf, tt.proven); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if _, err := former.Rotate(only.Note, 3, m.Leaves[3].Body, nil); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("in a checkpoint of the next key alone: %v", err)
	}
}

// TestTiles reads any hash through the tiles, as those who follow the log do.
func TestTiles(t *testing.T) {
	ctx := t.Context()
	const leaves = 600
	l := translogtest.Provider(t, &translogtest.Memory{}, 1, leaves)
	last := l.Last()
	tiles := tlog.TileHashReader(last.Tree, tileReader(func(x tlog.Tile) ([]byte, error) { return l.Tile(ctx, x) }))
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.Int64Range(0, leaves-1).Draw(t, "leaf")
		h, err := tiles.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil {
			t.Fatal(err)
		}
		bundle := tlog.Tile{H: translog.TileHeight, L: translog.Entries, N: i / 256, W: int(min(256, leaves-i/256*256))}
		b, err := l.Tile(ctx, bundle)
		if err != nil {
			t.Fatal(err)
		}
		bodies, err := translog.ParseBundle(b, bundle.W)
		if err != nil || tlog.RecordHash(bodies[i%256]) != h[0] {
			t.Fatalf("leaf %d is not the one of the tile: %v", i, err)
		}
	})
	for _, bad := range []tlog.Tile{
		{H: 8, L: 0, N: 2, W: 89}, {H: 8, L: 0, N: 2, W: 256}, {H: 8, L: 0, N: 3, W: 1}, {H: 8, L: 1, N: 0, W: 3},
		{H: 8, L: -1, N: 2, W: 89}, {H: 8, L: -2, N: 0, W: 1}, {H: 8, L: 63, N: 0, W: 1}, {H: 4, L: 0, N: 0, W: 1},
		{H: 8, L: 0, N: -1, W: 1}, {H: 8, L: 0, N: 1 << 62, W: 256}, {H: 8, L: 0, N: 0, W: 0},
	} {
		if _, err := l.Tile(ctx, bad); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// tileReader is a tlog.TileReader without a cache.
type tileReader func(tlog.Tile) ([]byte, error)

func (tileReader) Height() int { return translog.TileHeight }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		b, err := r(t)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func FuzzTilePath(f *testing.F) {
	for _, s := range []string{"tile/0/000", "tile/entries/x001/x234/067.p/12", "tile/63/999", "tile/data/000", "tile/entries/entries/000"} {
		f.Add(s, []byte{0, 1, 'a'}, 1)
		f.Add(s, []byte{'0'}, -87)
	}
	f.Fuzz(func(t *testing.T, path string, bundle []byte, n int) {
		if x, err := translog.ParseTilePath(path); err == nil && translog.TilePath(x) != path {
			t.Fatalf("%q reads as %q", path, translog.TilePath(x))
		}
		bodies, err := translog.ParseBundle(bundle, n)
		if err != nil {
			return
		}
		var again []byte
		for _, b := range bodies {
			again = translog.AppendBundle(again, b)
		}
		if !bytes.Equal(again, bundle) {
			t.Fatalf("%x reads as %x", bundle, again)
		}
	})
}

func TestMemory(t *testing.T) {
	translogtest.TestStorage(t, func(*testing.T) translog.Storage { return &translogtest.Memory{} })
}
