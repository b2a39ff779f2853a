package auditor

import (
	"slices"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of an RFC 6962 tree: for each bit of n the root of the
// complete subtree of that size.
type tree struct {
	n    int64
	edge []tlog.Hash // by level
}

func (t *tree) add(body []byte) {
	h := tlog.RecordHash(body)
	level := 0
	for ; t.n>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.edge[level], h)
	}
	if level == len(t.edge) {
		t.edge = append(t.edge, h)
	}
	t.edge[level] = h
	t.n++
}

func (t *tree) root() tlog.Hash {
	root, _ := tlog.TreeHash(0, nil) // of no leaves: reads nothing
	first := true
	for level, h := range t.edge {
		switch {
		case t.n>>level&1 == 0:
		case first:
			root, first = h, false
		default:
			root = tlog.NodeHash(h, root)
		}
	}
	return root
}

// checkTree compares all leaves with the checkpoint.
func (a *Auditor) checkTree(s *translog.Signed) {
	if root := a.tree.root(); a.size != s.N || root != s.Hash {
		a.found(Tree, -1, "%d leaves have the root %v, the checkpoint says %d and %v", a.size, root, s.N, s.Hash)
	}
}

// keyLeaf is a leaf that names the next key.
type keyLeaf struct {
	index int64
	key   string
}

func (a *Auditor) addKey(i int64, key string) {
	if v, err := translog.ParseVerifier(key); err != nil || translog.IsWitness(v) {
		a.found(Keys, i, "%.100q is no key of a log", key)
		return
	}
	if slices.ContainsFunc(a.keys, func(k keyLeaf) bool { return k.key == key }) {
		a.found(Keys, i, "the key was named before")
	}
	a.keys = append(a.keys, keyLeaf{i, key})
}

// checkKeys wants the last key that the leaves name among those that signed.
func (a *Auditor) checkKeys(s *translog.Signed) {
	for _, k := range a.keys {
		if v, _ := translog.ParseVerifier(k.key); v.Name() != s.Origin {
			a.found(Keys, k.index, "a key named %.100q for the log %s", v.Name(), s.Origin)
		}
	}
	if len(a.keys) == 0 {
		return
	}
	last := a.keys[len(a.keys)-1]
	v, _ := translog.ParseVerifier(last.key)
	if n, err := note.Open(s.Note, note.VerifierList(v)); err != nil || len(n.Sigs) == 0 {
		a.found(Keys, last.index, "the key that it names has not signed the checkpoint of %d leaves", s.N)
	}
}
