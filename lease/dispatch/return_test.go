package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/stratum/solo"
)

// owed sums an account over its leases, as what is owed.
func owed(t *testing.T, s lease.Store, account string) (sat int64) {
	t.Helper()
	balances, err := s.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		if b.Account == account {
			sat -= b.Sat
		}
	}
	return sat
}

// runUntil lets a node work on coin until its books are as wanted.
func (p *plant) runUntil(t *testing.T, coin solo.Node, wanted func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	watched := make(chan bool)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for !wanted() {
			select {
			case <-ctx.Done():
				watched <- false
				return
			case <-tick.C:
			}
		}
		stop()
		watched <- true
	}()
	p.runHooked(t, ctx, p.store, coin)
	if !<-watched {
		t.Fatal("the books are not as wanted after three minutes")
	}
}

// A block that was paid out, left the chain and returns is not paid again:
// what the house bore when it left comes back to the house.
func TestReturnedBlockIsNotPaidAgain(t *testing.T) {
	p := newPlant(t)
	l := p.lease(t, "alice", p.capacity/2, 200)
	p.run(t, func(dispatch.Snapshot) bool { return owed(t, p.store, ledger.Available("alice")) > 0 })

	// All that alice may be paid is paid; then the blocks are gone.
	balances, err := p.store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dues, err := ledger.Dues(balances, "alice", owed(t, p.store, ledger.Available("alice")))
	if err != nil {
		t.Fatal(err)
	}
	intent, err := ledger.PayoutIntent(1, "txid", dues, 1)
	if err != nil {
		t.Fatal(err)
	}
	confirmed, err := ledger.PayoutConfirmed(intent, "txid", 7, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range []lease.Transaction{intent, confirmed} {
		if err := p.store.Post(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	mature, err := p.store.Blocks(t.Context(), lease.Mature)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(map[int64]bool)
	for _, b := range mature {
		gone[b.Height] = true
	}
	states := func(want lease.BlockState) func() bool {
		return func() bool {
			for _, b := range mature {
				if now, err := p.store.Block(t.Context(), b.Hash); err != nil || now.State != want {
					return false
				}
			}
			return true
		}
	}
	p.runUntil(t, &hookedNode{Node: p.coin, locate: func(place solo.Place) solo.Place {
		if gone[place.Height] {
			return solo.Place{Known: true, Height: place.Height}
		}
		place.Confirmations = min(place.Confirmations, 1) // nothing else matures, so that nothing covers the loss
		return place
	}}, states(lease.Orphaned))
	loss := -owed(t, p.store, ledger.OrphanLoss)
	if loss <= 0 {
		t.Fatalf("the house bears %d sat of what was paid", loss)
	}
	p.verify(t, l)

	p.runUntil(t, p.coin, states(lease.Mature))
	if left := owed(t, p.store, ledger.OrphanLoss); left != 0 {
		t.Errorf("the house still bears %d sat of %d", -left, loss)
	}
	p.verify(t, l)
	var want int64 // of alice, each block on the chain once
	all, err := p.store.Blocks(t.Context(), lease.Adopted, lease.Mature)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		tx, err := p.store.Transaction(t.Context(), ledger.Key(ledger.KindFound, b.Hash, 1))
		if err != nil {
			t.Fatal(err)
		}
		for _, posting := range tx.Postings {
			if posting.Account == ledger.Pending("alice") {
				want -= posting.Sat
			}
		}
	}
	got := -confirmed.Postings[len(confirmed.Postings)-1].Sat - 7 + owed(t, p.store, ledger.Pending("alice")) + owed(t, p.store, ledger.Available("alice"))
	if got != want {
		t.Errorf("alice was paid or is owed %d sat, want %d", got, want)
	}
}
