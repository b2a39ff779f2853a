package payout_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/payout"
)

// states of the stored payouts, in order.
func (w *world) states() string {
	var all []string
	for _, p := range w.store.payouts {
		all = append(all, string(p.State))
	}
	return strings.Join(all, " ")
}

func (w *world) wantStates(t *testing.T, want string) {
	t.Helper()
	if got := w.states(); got != want {
		t.Fatalf("payouts are %q, want %q", got, want)
	}
}

func TestPayoutsLife(t *testing.T) {
	w := newTestWorld(t, 100_000, 50_000)
	w.credit(t, 0, 9_000)
	if r := w.run(t); len(r.Moved) != 0 || r.Short != nil {
		t.Fatalf("9000 satoshi are paid: %+v", r)
	}
	w.credit(t, 1, 3_000)  // a's other lease
	w.credit(t, 2, 70_000) // b's
	w.run(t)
	w.wantStates(t, "sent")
	p := w.store.payouts[0]
	if len(p.Items) != 2 || p.Items[0] != (lease.PayoutItem{Tenant: "b", Address: "b/1", Sat: 70_000}) || p.Items[1].Sat != 12_000 {
		t.Errorf("items %+v", p.Items)
	}
	if w.store.sum(ledger.Inflight("a")) != -12_000 || w.store.sum(ledger.Available("a")) != 0 {
		t.Errorf("a has %d in flight", w.store.sum(ledger.Inflight("a")))
	}
	w.mine(finalDepth - 1)
	if r := w.run(t); len(r.Moved) != 0 {
		t.Errorf("final too early: %+v", r)
	}
	w.mine(1)
	r := w.run(t)
	if len(r.Moved) != 1 || r.Moved[0].State != lease.PayoutConfirmed || r.Moved[0].Height != 1 || r.Moved[0].Depth != finalDepth {
		t.Errorf("%+v", r.Moved)
	}
	w.wantStates(t, "confirmed")
	if w.store.payouts[0].Height != 1 {
		t.Errorf("height %d", w.store.payouts[0].Height)
	}
	var keys []string
	for _, e := range w.store.events {
		if e.Tenant == "" || e.Tenant == "a" {
			keys = append(keys, e.Key)
		}
		if e.Tenant == "a" && !strings.Contains(string(e.Body), `"sat":12000`) {
			t.Errorf("event %s: %s", e.Key, e.Body)
		}
	}
	if want := "[payout:1:prepared payout:1:prepared:a payout:1:sent payout:1:sent:a payout:1:confirmed payout:1:confirmed:a]"; fmt.Sprint(keys) != want {
		t.Errorf("events %v", keys)
	}
	w.finish(t)
	if len(w.store.payouts) != 1 {
		t.Errorf("%s", w.states())
	}
}

func TestWhoIsDue(t *testing.T) {
	w := newTestWorld(t, 1_000_000)
	w.credit(t, 0, 20_000)
	w.credit(t, 2, 20_000)
	w.credit(t, 4, 20_000)
	w.store.tenants[0].Address = ""
	w.store.tenants[1].Address = "script:51"
	items, skipped, err := w.payer.Due(t.Context())
	if err != nil || len(items) != 1 || items[0].Tenant != "c" || len(skipped) != 2 || skipped[0].Tenant != "a" || skipped[0].Sat != 20_000 ||
		!strings.Contains(skipped[0].Why, "no payout address") || !strings.Contains(skipped[1].Why, "script") {
		t.Errorf("%+v, %+v, %v", items, skipped, err)
	}
	cfg := w.config()
	cfg.CheckAddress = func(address string) error { return errors.New("is of another network") }
	if items, skipped, _ := payout.New(cfg).Due(t.Context()); len(items) != 0 || len(skipped) != 3 || skipped[2].Why != "is of another network" {
		t.Errorf("%+v, %+v", items, skipped)
	}

	// An address that was changed counts from its time on.
	w.store.tenants[2].Next, w.store.tenants[2].NextMs = "c/2", w.now+1
	if items, _, _ := w.payer.Due(t.Context()); items[0].Address != "c/1" {
		t.Errorf("%+v", items)
	}
	w.now++
	if items, _, _ := w.payer.Due(t.Context()); items[0].Address != "c/2" {
		t.Errorf("%+v", items)
	}

	// The least that one of a tenant's leases was promised counts, and
	// nobody is paid to whom nothing was promised.
	higher, none := lease.TermsHash{2}, lease.TermsHash{3}
	w.store.terms[higher], w.store.terms[none] = lease.Terms{Payout: &lease.PayoutTerms{MinSat: 30_000}}, lease.Terms{}
	w.store.leases[4].Terms = higher
	if items, _, _ := w.payer.Due(t.Context()); len(items) != 1 {
		t.Errorf("%+v", items)
	}
	w.store.leases[5].Terms = higher
	if items, _, _ := w.payer.Due(t.Context()); len(items) != 0 {
		t.Errorf("%+v", items)
	}
	w.store.leases[4].Terms, w.store.leases[5].Terms = none, none
	if items, _, _ := w.payer.Due(t.Context()); len(items) != 0 {
		t.Errorf("%+v", items)
	}
	cfg = w.config()
	cfg.Terms = &lease.PayoutTerms{}
	if items, _, _ := payout.New(cfg).Due(t.Context()); len(items) != 1 {
		t.Errorf("%+v", items)
	}
	cfg.Terms, cfg.MinSat = nil, 20_001
	if items, _, _ := payout.New(cfg).Due(t.Context()); len(items) != 0 {
		t.Errorf("%+v", items)
	}
	cfg.MinSat = 20_000
	if items, _, _ := payout.New(cfg).Due(t.Context()); len(items) != 1 {
		t.Errorf("%+v", items)
	}
}

