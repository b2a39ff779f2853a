package corewallet_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/lease/payout"
)

// pay is a request for outputs to the addresses 1, 2, … of a test.
func pay(sats ...int64) payout.Request {
	r := payout.Request{ID: "7", Fee: payout.Fee{MaxSat: 1000}}
	for i, sat := range sats {
		r.Outputs = append(r.Outputs, payout.Output{Address: address(i + 1), Sat: sat})
	}
	return r
}

func TestFund(t *testing.T) {
	f := newFake(t, 3)
	w := f.wallet()
	r := pay(coinSat, 29_000_000)
	r.Outputs = append(r.Outputs, payout.Output{Address: strings.ToUpper(address(1)), Sat: 1})
	r.Fee.SatPerKvB = 1_500
	s, err := w.Fund(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	tx := parse(t, hex.EncodeToString(s.Raw))
	if s.Txid != tx.TxID() || s.FeeSat != 222 || s.ChangeSat != 2*coinSat-129_000_001-222 || !slices.Equal(s.Inputs, f.coins[:2]) {
		t.Errorf("signed %+v", s)
	}
	if len(tx.TxOut) != 3 || tx.TxOut[0].Value != coinSat+1 || !bytes.Equal(tx.TxOut[0].PkScript, script(1)) {
		t.Errorf("outputs to one script were not joined: %+v", tx.TxOut)
	}
	want := `{"add_inputs":true,"minconf":1,"lockUnspents":true,"replaceable":true,"feeRate":0.00001500}`
	if f.options != want {
		t.Errorf("options %s, want %s", f.options, want)
	}
	if f.lockedCoins() != 2 {
		t.Errorf("%d coins are locked, want the 2 inputs", f.lockedCoins())
	}

	// Another payout takes other coins; one that takes this one's place takes
	// at least one of the same, and no less than it was told to.
	if _, err := w.Fund(t.Context(), pay(2*coinSat)); !errors.Is(err, payout.ErrFunds) {
		t.Errorf("with locked coins: %v", err)
	}
	again := pay(5000)
	again.Inputs = s.Inputs[1:]
	again.Fee.ConfirmIn = 3
	s2, err := w.Fund(t.Context(), again)
	if err != nil || !slices.Equal(s2.Inputs, s.Inputs[1:]) || !strings.Contains(f.options, `"conf_target":3`) {
		t.Errorf("replacement %+v with %s: %v", s2, f.options, err)
	}
}

// What can be seen to be wrong is not asked of the node.
func TestRequest(t *testing.T) {
	for name, change := range map[string]func(r *payout.Request){
		"no outputs":      func(r *payout.Request) { r.Outputs = nil },
		"another network": func(r *payout.Request) { r.Outputs[0].Address = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4" },
		"a mistyped one":  func(r *payout.Request) { r.Outputs[0].Address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt081" },
		"a script":        func(r *payout.Request) { r.Outputs[0].Address = "script:51" },
	} {
		f := newFake(t, 3)
		r := pay(10_000, 20_000)
		change(&r)
		if _, err := f.wallet().Fund(t.Context(), r); !errors.Is(err, payout.ErrRequest) || !strings.Contains(err.Error(), "payout 7") {
			t.Errorf("%s: %v", name, err)
		}
		if slices.Contains(f.calls, "walletcreatefundedpsbt") {
			t.Errorf("%s: the node was asked for it", name)
		}
	}
}

// Whatever is asked for is paid exactly, once, out of locked coins.
func TestFundIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFake(t, 8)
		w := f.wallet()
		want := map[string]int64{}
		r := payout.Request{ID: "1", Fee: payout.Fee{MaxSat: 1000}}
		for range rapid.IntRange(1, 12).Draw(rt, "outputs") {
			n, sat := rapid.IntRange(1, 9).Draw(rt, "address"), rapid.Int64Range(1, 60_000_000).Draw(rt, "sat")
			r.Outputs = append(r.Outputs, payout.Output{Address: address(n), Sat: sat})
			want[string(script(n))] += sat
		}
		if rapid.Bool().Draw(rt, "replaces") {
			r.Inputs = f.coins[6:7]
		}
		s, err := w.Fund(t.Context(), r)
		if err != nil {
			rt.Fatal(err)
		}
		var out int64
		for _, o := range parse(t, hex.EncodeToString(s.Raw)).TxOut {
			out += o.Value
			if string(o.PkScript) != string(script(101)) {
				want[string(o.PkScript)] -= o.Value
			}
		}
		for script, left := range want {
			if left != 0 {
				rt.Fatalf("script %x gets %d satoshi less", script, left)
			}
		}
		if out+s.FeeSat != int64(len(s.Inputs))*coinSat || f.lockedCoins() != len(s.Inputs) {
			rt.Fatalf("%d satoshi out of %d coins with a fee of %d; %d locked", out, len(s.Inputs), s.FeeSat, f.lockedCoins())
		}
	})
}

