package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// chain asks a coin node of the verifier's own.
type chain struct{ source solo.ChainSource }

// dialChain makes a bundle.Chain of a coin node. Nothing is asked of it yet.
func dialChain(url, cookie string, log *slog.Logger) (bundle.Chain, error) {
	n, err := rpc.New(rpc.Config{URLs: []string{url}, CookieFile: cookie, Logger: log})
	if err != nil {
		return nil, usage("--coin-rpc: %w", err)
	}
	return chain{n}, nil
}

// Block implements bundle.Chain.
func (c chain) Block(ctx context.Context, height int64) (miner.Header, []byte, error) {
	header, coinbase, err := c.source.Coinbase(ctx, height)
	if errors.Is(err, solo.ErrNoBlock) {
		err = fmt.Errorf("%w: %w", lease.ErrNotFound, err)
	}
	return header, coinbase, err
}