func TestManyTenants(t *testing.T) {
	w := newTestWorld(t, 500_000, 500_000, 500_000, 10_000)
	for i := range 2*payout.MaxTenants + 1 {
		name := fmt.Sprintf("t%d", i)
		w.store.tenants = append(w.store.tenants, lease.Tenant{ID: name, Address: name + "/1"})
		w.store.leases = append(w.store.leases, lease.Lease{ID: fmt.Sprintf("L-%04d", i+7), Tenant: name, Terms: lease.TermsHash{1}})
		w.credit(t, len(w.store.leases)-1, 1_000)
	}
	w.store.terms[lease.TermsHash{1}] = lease.Terms{Payout: &lease.PayoutTerms{MinSat: 0}}
	w.run(t)
	w.wantStates(t, "sent sent sent")
	if n := len(w.store.payouts[2].Items); n != 1 {
		t.Errorf("the last pays %d", n)
	}
	w.finish(t)
}

func TestManyLeases(t *testing.T) {
	w := newTestWorld(t, 50_000_000, 50_000_000)
	for i := range 2500 {
		w.store.leases = append(w.store.leases, lease.Lease{ID: fmt.Sprintf("M-%04d", i), Tenant: "a", Terms: lease.TermsHash{1}})
	}
	for i := range 2500 {
		l := lease.Balance{Account: ledger.Available("a"), Lease: fmt.Sprintf("M-%04d", i)}
		w.store.balances[l] = -1000
	}
	w.store.balances[lease.Balance{Account: ledger.Wallet}] = 2_500_000
	t.Cleanup(func() { clear(w.store.balances); w.store.txs, w.store.payouts = nil, nil }) // books that were made up
	if _, err := w.payer.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantStates(t, "sent sent")
	if w.store.payouts[0].Sat() != 2_000_000 || w.store.payouts[1].Sat() != 500_000 {
		t.Errorf("%d and %d", w.store.payouts[0].Sat(), w.store.payouts[1].Sat())
	}
}

func TestWalletHasTooLittle(t *testing.T) {
	w := newTestWorld(t, 30_000)
	w.credit(t, 0, 20_000)
	w.credit(t, 2, 20_000)
	for range 3 {
		if r := w.run(t); r.Short == nil || r.Short.NeedSat != 40_000 || r.Short.HaveSat != 30_000 || len(r.Moved) != 0 {
			t.Fatalf("%+v", r)
		}
	}
	if len(w.store.events) != 1 || !strings.Contains(string(w.store.events[0].Body), `"have_sat":30000`) || len(w.wallet.locked) != 0 {
		t.Errorf("events %+v, locked %v", w.store.events, w.wallet.locked)
	}
	coin := &spend{Outs: []payout.Output{{Address: own, Sat: 30_000}}}
	w.chain.name(coin)
	w.chain.blocks[0] = append(w.chain.blocks[0], coin.ID)
	w.run(t)
	w.wantStates(t, "sent")
	w.finish(t)
}

