package ledger

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// memory is a book that refuses what a Store refuses.
type memory struct {
	txs      []lease.Transaction
	balances map[entry]int64
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

func (m *memory) Balances(context.Context) ([]lease.Balance, error) {
	var all []lease.Balance
	for e, sat := range m.balances {
		all = append(all, lease.Balance{Account: e.account, Lease: e.lease, Sat: sat})
	}
	slices.SortFunc(all, func(a, b lease.Balance) int {
		return strings.Compare(a.Account+" "+a.Lease, b.Account+" "+b.Lease)
	})
	return all, nil
}

// post books all of txs or nothing.
func (m *memory) post(txs ...lease.Transaction) error {
	balances := maps.Clone(m.balances)
	if balances == nil {
		balances = make(map[entry]int64)
	}
	for _, t := range txs {
		if err := t.Validate(); err != nil {
			return err
		}
		if slices.ContainsFunc(m.txs, func(x lease.Transaction) bool { return x.Key == t.Key }) {
			return lease.ErrDuplicate
		}
		for _, p := range t.Postings {
			balances[entry{p.Account, p.Lease}] += p.Sat
		}
		sums := make(map[string]int64)
		for e, sat := range balances {
			sums[e.account] += sat
			if sat > 0 && strings.HasSuffix(e.account, prepaid) {
				return fmt.Errorf("%w: %v in %s", lease.ErrOverdrawn, e, t.Key)
			}
		}
		for account, sat := range sums {
			if sat > 0 && strings.HasPrefix(account, lease.Liability) {
				return fmt.Errorf("%w: %s in %s", lease.ErrOverdrawn, account, t.Key)
			}
		}
	}
	m.balances = balances
	for _, t := range txs {
		t.Seq = int64(len(m.txs) + 1)
		m.txs = append(m.txs, t)
	}
	return nil
}

// sum of an account over all leases.
func (m *memory) sum(account string) (sat int64) {
	for e, x := range m.balances {
		if e.account == account {
			sat += x
		}
	}
	return sat
}
