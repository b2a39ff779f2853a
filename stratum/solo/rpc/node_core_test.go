//go:build core

package rpc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

func TestBitcoind(t *testing.T) {
	peer := rpctest.StartBitcoind(t, binaryOf(t, "BITCOIND"))
	n := client(t, peer)
	lifeOfBlocks(t, peer, n, solo.Params{Coin: "btc", Network: "regtest", Maturity: 100, MinBlockGap: time.Second})
	blocksOfChain(t, n)
	leaveAndReturn(t, peer, n)
	walletBlock(t, peer, n)
	wordsOfRefusal(t, peer, n)
}

// TestBitcoindFees has the fees told by the node's statistics, and by its
// blocks where there are none.
func TestBitcoindFees(t *testing.T) {
	for _, transport := range []http.RoundTripper{http.DefaultTransport, withoutStats{}} {
		peer := rpctest.StartBitcoind(t, binaryOf(t, "BITCOIND"))
		n, err := rpc.New(rpc.Config{URLs: []string{peer.URL}, User: peer.User, Pass: peer.Pass, HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		feesOfBlocks(t, n)
	}
}

// withoutStats makes a node refuse getblockstats as one that does not know it.
type withoutStats struct{}

func (withoutStats) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("getblockstats"), []byte("getblockstatz"), 1)))
	return http.DefaultTransport.RoundTrip(r)
}

// askFor has the node decode its own answer.
func askFor[T any](t *testing.T, peer *rpctest.Node, method string, params ...any) (result T) {
	t.Helper()
	if err := json.Unmarshal(peer.Call(t, method, params...), &result); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return result
}

// walletBlock has the node's wallet earn coins by its address, spend them with
// a witness, and see the payment confirmed by a block of ours. The template
// has the commitment as a whole script, with transactions and without.
func walletBlock(t *testing.T, peer *rpctest.Node, n *rpc.Node) {
	peer.Call(t, "createwallet", "purse")
	script := func(kind string) []byte {
		address := askFor[string](t, peer, "getnewaddress", "", kind)
		script, err := n.AddressScript(address)
		if err != nil {
			t.Fatal(err)
		}
		want := askFor[struct{ ScriptPubKey string }](t, peer, "getaddressinfo", address).ScriptPubKey
		if hex.EncodeToString(script) != want {
			t.Errorf("address %s: script %x, the node says %s", address, script, want)
		}
		return script
	}
	for _, kind := range []string{"legacy", "p2sh-segwit", "bech32m"} {
		script(kind)
	}
	earner := script("bech32")
	for range 101 {
		adoptTo(t, n, earner)
	}
	empty := template(t, n)
	raw := askFor[struct {
		Rules      []string
		Commitment string `json:"default_witness_commitment"`
	}](t, peer, "getblocktemplate", map[string]any{"rules": []string{"segwit"}})
	if !slices.Contains(raw.Rules, "!segwit") || raw.Commitment != hex.EncodeToString(empty.Commitment) || len(empty.Commitment) != 38 {
		t.Errorf("template with rules %q and commitment %s, read as %x", raw.Rules, raw.Commitment, empty.Commitment)
	}

	adoptTo(t, n, earner) // since the node keeps the template of a tip for 5 s
	txid := askFor[string](t, peer, "sendtoaddress", askFor[string](t, peer, "getnewaddress"), 1.5)
	tmpl := template(t, n)
	if len(tmpl.Txs) != 1 || tmpl.Txs[0].TxID.String() != txid || tmpl.Txs[0].TxID == tmpl.Txs[0].WTxID {
		t.Fatalf("the template has %d transactions, want %s with a witness", len(tmpl.Txs), txid)
	}
	if want := solo.WitnessCommitment(tmpl.Txs); !slices.Equal(tmpl.Commitment, want) {
		t.Errorf("commitment %x, computed %x", tmpl.Commitment, want)
	}
	if fee := tmpl.CoinbaseValue - empty.CoinbaseValue; fee <= 0 {
		t.Errorf("the transaction adds %d satoshi to the block", fee)
	}
	b := mine(t, tmpl, 0)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatal(err)
	}
	if c := askFor[struct{ Confirmations int }](t, peer, "gettransaction", txid).Confirmations; c != 1 {
		t.Errorf("the payment has %d confirmations, want 1", c)
	}
}

