//go:build peers

package rpc_test

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
	"github.com/hashlease/hashlease/stratum/solo/rpc/rpctest"
)

func TestBtcd(t *testing.T) {
	peer := rpctest.Start(t, binaryOf(t, "BTCD"))
	n := client(t, peer)
	lifeOfBlocks(t, peer, n, solo.Params{Coin: "btc", Network: "regtest", Maturity: 100, MinBlockGap: time.Second})
	blocksOfChain(t, n)
	leaveAndReturn(t, peer, n) // bchd dies of it
	feesOfBlocks(t, n)
}

func TestBtcdSegwit(t *testing.T) {
	peer := rpctest.Start(t, binaryOf(t, "BTCD"))
	segwitBlock(t, peer, client(t, peer))
}

func TestBchd(t *testing.T) {
	peer := rpctest.Start(t, binaryOf(t, "BCHD"))
	n := client(t, peer)
	lifeOfBlocks(t, peer, n, solo.Params{Coin: "bch", Network: "regtest", Maturity: 100, MinBlockGap: time.Second})
	blocksOfChain(t, n)
	feesOfBlocks(t, n)
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

	tmpl := template(t, n)
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
	tmpl = template(t, n)
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
