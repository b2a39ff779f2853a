package billing

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

func (m *memory) SettledHour(context.Context) (int64, error) {
	defer m.at()()
	return m.settled, nil
}

func (m *memory) SettledStates(context.Context) (map[string][]byte, error) {
	defer m.at()()
	return maps.Clone(m.states), nil
}

func (m *memory) SettledHours(_ context.Context, id string, from, to int64) iter.Seq2[lease.SettledHour, error] {
	defer m.at()()
	var picked []lease.SettledHour
	for _, r := range m.rows {
		if r.Hour >= from && r.Hour < to && (id == "" || id == r.Lease) {
			picked = append(picked, r)
		}
	}
	return sequence(picked)
}

func (m *memory) Settle(_ context.Context, s lease.Settlement) error {
	defer m.at()()
	if s.Prev != m.settled || s.Hour <= s.Prev || s.Leases != m.version {
		return fmt.Errorf("hour %d after %d: %w", s.Hour, s.Prev, lease.ErrConflict)
	}
	prepaid := make(map[string]int64)
	for a, sat := range m.balances {
		if isPrepaid(a.name) {
			prepaid[a.lease] -= sat
		}
	}
	for id, sat := range s.Prepaid {
		if prepaid[id] != sat {
			return fmt.Errorf("hour %d: prepaid for lease %s: %w", s.Hour, id, lease.ErrConflict)
		}
	}
	if err := m.post(s.Txs); err != nil {
		return err
	}
	m.settled = s.Hour
	maps.Copy(m.states, s.States)
	m.rows = append(m.rows, s.Hours...)
	m.put(s.Events)
	return nil
}

// post books all or nothing.
func (m *memory) post(txs []lease.Transaction) error {
	balances := maps.Clone(m.balances)
	sums := make(map[string]int64)
	for a, sat := range balances {
		sums[a.name] += sat
	}
	for i, t := range txs {
		if err := t.Validate(); err != nil {
			return err
		}
		same := func(x lease.Transaction) bool { return x.Key == t.Key }
		if slices.ContainsFunc(m.txs, same) || slices.ContainsFunc(txs[:i], same) {
			return fmt.Errorf("%s: %w", t.Key, lease.ErrDuplicate)
		}
		for _, p := range t.Postings {
			balances[account{p.Account, p.Lease}] += p.Sat
			sums[p.Account] += p.Sat
		}
		for _, p := range t.Postings {
			over := sums[p.Account] > 0 || isPrepaid(p.Account) && balances[account{p.Account, p.Lease}] > 0
			if over && strings.HasPrefix(p.Account, lease.Liability) {
				return fmt.Errorf("%s: %w", t.Key, lease.ErrOverdrawn)
			}
		}
	}
	for _, t := range txs {
		t.Seq = int64(len(m.txs) + 1)
		m.txs = append(m.txs, t)
	}
	m.balances = balances
	return nil
}

func (m *memory) Post(_ context.Context, t lease.Transaction, events ...lease.Event) error {
	defer m.at()()
	for _, e := range events {
		if e.Kind == lease.EventPrepaid && m.settled != 0 && e.AtMs < hourSpan(m.settled).to {
			return fmt.Errorf("prepayment in hour %d: %w", m.settled, lease.ErrConflict)
		}
	}
	if err := m.post([]lease.Transaction{t}); err != nil {
		return err
	}
	m.put(events)
	return nil
}

func (m *memory) Transaction(_ context.Context, key string) (lease.Transaction, error) {
	defer m.at()()
	for _, t := range m.txs {
		if t.Key == key {
			return t, nil
		}
	}
	return lease.Transaction{}, lease.ErrNotFound
}

func (m *memory) Transactions(context.Context) iter.Seq2[lease.Transaction, error] {
	defer m.at()()
	return sequence(slices.Clone(m.txs))
}

func (m *memory) Balances(context.Context) ([]lease.Balance, error) {
	defer m.at()()
	var all []lease.Balance
	for a, sat := range m.balances {
		all = append(all, lease.Balance{Account: a.name, Lease: a.lease, Sat: sat})
	}
	slices.SortFunc(all, func(a, b lease.Balance) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Lease, b.Lease))
	})
	return all, nil
}

func (m *memory) put(events []lease.Event) {
	for _, e := range events {
		if e.Key != "" && slices.ContainsFunc(m.events, func(x lease.Event) bool { return x.Key == e.Key }) {
			continue
		}
		e.Seq = int64(len(m.events) + 1)
		m.events = append(m.events, e)
	}
}

func (m *memory) PutEvents(_ context.Context, events ...lease.Event) error {
	defer m.at()()
	m.put(events)
	return nil
}

func (m *memory) Events(_ context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error] {
	defer m.at()()
	var picked []lease.Event
	for _, e := range m.events {
		if e.Seq > f.AfterSeq && (f.FromMs == 0 || e.AtMs > f.FromMs) && (f.ToMs == 0 || e.AtMs <= f.ToMs) && (f.Lease == "" || f.Lease == e.Lease) &&
			(f.Tenant == "" || f.Tenant == e.Tenant) && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) {
			picked = append(picked, e)
		}
	}
	return sequence(picked)
}

func (m *memory) PutExclusion(_ context.Context, x lease.Exclusion) (lease.Exclusion, error) {
	defer m.at()()
	x.ID = int64(len(m.exclusions) + 1)
	m.exclusions = append(m.exclusions, x)
	return x, nil
}

func (m *memory) EndExclusion(_ context.Context, id, toMs int64) error {
	defer m.at()()
	x := &m.exclusions[id-1]
	if x.ToMs != 0 {
		return lease.ErrClosed
	}
	x.ToMs = max(toMs, x.FromMs)
	return nil
}

func (m *memory) Exclusions(_ context.Context, fromMs, toMs int64) ([]lease.Exclusion, error) {
	defer m.at()()
	var all []lease.Exclusion
	for _, x := range m.exclusions {
		if (x.ToMs == 0 || x.ToMs > fromMs) && x.FromMs < toMs {
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b lease.Exclusion) int {
		return cmp.Or(cmp.Compare(a.FromMs, b.FromMs), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}
