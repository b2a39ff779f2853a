package statement

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/translog"
)

// tags proves the lease's entries in all tag maps that were in force from its
// first job to its last batch. The maps are made again from the public parts of
// all leases' leaves.
func (c *collector) tags() error {
	wanted, err := c.mapsInForce()
	if err != nil || len(wanted) == 0 {
		return err
	}
	tags := make(leaf.Tags)
	kinds := []string{string(translog.KindLease), string(translog.KindTagMap)}
	for l, err := range c.Store.Leaves(c.ctx, lease.LeafFilter{Kinds: kinds, To: c.st.Delivery.LastLeaf}) {
		if err != nil {
			return fmt.Errorf("tags: %w", err)
		}
		if l.Kind == string(translog.KindLease) {
			d, _, err := leaf.Read[leaf.Lease](l.Body, translog.KindLease)
			if err != nil {
				return fmt.Errorf("leaf %d: %w", l.Index, err)
			}
			tags.Add(d)
		} else if wanted[l.Index] {
			if err := c.tagMap(&l, tags); err != nil {
				return fmt.Errorf("leaf %d: %w", l.Index, err)
			}
		}
	}
	return nil
}

// mapsInForce are the indexes of the leaves of tag maps that the lease's entries
// are to be proved in.
func (c *collector) mapsInForce() (map[int64]bool, error) {
	if c.firstJob < 0 {
		return nil, nil
	}
	var begins int64 // with the lease's first leaf
	for l, err := range c.Store.Leaves(c.ctx, lease.LeafFilter{Kinds: []string{string(translog.KindLease)}, Ref: c.st.Lease}) {
		if err != nil {
			return nil, err
		}
		begins = l.Index
		break
	}
	wanted := make(map[int64]bool)
	before := int64(-1)
	f := lease.LeafFilter{Kinds: []string{string(translog.KindTagMap)}, From: begins, To: c.st.Delivery.LastLeaf}
	for l, err := range c.Store.Leaves(c.ctx, f) {
		switch {
		case err != nil:
			return nil, err
		case l.Index < c.firstJob:
			before = l.Index
		default:
			wanted[l.Index] = true
		}
	}
	if before >= 0 {
		wanted[before] = true
	}
	return wanted, nil
}

// tagMap takes up the leaf of a map and the proofs of the lease's entries in it.
func (c *collector) tagMap(l *lease.LogLeaf, tags leaf.Tags) error {
	d, _, err := leaf.Read[leaf.TagMap](l.Body, translog.KindTagMap)
	if err != nil {
		return err
	}
	m, err := tags.Map(d.AtMs)
	if err != nil {
		return err
	}
	if m.Root() != d.TagRoot {
		return fmt.Errorf("%w: the tag map of the leases' leaves has the root %v, it has %v", ErrMismatch, m.Root().Root, d.Root)
	}
	mine := tags[c.st.Lease]
	entries := mine.TagEntries()
	slices.SortFunc(entries, func(a, b translog.TagEntry) int { return bytes.Compare(a.Destination[:], b.Destination[:]) })
	for _, e := range entries {
		proof, err := m.Prove(e.Destination, c.st.Lease)
		if errors.Is(err, translog.ErrNotFound) {
			continue // it was over by then
		}
		if err != nil {
			return err
		}
		c.add(l, false)
		c.b.Tags = append(c.b.Tags, bundle.Tag{Leaf: l.Index, Proof: proof})
	}
	return nil
}
