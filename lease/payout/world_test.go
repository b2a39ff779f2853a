package payout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/payout"
)

// Depths of these tests. Reorganisations are less deep than payouts that are
// final.
const (
	finalDepth = 3
	giveUp     = 5
)

// world is a provider with tenants, its books, its wallet and a chain.
type world struct {
	faults  *faults
	store   *memory
	chain   *chain
	wallet  *till
	payer   *payout.Payer
	now     int64
	credits int
	prepaid int64
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// newWorld has three tenants with two leases each, whose terms promise payouts
// from 10 000 satoshi on.
func newWorld(coins ...int64) *world {
	w := &world{faults: &faults{}, chain: newChain(coins...), now: 1_800_000_000_000}
	w.store, w.wallet = newMemory(w.faults), newTill(w.faults, w.chain)
	terms := lease.TermsHash{1}
	w.store.terms[terms] = lease.Terms{Payout: &lease.PayoutTerms{MinSat: 10_000}}
	for i := range 3 {
		name := string(rune('a' + i))
		w.store.tenants = append(w.store.tenants, lease.Tenant{ID: name, Address: name + "/1"})
		for range 2 {
			id := fmt.Sprintf("L-%04d", len(w.store.leases)+1)
			w.store.leases = append(w.store.leases, lease.Lease{ID: id, Tenant: name, Terms: terms})
		}
	}
	w.restart()
	return w
}

func (w *world) config() payout.Config {
	return payout.Config{Store: w.store, Wallet: w.wallet, Now: func() time.Time { return time.UnixMilli(w.now) },
		Confirmations: finalDepth, GiveUp: giveUp}
}

// restart is a new process, in which nothing is wrong yet.
func (w *world) restart() {
	w.faults.arm(0, false)
	w.payer = payout.New(w.config())
}

// credit makes an amount available to the tenant of a lease.
func (w *world) credit(t fataler, leaseAt int, sat int64) {
	t.Helper()
	l := w.store.leases[leaseAt]
	party := ledger.Party{Tenant: l.Tenant, Lease: l.ID}
	w.credits++
	in, err := ledger.Prepayment(party, fmt.Sprint(w.credits), sat, w.now)
	if err != nil {
		t.Fatalf("%v", err)
	}
	out, err := ledger.Refund(party, fmt.Sprint(w.credits), sat, w.now)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := w.store.book([]lease.Transaction{in, out}, nil); err != nil {
		t.Fatalf("%v", err)
	}
	w.prepaid += sat
}

func (w *world) run(t fataler) payout.Report {
	t.Helper()
	r, err := w.payer.Run(noContext())
	if err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

// all mines everything.
func all(string) bool { return true }

func (w *world) mine(n int) {
	for range n {
		w.chain.mine(all)
	}
}

// owed is what was credited to a tenant and is not available any more.
func (w *world) debited(tenant string) (sat int64) {
	for _, t := range w.store.txs {
		for _, p := range t.Postings {
			if t.Kind == ledger.KindRefund && p.Account == ledger.Available(tenant) {
				sat -= p.Sat
			}
		}
	}
	return sat + w.store.sum(ledger.Available(tenant))
}

func (w *world) received(tenant string) int64 {
	return w.chain.received(func(address string) bool { return strings.HasPrefix(address, tenant+"/") })
}

// check is what must hold at every moment.
func (w *world) check(t fataler) {
	t.Helper()
	if err := ledger.Check(noContext(), w.store); err != nil {
		t.Fatalf("%v", err)
	}
	for _, tenant := range w.store.tenants {
		if got, debited := w.received(tenant.ID), w.debited(tenant.ID); got > debited {
			t.Fatalf("tenant %s got %d satoshi, but %d are debited", tenant.ID, got, debited)
		}
	}
	for _, p := range w.store.payouts {
		if p.State == lease.PayoutConfirmed {
			w.checkPaid(t, &p)
		}
	}
}

// checkPaid wants the transaction that was booked for a payout to be in the
// chain, and to pay just its items.
func (w *world) checkPaid(t fataler, p *lease.Payout) {
	t.Helper()
	root := p.ID
	if p.Replaces != 0 {
		root = p.Replaces
	}
	key := ledger.PayoutKey(ledger.KindConfirmed, root)
	at := slices.IndexFunc(w.store.txs, func(x lease.Transaction) bool { return x.Key == key })
	if at < 0 {
		t.Fatalf("payout %d is confirmed and not booked", p.ID)
	}
	tx := w.chain.txs[w.store.txs[at].Ref]
	if tx == nil || w.chain.depth(tx.ID) < finalDepth-2 {
		t.Fatalf("payout %d is confirmed by %s, which is not in the chain", p.ID, w.store.txs[at].Ref)
	}
	want, got := map[string]int64{}, map[string]int64{}
	for _, item := range p.Items {
		want[item.Address] += item.Sat
	}
	for _, out := range tx.Outs {
		if out.Address != own {
			got[out.Address] += out.Sat
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("payout %d pays %v, its transaction %v", p.ID, want, got)
	}
}

// finish lets everything come to its end and checks that it is exact.
func (w *world) finish(t fataler) {
	t.Helper()
	w.restart()
	w.wallet.refuse = nil
	for range 40 {
		w.run(t)
		w.mine(1)
		w.check(t)
	}
	open := slices.DeleteFunc(slices.Clone(w.store.payouts), func(p lease.Payout) bool {
		return p.State == lease.PayoutConfirmed || p.State == lease.PayoutFailed
	})
	if len(open) > 0 {
		r := w.run(t)
		t.Fatalf("not final: %+v; %+v", open, r)
	}
	var paid int64
	for _, tenant := range w.store.tenants {
		got, debited := w.received(tenant.ID), w.debited(tenant.ID)
		if got != debited || w.store.sum(ledger.Inflight(tenant.ID)) != 0 {
			t.Fatalf("tenant %s got %d satoshi and %d were debited, %d in flight", tenant.ID, got, debited, w.store.sum(ledger.Inflight(tenant.ID)))
		}
		paid += got
	}
	if books, want := w.store.sum(ledger.Wallet), w.prepaid-paid-w.store.sum(ledger.TxFee); books != want {
		t.Fatalf("the wallet has %d satoshi in the books, want %d", books, want)
	}
	// Fees that were booked are those of the transactions in the chain.
	var fees int64
	for _, block := range w.chain.blocks {
		for _, id := range block {
			for _, out := range w.chain.txs[id].Outs {
				if out.Address != own && out.Address != "thief/1" {
					fees += w.chain.txs[id].Fee
					break
				}
			}
		}
	}
	if fees != w.store.sum(ledger.TxFee) {
		t.Fatalf("fees of %d satoshi are booked, %d were paid", w.store.sum(ledger.TxFee), fees)
	}
}

func newTestWorld(t *testing.T, coins ...int64) *world {
	t.Helper()
	w := newWorld(coins...)
	t.Cleanup(func() { w.check(t) })
	return w
}
