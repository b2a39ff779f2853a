package corewallet_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
	"github.com/hashlease/hashlease/stratum/solo/rpc"
)

func TestLocks(t *testing.T) {
	f := newFake(t, 5)
	w := f.wallet()
	want := func(coins ...int) {
		t.Helper()
		if f.lockedCoins() != len(coins) {
			t.Errorf("locked: %v, want %v", f.locked, coins)
		}
		for _, i := range coins {
			if !f.locked[f.coins[i]] {
				t.Errorf("coin %d is not locked", i)
			}
		}
	}
	c := f.coins
	if err := w.Relock(t.Context(), c[:2]); err != nil {
		t.Error(err)
	}
	want(0, 1)
	// Coin 0 was sent meanwhile, 3 was locked by a Fund whose result is lost.
	f.spent[c[0]], f.locked[c[3]] = true, true
	if err := w.Relock(t.Context(), c[:3]); err != nil {
		t.Error(err)
	}
	want(0, 1, 2)
	if err := w.Unlock(t.Context(), c); err != nil {
		t.Error(err)
	}
	want(0) // a lock on a spent coin stays and means nothing
	if err := w.Relock(t.Context(), nil); err != nil {
		t.Error(err)
	}
	delete(f.locked, c[0])
	if err := w.Relock(t.Context(), c[:1]); err != nil {
		t.Error(err)
	}
	want()
	unknown := lease.Outpoint{Txid: strings.Repeat("0", 64)}
	if err := w.Relock(t.Context(), []lease.Outpoint{unknown}); !errors.Is(err, payout.ErrInputs) {
		t.Errorf("a coin of another wallet: %v", err)
	}
	f.answers["lockunspent"] = func([]json.RawMessage) any { return false }
	if err := w.Relock(t.Context(), c[1:2]); !errors.Is(err, payout.ErrWallet) {
		t.Errorf("a node that does not lock: %v", err)
	}
}

func TestBroadcast(t *testing.T) {
	f := newFake(t, 1)
	s, err := f.wallet().Fund(t.Context(), pay(5000))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		refusal string
		change  func(f *fakeNode)
		want    error
	}{
		"new":                  {"", func(*fakeNode) {}, nil},
		"outputs on the chain": {"-27:Transaction outputs already in utxo set", func(*fakeNode) {}, nil},
		"in a block, and its outputs spent": {"-25:bad-txns-inputs-missingorspent", func(f *fakeNode) {
			f.txs[s.Txid], f.depth[s.Txid] = &wire.MsgTx{}, 3
		}, nil},
		"changed, in a block": {"-25:bad-txns-inputs-missingorspent", func(f *fakeNode) {
			mutant := parse(t, hex.EncodeToString(s.Raw))
			mutant.TxIn[0].SignatureScript = []byte{0x61}
			f.txs[s.Txid], f.depth[s.Txid] = parse(t, hex.EncodeToString(s.Raw)), -1
			f.txs[mutant.TxID()], f.depth[mutant.TxID()], f.conflicts = mutant, 1, []string{mutant.TxID()}
		}, nil},
		"in the mempool":     {"-26:txn-same-nonwitness-data-in-mempool", func(f *fakeNode) { f.mempool[s.Txid] = true }, nil},
		"inputs are spent":   {"-25:bad-txns-inputs-missingorspent", func(*fakeNode) {}, payout.ErrInputs},
		"inputs are missing": {"-25:Missing inputs", func(*fakeNode) {}, payout.ErrInputs},
		"conflict":           {"-26:txn-mempool-conflict", func(*fakeNode) {}, payout.ErrConflict},
		"poor replacement":   {"-26:insufficient fee, rejecting replacement 00", func(*fakeNode) {}, payout.ErrConflict},
		"low fee":            {"-26:min relay fee not met, 1 < 222", func(*fakeNode) {}, payout.ErrRefused},
		"dust":               {"-26:dust", func(*fakeNode) {}, payout.ErrRefused},
		"not yet ready":      {"-28:Loading block index", func(*fakeNode) {}, rpc.ErrSyncing},
	} {
		f := newFake(t, 1)
		tc.change(f)
		if tc.refusal != "" {
			f.refuse["sendrawtransaction"] = tc.refusal
		}
		if err := f.wallet().Broadcast(t.Context(), s.Raw); !errors.Is(err, tc.want) || err != nil && !strings.Contains(err.Error(), s.Txid) {
			t.Errorf("%s: %v", name, err)
		}
	}

	// Lost replies leave it open, also when the wallet cannot say what became
	// of the transaction.
	f = newFake(t, 1)
	f.lose["sendrawtransaction"] = true
	if err := f.wallet().Broadcast(t.Context(), s.Raw); !errors.Is(err, rpc.ErrUnreachable) {
		t.Errorf("a lost reply: %v", err)
	}
	f = newFake(t, 1)
	f.refuse["sendrawtransaction"], f.refuse["gettransaction"] = "-25:bad-txns-inputs-missingorspent", "-18:not loaded"
	if err := f.wallet().Broadcast(t.Context(), s.Raw); errors.Is(err, payout.ErrInputs) || !errors.Is(err, payout.ErrWallet) {
		t.Errorf("a wallet that cannot be looked into: %v", err)
	}
	f = newFake(t, 1)
	f.answers["sendrawtransaction"] = func([]json.RawMessage) any { return strings.Repeat("0", 64) }
	if err := f.wallet().Broadcast(t.Context(), s.Raw); !errors.Is(err, payout.ErrTransaction) {
		t.Errorf("a node that takes it for another: %v", err)
	}
	if err := f.wallet().Broadcast(t.Context(), s.Raw[:20]); !errors.Is(err, payout.ErrRefused) {
		t.Errorf("a torn transaction: %v", err)
	}
	if _, err := f.wallet().Status(t.Context(), s.Raw[:20]); !errors.Is(err, payout.ErrRequest) {
		t.Errorf("status of a torn transaction: %v", err)
	}
}

