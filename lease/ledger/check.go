package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Books are what Check reads; a lease.Store has them.
type Books interface {
	Transactions(ctx context.Context) iter.Seq2[lease.Transaction, error]
	Balances(ctx context.Context) ([]lease.Balance, error)
}

// checkTries bounds how often Check reads again because something was booked
// meanwhile.
const checkTries = 10

// Check goes through all books and returns the first thing that is wrong: a
// transaction that does not sum to zero or whose key was seen before, a
// liability that was ever negative, a reversal that is not the exact opposite
// of its original or comes twice, balances that are not the sums of the
// postings. It may run while others book.
func Check(ctx context.Context, books Books) error {
	for range checkTries {
		before, err := books.Balances(ctx)
		if err != nil {
			return err
		}
		a := audit{balances: make(map[entry]int64), accounts: make(map[string]int64), seen: make(map[string]bool), open: make(map[string]lease.Transaction)}
		for t, err := range books.Transactions(ctx) {
			if err != nil {
				return err
			}
			if err := a.add(t); err != nil {
				return fmt.Errorf("ledger entry %d: %w", t.Seq, err)
			}
		}
		after, err := books.Balances(ctx)
		if err != nil {
			return err
		}
		if slices.Equal(before, after) {
			return a.compare(after)
		}
	}
	return errors.New("ledger: it changes too often to be checked, try when the node is quieter")
}

// entry is one line of the balances.
type entry struct{ account, lease string }

// audit is the state of the books after some transactions.
type audit struct {
	balances map[entry]int64
	accounts map[string]int64
	seen     map[string]bool              // keys
	open     map[string]lease.Transaction // block events not reversed, by key
}

// add books t and checks what must hold after it.
func (a *audit) add(t lease.Transaction) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if a.seen[t.Key] {
		return fmt.Errorf("transaction %s: %w", t.Key, lease.ErrDuplicate)
	}
	a.seen[t.Key] = true
	for _, p := range t.Postings {
		a.balances[entry{p.Account, p.Lease}] += p.Sat
		a.accounts[p.Account] += p.Sat
	}
	for _, p := range t.Postings {
		if sat := a.accounts[p.Account]; sat > 0 && strings.HasPrefix(p.Account, lease.Liability) {
			return fmt.Errorf("transaction %s: %w: %s by %d sat", t.Key, lease.ErrOverdrawn, p.Account, sat)
		}
	}
	return a.pair(t)
}

// pair matches block events with their reversals.
func (a *audit) pair(t lease.Transaction) error {
	rest := strings.TrimPrefix(t.Key, t.Kind)
	var original string
	switch t.Kind {
	case KindFound:
		a.open[t.Key] = t
		return nil
	case KindMatured:
		if _, ok := a.open[KindFound+rest]; !ok {
			return fmt.Errorf("transaction %s: the block is not booked as found", t.Key)
		}
		a.open[t.Key] = t
		return nil
	case KindUnmatured:
		original = KindMatured + rest
	case KindOrphaned:
		if _, ok := a.open[KindMatured+rest]; ok {
			return fmt.Errorf("transaction %s: the block is still booked as mature", t.Key)
		}
		original = KindFound + rest
	default:
		return nil
	}
	o, ok := a.open[original]
	if !ok {
		return fmt.Errorf("transaction %s: there is no %s to reverse", t.Key, original)
	}
	delete(a.open, original)
	if !slices.Equal(t.Postings, Reverse(o, "", "", 0).Postings) {
		return fmt.Errorf("transaction %s: it is not the exact reversal of %s", t.Key, original)
	}
	return nil
}

// compare checks the balances as stored.
func (a *audit) compare(stored []lease.Balance) error {
	var sum int64
	for _, b := range stored {
		e := entry{b.Account, b.Lease}
		if want, ok := a.balances[e]; !ok || want != b.Sat {
			return fmt.Errorf("ledger: balance of %s (lease %q) is %d sat, but its postings sum to %d", b.Account, b.Lease, b.Sat, want)
		}
		delete(a.balances, e)
		sum += b.Sat
	}
	for e, sat := range a.balances {
		return fmt.Errorf("ledger: account %s (lease %q) with %d sat is missing from the balances", e.account, e.lease, sat)
	}
	if sum != 0 {
		return fmt.Errorf("ledger: %w, all balances are %d sat together", lease.ErrUnbalanced, sum)
	}
	return nil
}
