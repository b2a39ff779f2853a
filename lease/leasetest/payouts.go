package leasetest

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// samplePayout is new.
func samplePayout(txid string) lease.Payout {
	return lease.Payout{
		CreatedMs: 5, Txid: txid, Raw: []byte{1, 0, 255}, FeeSat: 7,
		Items:  []lease.PayoutItem{{Tenant: "acme", Address: "bcrt1qa", Sat: 60}, {Tenant: "bob", Address: "bcrt1qb", Sat: 1}},
		Inputs: []lease.Outpoint{{Txid: "ab", Vout: 1<<32 - 1}, {Txid: "cd"}},
	}
}

// intent books what a payout is about to pay.
func intent(id int64) ([]lease.Transaction, []lease.Event, error) {
	return []lease.Transaction{entry(fmt.Sprintf("intent %d", id), "liab:acme:available", "liab:acme:inflight", 60)}, []lease.Event{happened(fmt.Sprint(id))}, nil
}

func (s *suite) payouts() {
	same(s, "no payouts", len(must(s.store.Payouts(s.ctx))(s)), 0)
	s.ok(s.store.Post(s.ctx, entry("in", "assets:wallet", "liab:acme:available", 1000)))
	var want []lease.Payout
	for i, txid := range []string{"aa", "bb"} {
		p := samplePayout(txid)
		if i > 0 {
			p.Replaces = want[0].ID
		}
		var asked int64
		got := must(s.store.AddPayout(s.ctx, p, func(id int64) ([]lease.Transaction, []lease.Event, error) { asked = id; return intent(id) }))(s)
		if got.ID <= 0 || got.ID != asked || i > 0 && got.ID <= want[0].ID {
			s.Errorf("payout %d, asked for %d", got.ID, asked)
		}
		p.ID, p.State = got.ID, lease.PayoutPrepared
		same(s, "added", got, p)
		same(s, "stored", must(s.store.Payout(s.ctx, p.ID))(s), p)
		want = append(want, p)
	}
	same(s, "all", must(s.store.Payouts(s.ctx))(s), want)
	_, err := s.store.Payout(s.ctx, want[1].ID+1)
	s.is(err, lease.ErrNotFound)

	a := want[0].ID
	s.ok(s.store.MovePayout(s.ctx, a, lease.PayoutPrepared, lease.PayoutSent, 0, "", nil, nil))
	s.is(s.store.MovePayout(s.ctx, a, lease.PayoutPrepared, lease.PayoutSent, 0, "", nil, nil), lease.ErrConflict)
	s.ok(s.store.MovePayout(s.ctx, a, lease.PayoutSent, lease.PayoutConfirmed, 101, "why", []lease.Transaction{
		entry("paid", "liab:acme:inflight", "assets:wallet", 60), entry("fee", "expense:txfee", "assets:wallet", 7)}, []lease.Event{happened("paid")}))
	want[0].State, want[0].Height, want[0].Reason = lease.PayoutConfirmed, 101, "why"
	same(s, "moved", must(s.store.Payout(s.ctx, a))(s), want[0])
	same(s, "prepared", must(s.store.Payouts(s.ctx, lease.PayoutPrepared))(s), want[1:])
	same(s, "two states", must(s.store.Payouts(s.ctx, lease.PayoutPrepared, lease.PayoutConfirmed))(s), want)
	same(s, "failed", len(must(s.store.Payouts(s.ctx, lease.PayoutFailed))(s)), 0)
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 5)
	same(s, "events", len(s.eventKeys()), 3)
}

func (s *suite) payoutErrors() {
	s.ok(s.store.Post(s.ctx, entry("in", "assets:wallet", "liab:acme:available", 100)))
	first := must(s.store.AddPayout(s.ctx, samplePayout("aa"), intent))(s)
	_, err := s.store.AddPayout(s.ctx, samplePayout("bb"), intent) // 120 of 100
	s.is(err, lease.ErrOverdrawn)
	none := func(int64) ([]lease.Transaction, []lease.Event, error) { return nil, nil, nil }
	_, err = s.store.AddPayout(s.ctx, samplePayout("aa"), none)
	s.is(err, lease.ErrExists)
	_, err = s.store.AddPayout(s.ctx, samplePayout("bb"), func(int64) ([]lease.Transaction, []lease.Event, error) { return nil, nil, errRefused })
	s.is(err, errRefused)
	_, err = s.store.AddPayout(s.ctx, samplePayout("bb"), func(int64) ([]lease.Transaction, []lease.Event, error) { return nil, tooLong("x"), nil })
	s.fails("an event too long", err)
	for what, f := range map[string]func(*lease.Payout){
		"no transaction":     func(p *lease.Payout) { p.Raw = nil },
		"no name":            func(p *lease.Payout) { p.Txid = "" },
		"nobody is paid":     func(p *lease.Payout) { p.Items = nil },
		"paid nothing":       func(p *lease.Payout) { p.Items[1].Sat = 0 },
		"more than there is": func(p *lease.Payout) { p.Items[0].Sat = lease.MaxSat },
		"a fee below zero":   func(p *lease.Payout) { p.FeeSat = -1 },
		"confirmed at once":  func(p *lease.Payout) { p.State = lease.PayoutConfirmed },
		"replaces none":      func(p *lease.Payout) { p.Replaces = 99 },
	} {
		p := samplePayout("bb")
		f(&p)
		_, err := s.store.AddPayout(s.ctx, p, none)
		s.fails(what, err)
	}
	same(s, "payouts", must(s.store.Payouts(s.ctx))(s), []lease.Payout{first})

	s.is(s.store.MovePayout(s.ctx, first.ID+1, lease.PayoutPrepared, lease.PayoutSent, 0, "", nil, nil), lease.ErrNotFound)
	s.fails("no such state", s.store.MovePayout(s.ctx, first.ID, lease.PayoutPrepared, "lost", 0, "", nil, nil))
	paid := entry("paid", "liab:acme:inflight", "assets:wallet", 61)
	s.is(s.store.MovePayout(s.ctx, first.ID, lease.PayoutPrepared, lease.PayoutConfirmed, 5, "", []lease.Transaction{paid}, []lease.Event{happened("x")}), lease.ErrOverdrawn)
	s.fails("an event too long", s.store.MovePayout(s.ctx, first.ID, lease.PayoutPrepared, lease.PayoutSent, 5, "", nil, tooLong("x")))
	same(s, "after the errors", must(s.store.Payout(s.ctx, first.ID))(s), first)
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 2)
	same(s, "events", len(s.eventKeys()), 1)
}
