package multiproof

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree holds the hashes of a tree in memory, for Prove.
type Tree struct {
	levels [][]tlog.Hash // of full parts, from the leaves on
}

// NewTree builds the tree over the hashes of leaves.
func NewTree(leaves []tlog.Hash) *Tree {
	t := &Tree{[][]tlog.Hash{leaves}}
	for level := leaves; len(level) > 1; {
		next := make([]tlog.Hash, len(level)/2)
		for i := range next {
			next[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		t.levels = append(t.levels, next)
		level = next
	}
	return t
}

// ReadHashes implements tlog.HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		if level >= len(t.levels) || n >= int64(len(t.levels[level])) {
			return nil, fmt.Errorf("the tree of %d leaves has no hash %d of level %d", len(t.levels[0]), n, level)
		}
		hashes[i] = t.levels[level][n]
	}
	return hashes, nil
}

// Root is the root of the tree.
func (t *Tree) Root() tlog.Hash {
	root, _ := tlog.TreeHash(int64(len(t.levels[0])), t) // which has all it asks for
	return root
}

// Prove proves that the tree has the leaves at the indexes wanted.
func (t *Tree) Prove(wanted []int64) ([]tlog.Hash, error) {
	return Prove(int64(len(t.levels[0])), wanted, t)
}
