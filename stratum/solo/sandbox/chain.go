package sandbox

import (
	"bytes"
	"context"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

var _ solo.ChainSource = (*Node)(nil)

// Header returns a block's header; see solo.ChainSource.
func (n *Node) Header(_ context.Context, hash miner.Hash) (header miner.Header, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return header, err
	}
	h := chainhash.Hash(hash)
	have, err := n.cache.chain.HaveBlock(&h)
	if err != nil {
		return header, err
	}
	if !have {
		return header, fmt.Errorf("%w: %v", solo.ErrNoBlock, hash)
	}
	found, err := n.cache.chain.HeaderByHash(&h)
	if err != nil {
		return header, err
	}
	var b bytes.Buffer
	if err := found.Serialize(&b); err != nil {
		return header, err
	}
	return miner.Header(b.Bytes()), nil
}

// Coinbase returns the coinbase of a block; see solo.ChainSource.
func (n *Node) Coinbase(_ context.Context, height int64) (header miner.Header, coinbase []byte, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return header, nil, err
	}
	chain := n.cache.chain
	if height < 0 || height > int64(chain.BestSnapshot().Height) {
		return header, nil, fmt.Errorf("%w at height %d", solo.ErrNoBlock, height)
	}
	block, err := chain.BlockByHeight(int32(height))
	if err != nil {
		return header, nil, err
	}
	var head, tx bytes.Buffer
	if err := block.MsgBlock().Header.Serialize(&head); err != nil {
		return header, nil, err
	}
	if err := block.MsgBlock().Transactions[0].SerializeNoWitness(&tx); err != nil {
		return header, nil, err
	}
	return miner.Header(head.Bytes()), tx.Bytes(), nil
}
