package translog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tile returns a tile of hashes or an entry bundle, within the last checkpoint:
// nobody is shown leaves that were not signed for. It fails with ErrNotFound.
func (l *Log) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) {
	last := l.Last()
	if t.H != TileHeight || t.L < Entries || t.N < 0 || t.W < 1 || t.W > TileWidth || !inTree(t, last.N) {
		return nil, fmt.Errorf("%s: %w: the last checkpoint has %d leaves", TilePath(t), ErrNotFound, last.N)
	}
	if t.L != Entries {
		return tlog.ReadTileData(t, reader(ctx, l.cfg.Storage))
	}
	var bundle []byte
	err := l.cfg.Storage.Read(ctx, t.N*TileWidth, int64(t.W), func(_ int64, e Entry) error {
		bundle = AppendBundle(bundle, e.Body)
		return nil
	})
	return bundle, err
}

// ProveLeaf proves that the tree of the first size leaves has the leaf at the
// index; size is at most the last checkpoint's. It fails with ErrNotFound.
func (l *Log) ProveLeaf(ctx context.Context, size, index int64) (tlog.RecordProof, error) {
	if last := l.Last(); index < 0 || index >= size || size > last.N {
		return nil, fmt.Errorf("leaf %d of %d: %w: the last checkpoint has %d leaves", index, size, ErrNotFound, last.N)
	}
	return tlog.ProveRecord(size, index, reader(ctx, l.cfg.Storage))
}

// ProveGrowth proves that the tree of later leaves begins with the earlier
// ones. The proof is empty when they are as many, or none. It fails with
// ErrNotFound.
func (l *Log) ProveGrowth(ctx context.Context, earlier, later int64) (tlog.TreeProof, error) {
	last := l.Last()
	switch {
	case earlier < 0 || earlier > later || later > last.N:
		return nil, fmt.Errorf("from %d to %d leaves: %w: the last checkpoint has %d", earlier, later, ErrNotFound, last.N)
	case earlier == 0 || earlier == later:
		return nil, nil
	}
	return tlog.ProveTree(later, earlier, reader(ctx, l.cfg.Storage))
}

// checkStored checks the stored hashes against a checkpoint. Where they do not
// fit and the leaves do, they are made anew.
func (l *Log) checkStored(ctx context.Context, last Signed) error {
	if last.N == 0 {
		return nil
	}
	root, err := tlog.TreeHash(last.N, reader(ctx, l.cfg.Storage))
	if err == nil && root == last.Hash {
		return nil
	}
	fromLeaves, err := l.takeOver(ctx, &frontier{}, last.N, false)
	if err != nil {
		return err
	}
	if fromLeaves.root() == last.Hash {
		_, err := l.takeOver(ctx, &frontier{}, last.N, true)
		return err
	}
	if err := l.compareLeaves(ctx, last.N); errors.Is(err, ErrRewritten) || errors.Is(err, ErrReordered) {
		return err // which names a leaf
	}
	return fmt.Errorf("log %s: %w: %d leaves had the root %v and have %v", last.Origin, ErrRewritten, last.N, last.Hash, fromLeaves.root())
}

// Audit hashes every leaf of the last checkpoint again. It fails with
// ErrRewritten or ErrReordered for the first leaf that is not the one signed
// for, and with ErrCorrupt if the leaves are right but a stored hash, which
// proofs are made of, is not what they give.
func (l *Log) Audit(ctx context.Context) error {
	wrong, err := l.checkHashes(ctx, false)
	if err == nil && wrong > 0 {
		err = fmt.Errorf("log %s: %w: %d stored hashes are not those of the leaves", l.cfg.Identity.Origin, ErrCorrupt, wrong)
	}
	return err
}

// Mend does what Audit does, but makes hashes that are damaged anew from the
// leaves. It returns how many were.
func (l *Log) Mend(ctx context.Context) (wrong int, err error) { return l.checkHashes(ctx, true) }

// checkHashes compares all stored hashes with those that the leaves give, which
// are the right ones if they give the root that was signed for.
func (l *Log) checkHashes(ctx context.Context, mend bool) (wrong int, err error) {
	last := l.Last()
	tree, err := l.takeOver(ctx, &frontier{}, last.N, false)
	if err != nil {
		return 0, err
	}
	if last.Note != nil && tree.root() != last.Hash {
		if err := l.compareLeaves(ctx, last.N); err != nil {
			return 0, err // which names a leaf
		}
		return 0, fmt.Errorf("log %s: %w: %d leaves had the root %v and have %v", last.Origin, ErrRewritten, last.N, last.Hash, tree.root())
	}
	if wrong, err = l.compareHashes(ctx, last.N); err != nil || wrong == 0 || !mend {
		return wrong, err
	}
	_, err = l.takeOver(ctx, &frontier{}, last.N, true)
	return wrong, err
}

// compareHashes counts the stored hashes that are not those of the leaves.
func (l *Log) compareHashes(ctx context.Context, n int64) (wrong int, err error) {
	const atOnce = 1024
	for tree := new(frontier); tree.n < n; {
		first := tlog.StoredHashIndex(0, tree.n)
		var want []tlog.Hash
		err := l.cfg.Storage.Read(ctx, tree.n, min(atOnce, n-tree.n), func(_ int64, e Entry) error {
			want = tree.add(want, e.Body)
			return nil
		})
		if err != nil {
			return wrong, err
		}
		indexes := make([]int64, len(want))
		for i := range indexes {
			indexes[i] = first + int64(i)
		}
		stored, err := l.cfg.Storage.Hashes(ctx, indexes)
		if errors.Is(err, ErrNotFound) {
			wrong += len(want)
			continue
		}
		if err != nil {
			return wrong, err
		}
		for i := range want {
			if stored[i] != want[i] {
				wrong++
			}
		}
	}
	return wrong, nil
}

// compareLeaves compares the leaves with their stored hashes.
func (l *Log) compareLeaves(ctx context.Context, n int64) error {
	const atOnce = 2 * searchMoved
	for from := int64(0); from < n; from += searchMoved {
		count := min(atOnce, n-from)
		var indexes []int64
		for i := range count {
			indexes = append(indexes, tlog.StoredHashIndex(0, from+i))
		}
		stored, err := l.cfg.Storage.Hashes(ctx, indexes)
		if err != nil {
			return err
		}
		var have []tlog.Hash
		err = l.cfg.Storage.Read(ctx, from, count, func(_ int64, e Entry) error {
			have = append(have, tlog.RecordHash(e.Body))
			return nil
		})
		if err != nil {
			return err
		}
		for i := range min(count, searchMoved) {
			if have[i] != stored[i] {
				return fmt.Errorf("log %s: %w", l.cfg.Identity.Origin, nameDifference(from+i, stored[i], have[i+1:]))
			}
		}
	}
	return nil
}

// nameDifference says what happened to the leaf i, given its hash before and
// the leaves that follow it now.
func nameDifference(i int64, before tlog.Hash, following []tlog.Hash) error {
	for j, h := range following[:min(len(following), searchMoved)] {
		if h == before {
			return fmt.Errorf("%w: leaf %d is leaf %d now", ErrReordered, i, i+1+int64(j))
		}
	}
	return fmt.Errorf("%w: the first is leaf %d", ErrRewritten, i)
}
