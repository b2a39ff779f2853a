package payout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/payout"
)

type ctxt = context.Context

func (w *world) bump(t *testing.T, id, rate int64, want error) lease.Payout {
	t.Helper()
	p, _, err := w.payer.Bump(t.Context(), id, rate)
	if !errors.Is(err, want) {
		t.Fatalf("bump: %v, want %v", err, want)
	}
	return p
}

// paidOnce is a payout of 30 000 satoshi to a that was sent.
func paidOnce(t *testing.T) *world {
	w := newTestWorld(t, 40_000, 40_000, 40_000)
	w.credit(t, 0, 30_000)
	w.run(t)
	return w
}

func TestBump(t *testing.T) {
	w := paidOnce(t)
	w.bump(t, 1, 500, payout.ErrConflict) // no more than before
	w.bump(t, 1, 0, payout.ErrRequest)
	w.bump(t, 7, 5000, lease.ErrNotFound)
	if len(w.wallet.locked) != 0 {
		t.Errorf("locked: %v", w.wallet.locked)
	}
	second := w.bump(t, 1, 5000, nil)
	w.wantStates(t, "sent sent")
	third := w.bump(t, second.ID, 10_000, nil)
	if second.Replaces != 1 || third.Replaces != 1 || !slices.Equal(third.Items, w.store.payouts[0].Items) || w.store.sum(ledger.Inflight("a")) != -30_000 {
		t.Errorf("%+v, %+v", second, third)
	}
	if len(w.chain.mempool) != 1 || w.chain.mempool[0] != third.Txid {
		t.Errorf("mempool %v", w.chain.mempool)
	}
	w.mine(1)
	w.bump(t, 1, 20_000, payout.ErrFinal)
	w.run(t)
	w.wantStates(t, "sent sent sent")

	// On another branch the first is confirmed after all.
	w.chain.reorg(1, false)
	w.chain.mempool = []string{w.store.payouts[0].Txid}
	w.mine(finalDepth)
	r := w.run(t)
	w.wantStates(t, "confirmed failed failed")
	if w.store.sum(ledger.TxFee) != w.store.payouts[0].FeeSat || len(r.Moved) != 3 || !strings.Contains(w.store.payouts[2].Reason, w.store.payouts[0].Txid) {
		t.Errorf("fee %d, %+v", w.store.sum(ledger.TxFee), r.Moved)
	}
	w.bump(t, 1, 20_000, payout.ErrFinal)
	for _, e := range w.store.events {
		if e.Tenant != "" && strings.Contains(e.Key, "failed") {
			t.Errorf("the tenant hears of %s", e.Key)
		}
	}
	w.finish(t)
}

// A payout whose fee is too low to be sent at all is replaced, and the lower
// one is sent when the node does not take the higher.
func TestBumpUnsent(t *testing.T) {
	w := newTestWorld(t, 40_000, 40_000)
	w.credit(t, 0, 30_000)
	w.wallet.refuse = payout.ErrRefused
	w.run(t)
	p := w.bump(t, 1, 5000, nil)
	w.wantStates(t, "prepared prepared")
	w.wallet.refuse = nil
	w.run(t)
	w.wantStates(t, "prepared sent")
	w.mine(finalDepth)
	w.run(t)
	w.wantStates(t, "failed confirmed")
	if w.store.sum(ledger.TxFee) != p.FeeSat {
		t.Errorf("fee %d, want %d", w.store.sum(ledger.TxFee), p.FeeSat)
	}
	w.finish(t)
}

// block mines a transaction that somebody made by hand.
func (w *world) block(tx *spend) {
	w.chain.name(tx)
	w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
	w.chain.purge()
}

func TestGivenUp(t *testing.T) {
	w := paidOnce(t)
	w.bump(t, 1, 5000, nil)
	w.block(&spend{Ins: w.store.payouts[0].Inputs[:1], Outs: []payout.Output{{Address: "thief/1", Sat: 100}}})
	w.mine(giveUp - 2)
	r := w.run(t)
	w.wantStates(t, "sent sent")
	if len(r.Waiting) != 2 || !errors.Is(r.Waiting[0].Err, payout.ErrInputs) || w.store.sum(ledger.Available("a")) != 0 {
		t.Errorf("%+v", r)
	}
	w.bump(t, 1, 20_000, payout.ErrFinal)
	w.mine(1)
	w.run(t)
	w.wantStates(t, "failed failed sent") // and paid anew
	w.finish(t)
	if w.received("a") != 30_000 {
		t.Errorf("a got %d", w.received("a"))
	}
}

