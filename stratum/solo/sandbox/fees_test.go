package sandbox

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// spendCoinbase returns a transaction that gives an old block's coinbase away,
// but for a fee.
func spendCoinbase(t *testing.T, n *Node, height int32, fee int64) solo.Tx {
	t.Helper()
	b, err := n.cache.chain.BlockByHeight(height)
	if err != nil {
		t.Fatal(err)
	}
	coinbase := b.Transactions()[0]
	tx := wire.NewMsgTx(2)
	tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(coinbase.Hash(), 0), []byte{txscript.OP_NOP}, nil))
	tx.AddTxOut(wire.NewTxOut(coinbase.MsgTx().TxOut[0].Value-fee, anyone))
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	id := miner.Hash(tx.TxHash())
	return solo.Tx{Data: raw.Bytes(), TxID: id, WTxID: id}
}

func TestRecentFees(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	want := func(blocks int, mean, from, to int64) {
		t.Helper()
		gotMean, gotFrom, gotTo, err := n.RecentFees(t.Context(), blocks)
		if err != nil || gotMean != mean || gotFrom != from || gotTo != to {
			t.Errorf("mean %d of %d to %d, %v, want %d of %d to %d", gotMean, gotFrom, gotTo, err, mean, from, to)
		}
	}
	want(144, 0, 1, 0)
	for range Maturity + 1 {
		clk.tick(blockTime)
		mineOne(t, n, 0)
	}
	want(144, 0, 1, Maturity+1)

	// A block with fees, and one that leaves some of them.
	take := func(claim, fee int64, height int32) {
		t.Helper()
		clk.tick(blockTime)
		tmpl := template(t, n)
		tmpl.Txs = []solo.Tx{spendCoinbase(t, n, height, fee)}
		tmpl.CoinbaseValue += claim
		tmpl.Commitment = solo.WitnessCommitment(tmpl.Txs)
		b := solve(t, tmpl, 0)
		if err := solo.Adopt(t.Context(), n, b.raw, b.hash, b.height); err != nil {
			t.Fatal(err)
		}
	}
	take(1001, 1001, 1)
	want(1, 1001, Maturity+2, Maturity+2)
	take(-5000, 700, 2)
	want(1, 0, Maturity+3, Maturity+3)
	want(2, 500, Maturity+2, Maturity+3)

	for _, bad := range []int{0, -1, solo.MaxFeeBlocks + 1} {
		if _, _, _, err := n.RecentFees(t.Context(), bad); err == nil {
			t.Errorf("%d blocks were accepted", bad)
		}
	}
	n.Close()
	if _, _, _, err := n.RecentFees(context.Background(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