// A transaction that is not the one asked for is never handed out, and its
// coins are free again.
func TestFundChecks(t *testing.T) {
	other := func(t testing.TB, f *fakeNode) *wire.TxIn {
		hash, _ := chainhash.NewHashFromStr(f.coins[2].Txid)
		return wire.NewTxIn(wire.NewOutPoint(hash, 1), nil, nil)
	}
	for name, tc := range map[string]struct {
		change func(f *fakeNode, tx *wire.MsgTx)
		want   error
	}{
		"less":             {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[0].Value-- }, payout.ErrTransaction},
		"more":             {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[1].Value++ }, payout.ErrTransaction},
		"another payee":    {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[0].PkScript = script(50) }, payout.ErrTransaction},
		"foreign change":   {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[2].PkScript = script(50) }, payout.ErrTransaction},
		"an output less":   {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut = tx.TxOut[1:] }, payout.ErrTransaction},
		"an output twice":  {func(_ *fakeNode, tx *wire.MsgTx) { tx.AddTxOut(tx.TxOut[0]) }, payout.ErrTransaction},
		"more change":      {func(_ *fakeNode, tx *wire.MsgTx) { tx.AddTxOut(wire.NewTxOut(1, script(100))) }, payout.ErrTransaction},
		"no change":        {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut = tx.TxOut[:2] }, payout.ErrTransaction},
		"another fee":      {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[2].Value-- }, payout.ErrTransaction},
		"out of nothing":   {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[2].Value += 300 }, payout.ErrTransaction},
		"a negative value": {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxOut[2].Value = -1 }, payout.ErrTransaction},
		"another input":    {func(f *fakeNode, tx *wire.MsgTx) { tx.TxIn[0] = other(t, f) }, payout.ErrTransaction},
		"no such coin":     {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxIn[1].PreviousOutPoint.Index = 9 }, payout.ErrTransaction},
		"a foreign coin":   {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxIn[1].PreviousOutPoint.Hash[3] ^= 1 }, payout.ErrTransaction},
		"no inputs":        {func(_ *fakeNode, tx *wire.MsgTx) { tx.TxIn = nil }, payout.ErrTransaction},
		"another source": {func(f *fakeNode, _ *wire.MsgTx) {
			f.txs[f.coins[0].Txid] = f.txs[f.coins[2].Txid]
		}, payout.ErrTransaction},
		"too dear": {func(f *fakeNode, tx *wire.MsgTx) {
			f.feeSat += 779
			tx.TxOut[2].Value -= 779
		}, payout.ErrFee},
	} {
		f := newFake(t, 3)
		f.locked[f.coins[2]] = true
		f.tamper = func(tx *wire.MsgTx) { tc.change(f, tx) }
		r := pay(coinSat, 40_000)
		r.Inputs = f.coins[:1]
		s, err := f.wallet().Fund(t.Context(), r)
		if !errors.Is(err, tc.want) || s.Raw != nil {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if f.lockedCoins() != 1 || !f.locked[f.coins[2]] {
			t.Errorf("%s: locked afterwards: %v", name, f.locked)
		}
	}
}

