package translog

import (
	"golang.org/x/mod/sumdb/tlog"
)

// frontier is the right edge of a tree: for each bit of n the root of the
// complete subtree of that size. With it the next leaf's hashes are made
// without reading any.
type frontier struct {
	n     int64
	roots [63]tlog.Hash // by level; that of a bit that is 0 means nothing
}

// load reads the right edge of a tree of n leaves.
func load(n int64, r tlog.HashReader) (*frontier, error) {
	f := &frontier{n: n}
	var indexes []int64
	var levels []int
	for level := range f.roots {
		if n>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, n>>level-1))
			levels = append(levels, level)
		}
	}
	if len(indexes) == 0 {
		return f, nil
	}
	hashes, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, level := range levels {
		f.roots[level] = hashes[i]
	}
	return f, nil
}

// add appends the hashes that a leaf adds to a tree's storage.
func (f *frontier) add(hashes []tlog.Hash, body []byte) []tlog.Hash {
	h := tlog.RecordHash(body)
	hashes = append(hashes, h)
	level := 0
	for ; f.n>>level&1 == 1; level++ {
		h = tlog.NodeHash(f.roots[level], h)
		hashes = append(hashes, h)
	}
	f.roots[level] = h
	f.n++
	return hashes
}

// root returns the tree's root.
func (f *frontier) root() tlog.Hash {
	empty, _ := tlog.TreeHash(0, nil) // reads nothing
	root, first := empty, true
	for level := range f.roots {
		switch {
		case f.n>>level&1 == 0:
		case first:
			root, first = f.roots[level], false
		default:
			root = tlog.NodeHash(f.roots[level], root)
		}
	}
	return root
}
