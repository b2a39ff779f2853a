package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

func TestParams(t *testing.T) {
	segwit := map[string]any{"bip9_softforks": map[string]any{"segwit": map[string]any{"status": "active"}}}
	for name, tc := range map[string]struct {
		chain, subversion string
		info              map[string]any
		coin              string // configured
		want              solo.Params
	}{
		"core main":    {"main", "/Satoshi:29.0.0/", nil, "", solo.Params{Coin: "btc", Network: "main", Maturity: 100}},
		"core test":    {"test", "/Satoshi:29.0.0/Knots:20250305/", nil, "", solo.Params{Coin: "btc", Network: "testnet3", Maturity: 100}},
		"core regtest": {"regtest", "/Satoshi:29.0.0/", nil, "", solo.Params{Coin: "btc", Network: "regtest", Maturity: 100, MinBlockGap: time.Second}},
		"btcd main":    {"mainnet", "", segwit, "", solo.Params{Coin: "btc", Network: "main", Maturity: 100}},
		"btcd simnet":  {"simnet", "", segwit, "", solo.Params{Coin: "btc", Network: "simnet", Maturity: 100, MinBlockGap: time.Second}},
		"bchd":         {"testnet4", "/bchd:0.21.1(EB32.0)/", nil, "", solo.Params{Coin: "bch", Network: "testnet4", Maturity: 100}},
		"bchn":         {"main", "/Bitcoin Cash Node:28.0.0(EB32.0)/", nil, "", solo.Params{Coin: "bch", Network: "main", Maturity: 100}},
		"named":        {"main", "", nil, "bch", solo.Params{Coin: "bch", Network: "main", Maturity: 100}},
	} {
		f := newFake()
		f.chain, f.subversion, f.info = tc.chain, tc.subversion, tc.info
		got, err := connect(t, rpc.Config{Coin: tc.coin}, f).Params(t.Context())
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tc.want)
		}
	}
	f := newFake()
	f.subversion = ""
	if _, err := connect(t, rpc.Config{}, f).Params(t.Context()); !errors.Is(err, rpc.ErrNetwork) {
		t.Errorf("a node that does not tell its coin: %v", err)
	}
}