func TestStatus(t *testing.T) {
	s, err := newFake(t, 2).wallet().Fund(t.Context(), pay(5000))
	if err != nil {
		t.Fatal(err)
	}
	// other puts a transaction on the chain that spends the same; it is known
	// as a conflict when the wallet knows the one asked for.
	other := func(f *fakeNode, category string, depth int, change func(tx *wire.MsgTx)) string {
		tx := parse(t, hex.EncodeToString(s.Raw))
		change(tx)
		id := tx.TxID()
		f.txs[id], f.depth[id], f.spent[s.Inputs[0]] = tx, depth, true
		f.conflicts = []string{strings.Repeat("0", 64), id}
		f.answers["listsinceblock"] = func(p []json.RawMessage) any {
			entries := []any{map[string]any{"txid": s.Txid, "category": "send", "confirmations": 9}}
			if depth <= 144 || len(p) == 0 {
				entries = append(entries, map[string]any{"txid": f.coins[1].Txid, "category": "send", "confirmations": 101},
					map[string]any{"txid": id, "category": category, "confirmations": depth})
			}
			return map[string]any{"transactions": entries}
		}
		return id
	}
	theft := func(tx *wire.MsgTx) { tx.TxOut[0].Value-- }
	mutant := func(tx *wire.MsgTx) { tx.TxIn[0].SignatureScript = []byte{0x61} }
	dearer := func(tx *wire.MsgTx) { tx.TxOut[len(tx.TxOut)-1].Value -= 50 } // of the change
	shared := func(tx *wire.MsgTx) { tx.TxOut = tx.TxOut[:1]; tx.TxOut[0].PkScript = script(9) }
	ids := map[string]string{}
	for name, change := range map[string]func(tx *wire.MsgTx){"theft": theft, "mutant": mutant, "dearer": dearer, "shared": shared} {
		ids[name] = other(newFake(t, 2), "send", 1, change)
	}
	known := func(f *fakeNode, depth int) {
		f.txs[s.Txid], f.depth[s.Txid] = parse(t, hex.EncodeToString(s.Raw)), depth
	}
	for name, tc := range map[string]struct {
		change func(f *fakeNode)
		want   payout.Status
	}{
		"not sent": {func(*fakeNode) {}, payout.Status{State: payout.Unknown}},
		"dropped":  {func(f *fakeNode) { known(f, 0) }, payout.Status{State: payout.Dropped}},
		"waiting":  {func(f *fakeNode) { known(f, 0); f.mempool[s.Txid] = true }, payout.Status{State: payout.InMempool}},
		"not ours": {func(f *fakeNode) { f.mempool[s.Txid] = true }, payout.Status{State: payout.InMempool}},
		"confirmed": {func(f *fakeNode) { known(f, 4) },
			payout.Status{State: payout.Confirmed, Depth: 4, Txid: s.Txid, Height: 7, Block: "b7"}},
		"conflicted":        {func(f *fakeNode) { known(f, -3) }, payout.Status{State: payout.Conflicted, Depth: 3}},
		"conflicted, known": {func(f *fakeNode) { known(f, -3); other(f, "send", 3, theft) }, payout.Status{State: payout.Conflicted, Depth: 3, Txid: ids["theft"], PaysSome: true}},
		"changed on its way": {func(f *fakeNode) { known(f, -3); other(f, "send", 3, mutant) },
			payout.Status{State: payout.Confirmed, Depth: 3, Txid: ids["mutant"], Height: 7, Block: "b7"}},
		"sent unseen, changed on its way": {func(f *fakeNode) { other(f, "send", 3, mutant) },
			payout.Status{State: payout.Confirmed, Depth: 3, Txid: ids["mutant"], Height: 7, Block: "b7"}},
		"replaced by hand": {func(f *fakeNode) { known(f, -3); other(f, "send", 3, dearer) },
			payout.Status{State: payout.Conflicted, Depth: 3, Txid: ids["dearer"], PaysAll: true, PaysSome: true, FeeSat: 272}},
		"replaced by what pays nobody": {func(f *fakeNode) { known(f, -3); other(f, "send", 3, shared) },
			payout.Status{State: payout.Conflicted, Depth: 3, Txid: ids["shared"]}},
		"never sent, input spent": {func(f *fakeNode) { other(f, "send", 5, theft) },
			payout.Status{State: payout.Conflicted, Depth: 5, Txid: ids["theft"], PaysSome: true}},
		"never sent, input spent long ago": {func(f *fakeNode) { other(f, "send", 180, theft) },
			payout.Status{State: payout.Conflicted, Depth: 180, Txid: ids["theft"], PaysSome: true}},
		"never sent, spender not seen": {func(f *fakeNode) { other(f, "receive", 5, theft) }, payout.Status{State: payout.Unknown}},
		"never sent, input gone": {func(f *fakeNode) { f.depth[s.Inputs[0].Txid] = -6 },
			payout.Status{State: payout.Conflicted, Depth: 6}},
		"never sent, input back in the mempool": {func(f *fakeNode) { f.depth[s.Inputs[0].Txid] = 0 }, payout.Status{State: payout.Unknown}},
	} {
		f := newFake(t, 2)
		tc.change(f)
		if got, err := f.wallet().Status(t.Context(), s.Raw); err != nil || got != tc.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tc.want)
		}
	}
	f := newFake(t, 2)
	f.down = true
	if got, err := f.wallet().Status(t.Context(), s.Raw); !errors.Is(err, rpc.ErrUnreachable) {
		t.Errorf("a node that is down: %+v, %v", got, err)
	}
}

