package statement

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// rewards lists the blocks that the period's lines are about, by their first
// line, as they stood after their last.
func (b *builder) rewards() error {
	b.st.Rewards = []bundle.Reward{}
	var order []string // hashes
	last := make(map[string]*line)
	booked := b.booked()
	for i := range booked {
		l := &booked[i]
		switch l.kind {
		case ledger.KindFound, ledger.KindMatured, ledger.KindUnmatured, ledger.KindOrphaned, ledger.KindLoss:
			if last[l.Ref] == nil {
				order = append(order, l.Ref)
			}
			last[l.Ref] = l
		}
	}
	for _, hash := range order {
		r, err := b.reward(hash, last[hash])
		if err != nil {
			return fmt.Errorf("block %s: %w", hash, err)
		}
		b.st.Rewards = append(b.st.Rewards, *r)
	}
	if n := len(b.st.Rewards); b.lease.Pool != nil && n > 0 {
		return fmt.Errorf("%w: its work goes to a pool, but it shares in %d blocks of the house", ErrMismatch, n)
	}
	return nil
}

// reward is the lease's part of a block after a line.
func (b *builder) reward(hash string, after *line) (*bundle.Reward, error) {
	h, err := miner.ParseHash(hash)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMismatch, after.Key)
	}
	stored, index, err := b.blockAfter(hash, after)
	if err != nil {
		return nil, err
	}
	block, err := b.Store.Block(b.ctx, h)
	if err != nil {
		return nil, err
	}
	t, err := b.Store.Template(b.ctx, block.Template)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", block.Template, err)
	}
	split, err := receipt.DecodeSplit(t.Split)
	if err != nil {
		return nil, fmt.Errorf("split of template %d: %w", block.Template, err)
	}
	decoded, err := receipt.DecodeTemplate(t.Body)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", block.Template, err)
	}
	r := &bundle.Reward{
		Block: receipt.U256(h), Height: block.Height, State: stored.State, Job: stored.Job, Leaf: index,
		Sat: split.Share(b.lease.ID), Direct: decoded.DirectShare(b.lease.ID, split),
	}
	return r, b.rewardAgrees(r, hash)
}

// rewardAgrees compares the part of the split with what was booked for it, in
// all appearances of the block so far.
func (b *builder) rewardAgrees(r *bundle.Reward, hash string) error {
	lost := int64(0)
	for i := range b.lines[:b.last] {
		l := &b.lines[i]
		if l.Ref != hash {
			continue
		}
		switch l.kind {
		case ledger.KindLoss:
			lost += sum(b.lines[i:i+1], ledger.Available(b.lease.Tenant))
		case ledger.KindFound:
			// What the tenant kept of an earlier appearance is not given again.
			have := sum(b.lines[i:i+1], ledger.Pending(b.lease.Tenant))
			if want := r.Sat - min(lost, r.Sat); have != want {
				return fmt.Errorf("%w: %s books %d sat, its split makes %d", ErrMismatch, l.Key, have, want)
			}
		}
	}
	return nil
}

// blockAfter finds the leaf of the block's state that a line is of.
func (b *builder) blockAfter(hash string, after *line) (leaf.Block, int64, error) {
	state := lease.Orphaned
	switch after.kind {
	case ledger.KindFound:
		state = lease.Adopted
	case ledger.KindMatured:
		state = lease.Mature
	}
	n, err := strconv.Atoi(after.Key[strings.LastIndexByte(after.Key, ':')+1:])
	if err != nil {
		return leaf.Block{}, 0, fmt.Errorf("%w: %s tells no appearance", ErrMismatch, after.Key)
	}
	for l, err := range b.Store.Leaves(b.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindBlock)}, Ref: hash}) {
		if err != nil {
			return leaf.Block{}, 0, err
		}
		d, _, err := leaf.Read[leaf.Block](l.Body, translog.KindBlock)
		if err != nil {
			return leaf.Block{}, 0, fmt.Errorf("leaf %d: %w", l.Index, err)
		}
		if d.State == state && d.Appearances == n {
			return d, l.Index, nil
		}
	}
	return leaf.Block{}, 0, fmt.Errorf("%w: the log has no leaf that says it is %s for the %d. time", ErrMismatch, state, n)
}