// Each thing that can be wrong with a node has its own error with advice.
func TestErrors(t *testing.T) {
	big := func(w http.ResponseWriter, _ *http.Request) bool {
		w.Write(bytes.Repeat([]byte{' '}, 2<<20))
		return true
	}
	reply := func(status int, text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(status)
			io.WriteString(w, text)
			return true
		}
	}
	for name, tc := range map[string]struct {
		change func(f *fakeNode)
		cfg    rpc.Config
		kind   error
		says   string
	}{
		"down":          {func(f *fakeNode) { f.down = true }, rpc.Config{}, rpc.ErrUnreachable, "is it running"},
		"busy":          {func(f *fakeNode) { f.raw = reply(503, "Work queue depth exceeded") }, rpc.Config{}, rpc.ErrUnreachable, "rpcworkqueue"},
		"forbidden":     {func(f *fakeNode) { f.raw = reply(403, "") }, rpc.Config{}, rpc.ErrAuth, "rpcallowip"},
		"warming up":    {func(f *fakeNode) { f.refuse = map[string]rpcError{"getblockchaininfo": {-28, "Loading block index"}} }, rpc.Config{}, rpc.ErrSyncing, "Loading block index"},
		"syncing":       {func(f *fakeNode) { f.refuse = map[string]rpcError{"getblocktemplate": {-10, "in initial sync"}} }, rpc.Config{}, rpc.ErrSyncing, "in initial sync"},
		"no peers":      {func(f *fakeNode) { f.refuse = map[string]rpcError{"getblocktemplate": {-9, "not connected!"}} }, rpc.Config{}, rpc.ErrSyncing, "not connected"},
		"other network": {func(f *fakeNode) { f.chain = "test" }, rpc.Config{Network: "main"}, rpc.ErrNetwork, "it is on testnet3, expected main"},
		"a web server":  {func(f *fakeNode) { f.raw = reply(200, "<html>") }, rpc.Config{}, rpc.ErrAnswer, "behind this address"},
		"not found":     {func(f *fakeNode) { f.raw = reply(404, "") }, rpc.Config{}, rpc.ErrAnswer, "HTTP status 404"},
		"too much":      {func(f *fakeNode) { f.raw = big }, rpc.Config{}, rpc.ErrAnswer, "more than"},
		"nonsense":      {func(f *fakeNode) { f.template["bits"] = "0" }, rpc.Config{}, rpc.ErrAnswer, "bits"},
		"refusal":       {func(f *fakeNode) { f.refuse = map[string]rpcError{"getblocktemplate": {-1, "no address"}} }, rpc.Config{}, rpc.ErrCall, "no address"},
		"strange rule":  {func(f *fakeNode) { f.template["rules"] = []string{"!signet"} }, rpc.Config{}, rpc.ErrAnswer, "signet"},
	} {
		f := newFake()
		tc.change(f)
		_, err := connect(t, tc.cfg, f).Template(t.Context())
		var e *rpc.Error
		if !errors.Is(err, tc.kind) || !errors.As(err, &e) || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "http://a") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPasswords(t *testing.T) {
	f := newFake()
	f.chain = "main"
	server := httptest.NewServer(f)
	defer server.Close()
	cookie := filepath.Join(t.TempDir(), ".cookie")
	if err := os.WriteFile(cookie, []byte("u:p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withUser := func(user string) string { return strings.Replace(server.URL, "http://", "http://"+user+"@", 1) }
	for name, tc := range map[string]struct {
		cfg  rpc.Config
		want error
	}{
		"in the URL":     {rpc.Config{URLs: []string{withUser("u:p")}, User: "x"}, nil},
		"in the config":  {rpc.Config{URLs: []string{server.URL}, User: "u", Pass: "p"}, nil},
		"in a file":      {rpc.Config{URLs: []string{server.URL}, CookieFile: cookie}, nil},
		"none":           {rpc.Config{URLs: []string{server.URL}}, rpc.ErrAuth},
		"wrong":          {rpc.Config{URLs: []string{withUser("u:secret")}}, rpc.ErrAuth},
		"no such cookie": {rpc.Config{URLs: []string{server.URL}, CookieFile: cookie + "x"}, rpc.ErrAuth},
	} {
		n, err := rpc.New(tc.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = n.Tip(t.Context()); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password shows: %v", name, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:8332", "ftp://host", "http://u:secret@", "http://u:secret@host:port", "http://%zz:secret@h"} {
		_, err := rpc.New(rpc.Config{URLs: []string{bad}})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := rpc.New(rpc.Config{}); err == nil {
		t.Error("no node at all was accepted")
	}
}

func TestTemplateAndAddresses(t *testing.T) {
	f := newFake()
	n := connect(t, rpc.Config{}, f)
	script, err := n.AddressScript("bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080")
	if err != nil || len(script) != 22 {
		t.Errorf("%x, %v", script, err)
	}
	if _, err := n.AddressScript("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"); err == nil || !strings.Contains(err.Error(), "main network") {
		t.Errorf("an address of the main network on regtest: %v", err)
	}
	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Height != 2 || tmpl.PrevHash != block(1) || tmpl.CoinbaseValue != 5_000_000_000 || len(tmpl.Commitment) != 38 || tmpl.CurTime != 1_700_000_000 {
		t.Errorf("template %+v", tmpl)
	}
}

func TestLocate(t *testing.T) {
	f, g := newFake(), newFake()
	n := connect(t, rpc.Config{}, f, g)
	f.grow(block(2))
	f.grow(block(3))
	f.side[block(22)] = true
	where := func(h miner.Hash, height int64) solo.Place {
		t.Helper()
		p, err := n.Locate(t.Context(), h, height)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := where(block(2), 2); p != (solo.Place{OnChain: true, Known: true, Height: 2, Confirmations: 2}) {
		t.Errorf("on the chain: %+v", p)
	}
	if p := where(block(22), 2); p != (solo.Place{Known: true, Height: 2}) {
		t.Errorf("beside the chain: %+v", p)
	}
	if p := where(block(99), 9); p != (solo.Place{Height: 9}) {
		t.Errorf("unknown: %+v", p)
	}
	// The second node takes the other branch: equal height favours the block,
	// a longer chain decides.
	g.grow(block(22))
	g.grow(block(23))
	if p := where(block(2), 2); !p.OnChain {
		t.Errorf("nodes of equal height: %+v", p)
	}
	g.grow(block(24))
	if p := where(block(2), 2); p.OnChain || !p.Known {
		t.Errorf("the longer chain has another block: %+v", p)
	}
	if p := where(block(22), 2); !p.OnChain || p.Confirmations != 3 {
		t.Errorf("the longer chain's block: %+v", p)
	}
	g.set(func() { g.down = true })
	if p := where(block(2), 2); !p.OnChain {
		t.Errorf("one node left: %+v", p)
	}
	f.set(func() { f.down = true })
	if _, err := n.Locate(t.Context(), block(2), 2); !errors.Is(err, rpc.ErrUnreachable) {
		t.Errorf("no node left: %v", err)
	}
}

func TestSubmitVerdicts(t *testing.T) {
	for word, want := range map[string]error{
		"": nil, "duplicate": nil, "inconclusive": nil, "duplicate-inconclusive": nil,
		"rejected: already have block 00": nil,
		"stale-prevblk":                   solo.ErrStale, "stale-work": solo.ErrStale,
		"high-hash": solo.ErrRejected{Reason: "high-hash"}, "duplicate-invalid": solo.ErrRejected{Reason: "duplicate-invalid"},
		"rejected: block height too low": solo.ErrRejected{Reason: "block height too low"},
	} {
		f := newFake()
		f.submit = func(s string) any {
			if s != "0102" {
				t.Errorf("submitted %q", s)
			}
			if word == "" {
				return nil
			}
			return word
		}
		if err := connect(t, rpc.Config{}, f).Submit(t.Context(), []byte{1, 2}); err != want {
			t.Errorf("%q: %v, want %v", word, err, want)
		}
	}
}

// A block goes to every node, and one that takes it is enough.
func TestSubmitToAll(t *testing.T) {
	took := func(string) any { return nil }
	bad := func(string) any { return "high-hash" }
	f, g, h := newFake(), newFake(), newFake()
	f.down, g.submit, h.submit = true, bad, took
	n := connect(t, rpc.Config{}, f, g, h)
	if err := n.Submit(t.Context(), []byte{1}); err != nil {
		t.Errorf("one of three took it: %v", err)
	}
	h.set(func() { h.submit = bad })
	var rejected solo.ErrRejected
	if err := n.Submit(t.Context(), []byte{1}); !errors.As(err, &rejected) {
		t.Errorf("nobody took it: %v", err)
	}
	g.set(func() { g.down = true })
	h.set(func() { h.down = true })
	if err := n.Submit(t.Context(), []byte{1}); !errors.Is(err, rpc.ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, g := newFake(), newFake()
		n := connect(t, rpc.Config{}, f, g)
		ask := func() {
			t.Helper()
			if _, err := n.Template(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		const gbt = "getblocktemplate"
		ask()
		if f.count(gbt) != 1 || g.count(gbt) != 0 {
			t.Error("the first node is not the preferred one")
		}
		f.set(func() { f.down = true })
		ask()
		f.set(func() { f.down = false })
		ask() // still shunned
		if f.count(gbt) != 1 || g.count(gbt) != 2 {
			t.Errorf("after a failure: %d and %d", f.count(gbt), g.count(gbt))
		}
		time.Sleep(16 * time.Second)
		ask()
		if f.count(gbt) != 2 {
			t.Error("the first node came back and is not asked")
		}
		// A node that is swapped for one of another chain is left alone.
		f.set(func() { f.down = true })
		ask()
		f.set(func() { f.down, f.chain = false, "main" })
		time.Sleep(16 * time.Second)
		ask()
		if f.count(gbt) != 2 || g.count(gbt) != 4 {
			t.Errorf("node of another chain: %d and %d", f.count(gbt), g.count(gbt))
		}
	})
}

func TestWait(t *testing.T) {
	for name, longpolls := range map[string]bool{"long poll": true, "polling": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, g := newFake(), newFake()
				f.longpolls, g.longpolls = longpolls, longpolls
				n := connect(t, rpc.Config{}, f, g)
				wait := func(after *solo.Template) *solo.Template {
					t.Helper()
					got, err := n.Wait(t.Context(), after)
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				tmpl, err := n.Template(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				tmpl = wait(tmpl)
				if d := time.Since(start); tmpl.PrevHash != block(1) || d < 20*time.Second || d > 30*time.Second {
					t.Errorf("nothing new: answered after %v", d)
				}
				start = time.Now()
				time.AfterFunc(5500*time.Millisecond, func() { f.grow(block(2)); g.grow(block(2)) })
				tmpl = wait(tmpl)
				if d := time.Since(start); tmpl.PrevHash != block(2) || d > 6*time.Second {
					t.Errorf("a block: %v after %v", tmpl.PrevHash, d)
				}
				// The node dies: the other one is asked at once.
				f.set(func() { f.down = true })
				g.grow(block(3))
				start = time.Now()
				tmpl = wait(tmpl)
				if d := time.Since(start); tmpl.PrevHash != block(3) || d > time.Second {
					t.Errorf("after the node's death: %v after %v", tmpl.PrevHash, d)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := n.Wait(ctx, tmpl); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("cancelled: %v", err)
				}
			})
		})
	}
}

// Bitcoin Core spends one of its few threads on a long poll until there is
// news, though the caller has left: to wait for hours must not use them up.
func TestWaitSparesThreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.threads = make(chan struct{}, 2)
		f.submit = func(string) any { return nil }
		defer func() { f.grow(block(3)) }() // lets the last thread go
		n := connect(t, rpc.Config{}, f)
		tmpl, err := n.Template(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			start := time.Now()
			if tmpl, err = n.Wait(t.Context(), tmpl); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d < 20*time.Second || d > 30*time.Second {
				t.Fatalf("nothing new: answered after %v", d)
			}
		}
		start := time.Now()
		if err := n.Submit(t.Context(), []byte{1}); err != nil || time.Since(start) > 0 {
			t.Errorf("a block is given to the node after %v: %v", time.Since(start), err)
		}
		// The same poll still brings news at once.
		time.AfterFunc(5500*time.Millisecond, func() { f.grow(block(2)) })
		if tmpl, err = n.Wait(t.Context(), tmpl); err != nil || tmpl.PrevHash != block(2) || time.Since(start) != 5500*time.Millisecond {
			t.Errorf("a block: %+v, %v after %v", tmpl, err, time.Since(start))
		}
		// Who stops waiting leaves nothing behind on this side.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Wait(ctx, tmpl); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
	})
}
