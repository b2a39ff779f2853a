package rpc

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashlease/hashlease/stratum/solo"
)

// Patience of Wait.
const (
	refresh   = 25 * time.Second // age of a template at which it is replaced; below answerTimeout
	pollEvery = time.Second      // the tip is looked at
)

// Template returns what a block may be built from now.
func (n *Node) Template(ctx context.Context) (t *solo.Template, err error) {
	err = n.ask(ctx, func(e *endpoint) error {
		t, err = n.template(ctx, e, "")
		return err
	})
	return t, err
}

// templateRequest is the parameter of getblocktemplate.
type templateRequest struct {
	Capabilities []string `json:"capabilities"`
	Rules        []string `json:"rules"`
	LongPollID   string   `json:"longpollid,omitempty"`
}

// template asks a node for a template; with a long poll id it answers when
// there is news. The template's own id names the node it is for.
func (n *Node) template(ctx context.Context, e *endpoint, longPollID string) (*solo.Template, error) {
	const method = "getblocktemplate"
	call := e.call
	if longPollID != "" {
		call = e.patientCall
	}
	var raw json.RawMessage
	err := call(ctx, maxTemplate, &raw, method, templateRequest{
		Capabilities: []string{"coinbasevalue", "longpoll"}, Rules: []string{"segwit"}, LongPollID: longPollID})
	if err != nil {
		return nil, err
	}
	t, err := decodeTemplate(raw)
	if err != nil {
		return nil, e.fail(method, ErrAnswer, err.Error(), "")
	}
	if t.LongPollID != "" {
		t.LongPollID = strconv.Itoa(slices.Index(n.endpoints, e)) + ":" + t.LongPollID
	}
	return t, nil
}

// Wait returns a new template when the node has news, or when after is due
// for a refresh. Should the node fail meanwhile, the next one is asked. Beside
// the long poll it looks at the tip itself: btcd does not answer a poll when
// its chain only gets shorter, and a dead connection may stay silent for long.
// The long poll outlives a Wait that ends in a refresh, and ends with ctx.
func (n *Node) Wait(ctx context.Context, after *solo.Template) (*solo.Template, error) {
	e, id := n.waiting(after)
	if e == nil {
		return n.poll(ctx, after)
	}
	p := n.longPoll(ctx, e, id, after.PrevHash)
	patience, cancel := context.WithTimeout(ctx, refresh)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	tip := make(chan struct{})
	watch.Go(func() {
		if n.tipChanged(patience, after) {
			close(tip)
		}
	})
	select {
	case <-p.done:
		if p.err == nil {
			return p.template, nil
		}
	case <-tip:
	case <-patience.Done():
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return n.Template(ctx)
}

// waiting returns the node that gave a template and its id for long polls,
// nil when it cannot wait or has failed since.
func (n *Node) waiting(after *solo.Template) (*endpoint, string) {
	index, id, ok := strings.Cut(after.LongPollID, ":")
	i, err := strconv.Atoi(index)
	if !ok || err != nil || i < 0 || i >= len(n.endpoints) {
		return nil, ""
	}
	e := n.endpoints[i]
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.down {
		return nil, ""
	}
	return e, id
}

// poll waits for another tip, or until the template is due for a refresh.
func (n *Node) poll(ctx context.Context, after *solo.Template) (*solo.Template, error) {
	patience, cancel := context.WithTimeout(ctx, refresh)
	defer cancel()
	n.tipChanged(patience, after)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return n.Template(ctx)
}

// tipChanged looks at the tip again and again and reports whether it has
// become another, or cannot be told any more; false when ctx ended before.
func (n *Node) tipChanged(ctx context.Context, after *solo.Template) bool {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		hash, _, err := n.Tip(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err != nil || hash != after.PrevHash {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}
