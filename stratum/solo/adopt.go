package solo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Patience of Adopt: how often it asks again, and how long it believes that a
// node may still take or connect the block.
const (
	adoptPause   = 100 * time.Millisecond
	adoptConnect = 2 * time.Second  // for a block that the node accepted
	adoptReach   = 30 * time.Second // for a node that does not answer
)

// Adopt submits a block and returns nil once the node shows it on its best
// chain at the given height. The node's answer to the submission alone counts
// for nothing: some say yes to stale and even to parentless blocks.
//
// The errors are ErrStale when another block holds the height, ErrRejected
// when the node refused the block or does not know it afterwards, and the
// error of the node when it could not be asked for half a minute; then the
// block's fate is open and the caller should keep it.
func Adopt(ctx context.Context, node Node, block []byte, hash miner.Hash, height int64) error {
	start := time.Now()
	for {
		err := submitOnce(ctx, node, block, hash, height)
		var rejected ErrRejected
		if err == nil || errors.Is(err, ErrStale) || errors.As(err, &rejected) {
			return err
		}
		if ctx.Err() != nil || time.Since(start) > adoptReach {
			return fmt.Errorf("block %v at height %d: the node cannot be asked whether it took it: %w", hash, height, err)
		}
		if !pause(ctx, adoptPause) {
			return fmt.Errorf("block %v at height %d: %w", hash, height, context.Cause(ctx))
		}
	}
}

// submitOnce submits the block and watches what the node makes of it.
func submitOnce(ctx context.Context, node Node, block []byte, hash miner.Hash, height int64) error {
	err := node.Submit(ctx, block)
	var rejected ErrRejected
	if errors.Is(err, ErrStale) || errors.As(err, &rejected) {
		return err
	}
	// Any other error leaves open whether the block arrived: look.
	start := time.Now()
	for {
		// The tip is asked for first: if the best chain was that high before
		// the block was found missing from it, another block holds the height.
		_, tip, tipErr := node.Tip(ctx)
		place, locErr := node.Locate(ctx, hash, height)
		switch {
		case locErr != nil:
			return errors.Join(err, locErr)
		case place.OnChain:
			return nil
		case err != nil && !place.Known:
			return err
		case place.Known && tipErr == nil && tip >= height:
			return ErrStale
		case time.Since(start) > adoptConnect && place.Known:
			return ErrStale
		case time.Since(start) > adoptConnect:
			return ErrRejected{Reason: "accepted, but the node does not know the block: its parent is missing or invalid"}
		}
		if !pause(ctx, adoptPause) {
			return context.Cause(ctx)
		}
	}
}

// pause waits for d and reports whether the context still lives.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