// Money that leaves the account while a payout is made keeps it from being
// stored, and then it is not sent and its coins are free.
func TestBalanceChangesMeanwhile(t *testing.T) {
	w := newTestWorld(t, 100_000)
	w.credit(t, 0, 20_000)
	cfg := w.config()
	cfg.Wallet = &robbed{w.wallet, func() {
		loss := lease.Transaction{Key: "x", Kind: "x", Postings: []lease.Posting{{Account: ledger.Available("a"), Lease: "L-0001", Sat: 1}, {Account: ledger.OrphanLoss, Sat: -1}}}
		if err := w.store.book([]lease.Transaction{loss}, nil); err != nil {
			t.Error(err)
		}
	}}
	_, err := payout.New(cfg).Run(t.Context())
	if !errors.Is(err, lease.ErrOverdrawn) || len(w.store.payouts) != 0 || len(w.chain.mempool) != 0 || len(w.wallet.locked) != 0 {
		t.Errorf("%v, %v, %v", err, w.store.payouts, w.wallet.locked)
	}
	w.store.txs, w.store.balances = nil, map[lease.Balance]int64{} // the loss was made up
}

type robbed struct {
	*till
	rob func()
}

func (r *robbed) Fund(ctx ctxt, q payout.Request) (payout.Signed, error) {
	s, err := r.till.Fund(ctx, q)
	r.rob()
	return s, err
}

// TestCrashAnywhere ends the process before and after every call of a payout's
// life, and every call of a bump.
func TestCrashAnywhere(t *testing.T) {
	for _, crash := range []bool{true, false} {
		for at := 1; ; at++ {
			w := newWorld(40_000, 40_000, 40_000)
			w.credit(t, 0, 20_000)
			w.credit(t, 3, 50_000)
			w.faults.arm(at, crash)
			var err error
			passed := 0
			for range finalDepth + 1 {
				_, runErr := w.payer.Run(t.Context())
				passed = max(passed, w.faults.passed)
				if runErr != nil {
					err = runErr
					w.restart()
				}
				w.chain.mine(all)
			}
			w.restart()
			w.check(t)
			w.finish(t)
			if n := len(w.store.payouts); n != 1 || w.received("a") != 20_000 || w.received("b") != 50_000 {
				t.Fatalf("fault %d, crash %v: %d payouts, %d and %d received", at, crash, n, w.received("a"), w.received("b"))
			}
			if err == nil {
				if passed < 50 {
					t.Errorf("only %d fault points", passed)
				}
				break
			}
		}
		for at := 1; ; at++ {
			w := newWorld(40_000, 40_000, 40_000)
			w.credit(t, 0, 30_000)
			w.run(t)
			w.faults.arm(at, crash)
			_, _, err := w.payer.Bump(t.Context(), 1, 5000)
			w.restart()
			if at%2 == 0 {
				w.chain.mempool = []string{w.store.payouts[0].Txid} // the first one after all
				w.chain.txs[w.store.payouts[0].Txid] = read(w.store.payouts[0].Raw)
			}
			w.mine(1)
			w.finish(t)
			if n := len(w.store.payouts); n > 2 || w.received("a") != 30_000 || strings.Count(w.states(), "confirmed") != 1 {
				t.Fatalf("bump, fault %d, crash %v: %s, %d received", at, crash, w.states(), w.received("a"))
			}
			if err == nil {
				break
			}
		}
	}
}

func TestStuckPayout(t *testing.T) {
	w := newTestWorld(t, 40_000, 40_000, 40_000)
	w.credit(t, 0, 20_000)
	w.wallet.refuse = payout.ErrRefused
	r := w.run(t)
	w.wantStates(t, "prepared")
	if len(r.Waiting) != 1 || r.Waiting[0].ID != 1 || !errors.Is(r.Waiting[0].Err, payout.ErrRefused) {
		t.Errorf("%+v", r)
	}
	// Others are paid nonetheless, with other coins.
	w.credit(t, 2, 20_000)
	w.run(t)
	w.wallet.refuse = nil
	w.run(t)
	w.wantStates(t, "sent sent")
	if slices.ContainsFunc(w.store.payouts[1].Inputs, func(in lease.Outpoint) bool { return slices.Contains(w.store.payouts[0].Inputs, in) }) {
		t.Error("two payouts share a coin")
	}
	w.finish(t)
}