// What the node refuses has a kind, and leaves nothing locked.
func TestFundRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		method, refusal string
		want            error
	}{
		"no money":       {"walletcreatefundedpsbt", "-4:Insufficient funds", payout.ErrFunds},
		"no money there": {"walletcreatefundedpsbt", "-4:The preselected coins total amount does not cover the transaction target.", payout.ErrFunds},
		"dust":           {"walletcreatefundedpsbt", "-4:Transaction amount too small", payout.ErrRequest},
		"fee":            {"walletcreatefundedpsbt", "-4:Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)", payout.ErrFee},
		"no estimate":    {"walletcreatefundedpsbt", "-4:Fee estimation failed. Fallbackfee is disabled.", payout.ErrFee},
		"input":          {"walletcreatefundedpsbt", "-4:Unable to find UTXO for external input", payout.ErrInputs},
		"no wallet":      {"listlockunspent", "-18:Requested wallet does not exist or is not loaded", payout.ErrWallet},
		"passphrase":     {"walletprocesspsbt", "-13:Error: Please enter the wallet passphrase with walletpassphrase first.", payout.ErrWallet},
	} {
		f := newFake(t, 2)
		f.refuse[tc.method] = tc.refusal
		_, err := f.wallet().Fund(t.Context(), pay(5000))
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.refusal[strings.Index(tc.refusal, ":")+1:]) {
			t.Errorf("%s: %v", name, err)
		}
		if f.lockedCoins() != 0 {
			t.Errorf("%s: %d coins are left locked", name, f.lockedCoins())
		}
	}
	for reason, want := range map[string]error{"min relay fee not met": payout.ErrRefused, "insufficient fee": payout.ErrConflict,
		"txn-mempool-conflict": payout.ErrConflict, "bad-txns-inputs-missingorspent": payout.ErrInputs, "max-fee-exceeded": payout.ErrFee} {
		f := newFake(t, 2)
		f.answers["testmempoolaccept"] = func([]json.RawMessage) any {
			return []any{map[string]any{"allowed": false, "reject-reason": reason}}
		}
		if _, err := f.wallet().Fund(t.Context(), pay(5000)); !errors.Is(err, want) || f.lockedCoins() != 0 {
			t.Errorf("%s: %v, %d locked", reason, err, f.lockedCoins())
		}
	}
	f := newFake(t, 2)
	f.answers["finalizepsbt"] = func([]json.RawMessage) any { return map[string]any{"complete": false} }
	if _, err := f.wallet().Fund(t.Context(), pay(5000)); !errors.Is(err, payout.ErrWallet) || f.lockedCoins() != 0 {
		t.Errorf("a wallet without keys: %v, %d locked", err, f.lockedCoins())
	}
}

// When a reply is lost nothing is known but that nothing was sent. The coins
// are freed at once, or as soon as the node can be reached.
func TestFundLost(t *testing.T) {
	for _, method := range []string{"walletcreatefundedpsbt", "walletprocesspsbt", "finalizepsbt", "decodescript", "getaddressinfo", "gettransaction", "testmempoolaccept"} {
		for _, down := range []bool{false, true} {
			f := newFake(t, 2)
			f.locked[f.coins[1]] = true
			w := f.wallet()
			ctx, cancel := context.WithCancel(t.Context())
			f.lose[method] = true
			f.tamper = func(*wire.MsgTx) {
				cancel()
				if down {
					f.lose["listlockunspent"] = true
				}
			}
			if _, err := w.Fund(ctx, pay(5000)); err == nil {
				t.Errorf("%s lost: no error", method)
			}
			if down != (f.lockedCoins() == 2) {
				t.Errorf("%s lost, down %v: %d coins are locked", method, down, f.lockedCoins())
			}
			clear(f.lose)
			f.tamper = nil
			s, err := w.Fund(t.Context(), pay(5000))
			if err != nil || !slices.Equal(s.Inputs, f.coins[:1]) || f.lockedCoins() != 2 {
				t.Errorf("after %s was lost: %+v, %v", method, s, err)
			}
		}
	}
}