// wordsOfRefusal gives the node every bad block that is cheap to make, and
// checks its word (BIP22) and what becomes of it; then good ones, again and
// too late.
func wordsOfRefusal(t *testing.T, peer *rpctest.Node, n *rpc.Node) {
	peer.Call(t, "sendtoaddress", askFor[string](t, peer, "getnewaddress"), 1)
	good := template(t, n)
	var salt uint32
	with := func(change func(tmpl *solo.Template)) found {
		tmpl := *good
		change(&tmpl)
		salt++
		return mine(t, &tmpl, salt)
	}
	first, sibling := with(func(*solo.Template) {}), with(func(*solo.Template) {})
	greedy := with(func(tmpl *solo.Template) { tmpl.CoinbaseValue++ })
	for _, tc := range []struct {
		word  string
		block found
	}{
		{"bad-cb-amount", greedy},
		{"duplicate-invalid", greedy},
		{"bad-cb-height", with(func(tmpl *solo.Template) { tmpl.Height++ })},
		{"prev-blk-not-found", with(func(tmpl *solo.Template) { tmpl.PrevHash = miner.Hash{1} })},
		{"bad-diffbits", with(func(tmpl *solo.Template) { tmpl.Bits-- })},
		{"time-too-old", with(func(tmpl *solo.Template) { tmpl.CurTime = tmpl.MinTime - 1 })},
		{"time-too-new", with(func(tmpl *solo.Template) { tmpl.CurTime += 3 * 3600 })},
		{"bad-witness-merkle-match", with(func(tmpl *solo.Template) { tmpl.Commitment = solo.CommitmentScript(miner.Hash{1}) })},
		{"bad-txnmrklroot", withHeader(t, first, true, func(h *miner.Header) { h[40] ^= 1 })},
		{"high-hash", withHeader(t, first, false, func(*miner.Header) {})},
	} {
		var rejected solo.ErrRejected
		if err := n.Submit(t.Context(), tc.block.raw); !errors.As(err, &rejected) || rejected.Reason != tc.word {
			t.Errorf("%s: %v", tc.word, err)
		}
		if err := solo.Adopt(t.Context(), n, tc.block.raw, tc.block.hash, tc.block.height); !errors.As(err, &rejected) {
			t.Errorf("%s, adopted: %v", tc.word, err)
		}
		if p := at(t, n, tc.block); p.OnChain {
			t.Errorf("%s: %+v", tc.word, p)
		}
	}
	word := func(b found, want string) {
		t.Helper()
		got := ""
		if w := askFor[*string](t, peer, "submitblock", hex.EncodeToString(b.raw)); w != nil {
			got = *w
		}
		if got != want {
			t.Errorf("the node says %q, want %q", got, want)
		}
	}
	word(first, "")
	word(first, "duplicate")
	if err := solo.Adopt(t.Context(), n, first.raw, first.hash, first.height); err != nil {
		t.Errorf("a duplicate: %v", err)
	}
	word(sibling, "inconclusive")
	if err := solo.Adopt(t.Context(), n, sibling.raw, sibling.hash, sibling.height); !errors.Is(err, solo.ErrStale) {
		t.Errorf("a sibling: %v, want stale", err)
	}
}

// withHeader changes a block's header and gives it a nonce, one that meets
// the target or one that does not.
func withHeader(t *testing.T, b found, meets bool, change func(h *miner.Header)) found {
	t.Helper()
	h := miner.Header(b.raw[:miner.HeaderSize])
	change(&h)
	target, err := h.Bits().Target()
	if err != nil {
		t.Fatal(err)
	}
	for nonce := uint32(0); ; nonce++ {
		h.SetNonce(nonce)
		if b.hash = h.Hash(); b.hash.Meets(target) == meets {
			b.raw = slices.Concat(h[:], b.raw[miner.HeaderSize:])
			return b
		}
	}
}
