package solo

import (
	"context"

	"github.com/hashlease/hashlease/miner"
)

// ChainSource is a Node that shows what is on its chain.
type ChainSource interface {
	// Header returns the header of a block, be it on the best chain or off it.
	// The error is ErrNoBlock for a block that the node does not know.
	Header(ctx context.Context, hash miner.Hash) (miner.Header, error)

	// Coinbase returns the header of the block at a height of the best chain and
	// its coinbase transaction, without witness data, so that its hash is its
	// txid. The error is ErrNoBlock beyond the tip.
	Coinbase(ctx context.Context, height int64) (miner.Header, []byte, error)
}