// A replacement that somebody made with the wallet itself has paid the tenants
// too, and costs what it costs.
func TestReplacedByHand(t *testing.T) {
	w := paidOnce(t)
	tx := *w.chain.txs[w.store.payouts[0].Txid]
	tx.Of, tx.Outs, tx.Fee = "", slices.Clone(tx.Outs), 1200
	tx.Outs[1].Sat -= 1000
	w.block(&tx)
	w.run(t)
	w.wantStates(t, "sent")
	w.mine(finalDepth)
	w.run(t)
	w.wantStates(t, "confirmed")
	if w.store.sum(ledger.TxFee) != 1200 || !strings.Contains(w.store.payouts[0].Reason, "by hand: "+tx.ID) {
		t.Errorf("fee %d, %s", w.store.sum(ledger.TxFee), w.store.payouts[0].Reason)
	}
	w.finish(t)
}

// Where it pays something else, nothing is given up: people must look.
func TestPaidOtherwiseByHand(t *testing.T) {
	w := paidOnce(t)
	w.block(&spend{Ins: w.store.payouts[0].Inputs, Outs: []payout.Output{{Address: "a/1", Sat: 29_999}}})
	w.mine(3 * giveUp)
	r := w.run(t)
	w.wantStates(t, "sent")
	if len(r.Waiting) != 1 || !strings.Contains(r.Waiting[0].Why, "people") || w.store.sum(ledger.Available("a")) != 0 {
		t.Errorf("%+v", r)
	}
}

// Two payouts that came to spend one coin, as when somebody freed it, are two
// debts, though they pay the same.
func TestCoinOfTwoPayouts(t *testing.T) {
	w := newTestWorld(t, 40_000, 40_000)
	w.credit(t, 0, 30_000)
	w.wallet.refuse = payout.ErrRefused
	w.run(t)
	w.credit(t, 0, 30_000)
	cfg := w.config()
	cfg.Wallet = &careless{w.wallet}
	if _, err := payout.New(cfg).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantStates(t, "prepared prepared")
	if w.store.payouts[0].Inputs[0] != w.store.payouts[1].Inputs[0] {
		t.Fatal("the payouts share no coin")
	}
	tx := read(w.store.payouts[1].Raw)
	w.chain.txs[tx.ID] = tx
	w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
	w.mine(finalDepth)
	w.wallet.refuse = nil
	w.run(t)
	w.wantStates(t, "prepared confirmed")
	w.finish(t)
	if w.received("a") != 60_000 {
		t.Errorf("a got %d: %s", w.received("a"), w.states())
	}
}

// careless is a wallet that keeps no locks.
type careless struct{ *till }

func (c *careless) Relock(ctxt, []lease.Outpoint) error { return nil }

func (c *careless) Fund(ctx ctxt, r payout.Request) (payout.Signed, error) {
	clear(c.locked)
	return c.till.Fund(ctx, r)
}

// A wallet that leaves out coins a replacement must spend is not believed.
func TestReplacementThatConflictsWithNothing(t *testing.T) {
	w := paidOnce(t)
	cfg := w.config()
	cfg.Wallet = &forgetful{w.wallet}
	if _, _, err := payout.New(cfg).Bump(t.Context(), 1, 5000); !errors.Is(err, payout.ErrTransaction) || len(w.wallet.locked) != 0 {
		t.Errorf("%v, %v", err, w.wallet.locked)
	}
	w.wantStates(t, "sent")
	w.finish(t)
}

type forgetful struct{ *till }

func (f *forgetful) Fund(ctx ctxt, r payout.Request) (payout.Signed, error) {
	r.Inputs = nil
	return f.till.Fund(ctx, r)
}
