package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// entry is one line of the balances.
type entry struct{ account, lease string }

// audit is the state of the books after some transactions.
type audit struct {
	transactions, postings int
	checked                map[string]int // by name of the invariant
	balances               map[entry]int64
	accounts               map[string]int64
	seen                   map[string]booked // by key
	blocks                 map[string]*blockBooks
	intents                map[string][]lease.Posting // payouts that are in flight, by ID
	superseded             map[string]bool            // keys with a next version, not reversed yet
}

// booked is what must be known of a transaction to tell its reversal.
type booked struct {
	kind   string
	digest [sha256.Size]byte // of the postings
}

func newAudit() *audit {
	return &audit{
		checked: make(map[string]int), balances: make(map[entry]int64), accounts: make(map[string]int64),
		seen: make(map[string]booked), blocks: make(map[string]*blockBooks), intents: make(map[string][]lease.Posting),
		superseded: make(map[string]bool),
	}
}

func (a *audit) report() Report {
	r := Report{Transactions: a.transactions, Postings: a.postings, Invariants: invariants()}
	for i := range r.Invariants {
		r.Invariants[i].Checked = a.checked[r.Invariants[i].Name]
	}
	return r
}

// add books t and checks what must hold after it.
func (a *audit) add(t lease.Transaction) error {
	a.transactions++
	a.postings += len(t.Postings)
	a.checked[invSums]++
	if err := t.Validate(); err != nil {
		return err
	}
	a.checked[invKeys]++
	if _, ok := a.seen[t.Key]; ok {
		return fmt.Errorf("transaction %s: %w", t.Key, lease.ErrDuplicate)
	}
	a.seen[t.Key] = booked{t.Kind, digest(t.Postings)}
	a.checked[invAccounts] += len(t.Postings)
	if err := follows(t); err != nil {
		return err
	}
	if err := a.post(t); err != nil {
		return err
	}
	switch t.Kind {
	case KindFound, KindMatured, KindLoss, KindUnmatured, KindOrphaned:
		return a.block(t)
	case KindIntent, KindConfirmed, KindFailed:
		return a.payout(t)
	}
	return a.correction(t)
}

// post adds t to the balances, of which no liability may become a debit.
func (a *audit) post(t lease.Transaction) error {
	for _, p := range t.Postings {
		// A line may be beyond its account, with another lease against it.
		e, ok := entry{p.Account, p.Lease}, [2]bool{}
		a.balances[e], ok[0] = plus(a.balances[e], p.Sat)
		a.accounts[p.Account], ok[1] = plus(a.accounts[p.Account], p.Sat)
		if ok != [2]bool{true, true} {
			return fmt.Errorf("transaction %s: the sum of %s is out of range", t.Key, p.Account)
		}
	}
	for _, p := range t.Postings {
		if !strings.HasPrefix(p.Account, lease.Liability) {
			continue
		}
		a.checked[invLiabilities]++
		if sat := a.accounts[p.Account]; sat > 0 {
			return fmt.Errorf("transaction %s: %w: %s by %d sat", t.Key, lease.ErrOverdrawn, p.Account, sat)
		}
		if sat := a.balances[entry{p.Account, p.Lease}]; sat > 0 && strings.HasSuffix(p.Account, prepaid) {
			return fmt.Errorf("transaction %s: %w: %s of lease %s by %d sat", t.Key, lease.ErrOverdrawn, p.Account, p.Lease, sat)
		}
	}
	return nil
}

// end checks the balances as stored, and that nothing is half done.
func (a *audit) end(stored []lease.Balance) error {
	if keys := slices.Sorted(maps.Keys(a.superseded)); len(keys) > 0 {
		return fmt.Errorf("ledger: transaction %s was corrected, but never reversed", keys[0])
	}
	for _, ref := range slices.Sorted(maps.Keys(a.blocks)) {
		if b := a.blocks[ref]; b.loss != nil && b.matured != nil {
			return fmt.Errorf("ledger: transaction %s bears what the block paid, but that was never reversed", b.loss.Key)
		}
	}
	var sum int64
	for _, b := range stored {
		a.checked[invBalances]++
		e := entry{b.Account, b.Lease}
		if want, ok := a.balances[e]; !ok || want != b.Sat {
			return fmt.Errorf("ledger: balance of %s (lease %q) is %d sat, but its postings sum to %d", b.Account, b.Lease, b.Sat, want)
		}
		delete(a.balances, e)
		sum += b.Sat
	}
	missing := slices.SortedFunc(maps.Keys(a.balances), func(x, y entry) int {
		return cmp.Or(strings.Compare(x.account, y.account), strings.Compare(x.lease, y.lease))
	})
	if len(missing) > 0 {
		e := missing[0]
		return fmt.Errorf("ledger: account %s (lease %q) with %d sat is missing from the balances", e.account, e.lease, a.balances[e])
	}
	if sum != 0 {
		return fmt.Errorf("ledger: %w, all balances are %d sat together", lease.ErrUnbalanced, sum)
	}
	return nil
}

// digest is a hash of postings in their order.
func digest(postings []lease.Posting) [sha256.Size]byte {
	var b []byte
	for _, p := range postings {
		for _, text := range []string{p.Account, p.Lease} {
			b = binary.AppendUvarint(b, uint64(len(text)))
			b = append(b, text...)
		}
		b = binary.BigEndian.AppendUint64(b, uint64(p.Sat))
	}
	return sha256.Sum256(b)
}
