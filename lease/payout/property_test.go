package payout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/payout"
)

func noContext() context.Context { return context.Background() }

// TestNobodyIsPaidTwice lets a node and its wallet fail at any call, before or
// after it was carried out, crash, lose locks and mempools, while the chain is
// reorganised, and people spend and replace by hand.
func TestNobodyIsPaidTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coins := rapid.SliceOfN(rapid.Int64Range(5_000, 400_000), 3, 12).Draw(t, "coins")
		w := newWorld(coins...)
		fault := func() {
			at := rapid.IntRange(0, 60).Draw(t, "fault")
			w.faults.arm(at, rapid.Bool().Draw(t, "crash"))
		}
		steps := map[string]func(*rapid.T){
			"": w.checkRapid,
			"credit": func(t *rapid.T) {
				w.credit(t, rapid.IntRange(0, len(w.store.leases)-1).Draw(t, "lease"), rapid.Int64Range(1, 90_000).Draw(t, "sat"))
			},
			"run": func(t *rapid.T) {
				fault()
				_, err := w.payer.Run(noContext())
				w.expected(t, err)
			},
			"bump": func(t *rapid.T) {
				if len(w.store.payouts) == 0 {
					t.Skip()
				}
				id := rapid.Int64Range(1, int64(len(w.store.payouts))).Draw(t, "payout")
				rate := rapid.Int64Range(1000, 20_000).Draw(t, "rate")
				fault()
				_, _, err := w.payer.Bump(noContext(), id, rate)
				w.expected(t, err)
			},
			"mine": func(t *rapid.T) {
				part := rapid.IntRange(0, 3).Draw(t, "part")
				w.chain.mine(func(string) bool { part++; return part%3 != 0 })
			},
			"reorg": func(t *rapid.T) {
				n := rapid.IntRange(1, finalDepth-1).Draw(t, "blocks")
				if len(w.chain.blocks) <= n+1 {
					t.Skip()
				}
				w.chain.reorg(n, rapid.Bool().Draw(t, "keep"))
				rival := rapid.Bool().Draw(t, "other one of a group")
				if rival {
					w.mineRival()
				}
				for range n {
					w.chain.mine(func(string) bool { return !rival })
				}
			},
			"lose the mempool":   func(*rapid.T) { w.chain.mempool = nil },
			"restart the wallet": func(*rapid.T) { clear(w.wallet.locked) },
			"forget":             func(*rapid.T) { clear(w.wallet.known) },
			"refuse":             func(*rapid.T) { w.wallet.refuse = payout.ErrRefused },
			"accept":             func(*rapid.T) { w.wallet.refuse = nil },
			"new coin": func(t *rapid.T) {
				coin := &spend{Outs: []payout.Output{{Address: own, Sat: rapid.Int64Range(10_000, 400_000).Draw(t, "sat")}}}
				w.chain.name(coin)
				w.chain.blocks[0] = append(w.chain.blocks[0], coin.ID)
			},
			"change address": func(t *rapid.T) {
				at := rapid.IntRange(0, len(w.store.tenants)-1).Draw(t, "tenant")
				w.store.tenants[at].Address = fmt.Sprintf("%s/%d", w.store.tenants[at].ID, rapid.IntRange(1, 9).Draw(t, "address"))
			},
			"change signatures": func(t *rapid.T) { w.mutate(t) },
			"spend by hand":     func(t *rapid.T) { w.spendByHand(t) },
			"replace by hand":   func(t *rapid.T) { w.replaceByHand(t) },
		}
		t.Repeat(steps)
		w.finish(t)
	})
}

func (w *world) checkRapid(t *rapid.T) { w.check(t) }

// expected fails on errors that are not of the faults or of the world's state.
// After a crash there is a new process.
func (w *world) expected(t *rapid.T, err error) {
	known := []error{errFault, payout.ErrFinal, payout.ErrFunds, payout.ErrConflict, payout.ErrInputs, payout.ErrRefused}
	if err != nil && !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
		t.Fatalf("%v", err)
	}
	w.restart()
}

// mineRival mines a stored payout that is not in the mempool, as the miner of
// another branch may who has seen it.
func (w *world) mineRival() {
	for i := range w.store.payouts {
		p := &w.store.payouts[i]
		tx := w.chain.txs[p.Txid]
		if tx != nil && w.chain.depth(tx.ID) == 0 && w.chain.spendable(tx, false) && !slices.Contains(w.chain.mempool, tx.ID) {
			w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
			w.chain.purge()
			return
		}
	}
}

// mutate mines a transaction of the mempool with other signatures.
func (w *world) mutate(t *rapid.T) {
	if len(w.chain.mempool) == 0 {
		t.Skip()
	}
	tx := *w.chain.txs[w.chain.mempool[0]]
	if !w.chain.spendable(&tx, false) {
		t.Skip()
	}
	w.chain.name(&tx)
	w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
	w.chain.purge()
}

// spendByHand mines a transaction that takes one of the wallet's coins away,
// locked or not.
func (w *world) spendByHand(t *rapid.T) {
	coins := w.chain.coins(false)
	if len(coins) == 0 {
		t.Skip()
	}
	coin := rapid.SampledFrom(coins).Draw(t, "coin")
	tx := &spend{Ins: []lease.Outpoint{coin}, Outs: []payout.Output{{Address: "thief/1", Sat: w.chain.value(coin)}}}
	w.chain.name(tx)
	w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
	w.chain.purge()
}

// replaceByHand mines a transaction that pays what one in the mempool pays,
// for a higher fee, as wallets make one at the push of a button.
func (w *world) replaceByHand(t *rapid.T) {
	for _, id := range w.chain.mempool {
		old := w.chain.txs[id]
		change := len(old.Outs) - 1
		if old.Outs[change].Address != own || old.Outs[change].Sat < 100 || !w.chain.spendable(old, false) {
			continue
		}
		tx := &spend{Ins: old.Ins, Outs: slices.Clone(old.Outs), Fee: old.Fee + 50}
		tx.Outs[change].Sat -= 50
		w.chain.name(tx)
		w.chain.blocks = append(w.chain.blocks, []string{tx.ID})
		w.chain.purge()
		return
	}
	t.Skip()
}
