package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// blockBooks is what the books say of one block.
type blockBooks struct {
	n              int                // its appearances
	found, matured *lease.Transaction // of the present appearance, not reversed
	loss           *lease.Transaction // of the present appearance
	split          map[entry]int64    // of the first appearance; tenants' parts have no account
	lost           map[string]int64   // what the house bore of all appearances, by lease
}

// block checks the life of a block.
func (a *audit) block(t lease.Transaction) error {
	a.checked[invBlocks]++
	b := a.blocks[t.Ref]
	if b == nil {
		b = &blockBooks{lost: make(map[string]int64)}
		a.blocks[t.Ref] = b
	}
	n := b.n
	if t.Kind == KindFound {
		n++
	}
	at := fmt.Sprintf(":%s:%d", t.Ref, n) // of the present appearance
	if t.Kind != KindFound && b.found == nil {
		if t.Kind == KindMatured {
			return fmt.Errorf("transaction %s: the block is not booked as found", t.Key)
		}
		return fmt.Errorf("transaction %s: there is no %s to reverse", t.Key, KindFound+at)
	}
	if t.Key != t.Kind+at {
		return fmt.Errorf("transaction %s: after what was booked of the block it had to be %s", t.Key, t.Kind+at)
	}
	switch t.Kind {
	case KindFound:
		if b.found != nil {
			return fmt.Errorf("transaction %s: the block is still booked as %s", t.Key, b.found.Key)
		}
		b.found, b.matured, b.loss, b.n = &t, nil, nil, n
		return a.split(b, t)
	case KindMatured:
		if !slices.Equal(t.Postings, settle(b.found.Postings, directLeases(t))) {
			return fmt.Errorf("transaction %s: it does not settle %s exactly", t.Key, b.found.Key)
		}
		b.matured = &t
		return nil
	case KindOrphaned:
		if b.matured != nil {
			return fmt.Errorf("transaction %s: the block is still booked as mature", t.Key)
		}
		if err := exactly(t, *b.found); err != nil {
			return err
		}
		b.found = nil
		return nil
	}
	if b.matured == nil {
		return fmt.Errorf("transaction %s: there is no %s to reverse", t.Key, KindMatured+at)
	}
	if t.Kind == KindLoss {
		return a.bear(b, t)
	}
	err := exactly(t, *b.matured)
	b.matured = nil
	if err == nil && b.loss != nil {
		err = a.noMore(b.loss)
	}
	return err
}

// split checks that a block pays what it paid when it first appeared, less
// what the house has borne of it.
func (a *audit) split(b *blockBooks, t lease.Transaction) error {
	split, back := make(map[entry]int64), make(map[string]int64)
	for _, p := range t.Postings {
		e := entry{p.Account, p.Lease}
		if p.Account == RecoveryPending {
			back[p.Lease] -= p.Sat
			e.account = ""
		} else if strings.HasPrefix(p.Account, lease.Liability) {
			e.account = ""
		}
		split[e] += p.Sat
	}
	if b.split == nil {
		b.split = split
	}
	if !maps.Equal(split, b.split) {
		return fmt.Errorf("transaction %s: its split is not that of the block's first appearance", t.Key)
	}
	for e, sat := range split {
		if e.account != "" {
			continue
		}
		a.checked[invLosses]++
		if want := min(b.lost[e.lease], -sat); back[e.lease] != want {
			return fmt.Errorf("transaction %s: it recovers %d sat of lease %s, want the %d that the house bore", t.Key, back[e.lease], e.lease, want)
		}
	}
	return nil
}

// bear checks that a loss is no more than what the block paid, lease by lease.
func (a *audit) bear(b *blockBooks, t lease.Transaction) error {
	paid, lost := make(map[entry]int64), make(map[string]int64)
	for _, p := range b.matured.Postings {
		if p.Sat < 0 {
			paid[entry{p.Account, p.Lease}] -= p.Sat
		}
	}
	for _, p := range t.Postings {
		a.checked[invLosses]++
		lost[p.Lease] += p.Sat
		if p.Sat > 0 {
			continue
		}
		e := entry{p.Account, p.Lease}
		if paid[e] += p.Sat; paid[e] < 0 {
			return fmt.Errorf("transaction %s: it bears more than the block paid to %s of lease %s", t.Key, p.Account, p.Lease)
		}
		b.lost[p.Lease] -= p.Sat
	}
	for _, sat := range lost {
		if sat != 0 {
			return fmt.Errorf("transaction %s: it is not balanced in each lease", t.Key)
		}
	}
	b.loss = &t
	return nil
}

// noMore checks, after the reversal, that nothing is left to those whose part
// of a loss the house bore: it bore no more than it had to.
func (a *audit) noMore(loss *lease.Transaction) error {
	for _, p := range loss.Postings {
		if sat := a.accounts[p.Account]; p.Sat < 0 && sat != 0 {
			return fmt.Errorf("transaction %s: it bears more than was missing, %d sat of %s", loss.Key, -sat, p.Account)
		}
	}
	return nil
}

// directLeases finds the leases whose part was paid by the coinbase itself.
func directLeases(matured lease.Transaction) (direct []string) {
	credited := make(map[string]bool)
	for _, p := range matured.Postings {
		if p.Sat < 0 {
			credited[p.Lease] = true
		}
	}
	for _, p := range matured.Postings {
		if p.Sat > 0 && strings.HasPrefix(p.Account, lease.Liability) && !credited[p.Lease] {
			direct = append(direct, p.Lease)
		}
	}
	return direct
}

// exactly checks that t is the reversal of original.
func exactly(t, original lease.Transaction) error {
	if !slices.Equal(t.Postings, negate(original.Postings)) {
		return fmt.Errorf("transaction %s: it is not the exact reversal of %s", t.Key, original.Key)
	}
	return nil
}
