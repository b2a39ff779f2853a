package statement

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/multiproof"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// Bundle collects what proves an issued statement, by a checkpoint that has its
// leaf, and shows that the logs of earlier checkpoints, of so many leaves, are
// the beginning of that one. What thinning has taken is not there any more; it
// fails with ErrDropped if of a batch nothing is.
func Bundle(ctx context.Context, src Source, issued *Issued, earlier []int64) (*bundle.Bundle, error) {
	c := collector{
		Source: src, ctx: ctx, issued: issued, st: &issued.Statement,
		leaves: make(map[int64]bundle.Leaf), templateOf: make(map[int64]int64), leafOf: make(map[int64]int64), worked: make(map[int64]bool),
		prevs: make(map[miner.Hash]bool),
	}
	c.b.Note, c.b.Rotations = issued.Note, rotations(src.Rotations)
	derived := c.st.Derive()
	var err error
	if c.b.Derived, err = derived.Encode(); err == nil {
		err = c.collect(earlier)
	}
	if err != nil {
		return nil, fmt.Errorf("bundle of lease %s: %w", issued.Lease, err)
	}
	return &c.b, nil
}

// collector gathers one bundle.
type collector struct {
	Source
	ctx    context.Context
	issued *Issued
	st     *bundle.Statement
	b      bundle.Bundle
	head   translog.Signed

	leaves     map[int64]bundle.Leaf
	templateOf map[int64]int64     // of jobs, both by Seq
	leafOf     map[int64]int64     // of templates, by Seq: those worked on, and those of blocks
	prevs      map[miner.Hash]bool // what jobs were built on
	worked     map[int64]bool      // templates with receipts in the bundle
	firstJob   int64               // the first leaf of those, -1: none
}

