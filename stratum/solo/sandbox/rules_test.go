package sandbox

import (
	"bytes"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

func TestRetargetAndMinimumDifficulty(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	easiest, err := trivial.Target()
	if err != nil {
		t.Fatal(err)
	}
	quarter := miner.TargetFromBig(easiest.Big().Rsh(easiest.Big(), 2)).Bits()
	for range 39 {
		clk.tick(time.Second)
		if bits := template(t, n).Bits; bits != trivial {
			t.Fatalf("bits %08x before the second period ends", uint32(bits))
		}
		mineOne(t, n, 0)
	}
	clk.tick(time.Second)
	tmpl := template(t, n)
	if tmpl.Height != 40 || tmpl.Bits != quarter {
		t.Fatalf("height %d bits %08x, want 40 with %08x", tmpl.Height, uint32(tmpl.Bits), uint32(quarter))
	}
	last := clk.t
	mineOne(t, n, 0)

	clk.tick(60 * time.Second)
	tmpl = template(t, n)
	if tmpl.Bits != quarter || tmpl.MaxTime != uint32(last.Unix())+60 {
		t.Errorf("after 60 s: bits %08x, MaxTime %d", uint32(tmpl.Bits), tmpl.MaxTime)
	}
	clk.tick(time.Second)
	tmpl = template(t, n)
	if tmpl.Bits != trivial || tmpl.MinTime != uint32(last.Unix())+61 || tmpl.MaxTime != 0 {
		t.Errorf("after 61 s: bits %08x, MinTime %d", uint32(tmpl.Bits), tmpl.MinTime)
	}
	mineOne(t, n, 0)
	if tmpl = template(t, n); tmpl.Bits != quarter {
		t.Errorf("after the easy block: bits %08x, want %08x", uint32(tmpl.Bits), uint32(quarter))
	}
	// At 20 s a block the difficulty stays; the easy block does not reset it.
	for {
		clk.tick(20 * time.Second)
		if tmpl = template(t, n); tmpl.Height == 60 {
			break
		}
		mineOne(t, n, 0)
	}
	if w := tmpl.Bits; w == trivial || w == quarter {
		t.Errorf("bits %08x: want a retarget from the real difficulty", uint32(w))
	}
}

func TestMaturity(t *testing.T) {
	clk := newClock()
	n := open(t, t.TempDir(), clk)
	first := mineOne(t, n, 0)
	var coin wire.MsgBlock
	if err := coin.Deserialize(bytes.NewReader(first.raw)); err != nil {
		t.Fatal(err)
	}
	spend := wire.NewMsgTx(2)
	id := coin.Transactions[0].TxHash()
	spend.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, 0), nil, nil))
	spend.AddTxOut(wire.NewTxOut(coin.Transactions[0].TxOut[0].Value-1000, anyone))
	var raw bytes.Buffer
	if err := spend.Serialize(&raw); err != nil {
		t.Fatal(err)
	}
	tx := solo.Tx{Data: raw.Bytes(), TxID: miner.Hash(spend.TxHash()), WTxID: miner.Hash(spend.TxHash())}
	for height := int64(2); ; height++ {
		clk.tick(time.Second)
		tmpl := template(t, n)
		tmpl.Txs, tmpl.CoinbaseValue = []solo.Tx{tx}, tmpl.CoinbaseValue+1000
		b := solve(t, tmpl, 0)
		err := n.Submit(t.Context(), b.raw)
		if height < 1+Maturity {
			wantRejected(t, err)
			mineOne(t, n, 0)
			continue
		}
		if err != nil || !locate(t, n, b).OnChain {
			t.Errorf("spending at height %d: %v", height, err)
		}
		return
	}
}

func TestClockSetBack(t *testing.T) {
	clk := newClock()
	dir := t.TempDir()
	n := open(t, dir, clk)
	for range 25 {
		clk.tick(10 * time.Second)
		mineOne(t, n, 0)
	}
	clk.tick(-30 * 24 * time.Hour)
	for range 45 {
		mineOne(t, n, 0)
	}
	want, _ := tip(t, n)
	for _, wipe := range []bool{false, true} {
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if wipe {
			removeCache(t, dir)
		}
		n = open(t, dir, clk)
		if got, _ := tip(t, n); got != want {
			t.Fatal("the chain did not survive a clock that was set back")
		}
	}
	mineOne(t, n, 0)
}
