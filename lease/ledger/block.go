package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Reward is what a block pays and to whom.
type Reward struct {
	Split   []lease.Part      // each lease once; lease.House is the house's part
	Fee     int64             // satoshi
	Carry   int64             // satoshi that a window not yet full left
	Tenants map[string]string // of each lease but the house
	// Losses are the transactions of KindLoss of all earlier appearances of
	// the block: what tenants were paid of it before it left the chain. They
	// are not paid it again.
	Losses []lease.Transaction
}

// event begins a transaction about b.
func event(kind string, b lease.Block, n int, atMs int64) lease.Transaction {
	return lease.Transaction{Key: Key(kind, b.Hash, n), Kind: kind, AtMs: atMs, Ref: b.Hash.String()}
}

// Found books the reward of a block that comes to the chain: what the split
// gives to each lease is owed to its tenant, the house's part and the fee are
// income, all of it pending. Of a lease's part, what the house lost to it when
// the block left the chain before is recovered first. b is as it was before
// its adoption, so this is its appearance number b.Appearances+1.
func Found(b lease.Block, r Reward, atMs int64) (lease.Transaction, error) {
	t := event(KindFound, b, b.Appearances+1, atMs)
	if r.Fee < 0 || r.Carry < 0 || r.Fee > lease.MaxSat || r.Carry > lease.MaxSat {
		return t, fmt.Errorf("block %v: fee of %d sat and carry of %d", b.Hash, r.Fee, r.Carry)
	}
	to, err := parties(r.Split, r.Tenants)
	if err != nil {
		return t, fmt.Errorf("block %v: split: %w", b.Hash, err)
	}
	lost, err := losses(b, r.Losses)
	if err != nil {
		return t, err
	}
	reward := r.Fee + r.Carry
	credits := make([]lease.Posting, 0, len(r.Split)+2)
	credit := func(account, id string, sat int64) {
		if sat > 0 {
			credits = append(credits, lease.Posting{Account: account, Lease: id, Sat: -sat})
		}
	}
	for i, p := range r.Split {
		reward += p.Sat
		if p.Lease == lease.House {
			credit(MiningPending, p.Lease, p.Sat)
			continue
		}
		back := min(lost[p.Lease], p.Sat)
		credit(RecoveryPending, p.Lease, back)
		credit(Pending(to[i].Tenant), p.Lease, p.Sat-back)
	}
	credit(CarryPending, "", r.Carry)
	credit(FeePending, "", r.Fee)
	if reward > 0 {
		t.Postings = append(append(t.Postings, lease.Posting{Account: Immature, Sat: reward}), credits...)
	}
	return t, t.Validate()
}

// Matured books that the reward of an adopted block can be spent: found is
// the transaction of its present appearance. Leases in direct were paid their
// part by the coinbase itself: it never comes to the wallet.
func Matured(b lease.Block, found lease.Transaction, atMs int64, direct ...string) lease.Transaction {
	t := event(KindMatured, b, b.Appearances, atMs)
	t.Postings = settle(found.Postings, direct)
	return t
}

// settle makes the postings of matured from those of found.
func settle(found []lease.Posting, direct []string) (postings []lease.Posting) {
	isDirect := func(p lease.Posting) bool {
		return p.Sat < 0 && strings.HasPrefix(p.Account, lease.Liability) && slices.Contains(direct, p.Lease)
	}
	var past int64 // the wallet, as a credit
	for _, p := range found {
		if isDirect(p) {
			past += p.Sat
		}
	}
	post := func(account, id string, sat int64) {
		if sat != 0 {
			postings = append(postings, lease.Posting{Account: account, Lease: id, Sat: sat})
		}
	}
	for _, p := range found {
		post(p.Account, p.Lease, -p.Sat)
		switch to, ok := settled(p.Account); {
		case !ok: // the debit of the immature reward
			post(Wallet, p.Lease, p.Sat+past)
		case !isDirect(p):
			post(to, p.Lease, p.Sat)
		}
	}
	return postings
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

// Reverse is t with its signs turned, as a transaction of its own.
func Reverse(t lease.Transaction, key, kind string, atMs int64) lease.Transaction {
	return lease.Transaction{Key: key, Kind: kind, AtMs: atMs, Ref: t.Ref, Postings: negate(t.Postings)}
}

func negate(postings []lease.Posting) []lease.Posting {
	negated := slices.Clone(postings)
	for i := range negated {
		negated[i].Sat = -negated[i].Sat
	}
	return negated
}
