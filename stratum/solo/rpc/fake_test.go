package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// fakeNode answers like a node, without a network: it is given to rpc by an
// http.RoundTripper.
type fakeNode struct {
	mu         sync.Mutex
	calls      map[string]int
	path       string // of the newest call
	down       bool
	chain      string
	subversion string // "" for a node without getnetworkinfo
	info       map[string]any
	blocks     []miner.Hash // best chain, genesis first
	side       map[miner.Hash]bool
	template   map[string]any
	longpolls  bool
	news       chan struct{} // closed on a new block
	submit     func(hex string) any
	refuse     map[string]rpcError // method → error
	answers    map[string]func(params []json.RawMessage) (any, *rpcError)
	raw        func(http.ResponseWriter, *http.Request) bool
	threads    chan struct{} // as many as it has room for; nil for any number
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func block(b byte) miner.Hash { return miner.SHA256d([]byte{b}) }

func newFake() *fakeNode {
	return &fakeNode{
		calls: map[string]int{}, chain: "regtest", subversion: "/Satoshi:29.0.0/",
		blocks: []miner.Hash{block(0), block(1)}, side: map[miner.Hash]bool{}, longpolls: true, news: make(chan struct{}),
		template: map[string]any{
			"version": 0x20000000, "bits": "207fffff", "curtime": 1_700_000_000, "mintime": 1_699_999_000,
			"coinbasevalue": 5_000_000_000, "rules": []string{"csv", "!segwit", "taproot"}, "transactions": []any{},
			"default_witness_commitment": "6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9",
		},
	}
}

// grow adds a block to the best chain and answers long polls.
func (f *fakeNode) grow(h miner.Hash) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocks = append(f.blocks, h)
	close(f.news)
	f.news = make(chan struct{})
}

func (f *fakeNode) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeNode) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// ServeHTTP answers one call.
func (f *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if user, pass, _ := r.BasicAuth(); user != "u" || pass != "p" {
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	if f.raw != nil && f.raw(w, r) {
		return
	}
	var req struct {
		Version string            `json:"jsonrpc"`
		Method  string            `json:"method"`
		Params  []json.RawMessage `json:"params"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || req.Version == "" || req.Params == nil {
		http.Error(w, "not positional JSON-RPC", http.StatusBadRequest)
		return
	}
	f.calls[req.Method]++
	f.path = r.URL.EscapedPath()
	result, refused := f.answer(r.Context(), req.Method, req.Params)
	status := http.StatusOK
	if refused != nil {
		status = http.StatusInternalServerError // as Bitcoin Core does
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"result": result, "error": refused, "id": 1})
}

func (f *fakeNode) answer(ctx context.Context, method string, params []json.RawMessage) (any, *rpcError) {
	if e, ok := f.refuse[method]; ok {
		return nil, &e
	}
	if reply, ok := f.answers[method]; ok {
		return reply(params)
	}
	tip := len(f.blocks) - 1
	switch method {
	case "getblockchaininfo":
		info := map[string]any{"chain": f.chain, "blocks": tip, "bestblockhash": f.blocks[tip].String()}
		for k, v := range f.info {
			info[k] = v
		}
		return info, nil
	case "getnetworkinfo":
		if f.subversion == "" {
			return nil, &rpcError{-1, "Command unimplemented"}
		}
		return map[string]any{"subversion": f.subversion}, nil
	case "getblockhash":
		var h int
		if json.Unmarshal(params[0], &h) != nil || h > tip {
			return nil, &rpcError{-8, "Block height out of range"}
		}
		return f.blocks[h].String(), nil
	case "getblockheader":
		var s string
		json.Unmarshal(params[0], &s)
		h, _ := miner.ParseHash(s)
		if f.side[h] {
			return "00", nil
		}
		for _, b := range f.blocks {
			if b == h {
				return "00", nil
			}
		}
		return nil, &rpcError{-5, "Block not found"}
	case "getblocktemplate":
		return f.gbt(ctx, params)
	case "submitblock":
		var s string
		json.Unmarshal(params[0], &s)
		return f.submit(s), nil
	}
	return nil, &rpcError{-32601, "Method not found"}
}

// gbt insists on the segwit rule, like Bitcoin Core, and answers a long poll
// of its present tip when there is a new one.
func (f *fakeNode) gbt(ctx context.Context, params []json.RawMessage) (any, *rpcError) {
	var req struct {
		Rules      []string `json:"rules"`
		LongPollID string   `json:"longpollid"`
	}
	if len(params) != 1 || json.Unmarshal(params[0], &req) != nil || len(req.Rules) != 1 || req.Rules[0] != "segwit" {
		return nil, &rpcError{-8, "getblocktemplate must be called with the segwit rule set"}
	}
	if req.LongPollID == f.blocks[len(f.blocks)-1].String() {
		news := f.news
		gone := ctx.Done()
		if f.threads != nil {
			gone = nil // as with Bitcoin Core: that nobody waits any more is not noticed
		}
		f.mu.Unlock()
		select {
		case <-news:
		case <-gone:
		}
		f.mu.Lock()
	}
	tip := f.blocks[len(f.blocks)-1]
	t := map[string]any{"previousblockhash": tip.String(), "height": len(f.blocks)}
	if f.longpolls {
		t["longpollid"] = tip.String()
	}
	for k, v := range f.template {
		t[k] = v
	}
	return t, nil
}

// wires connects host names to fake nodes.
type wires map[string]*fakeNode

// RoundTrip runs the node of the request's host.
func (w wires) RoundTrip(r *http.Request) (*http.Response, error) {
	f := w[r.URL.Host]
	if f == nil {
		return nil, errors.New("no such host")
	}
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	if down {
		return nil, errors.New("connection refused")
	}
	rec := httptest.NewRecorder()
	if f.threads == nil {
		f.ServeHTTP(rec, r)
	} else if err := f.serveInThread(rec, r); err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// serveInThread answers a call when a thread is free, and lets the caller go
// before that when it has no patience; the thread stays with the call.
func (f *fakeNode) serveInThread(w http.ResponseWriter, r *http.Request) error {
	select {
	case f.threads <- struct{}{}:
	case <-r.Context().Done():
		return r.Context().Err()
	}
	done := make(chan struct{})
	go func() {
		f.ServeHTTP(w, r)
		<-f.threads
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

// wallet makes a client of the named wallet of a fake node.
func wallet(t testing.TB, f *fakeNode, name string) *rpc.Client {
	t.Helper()
	c, err := rpc.NewClient(rpc.Config{URLs: []string{"http://u:p@a/"}, HTTPClient: &http.Client{Transport: wires{"a": f}}}, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// connect makes a client of fake nodes, named a, b, … in turn.
func connect(t testing.TB, cfg rpc.Config, fakes ...*fakeNode) *rpc.Node {
	t.Helper()
	w := wires{}
	for i, f := range fakes {
		host := string(rune('a' + i))
		w[host] = f
		cfg.URLs = append(cfg.URLs, "http://u:p@"+host)
	}
	cfg.HTTPClient = &http.Client{Transport: w, Timeout: time.Hour}
	n, err := rpc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
