package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

const (
	settlePause = 30 * time.Second // all open blocks are looked at again
	orphanPause = time.Second      // a missing block is looked for again before it is orphaned
)

// settler follows our blocks from submission to maturity.
type settler struct {
	wake       chan struct{}
	candidates chan candidate
	lastTip    miner.Hash // the tip of the last look; zero before it
	lastHeight int64
	missing    map[miner.Hash]time.Time // since when adopted blocks are not on the chain

	mu       sync.Mutex
	unstored []lease.Block // found, but the store did not take them
}

// look asks for all open blocks to be looked at soon.
func (s *settler) look() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// settleLoop submits candidates and books what becomes of blocks, until ctx
// is done; then it submits the rest. What is not settled by then is settled
// at the next start.
func (d *Dispatcher) settleLoop(ctx context.Context) {
	// A submission is not cut off because the node stops.
	submitting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(settleEnd, cancel) })()
	tick := time.NewTicker(settlePause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			d.drainCandidates(submitting)
			return
		case c := <-d.settle.candidates:
			d.settleCandidate(submitting, c)
			continue
		case <-d.settle.wake:
		case <-tick.C:
		}
		if err := d.settleAll(ctx); err != nil {
			d.Log.Error("blocks are not settled, trying again later", "err", err)
		}
	}
}

// settleAll looks at every block whose state may have changed. Blocks that
// are long mature, orphaned or rejected are looked at again only when the
// chain was reorganised, and at the start.
func (d *Dispatcher) settleAll(ctx context.Context) error {
	s := &d.settle
	if err := d.storeLate(ctx); err != nil {
		return err
	}
	tip, height, err := d.Node.Tip(ctx)
	if err != nil {
		return fmt.Errorf("tip: %w", err)
	}
	reorganised := s.lastTip == miner.Hash{}
	if !reorganised && s.lastTip != tip {
		place, err := d.Node.Locate(ctx, s.lastTip, s.lastHeight)
		if err != nil {
			return fmt.Errorf("last tip: %w", err)
		}
		reorganised = !place.OnChain
	}
	from := height - 2*d.params.Maturity
	if reorganised || len(s.missing) > 0 {
		from = 0
	}
	blocks, err := d.Store.OpenBlocks(ctx, from)
	if err != nil {
		return fmt.Errorf("blocks: %w", err)
	}
	var errs []error
	for _, b := range blocks {
		if err := d.settleBlock(ctx, b); err != nil {
			errs = append(errs, fmt.Errorf("block %v: %w", b.Hash, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.lastTip, s.lastHeight = tip, height
	return d.countBlocks(ctx)
}

// settleBlock moves one block to the state that the chain shows.
func (d *Dispatcher) settleBlock(ctx context.Context, b lease.Block) error {
	place, err := d.Node.Locate(ctx, b.Hash, b.Height)
	if err != nil {
		return err
	}
	if place.OnChain {
		delete(d.settle.missing, b.Hash)
	}
	switch b.State {
	case lease.Candidate:
		if place.OnChain {
			return d.book(ctx, b, lease.Adopted, "")
		}
		whole, err := d.Store.Block(ctx, b.Hash)
		if err != nil {
			return err
		}
		_, err = d.adopt(ctx, whole)
		return err
	case lease.Adopted:
		switch {
		case !place.OnChain:
			return d.orphan(ctx, b)
		case place.Confirmations > d.params.Maturity:
			return d.book(ctx, b, lease.Mature, "")
		}
	case lease.Mature:
		if !place.OnChain {
			return d.orphan(ctx, b)
		}
	case lease.Orphaned, lease.Rejected:
		if place.OnChain {
			return d.book(ctx, b, lease.Adopted, "")
		}
	}
	return nil
}

// orphan books that a block left the chain, once a later look shows the same:
// a node in the midst of a reorganisation, or behind, is not believed at once.
func (d *Dispatcher) orphan(ctx context.Context, b lease.Block) error {
	s := &d.settle
	now := d.Now()
	since, ok := s.missing[b.Hash]
	if !ok {
		s.missing[b.Hash] = now
		time.AfterFunc(orphanPause, s.look)
		return nil
	}
	if now.Sub(since) < orphanPause {
		return nil
	}
	if err := d.book(ctx, b, lease.Orphaned, ""); err != nil {
		return err
	}
	delete(s.missing, b.Hash)
	return nil
}

// countBlocks shows people how many blocks are in which state.
func (d *Dispatcher) countBlocks(ctx context.Context) error {
	counts, err := d.Store.CountBlocks(ctx)
	if err != nil {
		return fmt.Errorf("blocks: %w", err)
	}
	d.status.setBlocks(counts)
	return nil
}
