//go:build peers

package rpc_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

// startNode runs the binary that an environment variable names.
func startNode(t *testing.T, env string) (*rpctest.Node, *rpc.Node) {
	t.Helper()
	binary := os.Getenv(env)
	if binary == "" {
		t.Fatalf("%s must hold the path of the node's binary", env)
	}
	peer := rpctest.Start(t, binary)
	n, err := rpc.New(rpc.Config{URLs: []string{peer.URL}, User: peer.User, Pass: peer.Pass})
	if err != nil {
		t.Fatal(err)
	}
	return peer, n
}

type found struct {
	raw      []byte
	hash     miner.Hash
	height   int64
	coinbase miner.Hash // txid
}

// mine solves a template; salt tells siblings apart.
func mine(t *testing.T, tmpl *solo.Template, salt uint32) found {
	t.Helper()
	job, err := solo.BuildJob(tmpl, "1", [16]byte{1}, []stratum.Output{{Value: tmpl.CoinbaseValue, Script: []byte{0x51}}})
	if err != nil {
		t.Fatal(err)
	}
	target, err := job.Bits.Target()
	if err != nil {
		t.Fatal(err)
	}
	en := binary.BigEndian.AppendUint32([]byte{0, 0}, salt)
	for nonce := uint32(0); ; nonce++ {
		h := job.Header(en, job.Version, job.Time, nonce)
		if hash := h.Hash(); hash.Meets(target) {
			raw, err := solo.AssembleBlock(tmpl, job.Coinbase(en), h)
			if err != nil {
				t.Fatal(err)
			}
			return found{raw, hash, tmpl.Height, miner.SHA256d(job.Coinbase(en))}
		}
	}
}

func adopt(t *testing.T, n *rpc.Node) found {
	t.Helper()
	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := mine(t, tmpl, 0)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatal(err)
	}
	return b
}

