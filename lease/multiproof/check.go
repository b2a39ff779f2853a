package multiproof

import (
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is wrapped by every error about a proof that does not hold.
var ErrProof = errors.New("the proof does not hold")

// First is the indexes of the first k leaves.
func First(k int) []int64 {
	wanted := make([]int64, k)
	for i := range wanted {
		wanted[i] = int64(i)
	}
	return wanted
}

// checkWanted checks the indexes of leaves that a proof is about.
func checkWanted(n int64, wanted []int64) error {
	if len(wanted) == 0 {
		return fmt.Errorf("%w: it is about no leaf", ErrProof)
	}
	for i, w := range wanted {
		if w < 0 || w >= n || i > 0 && w <= wanted[i-1] {
			return fmt.Errorf("%w: leaf %d of %d is not there, or not in order", ErrProof, w, n)
		}
	}
	return nil
}

// within splits a subtree of n > 1 leaves from lo on as RFC 6962 does, and what
// is wanted of it: left leaves are in its left part, wanted[:in] of them.
func within(lo, n int64, wanted []int64) (left int64, in int) {
	left = 1 << (bits.Len64(uint64(n-1)) - 1)
	for in < len(wanted) && wanted[in] < lo+left {
		in++
	}
	return left, in
}

// Check returns the root of the tree of n leaves (RFC 6962) of which those
// at the indexes wanted, in ascending order, have these hashes, by a proof that
// Prove made. A tree that it belongs to has this root. That it has n leaves the
// proof does not show: n must be known as the root is. It fails with ErrProof
// when hashes are missing or left over.
func Check(n int64, wanted []int64, leaves, proof []tlog.Hash) (tlog.Hash, error) {
	if err := checkWanted(n, wanted); err != nil {
		return tlog.Hash{}, err
	}
	if len(leaves) != len(wanted) {
		return tlog.Hash{}, fmt.Errorf("%w: %d hashes of %d leaves", ErrProof, len(leaves), len(wanted))
	}
	c := checker{leaves, proof, false}
	root := c.root(0, n, wanted)
	if c.short || len(c.proof) > 0 {
		return tlog.Hash{}, fmt.Errorf("%w: %d hashes, which are not as many as %d leaves of %d need", ErrProof, len(proof), len(wanted), n)
	}
	return root, nil
}

// checker is what is left of a proof.
type checker struct {
	leaves, proof []tlog.Hash
	short         bool // it had too few hashes
}

func (c *checker) root(lo, n int64, wanted []int64) (h tlog.Hash) {
	from := &c.leaves
	switch {
	case len(wanted) == 0:
		from = &c.proof
	case n > 1:
		left, in := within(lo, n, wanted)
		h = c.root(lo, left, wanted[:in])
		return tlog.NodeHash(h, c.root(lo+left, n-left, wanted[in:]))
	}
	if len(*from) == 0 {
		c.short = true
		return h
	}
	h, *from = (*from)[0], (*from)[1:]
	return h
}
