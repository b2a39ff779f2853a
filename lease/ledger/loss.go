package ledger

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Loss covers what tenants were paid of a mature block that is about to be
// reversed: where less than the block's part is still available, the provider
// bears the difference. It goes before the transactions of Orphaned. It
// reports false when there is nothing to bear. Should the block return, Found
// wants to know this transaction.
func Loss(b lease.Block, matured lease.Transaction, balances []lease.Balance, atMs int64) (lease.Transaction, bool) {
	// Of each account: what there is, and what the reversal will take. A
	// credit is negative, so this is the shortfall once it is positive.
	short := make(map[string]int64)
	for _, x := range balances {
		short[x.Account] += x.Sat
	}
	for _, p := range matured.Postings {
		short[p.Account] -= p.Sat
	}
	t := event(KindLoss, b, b.Appearances, atMs)
	for _, p := range matured.Postings {
		missing := min(short[p.Account], -p.Sat)
		if missing <= 0 || !strings.HasPrefix(p.Account, lease.Liability) {
			continue
		}
		short[p.Account] -= missing
		t.Postings = append(t.Postings,
			lease.Posting{Account: OrphanLoss, Lease: p.Lease, Sat: missing},
			lease.Posting{Account: p.Account, Lease: p.Lease, Sat: -missing})
	}
	if len(t.Postings) == 0 {
		return lease.Transaction{}, false
	}
	return t, true
}

// losses sums, by lease, what the house bore of b's earlier appearances.
func losses(b lease.Block, txs []lease.Transaction) (map[string]int64, error) {
	sum := make(map[string]int64)
	for _, t := range txs {
		if t.Kind != KindLoss || t.Ref != b.Hash.String() {
			return nil, fmt.Errorf("block %v: %s is not a loss of it", b.Hash, t.Key)
		}
		for _, p := range t.Postings {
			if p.Sat < 0 {
				sum[p.Lease] -= p.Sat
			}
		}
	}
	return sum, nil
}
