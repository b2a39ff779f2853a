package lease

import (
	"fmt"
	"strings"
)

// Transaction is one event in the ledger. Its postings sum to zero.
type Transaction struct {
	Seq      int64  // given by the Store
	Key      string // idempotency key: the same event is booked once
	Kind     string // found, matured, orphaned, …
	AtMs     int64  // Unix milliseconds
	Ref      string // what it is about, such as a block hash
	Postings []Posting
}

// Posting changes one account: positive amounts are debits, negative ones
// credits.
type Posting struct {
	Account string
	Lease   string // the lease it is for, or empty
	Sat     int64  // satoshi
}

// Balance is the sum of an account's postings.
type Balance struct {
	Account string
	Lease   string
	Sat     int64
}

// MaxSat bounds an amount: 21 million coins in satoshi. No more exist.
const MaxSat = 21_000_000 * 100_000_000

// maxPostings bounds a transaction. When a block matures, its transaction has
// two postings for each lease with a part of it, so this is 32 000 leases.
const maxPostings = 1 << 16

// maxSum bounds what a transaction sums to on the way to zero, so that no sum
// leaves 64 bits.
const maxSum = 1 << 62

// Liability begins the names of the accounts that say what is owed to a
// tenant. Their balance is never a debit.
const Liability = "liab:"

// Validate checks the transaction by itself: that it is named, that every
// posting names an account and a possible amount, and that they sum to zero,
// else ErrUnbalanced. A transaction without postings is in order: a block may
// pay nothing.
func (t *Transaction) Validate() error {
	if t.Key == "" || t.Kind == "" {
		return fmt.Errorf("transaction %q of kind %q: want a key and a kind", t.Key, t.Kind)
	}
	if len(t.Postings) > maxPostings {
		return fmt.Errorf("transaction %s: %d postings, want at most %d", t.Key, len(t.Postings), maxPostings)
	}
	var sum int64
	for _, p := range t.Postings {
		if p.Account == "" || strings.TrimLeft(p.Account, "abcdefghijklmnopqrstuvwxyz0123456789:-") != "" {
			return fmt.Errorf("transaction %s: account %.60q, want a-z, 0-9, colons and dashes", t.Key, p.Account)
		}
		if p.Sat == 0 || p.Sat > MaxSat || p.Sat < -MaxSat {
			return fmt.Errorf("transaction %s: %d sat on %s, want an amount within ±%d that is not zero", t.Key, p.Sat, p.Account, int64(MaxSat))
		}
		if sum += p.Sat; sum > maxSum || sum < -maxSum {
			return fmt.Errorf("transaction %s: debits or credits of more than %d sat", t.Key, int64(maxSum))
		}
	}
	if sum != 0 {
		return fmt.Errorf("transaction %s: %w, but to %d sat", t.Key, ErrUnbalanced, sum)
	}
	return nil
}
