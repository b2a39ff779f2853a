package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	maxCandidates = 64              // blocks waiting for submission; more wait in the store
	settleEnd     = 5 * time.Second // for the last submissions before the node stops
)

// candidate is a block on its way to the coin node.
type candidate struct {
	lease.Block
	tip    *tip
	stored bool
}

// submit queues a candidate.
func (s *settler) submit(c candidate) {
	select {
	case s.candidates <- c:
	default: // it stands in the store as a candidate: the next look finds it
		s.look()
	}
}

// settleCandidate submits a block that was just found.
func (d *Dispatcher) settleCandidate(ctx context.Context, c candidate) {
	if !c.stored {
		d.settle.unstored = append(d.settle.unstored, c.Block)
	}
	adopted, err := d.adopt(ctx, c.Block)
	if err != nil {
		d.Log.Error("a block is not settled, trying again later", "hash", c.Hash, "err", err)
	}
	c.tip.solved.Store(adopted)
}

// drainCandidates submits what was found last before the node stops.
func (d *Dispatcher) drainCandidates(ctx context.Context) {
	for {
		select {
		case c := <-d.settle.candidates:
			d.settleCandidate(ctx, c)
			continue
		default:
		}
		if err := d.storeLate(ctx); err != nil {
			d.Log.Error("blocks cannot be stored", "err", err)
		}
		return
	}
}

// storeLate stores the blocks that the store did not take when they were
// found.
func (d *Dispatcher) storeLate(ctx context.Context) error {
	s := &d.settle
	for len(s.unstored) > 0 {
		if err := d.Store.PutBlock(ctx, s.unstored[0]); err != nil {
			return fmt.Errorf("storing block %v: %w", s.unstored[0].Hash, err)
		}
		s.unstored = s.unstored[1:]
	}
	return nil
}

// adopt submits a candidate and books what becomes of it. It reports whether
// the node has adopted it.
func (d *Dispatcher) adopt(ctx context.Context, b lease.Block) (bool, error) {
	err := solo.Adopt(ctx, d.Node, b.Raw, b.Hash, b.Height)
	adopted := err == nil
	var rejected solo.ErrRejected
	switch {
	case adopted:
		err = d.book(ctx, b, lease.Adopted, "")
	case errors.Is(err, solo.ErrStale):
		err = d.book(ctx, b, lease.Rejected, lease.Stale)
	case errors.As(err, &rejected):
		d.Log.Error("the node refused a block", "hash", b.Hash, "height", b.Height, "reason", rejected.Reason)
		err = d.book(ctx, b, lease.Rejected, rejected.Reason)
	}
	if errors.Is(err, lease.ErrConflict) {
		return adopted, nil // a look at all blocks was quicker
	}
	if err != nil {
		return adopted, err
	}
	return adopted, d.countBlocks(ctx)
}