func TestBalanceAndCheck(t *testing.T) {
	f := newFake(t, 0)
	f.answers["getbalances"] = func([]json.RawMessage) any {
		return map[string]any{"mine": map[string]rpc.Amount{"trusted": 1, "untrusted_pending": 20_999_999_99999999, "immature": 30}}
	}
	w := f.wallet()
	if b, err := w.Balance(t.Context()); err != nil || b != (payout.Balance{SpendableSat: 1, PendingSat: 20_999_999_99999999, ImmatureSat: 30}) {
		t.Errorf("%+v, %v", b, err)
	}
	f.answers["getbalances"] = func([]json.RawMessage) any { return map[string]any{} }
	if _, err := w.Balance(t.Context()); !errors.Is(err, payout.ErrWallet) {
		t.Errorf("no balances: %v", err)
	}
	f.answers["getwalletinfo"] = func([]json.RawMessage) any { return map[string]any{"private_keys_enabled": true} }
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
	f.answers["getwalletinfo"] = func([]json.RawMessage) any { return map[string]any{"private_keys_enabled": false} }
	if err := w.Check(t.Context()); !errors.Is(err, payout.ErrWallet) {
		t.Errorf("a wallet without keys: %v", err)
	}
	f.refuse["getwalletinfo"] = "-18:Requested wallet does not exist or is not loaded"
	if err := w.Check(t.Context()); !errors.Is(err, payout.ErrWallet) || !strings.Contains(err.Error(), "loadwallet") {
		t.Errorf("a wallet that is not there: %v", err)
	}
	f = newFake(t, 0)
	f.chain = "strange"
	if err := f.wallet().Check(t.Context()); !errors.Is(err, payout.ErrWallet) {
		t.Errorf("a chain without known addresses: %v", err)
	}
}
