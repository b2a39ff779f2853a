package billing

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// A prepayment whose hour is settled while it is under way counts from the next
// one on; one whose lease is paid off meanwhile is refused.
func TestPrepaidWhileSettling(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		ended := x.lease(testTerms(), lease.Lease{StartMs: ten, EndMs: ten + 2*hour}, nil)
		x.work(ten+minute, l.ID, "cpu0", 10)
		slow := &slowStore{fullStore: s, before: func() { x.beat(ten + hour); x.settle() }}
		booked, err := (&Settler{Store: slow}).Prepay(t.Context(), l.ID, 5000, "tx:0", ten+2*minute)
		x.ok(err)
		x.has("booked", booked.AtMs, ten+hour)
		x.has("charged", x.rows(l.ID)[0].ChargedSat, 0)

		slow.before = func() { x.beat(ten + 2*hour); x.settle() }
		_, err = (&Settler{Store: slow}).Prepay(t.Context(), ended.ID, 500, "tx:1", ten+hour)
		x.is(err, lease.ErrClosed)
		x.has("prepaid", x.balance(ledger.Prepaid("acme"), ended.ID), 0)
		x.ok(ledger.Check(t.Context(), s))
	})
}

// What happens while an hour is settled is in it or after it, and never lost:
// a longer term goes on, and what is prepaid is given back with the rest.
func TestChangedWhileSettling(t *testing.T) {
	eachStore(t, func(t *testing.T, s fullStore) {
		x := newSite(t, t.Context(), s, ten)
		l := x.lease(testTerms(), lease.Lease{StartMs: ten, EndMs: ten + hour}, nil)
		closed := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		x.prepay(ten, l.ID, 5000)
		x.prepay(ten, closed.ID, 5000)
		x.ok(x.change(closed.ID, func(l *lease.Lease) error { l.ClosedMs = ten + 20*minute; return nil }))
		x.beat(ten + hour)
		slow := &slowStore{fullStore: s, before: func() {
			x.ok(x.change(l.ID, func(l *lease.Lease) error { l.EndMs = ten + 3*hour; return nil }))
		}}
		x.Settler = &Settler{Store: slow}
		x.settle()
		x.has("prepaid of the longer one", x.balance(ledger.Prepaid("acme"), l.ID), -5000)
		x.has("prepaid of the closed one", x.balance(ledger.Prepaid("acme"), closed.ID), 0)

		x.beat(ten + 3*hour)
		slow.before = func() {
			p := ledger.Party{Tenant: "acme", Lease: l.ID}
			payment, err := ledger.Prepayment(p, "late", 700, ten+2*hour)
			x.ok(err)
			e, err := lease.NewEvent(lease.EventPrepaid, payment.AtMs, payment.Key, lease.Prepaid{Sat: 700, Ref: "late"})
			x.ok(err)
			x.ok(s.Post(t.Context(), payment, e.Of(&l)))
		}
		x.settle()
		x.has("prepaid", x.balance(ledger.Prepaid("acme"), l.ID), 0)
		x.has("given back", x.balance(ledger.Available("acme"), l.ID), -5700)
	})
}
