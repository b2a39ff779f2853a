package statement

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// receipts takes up the batches of the period, batch by batch.
func (c *collector) receipts() error {
	p := &c.st.Period
	for s, err := range c.Store.SealedBatches(c.ctx, c.st.Lease, p.FromMs, p.ToMs) {
		if err != nil {
			return fmt.Errorf("batches: %w", err)
		}
		if err := c.addAt(s.Leaf, false); err != nil {
			return err
		}
		to, err := c.batch(&s)
		if err != nil {
			return err
		}
		c.b.Batches = append(c.b.Batches, *to)
	}
	if n := int64(len(c.b.Batches)); n != c.st.Delivery.Batches {
		return fmt.Errorf("%w: the period has %d batches, the statement says %d", ErrMismatch, n, c.st.Delivery.Batches)
	}
	return nil
}

// batch writes the records of a batch in their order.
func (c *collector) batch(s *lease.SealedBatch) (*bundle.Batch, error) {
	receipts, err := unpack(s)
	if err != nil {
		return nil, err
	}
	if len(receipts) == 0 {
		return nil, fmt.Errorf("batch %d, up to %s: %w", s.Number, time.UnixMilli(s.ToMs).UTC().Format(time.RFC3339), ErrDropped)
	}
	to := new(bundle.Batch)
	var room [receipt.MaxRecordSize]byte
	for i := range receipts {
		r := &receipts[i]
		job, err := c.jobLeaf(r.Job)
		if err != nil {
			return nil, err
		}
		record := receipt.Record{Job: job, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits}
		if err := to.Append(record.Append(room[:0])); err != nil {
			return nil, fmt.Errorf("batch %d: %w", s.Number, err)
		}
	}
	if len(s.ThinProof)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("batch %d: %w: %d bytes of hashes", s.Number, ErrMismatch, len(s.ThinProof))
	}
	for h := range slices.Chunk(s.ThinProof, tlog.HashSize) {
		to.Proof = append(to.Proof, tlog.Hash(h))
	}
	return to, nil
}

// jobLeaf is the index of the leaf of a job's template.
func (c *collector) jobLeaf(seq int64) (int64, error) {
	template, ok := c.templateOf[seq]
	if !ok {
		j, err := c.Store.Job(c.ctx, seq)
		if err != nil {
			return 0, fmt.Errorf("job %d: %w", seq, err)
		}
		template = j.Template
		c.templateOf[seq] = template
	}
	if c.worked[template] {
		return c.leafOf[template], nil
	}
	t, err := c.Store.Template(c.ctx, template)
	if err != nil {
		return 0, fmt.Errorf("template %d: %w", template, err)
	}
	index, ok := c.leafOf[template] // of a block with a reward
	if !ok {
		leaves, err := c.Store.TemplateLeaves(c.ctx, []int64{template})
		if err != nil {
			return 0, err
		}
		index = leaves[template]
		c.leafOf[template] = index
	}
	c.worked[template] = true
	c.prevs[t.Prev] = true
	if c.firstJob < 0 || index < c.firstJob {
		c.firstJob = index
	}
	return index, nil
}

// jobs takes up the leaves of the jobs that were named. Most between the first
// and the last one were, so they are read in one go.
func (c *collector) jobs() error {
	if len(c.leafOf) == 0 {
		return nil
	}
	wanted := make(map[int64]bool, len(c.leafOf))
	for _, index := range c.leafOf {
		wanted[index] = true
	}
	order := slices.Sorted(maps.Keys(wanted))
	f := lease.LeafFilter{Kinds: []string{string(translog.KindJob)}, From: order[0], To: order[len(order)-1] + 1}
	for l, err := range c.Store.Leaves(c.ctx, f) {
		if err != nil {
			return fmt.Errorf("jobs: %w", err)
		}
		if wanted[l.Index] {
			c.add(&l, false)
			delete(wanted, l.Index)
		}
	}
	if len(wanted) > 0 {
		return fmt.Errorf("%w: %d jobs have no leaf", ErrMismatch, len(wanted))
	}
	return nil
}
