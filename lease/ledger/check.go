package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

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

// Report says what was checked.
type Report struct {
	Transactions int         `json:"transactions"`
	Postings     int         `json:"postings"`
	Invariants   []Invariant `json:"invariants"`
}

// Invariant is something that must hold in all books.
type Invariant struct {
	Name    string `json:"name"`
	Rule    string `json:"rule"`
	Checked int    `json:"checked"` // how often it was looked at
}

// Names of the invariants.
const (
	invSums        = "sums"
	invKeys        = "keys"
	invAccounts    = "accounts"
	invLiabilities = "liabilities"
	invBlocks      = "blocks"
	invLosses      = "losses"
	invPayouts     = "payouts"
	invCorrections = "corrections"
	invBalances    = "balances"
)

// invariants lists what Check looks at.
func invariants() []Invariant {
	return []Invariant{
		{invSums, "the postings of every transaction sum to zero", 0},
		{invKeys, "every event is booked once, under a key of its kind", 0},
		{invAccounts, "every kind of transaction uses its own accounts alone", 0},
		{invLiabilities, "nothing owed to a tenant was ever overdrawn, nor what is prepaid for a lease", 0},
		{invBlocks, "blocks are found, matured and reversed in this order, to the satoshi, with one split for ever", 0},
		{invLosses, "what was paid of orphaned blocks is borne by the house once, and recovered when they return", 0},
		{invPayouts, "every payout is confirmed or failed once, with the amounts of its intent", 0},
		{invCorrections, "every correction reverses what it corrects exactly", 0},
		{invBalances, "the stored balances are the sums of the postings", 0},
	}
}

// Check goes through all books and returns the first thing that is wrong,
// with what Audit looks at. It may run while others book.
func Check(ctx context.Context, books Books) error {
	_, err := Audit(ctx, books)
	return err
}

// Audit goes through all books and says what it looked at. Its error is the
// first thing that is wrong; the report then says how far it came.
func Audit(ctx context.Context, books Books) (Report, error) {
	for range checkTries {
		before, err := books.Balances(ctx)
		if err != nil {
			return Report{}, err
		}
		a := newAudit()
		for t, err := range books.Transactions(ctx) {
			if err != nil {
				return a.report(), err
			}
			if err := a.add(t); err != nil {
				return a.report(), fmt.Errorf("ledger entry %d: %w", t.Seq, err)
			}
		}
		after, err := books.Balances(ctx)
		if err != nil {
			return a.report(), err
		}
		if slices.Equal(before, after) {
			err := a.end(after)
			return a.report(), err
		}
	}
	return Report{}, errors.New("ledger: it changes too often to be checked, try when the node is quieter")
}
