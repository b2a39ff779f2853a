//go:build peers || core

package rpc_test

import (
	"errors"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// blocksOfChain reads what was mined back from the node: on the chain and off it.
func blocksOfChain(t *testing.T, n *rpc.Node) {
	t.Helper()
	lost := mine(t, template(t, n), 1)
	b := adopt(t, n)
	block, coinbase, err := n.Coinbase(t.Context(), b.height)
	if err != nil || block.Hash() != b.hash || miner.SHA256d(coinbase) != b.coinbase {
		t.Errorf("block %v with coinbase %v, %v, want %v with %v", block.Hash(), miner.SHA256d(coinbase), err, b.hash, b.coinbase)
	}
	header, err := n.Header(t.Context(), b.hash)
	if err != nil || header.Hash() != b.hash {
		t.Errorf("header %v, %v", header, err)
	}
	if err := n.Submit(t.Context(), lost.raw); err != nil && !errors.Is(err, solo.ErrStale) {
		t.Fatal(err)
	}
	if header, err := n.Header(t.Context(), lost.hash); err != nil || header.Hash() != lost.hash {
		t.Errorf("header off the chain: %v, %v", header, err)
	}
	if _, err := n.Header(t.Context(), miner.Hash{1}); !errors.Is(err, solo.ErrNoBlock) {
		t.Errorf("header of no block: %v", err)
	}
	if _, _, err := n.Coinbase(t.Context(), b.height+1); !errors.Is(err, solo.ErrNoBlock) {
		t.Errorf("beyond the tip: %v", err)
	}
}
