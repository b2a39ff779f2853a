package statement

import (
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// found takes up the blocks that receipts of the period were and that nothing was
// booked for, each as it stood before anything was: a receipt that is a block is
// one that the log must tell of. Those of around the period are taken up too: by
// the coin's chain it cannot always be told on which side of its ends they are, and
// whoever looks there for blocks of the lease asks for their leaves.
func (c *collector) found() error {
	if c.st.Pool != nil {
		return nil
	}
	blocks, err := c.Store.Blocks(c.ctx)
	if err != nil {
		return fmt.Errorf("blocks: %w", err)
	}
	p := &c.st.Period
	lowest, to := int64(math.MaxInt64), p.ToMs
	if len(c.b.Headers) > 0 {
		lowest = c.b.HeadersFrom - aroundBlocks
	}
	if c.st.StopMs != 0 && c.st.StopMs <= p.ToMs {
		to += aroundMs // what is found last of all has no next period
	}
	for i := range blocks {
		b := &blocks[i]
		if b.Lease != c.st.Lease || b.FoundMs < p.FromMs-aroundMs && b.Height < lowest || b.FoundMs >= to ||
			slices.ContainsFunc(c.st.Rewards, func(r bundle.Reward) bool { return r.Block == receipt.U256(b.Hash) }) {
			continue
		}
		var last *lease.LogLeaf
		for l, err := range c.Store.Leaves(c.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindBlock)}, Ref: b.Hash.String(), To: c.issued.Leaf}) {
			if err != nil {
				return fmt.Errorf("block %v: %w", b.Hash, err)
			}
			d, _, err := leaf.Read[leaf.Block](l.Body, translog.KindBlock)
			if err != nil {
				return fmt.Errorf("leaf %d: %w", l.Index, err)
			}
			// Once in the chain it is in the books, which of this period have none.
			if d.State == lease.Candidate || d.State == lease.Rejected {
				last = &l
			}
		}
		if last != nil {
			c.add(last, false)
		}
	}
	return nil
}

// Blocks of around a period are those found at most aroundMs from it, or up to
// aroundBlocks below its first header: on a chain on which little happens these are
// of longer ago.
const (
	aroundMs     = 6 * lease.MsPerHour
	aroundBlocks = 144
)
