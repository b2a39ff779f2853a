//go:build peers || core

package rpc_test

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

// feesOfBlocks takes the chain over its first halving, puts a transaction with
// a fee into a block, and has the fees of all blocks since counted.
func feesOfBlocks(t *testing.T, n *rpc.Node) {
	coin := adopt(t, n)
	value := template(t, n).CoinbaseValue // no halving lies between
	for template(t, n).Height <= max(151, coin.height+101) {
		adopt(t, n)
	}
	const fee = 12_345
	tx := wire.NewMsgTx(2)
	id := chainhash.Hash(coin.coinbase)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, 0), nil, nil))
	tx.AddTxOut(wire.NewTxOut(value-fee, []byte{0x51}))
	tx.AddTxOut(wire.NewTxOut(0, append([]byte{0x6a, 60}, make([]byte, 60)...))) // Bitcoin Cash has a least size
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	tmpl := template(t, n)
	txid := miner.Hash(tx.TxHash())
	tmpl.Txs = append(tmpl.Txs, solo.Tx{Data: raw.Bytes(), TxID: txid, WTxID: txid})
	tmpl.CoinbaseValue += fee
	if tmpl.Commitment != nil {
		tmpl.Commitment = solo.WitnessCommitment(tmpl.Txs)
	}
	b := mine(t, tmpl, 0)
	if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
		t.Fatal(err)
	}
	for blocks, mean := range map[int64]int64{1: fee, 5: fee / 5} {
		got, from, to, err := n.RecentFees(t.Context(), int(blocks))
		if err != nil || got != mean || from != b.height-blocks+1 || to != b.height {
			t.Errorf("mean fees of %d blocks: %d satoshi of %d to %d, %v, want %d up to %d", blocks, got, from, to, err, mean, b.height)
		}
	}
	adopt(t, n)
	if got, _, _, err := n.RecentFees(t.Context(), 1); err != nil || got != 0 {
		t.Errorf("fees of a block without transactions: %d satoshi, %v", got, err)
	}
}
