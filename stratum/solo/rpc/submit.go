package rpc

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/hashlease/hashlease/stratum/solo"
)

// Submit gives a block to all nodes at once and returns when the first one
// took it; the others still get it. Otherwise it returns the verdict of the
// most preferred node that has one.
func (n *Node) Submit(ctx context.Context, block []byte) error {
	text := hex.EncodeToString(block)
	type result struct {
		i   int
		err error
	}
	results := make(chan result, len(n.endpoints))
	send := context.WithoutCancel(ctx) // a call ends by its own timeout
	for i, e := range n.endpoints {
		go func() {
			results <- result{i, n.with(send, e, func(e *endpoint) error { return e.submit(send, text) })}
		}()
	}
	errs := make([]error, len(n.endpoints))
	for range n.endpoints {
		select {
		case r := <-results:
			if r.err == nil {
				return nil
			}
			errs[r.i] = r.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for _, err := range errs {
		var rejected solo.ErrRejected
		if errors.Is(err, solo.ErrStale) || errors.As(err, &rejected) {
			return err
		}
	}
	return errors.Join(errs...)
}

// submit gives a block to the node.
func (e *endpoint) submit(ctx context.Context, block string) error {
	var word *string
	err := e.call(ctx, maxAnswer, &word, "submitblock", block)
	var refused *Error
	if errors.As(err, &refused) {
		switch refused.Code {
		case codeInChain:
			return nil
		case codeDecode, codeVerify, codeVerifyReject:
			return solo.ErrRejected{Reason: refused.Detail}
		}
	}
	if err != nil || word == nil {
		return err
	}
	return verdict(*word)
}

// verdict judges the word with which a node answers to a block (BIP22, or
// btcd's sentences). Words that leave open what became of the block count as
// taken: solo.Adopt looks.
func verdict(word string) error {
	reason := strings.TrimSpace(strings.TrimPrefix(word, "rejected:"))
	switch {
	case reason == "", reason == "duplicate", reason == "inconclusive", reason == "duplicate-inconclusive",
		strings.HasPrefix(reason, "already have block"):
		return nil
	case reason == "stale-prevblk", reason == "stale-work":
		return solo.ErrStale
	}
	return solo.ErrRejected{Reason: reason}
}
