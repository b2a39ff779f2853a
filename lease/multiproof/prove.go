package multiproof

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Prove proves that the tree of the first n leaves has those at the indexes
// wanted, in ascending order. It goes down the tree from the root, left parts
// before right ones; each part without a wanted leaf gives its hash.
func Prove(n int64, wanted []int64, stored tlog.HashReader) ([]tlog.Hash, error) {
	if err := checkWanted(n, wanted); err != nil {
		return nil, err
	}
	need, parts := missing(0, n, wanted, nil, nil)
	if len(need) == 0 {
		return nil, nil
	}
	hashes, err := stored.ReadHashes(need)
	if err != nil {
		return nil, err
	}
	if len(hashes) != len(need) {
		return nil, fmt.Errorf("%d hashes of the tree were read, want %d", len(hashes), len(need))
	}
	proof := make([]tlog.Hash, len(parts))
	for i, k := range parts {
		h := hashes[k-1]
		for j := k - 2; j >= 0; j-- {
			h = tlog.NodeHash(hashes[j], h)
		}
		proof[i], hashes = h, hashes[k:]
	}
	return proof, nil
}

// missing appends the stored hashes that the parts without a wanted leaf are
// made of, and for each part how many these are.
func missing(lo, n int64, wanted, need []int64, parts []int) ([]int64, []int) {
	if len(wanted) > 0 {
		if n == 1 {
			return need, parts
		}
		left, in := within(lo, n, wanted)
		need, parts = missing(lo, left, wanted[:in], need, parts)
		return missing(lo+left, n-left, wanted[in:], need, parts)
	}
	k := 0
	for ; n > 0; k++ {
		level := bits.Len64(uint64(n)) - 1
		need = append(need, tlog.StoredHashIndex(level, lo>>level))
		lo, n = lo+1<<level, n-1<<level
	}
	return need, append(parts, k)
}
