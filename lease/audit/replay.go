package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
)

// replay is a billing.Store that begins before any hour was settled: it reads
// the facts of the audited store, and keeps what is settled of them to itself.
type replay struct {
	Store
	refunded map[string]bool
	settled  int64
	states   map[string][]byte
	rows     []lease.SettledHour
	txs      []lease.Transaction
	events   []lease.Event
	balances map[posting]int64
}

var _ billing.Store = (*replay)(nil)

// newReplay begins with what was prepaid. What was prepaid to leases that were
// over, and given back, has no part in settling.
func newReplay(a *auditor) *replay {
	r := &replay{Store: a.store, refunded: a.refunded, states: make(map[string][]byte), balances: make(map[posting]int64)}
	for i := range a.prepays {
		if t := &a.prepays[i]; !a.refunded[t.Key] {
			r.book(t)
		}
	}
	return r
}

func (r *replay) book(t *lease.Transaction) {
	for _, p := range t.Postings {
		r.balances[posting{p.Account, p.Lease}] += p.Sat
	}
}

// SettledHour implements billing.Store.
func (r *replay) SettledHour(context.Context) (int64, error) { return r.settled, nil }

// Settle implements billing.Store.
func (r *replay) Settle(_ context.Context, s lease.Settlement) error {
	if s.Prev != r.settled || s.Hour <= s.Prev {
		return fmt.Errorf("settling hour %d after %d: %w, the last settled is %d", s.Hour, s.Prev, lease.ErrConflict, r.settled)
	}
	for i := range s.Txs {
		if err := s.Txs[i].Validate(); err != nil {
			return err
		}
		r.book(&s.Txs[i])
	}
	for id, text := range s.States {
		r.states[id] = text
	}
	r.settled, r.rows, r.txs, r.events = s.Hour, append(r.rows, s.Hours...), append(r.txs, s.Txs...), append(r.events, s.Events...)
	return nil
}

// SettledStates implements billing.Store.
func (r *replay) SettledStates(context.Context) (map[string][]byte, error) { return r.states, nil }

// SettledHours implements billing.Store.
func (r *replay) SettledHours(_ context.Context, id string, from, to int64) iter.Seq2[lease.SettledHour, error] {
	return func(yield func(lease.SettledHour, error) bool) {
		for _, h := range r.rows {
			if (id == "" || h.Lease == id) && h.Hour >= from && h.Hour < to && !yield(h, nil) {
				return
			}
		}
	}
}

// Balances implements billing.Store.
func (r *replay) Balances(context.Context) ([]lease.Balance, error) {
	all := make([]lease.Balance, 0, len(r.balances))
	for p, sat := range r.balances {
		all = append(all, lease.Balance{Account: p.account, Lease: p.lease, Sat: sat})
	}
	return all, nil
}

// Events implements billing.Store.
func (r *replay) Events(ctx context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error] {
	return func(yield func(lease.Event, error) bool) {
		for e, err := range r.Store.Events(ctx, f) {
			if err == nil && e.Kind == lease.EventPrepaid && r.refunded[e.Key] {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// errReplay is what settling has no use for.
var errReplay = errors.New("the audit changes nothing")

// Transaction implements billing.Store.
func (r *replay) Transaction(context.Context, string) (lease.Transaction, error) {
	return lease.Transaction{}, errReplay
}

// ChangeLease implements billing.Store.
func (r *replay) ChangeLease(context.Context, string, uint64, func(*lease.Lease) ([]lease.Event, error)) (lease.Lease, error) {
	return lease.Lease{}, errReplay
}

// Post implements billing.Store.
func (r *replay) Post(context.Context, lease.Transaction, ...lease.Event) error { return errReplay }

// PutEvents implements billing.Store.
func (r *replay) PutEvents(context.Context, ...lease.Event) error { return errReplay }
