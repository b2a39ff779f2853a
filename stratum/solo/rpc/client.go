package rpc

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/hashlease/hashlease/stratum/solo"
)

// MaxAnswer bounds the answers that a Client reads, in bytes.
const MaxAnswer = 64 << 20

// Client makes single calls to one node, such as those to its wallets. It is
// safe for concurrent use.
type Client struct{ node *Node }

// NewClient checks the configuration, which must name one node: a wallet is in
// one place. Calls about a wallet mean the one of that name, or where it is
// empty the only one that the node has loaded.
func NewClient(cfg Config, wallet string) (*Client, error) {
	if len(cfg.URLs) != 1 {
		return nil, errors.New("a wallet is in one coin node: name that one, as http://HOST:PORT")
	}
	n, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if wallet != "" {
		e := n.endpoints[0]
		e.url = strings.TrimSuffix(e.url, "/") + "/wallet/" + url.PathEscape(wallet)
	}
	return &Client{n}, nil
}

// Params returns the facts of the node's chain.
func (c *Client) Params(ctx context.Context) (solo.Params, error) { return c.node.Params(ctx) }

// Call asks the node, which must be on the configured chain, and decodes its
// result into result, for half a minute at most. Every error is an *Error, or
// the cause of the end of ctx. After any error but ErrCall the call may have
// been carried out.
func (c *Client) Call(ctx context.Context, result any, method string, params ...any) error {
	return c.node.ask(ctx, func(e *endpoint) error {
		return e.call(ctx, MaxAnswer, result, method, params...)
	})
}

// Refusal returns the node's own error code and words when it refused a call.
func Refusal(err error) (code int, words string, ok bool) {
	var e *Error
	if !errors.As(err, &e) || e.Kind != ErrCall {
		return 0, "", false
	}
	return e.Code, e.Detail, true
}
