package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// shun is how long the other nodes are asked first after one has failed.
const shun = 15 * time.Second

// Config says which nodes to ask.
type Config struct {
	// URLs are the nodes of one chain, the preferred one first, each as
	// http://HOST:PORT or http://USER:PASS@HOST:PORT.
	URLs []string

	User, Pass string // for URLs without user
	CookieFile string // instead of User and Pass: where the node writes them

	Coin    string // "btc", "bch"; "" to find out
	Network string // expected network, by the names of solo.Params; "" for any

	HTTPClient *http.Client // nil: a plain one
	Logger     *slog.Logger // nil: silent
}

// Node is one or more coin nodes of a chain. It implements solo.Node and is
// safe for concurrent use.
type Node struct {
	cfg       Config
	endpoints []*endpoint
	log       *slog.Logger

	mu    sync.Mutex
	chain *profile  // what the first node that answered is on
	waits *longPoll // the newest one; nil before the first
}

var _ solo.Node = (*Node)(nil)

// New checks the configuration. The nodes are first asked when they are
// needed.
func New(cfg Config) (*Node, error) {
	if len(cfg.URLs) == 0 {
		return nil, errors.New("no coin node given: name at least one as http://HOST:PORT")
	}
	n := &Node{cfg: cfg, log: cfg.Logger}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	client := cfg.HTTPClient
	if client == nil {
		client = &http.Client{
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
				TLSHandshakeTimeout: 5 * time.Second,
				MaxIdleConnsPerHost: 4,
				IdleConnTimeout:     30 * time.Second, // before nodes close theirs
			},
			// A password must not travel to wherever an answer points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	for _, raw := range cfg.URLs {
		e, err := newEndpoint(raw, &n.cfg, client)
		if err != nil {
			return nil, err
		}
		n.endpoints = append(n.endpoints, e)
	}
	return n, nil
}

// order returns the nodes in the order in which to ask them: those that
// failed lately last.
func (n *Node) order() []*endpoint {
	var up, down []*endpoint
	now := time.Now()
	for _, e := range n.endpoints {
		if e.shunned(now) {
			down = append(down, e)
		} else {
			up = append(up, e)
		}
	}
	return append(up, down...)
}

// ask runs fn with one node after the other until one of them is not at
// fault.
func (n *Node) ask(ctx context.Context, fn func(e *endpoint) error) error {
	var errs []error
	for _, e := range n.order() {
		err := n.with(ctx, e, fn)
		if err == nil || ctx.Err() != nil || !otherMayHelp(err) {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// with runs fn with a node that is known to be on the right chain, and keeps
// account of its failures.
func (n *Node) with(ctx context.Context, e *endpoint, fn func(e *endpoint) error) error {
	err := n.admit(ctx, e)
	if err == nil {
		err = fn(e)
	}
	failed := otherMayHelp(err)
	if ctx.Err() != nil && failed {
		return context.Cause(ctx) // the caller's impatience is no fault of the node
	}
	e.mu.Lock()
	changed := e.down != failed
	e.down = failed
	if failed {
		e.known, e.downUntil = nil, time.Now().Add(shun)
	} else {
		e.downUntil = time.Time{}
	}
	e.mu.Unlock()
	if changed && failed {
		n.log.Warn("coin node failed", "node", e.name, "err", err)
	} else if changed {
		n.log.Info("coin node works again", "node", e.name)
	}
	return err
}

// admit checks that a node is on our chain. The first one to answer decides
// what the configuration leaves open.
func (n *Node) admit(ctx context.Context, e *endpoint) error {
	p, err := e.identify(ctx, n.cfg.Coin)
	if err != nil {
		return err
	}
	if n.cfg.Network != "" && p.network != n.cfg.Network {
		return e.fail("getblockchaininfo", ErrNetwork, fmt.Sprintf("it is on %s, expected %s", p.network, n.cfg.Network),
			"start it on that network or change the configuration")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.chain == nil {
		n.chain = &p
	}
	if *n.chain != p {
		return e.fail("getblockchaininfo", ErrNetwork, fmt.Sprintf("it is on %s %s, the other nodes are on %s %s", p.coin, p.network, n.chain.coin, n.chain.network),
			"name nodes of one chain only")
	}
	return nil
}

// Params returns the facts of the chain.
func (n *Node) Params(ctx context.Context) (solo.Params, error) {
	p, err := n.profile(ctx)
	return p.params(), err
}

// profile returns the chain, asking the nodes if none has answered yet.
func (n *Node) profile(ctx context.Context) (profile, error) {
	n.mu.Lock()
	known := n.chain
	n.mu.Unlock()
	if known == nil {
		if err := n.ask(ctx, func(*endpoint) error { return nil }); err != nil {
			return profile{}, err
		}
		n.mu.Lock()
		known = n.chain
		n.mu.Unlock()
	}
	return *known, nil
}

// AddressScript returns the script that pays an address of the nodes' coin
// and network, or "script:HEX". It asks a node when none has answered yet.
func (n *Node) AddressScript(address string) ([]byte, error) {
	p, err := n.profile(context.Background())
	if err != nil {
		return nil, err
	}
	forms, ok := solo.FormsOf(p.coin, p.network)
	if !ok {
		forms = solo.AddressForms{Name: p.coin + " " + p.network}
		return nil, fmt.Errorf("%w: the addresses of %s are not known here; write script:HEX, the output script", solo.ErrAddress, forms.Name)
	}
	return forms.Script(address)
}

// Tip returns hash and height of the best block.
func (n *Node) Tip(ctx context.Context) (hash miner.Hash, height int64, err error) {
	err = n.ask(ctx, func(e *endpoint) error {
		info, best, err := e.chain(ctx)
		hash, height = best, info.Blocks
		return err
	})
	return hash, height, err
}
