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
	default: // the next look finds it in the store, as a candidate
		if !c.stored {
			s.keep(c.Block)
		}
		s.look()
	}
}

// keep remembers a block that the store did not take.
func (s *settler) keep(b lease.Block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unstored = append(s.unstored, b)
}

// settleCandidate submits a block that was just found.
func (d *Dispatcher) settleCandidate(ctx context.Context, c candidate) {
	if !c.stored {
		d.settle.keep(c.Block)
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
	s.mu.Lock()
	blocks := s.unstored
	s.unstored = nil
	s.mu.Unlock()
	for i := range blocks {
		if err := d.Store.PutBlock(ctx, blocks[i]); err != nil {
			for _, b := range blocks[i:] {
				s.keep(b)
			}
			return fmt.Errorf("storing block %v: %w", blocks[i].Hash, err)
		}
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
