package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Correct takes back what was booked by mistake and books what is right
// instead: the exact reversal of original, with its key as Ref (ReversalKey),
// and right, which is made like the original, under the key of its next
// version ("KEY#2"). right is nil for what should never have been booked. Both
// must be booked at once, in the order they come: it is the one in which what
// is owed is not overdrawn in between, unless both sides are owed, as with a
// refund; of that no more can be taken back than is there.
//
// Events of blocks and payouts are not corrected: they have reversals of their
// own.
func Correct(original lease.Transaction, right *lease.Transaction, atMs int64) ([]lease.Transaction, error) {
	if !correctable(original.Kind) {
		return nil, fmt.Errorf("transaction %s: a %s cannot be corrected", original.Key, original.Kind)
	}
	base, n, ok := version(original.Key)
	if !ok {
		return nil, fmt.Errorf("transaction %.80q: no key of a version", original.Key)
	}
	reversal := Reverse(original, ReversalKey(original.Key), KindReversal, atMs)
	reversal.Ref = original.Key
	txs := []lease.Transaction{reversal}
	if right != nil {
		if right.Kind != original.Kind || right.Key != base {
			return nil, fmt.Errorf("transaction %s: %s of kind %s does not correct it, for that is about something else", original.Key, right.Key, right.Kind)
		}
		r := *right
		r.Key, r.AtMs = versionKey(base, n+1), atMs
		if err := follows(r); err != nil {
			return nil, err
		}
		txs = append(txs, r)
		if owes(original) {
			slices.Reverse(txs)
		}
	}
	for i := range txs {
		if err := txs[i].Validate(); err != nil {
			return nil, err
		}
	}
	return txs, nil
}

// owes reports whether t only adds to what is owed, so that its reversal takes
// of it.
func owes(t lease.Transaction) bool {
	any := false
	for _, p := range t.Postings {
		if strings.HasPrefix(p.Account, lease.Liability) {
			if p.Sat > 0 {
				return false
			}
			any = true
		}
	}
	return any
}