func at(t *testing.T, n *rpc.Node, b found) solo.Place {
	t.Helper()
	p, err := n.Locate(t.Context(), b.hash, b.height)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBtcd(t *testing.T) {
	peer, n := startNode(t, "BTCD")
	lifeOfBlocks(t, peer, n, solo.Params{Coin: "btc", Network: "regtest", Maturity: 100, MinBlockGap: time.Second})
	leaveAndReturn(t, peer, n) // bchd dies of it
	segwitBlock(t, peer, n)
}

func TestBchd(t *testing.T) {
	peer, n := startNode(t, "BCHD")
	lifeOfBlocks(t, peer, n, solo.Params{Coin: "bch", Network: "regtest", Maturity: 100, MinBlockGap: time.Second})
}

// lifeOfBlocks takes blocks through everything that can happen to them.
func lifeOfBlocks(t *testing.T, peer *rpctest.Node, n *rpc.Node, want solo.Params) {
	if p, err := n.Params(t.Context()); err != nil || p != want {
		t.Fatalf("params %+v, %v, want %+v", p, err, want)
	}
	first := adopt(t, n)
	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	// A long poll answers with the next block.
	waited := make(chan *solo.Template, 1)
	go func() {
		next, err := n.Wait(t.Context(), tmpl)
		if err != nil {
			t.Error(err)
		}
		waited <- next
	}()
	second, sibling := mine(t, tmpl, 1), mine(t, tmpl, 2)
	if err := solo.Adopt(t.Context(), n, second.raw, second.hash, 2); err != nil {
		t.Fatal(err)
	}
	select {
	case next := <-waited:
		if next == nil || next.PrevHash != second.hash || next.Height != 3 {
			t.Errorf("the long poll gave %+v", next)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the long poll did not answer")
	}
	if p := at(t, n, first); !p.OnChain || p.Confirmations != 2 {
		t.Errorf("first block: %+v", p)
	}

	// A sibling is taken and stale, a block without parent is never known.
	if err := solo.Adopt(t.Context(), n, sibling.raw, sibling.hash, 2); !errors.Is(err, solo.ErrStale) {
		t.Errorf("sibling: %v, want stale", err)
	}
	if p := at(t, n, sibling); p.OnChain || !p.Known {
		t.Errorf("sibling: %+v", p)
	}
	lost := *tmpl
	lost.PrevHash, lost.Height = miner.Hash{1}, 9
	orphan := mine(t, &lost, 0)
	var rejected solo.ErrRejected
	if err := solo.Adopt(t.Context(), n, orphan.raw, orphan.hash, 9); !errors.As(err, &rejected) {
		t.Errorf("block without parent: %v, want rejected", err)
	}
	// One more coin than there is.
	greedy, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	greedy.CoinbaseValue++
	over := mine(t, greedy, 0)
	if err := solo.Adopt(t.Context(), n, over.raw, over.hash, 3); !errors.As(err, &rejected) {
		t.Errorf("overpaying block: %v, want rejected", err)
	}
	if err := n.Submit(t.Context(), []byte("no block")); !errors.As(err, &rejected) {
		t.Errorf("garbage: %v, want rejected", err)
	}

	// A wrong password says so.
	u, err := url.Parse(peer.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(peer.User, "wrong")
	other, err := rpc.New(rpc.Config{URLs: []string{u.String()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Tip(t.Context()); !errors.Is(err, rpc.ErrAuth) {
		t.Errorf("wrong password: %v", err)
	}
}

// leaveAndReturn takes a block off the chain, with the one that stands on it,
// and puts it back.
func leaveAndReturn(t *testing.T, peer *rpctest.Node, n *rpc.Node) {
	below, above := adopt(t, n), adopt(t, n)
	peer.Call(t, "invalidateblock", below.hash.String())
	for _, b := range []found{below, above} {
		if p := at(t, n, b); p.OnChain || !p.Known || p.Confirmations != 0 {
			t.Errorf("invalidated block at %d: %+v", b.height, p)
		}
	}
	peer.Call(t, "reconsiderblock", below.hash.String())
	if p := at(t, n, below); !p.OnChain || p.Confirmations != 2 {
		t.Errorf("reconsidered block: %+v", p)
	}
}

// segwitBlock puts a transaction with a witness into the mempool and mines
// it: the template's commitment is a bare hash, and the coinbase must carry
// its witness.
func segwitBlock(t *testing.T, peer *rpctest.Node, n *rpc.Node) {
	coin := adopt(t, n)
	for range 101 {
		adopt(t, n)
	}
	// An output to a witness program whose script everybody can satisfy.
	anyone := []byte{txscript.OP_TRUE}
	program := chainhash.HashB(anyone)
	script := append([]byte{txscript.OP_0, 32}, program...)
	fund := wire.NewMsgTx(2)
	id := chainhash.Hash(coin.coinbase)
	fund.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, 0), nil, nil))
	const value = 49_9999_0000
	fund.AddTxOut(wire.NewTxOut(value, script))
	spend := wire.NewMsgTx(2)
	fundID := fund.TxHash()
	in := wire.NewTxIn(wire.NewOutPoint(&fundID, 0), nil, nil)
	in.Witness = wire.TxWitness{anyone}
	spend.AddTxIn(in)
	spend.AddTxOut(wire.NewTxOut(value-10_000, script))

	tmpl, err := n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fees := int64(5_000_000_000-value) + 10_000
	for _, tx := range []*wire.MsgTx{fund, spend} {
		full := btcutil.NewTx(tx)
		raw, err := txBytes(tx)
		if err != nil {
			t.Fatal(err)
		}
		tmpl.Txs = append(tmpl.Txs, solo.Tx{Data: raw, TxID: miner.Hash(*full.Hash()), WTxID: miner.Hash(*full.WitnessHash())})
	}
	tmpl.CoinbaseValue += fees
	b := mine(t, tmpl, 0)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatalf("segwit block with a computed commitment: %v", err)
	}
	// The same by the node's own template, out of its mempool.
	again := wire.NewMsgTx(2)
	spendID := spend.TxHash()
	in = wire.NewTxIn(wire.NewOutPoint(&spendID, 0), nil, nil)
	in.Witness = wire.TxWitness{anyone}
	again.AddTxIn(in)
	again.AddTxOut(wire.NewTxOut(value-30_000, script))
	raw, err := txBytes(again)
	if err != nil {
		t.Fatal(err)
	}
	peer.Call(t, "sendrawtransaction", hexOf(raw))
	tmpl, err = n.Template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tmpl.Txs) != 1 || len(tmpl.Commitment) != 38 {
		t.Fatalf("template with %d transactions and commitment %x", len(tmpl.Txs), tmpl.Commitment)
	}
	if want := solo.WitnessCommitment(tmpl.Txs); string(want) != string(tmpl.Commitment) {
		t.Errorf("commitment %x, computed %x", tmpl.Commitment, want)
	}
	b = mine(t, tmpl, 0)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatalf("segwit block of the node's template: %v", err)
	}
}
func txBytes(tx *wire.MsgTx) ([]byte, error) {
	var b bytes.Buffer
	err := tx.Serialize(&b)
	return b.Bytes(), err
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
