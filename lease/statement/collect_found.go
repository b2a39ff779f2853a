package statement

import (
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// found takes up the blocks that receipts of the period were and that nothing was
// booked for, each as it stood before anything was: a receipt that is a block is
// one that the log must tell of.
func (c *collector) found() error {
	if c.st.Pool != nil {
		return nil
	}
	blocks, err := c.Store.Blocks(c.ctx)
	if err != nil {
		return fmt.Errorf("blocks: %w", err)
	}
	p := &c.st.Period
	for i := range blocks {
		b := &blocks[i]
		// What was found before the period may have been committed in it.
		if b.Lease != c.st.Lease || b.FoundMs < p.FromMs-lease.BatchMs || b.FoundMs >= p.ToMs ||
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
