package rpc

import (
	"context"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// longPoll is a call for a template that the node answers when there is news.
// Bitcoin Core spends one of its few RPC threads (4 or 16 by default) on each
// until then, even when the caller has hung up, and without another thread it
// takes no block either. So there is one poll at a time, and it stays while
// templates are refreshed beside it.
type longPoll struct {
	node   *endpoint
	prev   miner.Hash // the tip that was known when it began
	cancel context.CancelFunc

	done     chan struct{} // closed when the rest is set
	template *solo.Template
	err      error
}

// longPoll returns the poll that waits with a node for news after a tip, and
// begins it if there is none, with the given id and for the life of ctx. A
// failed poll is not held against the node: whatever stands between may have
// cut the connection.
func (n *Node) longPoll(ctx context.Context, e *endpoint, id string, prev miner.Hash) *longPoll {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.waits; p != nil {
		if p.node == e && p.prev == prev && !p.ended() {
			return p
		}
		p.cancel()
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &longPoll{node: e, prev: prev, cancel: cancel, done: make(chan struct{})}
	n.waits = p
	go func() {
		defer cancel()
		defer close(p.done)
		if p.err = n.admit(ctx, e); p.err == nil {
			p.template, p.err = n.template(ctx, e, id)
		}
	}()
	return p
}

// ended reports whether the poll has its answer.
func (p *longPoll) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
