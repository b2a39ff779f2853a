package payout_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// memory is a Store that keeps the rules of one that matter here. Every call
// passes a fault point before it is carried out and one after.
type memory struct {
	*faults
	tenants  []lease.Tenant
	leases   []lease.Lease
	terms    map[lease.TermsHash]lease.Terms
	payouts  []lease.Payout
	txs      []lease.Transaction
	balances map[lease.Balance]int64 // with Sat 0
	events   []lease.Event
}

func newMemory(f *faults) *memory {
	return &memory{faults: f, terms: map[lease.TermsHash]lease.Terms{}, balances: map[lease.Balance]int64{}}
}

// call carries something out between two fault points.
func call[T any](f *faults, do func() (T, error)) (v T, err error) {
	if err := f.pass(); err != nil {
		return v, err
	}
	if v, err = do(); err != nil {
		return v, err
	}
	if err := f.pass(); err != nil {
		var none T
		return none, err
	}
	return v, nil
}

func (m *memory) Tenants(context.Context) ([]lease.Tenant, error) {
	return call(m.faults, func() ([]lease.Tenant, error) { return slices.Clone(m.tenants), nil })
}

func (m *memory) Leases(context.Context) ([]lease.Lease, error) {
	return call(m.faults, func() ([]lease.Lease, error) { return slices.Clone(m.leases), nil })
}

func (m *memory) Terms(_ context.Context, h lease.TermsHash) (lease.Terms, error) {
	return call(m.faults, func() (lease.Terms, error) { return m.terms[h], nil })
}

func (m *memory) Balances(context.Context) ([]lease.Balance, error) {
	return call(m.faults, func() ([]lease.Balance, error) { return m.lines(), nil })
}

func (m *memory) lines() (all []lease.Balance) {
	for b, sat := range m.balances {
		b.Sat = sat
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b lease.Balance) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Lease, b.Lease))
	})
	return all
}

func (m *memory) Transactions(context.Context) iter.Seq2[lease.Transaction, error] {
	return func(yield func(lease.Transaction, error) bool) {
		for _, t := range m.txs {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func (m *memory) Transaction(_ context.Context, key string) (lease.Transaction, error) {
	return call(m.faults, func() (lease.Transaction, error) {
		for _, t := range m.txs {
			if t.Key == key {
				return t, nil
			}
		}
		return lease.Transaction{}, lease.ErrNotFound
	})
}

func (m *memory) PutEvents(_ context.Context, events ...lease.Event) error {
	_, err := call(m.faults, func() (any, error) { return nil, m.book(nil, events) })
	return err
}

func (m *memory) Payout(_ context.Context, id int64) (lease.Payout, error) {
	return call(m.faults, func() (lease.Payout, error) {
		if id < 1 || id > int64(len(m.payouts)) {
			return lease.Payout{}, lease.ErrNotFound
		}
		return m.payouts[id-1], nil
	})
}

func (m *memory) Payouts(_ context.Context, states ...lease.PayoutState) ([]lease.Payout, error) {
	return call(m.faults, func() (all []lease.Payout, err error) {
		for _, p := range m.payouts {
			if len(states) == 0 || slices.Contains(states, p.State) {
				all = append(all, p)
			}
		}
		return all, nil
	})
}

func (m *memory) AddPayout(_ context.Context, p lease.Payout, make func(id int64) ([]lease.Transaction, []lease.Event, error)) (lease.Payout, error) {
	return call(m.faults, func() (lease.Payout, error) {
		p.ID, p.State = int64(len(m.payouts)+1), lease.PayoutPrepared
		if slices.ContainsFunc(m.payouts, func(q lease.Payout) bool { return q.Txid == p.Txid }) {
			return p, lease.ErrExists
		}
		txs, events, err := make(p.ID)
		if err == nil {
			err = m.book(txs, events)
		}
		if err != nil {
			return p, err
		}
		m.payouts = append(m.payouts, p)
		return p, nil
	})
}

func (m *memory) MovePayout(_ context.Context, id int64, from, to lease.PayoutState, height int64, reason string, txs []lease.Transaction, events []lease.Event) error {
	_, err := call(m.faults, func() (any, error) {
		p := &m.payouts[id-1]
		if p.State != from {
			return nil, lease.ErrConflict
		}
		if err := m.book(txs, events); err != nil {
			return nil, err
		}
		p.State, p.Height, p.Reason = to, height, reason
		return nil, nil
	})
	return err
}

// book is Post for several, all or nothing.
func (m *memory) book(txs []lease.Transaction, events []lease.Event) error {
	balances := maps.Clone(m.balances)
	for i := range txs {
		t := &txs[i]
		if err := t.Validate(); err != nil {
			return err
		}
		if slices.ContainsFunc(m.txs, func(x lease.Transaction) bool { return x.Key == t.Key }) {
			return fmt.Errorf("%s: %w", t.Key, lease.ErrDuplicate)
		}
		for _, p := range t.Postings {
			balances[lease.Balance{Account: p.Account, Lease: p.Lease}] += p.Sat
		}
	}
	sums := make(map[string]int64)
	for b, sat := range balances {
		sums[b.Account] += sat
	}
	for account, sat := range sums {
		if sat > 0 && strings.HasPrefix(account, lease.Liability) {
			return fmt.Errorf("%s: %w", account, lease.ErrOverdrawn)
		}
	}
	m.balances = balances
	for _, t := range txs {
		t.Seq = int64(len(m.txs) + 1)
		m.txs = append(m.txs, t)
	}
	for _, e := range events {
		if !slices.ContainsFunc(m.events, func(x lease.Event) bool { return x.Key == e.Key }) {
			m.events = append(m.events, e)
		}
	}
	return nil
}

// sum of an account over all leases.
func (m *memory) sum(account string) (sat int64) {
	for b, x := range m.balances {
		if b.Account == account {
			sat += x
		}
	}
	return sat
}

// faults are points at which things go wrong, counted from 1.
type faults struct {
	passed int
	at     int  // 0: none
	crash  bool // nothing works after it, until restart
	down   bool
}

var errFault = errors.New("connection lost")

func (f *faults) pass() error {
	f.passed++
	if f.down || f.at != 0 && f.passed == f.at {
		f.down = f.crash
		return errFault
	}
	return nil
}

// arm sets the next fault, counted from now.
func (f *faults) arm(at int, crash bool) { f.passed, f.at, f.crash, f.down = 0, at, crash, false }
