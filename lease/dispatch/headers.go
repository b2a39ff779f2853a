package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	headersEvery = 5 * time.Second // how often the tip is asked for where no templates tell it
	tipsWaiting  = 64              // new tips that may wait for their headers

	// headersBefore is how many headers are kept before the first job's: the
	// median time that bounds the time of shares is that of eleven.
	headersBefore = 11

	// headersGap is how many headers are fetched at most to close the gap since
	// the node ran last: with blocks of ten minutes those of a year.
	headersGap = 53_000

	headersEnd = 10 * time.Second // for the tips that wait when the node stops
)

// chainTip is a block that jobs are built on.
type chainTip struct {
	hash   miner.Hash
	height int64
}

// headerKeeper keeps the headers of the blocks that jobs are built on, so that
// statements can show that work was never done ahead.
type headerKeeper struct {
	tips chan chainTip // to be looked at
	last miner.Hash    // the newest that is stored with all before it
}

// seeTip has the headers up to a block stored soon. Where too many wait the next
// tip brings them along, but for those that have left the chain by then.
func (d *Dispatcher) seeTip(hash miner.Hash, height int64) {
	select {
	case d.headers.tips <- chainTip{hash, height}:
	default:
	}
}

// keepHeaders stores headers until ctx is done, and then those of the tips that
// wait. Trouble is no reason to stop hashing: what is missing then is fetched
// with the next tip.
func (d *Dispatcher) keepHeaders(ctx context.Context) {
	source, ok := d.Node.(solo.ChainSource)
	if !ok {
		return
	}
	tick := time.NewTicker(headersEvery)
	defer tick.Stop()
	failing := false
	keep := func(ctx context.Context, tip chainTip) {
		err := d.storeHeaders(ctx, source, tip)
		if err != nil && ctx.Err() == nil && !failing {
			d.Log.Warn("block headers are not stored, trying again with the next block", "tip", tip.hash, "err", err)
		}
		failing = err != nil
	}
	var tip chainTip
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case tip = <-d.headers.tips:
			keep(ctx, tip)
		case <-tick.C:
			if hash, height, err := d.Node.Tip(ctx); err == nil {
				keep(ctx, chainTip{hash, height})
			}
		}
	}
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), headersEnd)
	defer cancel()
	for rest.Err() == nil {
		if tip != (chainTip{}) { // the first one may have been given up
			keep(rest, tip)
		}
		select {
		case tip = <-d.headers.tips:
		default:
			return
		}
	}
}

// storeHeaders fetches the headers from a tip back to one that is stored, or the
// first ones.
func (d *Dispatcher) storeHeaders(ctx context.Context, source solo.ChainSource, tip chainTip) error {
	if tip.hash == d.headers.last {
		return nil
	}
	most, err := d.headersMissing(ctx, tip.height)
	if err != nil {
		return err
	}
	now := d.Now().UnixMilli()
	var list []lease.ChainHeader
	for at := tip; at.height >= 0 && int64(len(list)) < most; at.height-- {
		_, err := d.Store.Header(ctx, at.hash)
		if err == nil {
			break
		}
		if !errors.Is(err, lease.ErrNotFound) {
			return err
		}
		header, err := source.Header(ctx, at.hash)
		if err != nil {
			return fmt.Errorf("header of block %v: %w", at.hash, err)
		}
		list = append(list, lease.ChainHeader{Hash: at.hash, Height: at.height, Raw: header, SeenMs: now})
		at.hash = header.Prev()
	}
	slices.Reverse(list)
	if len(list) > 0 {
		if err := d.Store.PutHeaders(ctx, list); err != nil {
			return err
		}
	}
	d.headers.last = tip.hash
	return nil
}

// headersMissing is how many headers up to a height are to be fetched at most.
func (d *Dispatcher) headersMissing(ctx context.Context, height int64) (int64, error) {
	if d.headers.last != (miner.Hash{}) {
		return headersGap, nil
	}
	known, err := d.Store.Headers(ctx, max(height-headersGap, 0), height+1)
	switch {
	case err != nil:
		return 0, err
	case len(known) == 0:
		return headersBefore + 1, nil
	}
	return headersGap, nil
}
