package rpc

import (
	"context"
	"errors"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// Locate says where a block stands, by what every reachable node has at its
// height. Where they disagree, the node with the higher chain is believed,
// and between equals the one that has the block.
func (n *Node) Locate(ctx context.Context, hash miner.Hash, height int64) (solo.Place, error) {
	var best solo.Place
	var bestTip int64 = -1
	var errs []error
	for _, e := range n.order() {
		if bestTip >= 0 && e.shunned(time.Now()) {
			break // the rest failed lately and could take long
		}
		err := n.with(ctx, e, func(e *endpoint) error {
			place, tip, err := e.locate(ctx, hash, height)
			if err != nil {
				return err
			}
			known := best.Known || place.Known
			if tip > bestTip || tip == bestTip && place.OnChain && !best.OnChain {
				best, bestTip = place, tip
			}
			best.Known = known
			return nil
		})
		if ctx.Err() != nil {
			return solo.Place{}, context.Cause(ctx)
		}
		errs = append(errs, err)
	}
	if bestTip < 0 {
		return solo.Place{}, errors.Join(errs...)
	}
	return best, nil
}

// locate compares the block at a height of the node's best chain with ours:
// a count of confirmations alone is not believed.
func (e *endpoint) locate(ctx context.Context, hash miner.Hash, height int64) (place solo.Place, tip int64, err error) {
	info, _, err := e.chain(ctx)
	if err != nil {
		return place, 0, err
	}
	place.Height = height
	there, high, err := e.hashAt(ctx, height)
	switch {
	case err != nil:
		return place, 0, err
	case high && there == hash.String():
		place.OnChain, place.Known = true, true
		place.Confirmations = max(info.Blocks-height, 0) + 1
		return place, info.Blocks, nil
	}
	// In its short form: btcd knows no long one of blocks off the chain.
	var header string
	err = e.call(ctx, maxAnswer, &header, "getblockheader", hash.String(), false)
	var refused *Error
	if errors.As(err, &refused) && refused.Code == codeNotFound {
		return place, info.Blocks, nil
	}
	place.Known = err == nil
	return place, info.Blocks, err
}

// hashAt returns the block at a height of the node's best chain, and false
// where the chain is not that high.
func (e *endpoint) hashAt(ctx context.Context, height int64) (hash string, ok bool, err error) {
	err = e.call(ctx, maxAnswer, &hash, "getblockhash", height)
	var refused *Error
	if errors.As(err, &refused) && (refused.Code == codeMisc || refused.Code == codeOutOfRange) {
		return "", false, nil
	}
	return hash, err == nil, err
}