func (c *collector) collect(earlier []int64) error {
	c.firstJob = -1
	var err error
	if c.head, err = c.Log.Covering(c.ctx, c.issued.Leaf); err != nil {
		return err
	}
	c.b.Checkpoint = c.head.Note
	for _, step := range []func() error{
		c.agreement, c.lines, c.rewards, c.service, c.receipts, c.jobs, c.tags, c.statements, c.headers, c.found,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	c.b.Leaves = slices.SortedFunc(maps.Values(c.leaves), func(a, b bundle.Leaf) int { return cmp.Compare(a.Index, b.Index) })
	return c.prove(earlier)
}

// add takes a leaf up, with its private part if the tenant may read it.
func (c *collector) add(l *lease.LogLeaf, private bool) {
	to := bundle.Leaf{Index: l.Index, Body: l.Body}
	if private {
		to.Opening = l.Secret
	}
	c.leaves[l.Index] = to
}

// addAt takes up the leaf at an index.
func (c *collector) addAt(index int64, private bool) error {
	if _, ok := c.leaves[index]; ok {
		return nil
	}
	for l, err := range c.Store.Leaves(c.ctx, lease.LeafFilter{From: index, To: index + 1}) {
		if err != nil {
			return fmt.Errorf("leaf %d: %w", index, err)
		}
		c.add(&l, private)
		return nil
	}
	return fmt.Errorf("leaf %d: %w", index, lease.ErrNotFound)
}

// agreement takes up the terms, and the contract with its changes up to the end
// of the period.
func (c *collector) agreement() error {
	if err := c.termsOf(c.st.Terms); err != nil {
		return err
	}
	books := &c.st.Books
	end, err := endLeaf(c.ctx, c.Store, c.st.Lease, c.st.Period.ToMs, books.FirstLine+int64(len(books.Lines)))
	if err != nil {
		return err
	}
	if end == 0 || end > c.issued.Leaf {
		end = c.issued.Leaf
	}
	f := lease.LeafFilter{Kinds: []string{string(translog.KindLease)}, Ref: c.st.Lease, To: end}
	for l, err := range c.Store.Leaves(c.ctx, f) {
		if err != nil {
			return fmt.Errorf("its contract: %w", err)
		}
		c.add(&l, true)
	}
	for i := range c.Rotations {
		if err := c.addAt(c.Rotations[i].Index, false); err != nil {
			return err
		}
	}
	return nil
}

// termsOf takes up the leaf of terms.
func (c *collector) termsOf(hash receipt.B32) error {
	f := lease.LeafFilter{Kinds: []string{string(translog.KindTerms)}, Ref: lease.TermsHash(hash).String()}
	for l, err := range c.Store.Leaves(c.ctx, f) {
		if err != nil {
			return fmt.Errorf("terms: %w", err)
		}
		c.add(&l, false)
		return nil
	}
	return fmt.Errorf("%w: the terms %x are not in the log", ErrMismatch, hash)
}

// lines takes up what was booked, and what took back some of it.
func (c *collector) lines() error {
	for i := range c.st.Books.Lines {
		l := &c.st.Books.Lines[i]
		if err := c.addAt(l.Leaf, true); err != nil {
			return err
		}
		if l.ReversedBy != nil {
			if err := c.addAt(*l.ReversedBy, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewards takes up the blocks that were shared, and their splits.
func (c *collector) rewards() error {
	splits := make(map[string]bool)
	for i := range c.st.Rewards {
		r := &c.st.Rewards[i]
		if err := c.addAt(r.Leaf, false); err != nil {
			return err
		}
		block, err := c.Store.Block(c.ctx, miner.Hash(r.Block))
		if err != nil {
			return fmt.Errorf("block %v: %w", miner.Hash(r.Block), err)
		}
		t, err := c.Store.Template(c.ctx, block.Template)
		if err != nil {
			return fmt.Errorf("template %d: %w", block.Template, err)
		}
		decoded, err := receipt.DecodeTemplate(t.Body)
		if err == nil {
			err = c.termsOf(decoded.Terms) // which need not be the lease's
		}
		if err != nil {
			return fmt.Errorf("template %d: %w", block.Template, err)
		}
		c.leafOf[block.Template] = r.Job
		c.prevs[t.Prev] = true
		if !splits[string(t.Split)] {
			splits[string(t.Split)] = true
			c.b.Splits = append(c.b.Splits, t.Split)
		}
	}
	return nil
}

// service takes up the settled hours, and the exclusions that reach into the
// period.
func (c *collector) service() error {
	p := &c.st.Period
	stated := make(map[int64]bool, len(c.st.Hours))
	for i := range c.st.Hours {
		stated[c.st.Hours[i].Hour] = true
	}
	begun := make(map[int64][]lease.LogLeaf) // exclusions by their IDs
	refs := []string{c.st.Lease}
	exclusions, err := c.Store.Exclusions(c.ctx, p.FromMs, p.ToMs)
	if err != nil {
		return fmt.Errorf("exclusions: %w", err)
	}
	if slices.ContainsFunc(exclusions, func(x lease.Exclusion) bool { return x.Lease == "" }) {
		refs = append(refs, "") // those of all
	}
	for _, ref := range refs {
		for l, err := range c.Store.Leaves(c.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindSLA)}, Ref: ref, To: c.issued.Leaf}) {
			if err != nil {
				return fmt.Errorf("hours and exclusions: %w", err)
			}
			if l.Ref != ref {
				continue // an empty Ref selects everything
			}
			d, _, err := leaf.Read[leaf.Service](l.Body, translog.KindSLA)
			if err != nil {
				return fmt.Errorf("leaf %d: %w", l.Index, err)
			}
			switch {
			case d.About == leaf.AboutHour:
				if stated[d.Hour] { // others were settled meanwhile
					c.add(&l, true)
				}
			case d.FromMs < p.ToMs && (d.ToMs == 0 || d.ToMs > p.FromMs):
				begun[d.Exclusion] = append(begun[d.Exclusion], l)
			default: // it ended before
				delete(begun, d.Exclusion)
			}
		}
	}
	for _, leaves := range begun {
		for i := range leaves {
			c.add(&leaves[i], true)
		}
	}
	return nil
}

// statements takes up the statement's own leaf and those that it supersedes.
func (c *collector) statements() error {
	all, err := c.Store.Statements(c.ctx, c.st.Lease)
	if err != nil {
		return fmt.Errorf("former statements: %w", err)
	}
	for i := range all {
		if all[i].FromMs == c.st.Period.FromMs && all[i].ToMs == c.st.Period.ToMs && all[i].Number <= c.st.Number {
			if err := c.addAt(all[i].Leaf, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// prove proves that all leaves are in the log, and that earlier logs are.
func (c *collector) prove(earlier []int64) error {
	stored := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return c.Log.Hashes(c.ctx, indexes) })
	wanted := make([]int64, len(c.b.Leaves))
	for i := range wanted {
		wanted[i] = c.b.Leaves[i].Index
	}
	var err error
	if c.b.LogProof, err = multiproof.Prove(c.head.N, wanted, stored); err != nil {
		return fmt.Errorf("proof of %d leaves of %d: %w", len(wanted), c.head.N, err)
	}
	earlier = slices.Clone(earlier)
	slices.Sort(earlier)
	for _, size := range slices.Compact(earlier) {
		if size < 1 || size >= c.head.N {
			continue // nothing is to be proved
		}
		proof, err := tlog.ProveTree(c.head.N, size, stored)
		if err != nil {
			return fmt.Errorf("growth from %d to %d leaves: %w", size, c.head.N, err)
		}
		c.b.Growth = append(c.b.Growth, bundle.Growth{From: size, Proof: proof})
	}
	return nil
}

func rotations(all []translog.Rotation) []bundle.Rotation {
	var to []bundle.Rotation
	for _, r := range all {
		to = append(to, bundle.Rotation(r))
	}
	return to
}
