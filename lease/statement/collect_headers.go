package statement

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// medianHeaders is how many headers the median time of the past is of.
const medianHeaders = 11

// headers takes up the chain from before the first block that jobs were built on
// to behind the last, and what left the chain of those. Without any of them known
// there is nothing to take up: the node saw no chain, or not the pool's.
func (c *collector) headers() error {
	used := make(map[miner.Hash]lease.ChainHeader)
	for _, h := range slices.SortedFunc(maps.Keys(c.prevs), miner.Hash.Cmp) {
		header, err := c.Store.Header(c.ctx, h)
		if errors.Is(err, lease.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("header %v: %w", h, err)
		}
		used[h] = header
	}
	if len(used) == 0 {
		return nil
	}
	first, last := int64(1<<62), int64(-1)
	for _, h := range used {
		first, last = min(first, h.Height), max(last, h.Height)
	}
	known, err := c.Store.Headers(c.ctx, max(0, first-medianHeaders), 1<<62)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	chain := bestChain(known)
	for len(chain) > 0 && chain[len(chain)-1].Height > last+1 {
		chain = chain[:len(chain)-1]
	}
	on := make(map[miner.Hash]bool, len(chain))
	for i := range chain {
		on[chain[i].Hash] = true
		c.b.Headers = append(c.b.Headers, chain[i].Raw)
	}
	if len(chain) > 0 {
		c.b.HeadersFrom = chain[0].Height
	}
	return c.forks(used, on)
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
	for h := tip; h != nil; h = byHash[prevOf(&h.Raw)] {
		chain = append(chain, *h)
	}
	slices.Reverse(chain)
	return chain
}

func sooner(a, b *lease.ChainHeader) bool {
	return a.SeenMs < b.SeenMs || a.SeenMs == b.SeenMs && a.Hash.Cmp(b.Hash) < 0
}

// prevOf is the hash of the block that a header builds on.
func prevOf(h *miner.Header) miner.Hash { return miner.Hash(h[4:36]) }

// forks takes up what jobs were built on and is not on the chain, down to where
// it left that, by height.
func (c *collector) forks(used map[miner.Hash]lease.ChainHeader, on map[miner.Hash]bool) error {
	taken := make(map[miner.Hash]lease.ChainHeader)
	for _, h := range used {
		for !on[h.Hash] {
			if _, ok := taken[h.Hash]; ok {
				break
			}
			taken[h.Hash] = h
			before, err := c.Store.Header(c.ctx, prevOf(&h.Raw))
			if errors.Is(err, lease.ErrNotFound) {
				break
			}
			if err != nil {
				return fmt.Errorf("header %v: %w", prevOf(&h.Raw), err)
			}
			if c.b.HeadersFrom > before.Height {
				break
			}
			h = before
		}
	}
	order := slices.SortedFunc(maps.Values(taken), func(a, b lease.ChainHeader) int {
		return cmp.Or(cmp.Compare(a.Height, b.Height), bytes.Compare(a.Hash[:], b.Hash[:]))
	})
	for i := range order {
		c.b.Forks = append(c.b.Forks, order[i].Raw)
	}
	return nil
}
