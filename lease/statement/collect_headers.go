package statement

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// medianHeaders is how many headers the median time of the past is of.
const medianHeaders = 11

// headers takes up the chain from before the first block that jobs were built on
// to behind the last, and those that left it. Where one of them is not known, or
// what it was built on, nothing can be checked by headers, and none is taken up:
// the node saw no chain, not the pool's, or not all of it.
func (c *collector) headers() error {
	used := make([]lease.ChainHeader, 0, len(c.prevs))
	for _, hash := range slices.SortedFunc(maps.Keys(c.prevs), miner.Hash.Cmp) {
		h, err := c.Store.Header(c.ctx, hash)
		if errors.Is(err, lease.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("header %v: %w", hash, err)
		}
		used = append(used, h)
	}
	if len(used) == 0 {
		return nil
	}
	slices.SortStableFunc(used, func(a, b lease.ChainHeader) int { return cmp.Compare(a.Height, b.Height) })
	first, last := used[0].Height, used[len(used)-1].Height
	known, err := c.Store.Headers(c.ctx, max(0, first-medianHeaders), math.MaxInt64)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	chain := bestChain(known)
	for len(chain) > 0 && chain[len(chain)-1].Height > last+1 {
		chain = chain[:len(chain)-1]
	}
	on := make(map[miner.Hash]bool, len(chain))
	headers, forks := make([]miner.Header, len(chain)), []miner.Header(nil)
	for i := range chain {
		on[chain[i].Hash] = true
		headers[i] = chain[i].Raw
	}
	for _, h := range used {
		fork := []miner.Header(nil) // from the top
		for !on[h.Hash] {
			fork = append(fork, h.Raw)
			on[h.Hash] = true // once
			prev := h.Raw.Prev()
			if h, err = c.Store.Header(c.ctx, prev); errors.Is(err, lease.ErrNotFound) || err == nil && h.Height < first-medianHeaders {
				return nil
			}
			if err != nil {
				return fmt.Errorf("header %v: %w", prev, err)
			}
		}
		slices.Reverse(fork)
		forks = append(forks, fork...)
	}
	c.b.HeadersFrom, c.b.Headers, c.b.Forks = chain[0].Height, headers, forks
	return nil
}

// bestChain is the longest chain that ends with the highest header, from the
// lowest on; of several highest ones, with the one that was seen first.
func bestChain(known []lease.ChainHeader) []lease.ChainHeader {
	byHash := make(map[miner.Hash]*lease.ChainHeader, len(known))
	var tip *lease.ChainHeader
	for i := range known {
		h := &known[i]
		byHash[h.Hash] = h
		if tip == nil || h.Height > tip.Height || h.Height == tip.Height && sooner(h, tip) {
			tip = h
		}
	}
	var chain []lease.ChainHeader
	for h := tip; h != nil; h = byHash[h.Raw.Prev()] {
		chain = append(chain, *h)
	}
	slices.Reverse(chain)
	return chain
}

func sooner(a, b *lease.ChainHeader) bool {
	return a.SeenMs < b.SeenMs || a.SeenMs == b.SeenMs && a.Hash.Cmp(b.Hash) < 0
}
