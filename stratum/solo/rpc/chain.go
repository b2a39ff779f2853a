package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

var _ solo.ChainSource = (*Node)(nil)

// Header returns a block's header; see solo.ChainSource.
func (n *Node) Header(ctx context.Context, hash miner.Hash) (header miner.Header, err error) {
	const method = "getblockheader"
	err = n.ask(ctx, func(e *endpoint) error {
		var text string
		// In its short form: btcd knows no long one of blocks off the chain.
		err := e.call(ctx, maxAnswer, &text, method, hash.String(), false)
		var refused *Error
		switch {
		case errors.As(err, &refused) && refused.Code == codeNotFound:
			return fmt.Errorf("%w: %v", solo.ErrNoBlock, hash)
		case err != nil:
			return err
		case len(text) != 2*len(header):
			return e.fail(method, ErrAnswer, fmt.Sprintf("a header of %d hexadecimal digits", len(text)), "")
		}
		if _, err := hex.Decode(header[:], []byte(text)); err != nil {
			return e.fail(method, ErrAnswer, err.Error(), "")
		}
		if header.Hash() != hash {
			return e.fail(method, ErrAnswer, fmt.Sprintf("asked for %v, it answers with %v", hash, header.Hash()), "")
		}
		return nil
	})
	return header, err
}

// Coinbase returns the coinbase of a block; see solo.ChainSource.
func (n *Node) Coinbase(ctx context.Context, height int64) (header miner.Header, coinbase []byte, err error) {
	const method = "getblock"
	err = n.ask(ctx, func(e *endpoint) error {
		at, there, err := e.hashAt(ctx, height)
		switch {
		case err != nil:
			return err
		case !there:
			return fmt.Errorf("%w at height %d", solo.ErrNoBlock, height)
		}
		var text string
		if err := e.call(ctx, maxTemplate, &text, method, at, 0); err != nil {
			return err
		}
		var tx *wire.MsgTx
		tx, header, err = readCoinbase(text)
		if err == nil && header.Hash().String() != at {
			err = fmt.Errorf("it is block %v", header.Hash())
		}
		if err != nil {
			return e.fail(method, ErrAnswer, "block "+at+": "+err.Error(), "")
		}
		var stripped bytes.Buffer
		err = tx.SerializeNoWitness(&stripped)
		coinbase = stripped.Bytes()
		return err
	})
	return header, coinbase, err
}

// readCoinbase reads the first transaction of a serialised block, and the
// block's header. What follows is not read.
func readCoinbase(block string) (tx *wire.MsgTx, header miner.Header, err error) {
	r := hex.NewDecoder(bytes.NewReader([]byte(block)))
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, header, fmt.Errorf("its header: %w", err)
	}
	if n, err := wire.ReadVarInt(r, 0); err != nil || n == 0 {
		return nil, header, errors.New("it has no transactions")
	}
	tx = new(wire.MsgTx)
	if err := tx.Deserialize(r); err != nil {
		return nil, header, fmt.Errorf("its coinbase: %w", err)
	}
	return tx, header, nil
}
