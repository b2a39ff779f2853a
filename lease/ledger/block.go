package ledger

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Kinds of transactions about blocks.
const (
	KindFound     = "found"
	KindMatured   = "matured"
	KindUnmatured = "unmatured" // reverses matured
	KindOrphaned  = "orphaned"  // reverses found
	KindLoss      = "orphan-loss"
)

// Key is the idempotency key of an event in a block's n-th appearance on the
// chain, counted from 1.
func Key(kind string, block miner.Hash, n int) string {
	return fmt.Sprintf("%s:%v:%d", kind, block, n)
}

// event begins a transaction about b.
func event(kind string, b lease.Block, n int, atMs int64) lease.Transaction {
	return lease.Transaction{Key: Key(kind, b.Hash, n), Kind: kind, AtMs: atMs, Ref: b.Hash.String()}
}

// Found books the reward of a block that comes to the chain: what the split
// gives to each lease is owed to its tenant, the house's part and the fee are
// income, all of it pending. b is as it was before its adoption, so this is
// its appearance number b.Appearances+1. tenants gives the tenant of each
// lease but the house.
func Found(b lease.Block, split []lease.Part, fee int64, tenants map[string]string, atMs int64) (lease.Transaction, error) {
	t := event(KindFound, b, b.Appearances+1, atMs)
	if fee < 0 {
		return t, fmt.Errorf("block %v: fee of %d sat", b.Hash, fee)
	}
	reward := fee
	credits := make([]lease.Posting, 0, len(split)+1)
	for _, p := range split {
		account := MiningPending
		if p.Lease != lease.House {
			tenant, ok := tenants[p.Lease]
			if !ok {
				return t, fmt.Errorf("block %v: its split names lease %s: %w", b.Hash, p.Lease, lease.ErrNotFound)
			}
			account = Pending(tenant)
		}
		if p.Sat <= 0 {
			return t, fmt.Errorf("block %v: its split gives %d sat to lease %s", b.Hash, p.Sat, p.Lease)
		}
		credits = append(credits, lease.Posting{Account: account, Lease: p.Lease, Sat: -p.Sat})
		reward += p.Sat
	}
	if fee > 0 {
		credits = append(credits, lease.Posting{Account: FeePending, Sat: -fee})
	}
	if reward > 0 {
		t.Postings = append(append(t.Postings, lease.Posting{Account: Immature, Sat: reward}), credits...)
	}
	return t, t.Validate()
}

// Matured books that the reward of an adopted block can be spent: found is
// the transaction of its present appearance.
func Matured(b lease.Block, found lease.Transaction, atMs int64) lease.Transaction {
	t := event(KindMatured, b, b.Appearances, atMs)
	for _, p := range found.Postings {
		to, ok := settled(p.Account)
		if !ok {
			to = Wallet // the debit of the immature reward
		}
		t.Postings = append(t.Postings,
			lease.Posting{Account: p.Account, Lease: p.Lease, Sat: -p.Sat},
			lease.Posting{Account: to, Lease: p.Lease, Sat: p.Sat})
	}
	return t
}

// Orphaned books that a block left the chain: the reversal of matured, if it
// was mature (else nil), and then that of found.
func Orphaned(b lease.Block, found lease.Transaction, matured *lease.Transaction, atMs int64) []lease.Transaction {
	var txs []lease.Transaction
	if matured != nil {
		txs = append(txs, Reverse(*matured, Key(KindUnmatured, b.Hash, b.Appearances), KindUnmatured, atMs))
	}
	return append(txs, Reverse(found, Key(KindOrphaned, b.Hash, b.Appearances), KindOrphaned, atMs))
}

// Loss covers what tenants were paid of a mature block that is about to be
// reversed: where less than the block's part is still available, the provider
// bears the difference. It goes before the transactions of Orphaned. It
// reports false when there is nothing to bear.
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
	var loss int64
	for _, p := range matured.Postings {
		missing := min(short[p.Account], -p.Sat)
		if missing <= 0 || !strings.HasPrefix(p.Account, lease.Liability) {
			continue
		}
		short[p.Account] -= missing
		loss += missing
		t.Postings = append(t.Postings, lease.Posting{Account: p.Account, Lease: p.Lease, Sat: -missing})
	}
	if loss == 0 {
		return lease.Transaction{}, false
	}
	t.Postings = append(t.Postings, lease.Posting{Account: OrphanLoss, Sat: loss})
	return t, true
}

// Reverse is t with its signs turned, as a transaction of its own.
func Reverse(t lease.Transaction, key, kind string, atMs int64) lease.Transaction {
	r := lease.Transaction{Key: key, Kind: kind, AtMs: atMs, Ref: t.Ref}
	for _, p := range t.Postings {
		p.Sat = -p.Sat
		r.Postings = append(r.Postings, p)
	}
	return r
}
