package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// payout checks that every intent ends once, and as it was meant.
func (a *audit) payout(t lease.Transaction) error {
	a.checked[invPayouts]++
	id := strings.TrimPrefix(t.Key, t.Kind+":")
	if t.Kind == KindIntent {
		a.intents[id] = t.Postings
		if !slices.Equal(inflightOf(t.Postings), negate(availableOf(t.Postings))) {
			return fmt.Errorf("transaction %s: what is in flight is not what was available, lease by lease", t.Key)
		}
		return nil
	}
	intent, ok := a.intents[id]
	if !ok {
		return fmt.Errorf("transaction %s: no such payout is in flight", t.Key)
	}
	delete(a.intents, id)
	if t.Kind == KindFailed {
		return exactly(t, lease.Transaction{Key: KindIntent + ":" + id, Postings: intent})
	}
	want := paid(intent)
	if len(t.Postings) < len(want) || !slices.Equal(t.Postings[:len(want)], want) ||
		slices.ContainsFunc(t.Postings[len(want):], func(p lease.Posting) bool { return strings.HasPrefix(p.Account, lease.Liability) }) {
		return fmt.Errorf("transaction %s: it does not pay what %s is about", t.Key, KindIntent+":"+id)
	}
	return nil
}

// availableOf and inflightOf are both sides of an intent, without the account.
func availableOf(intent []lease.Posting) (side []lease.Posting) {
	for _, p := range intent {
		if tenant, ok := strings.CutSuffix(p.Account, available); ok {
			side = append(side, lease.Posting{Account: tenant, Lease: p.Lease, Sat: p.Sat})
		}
	}
	return side
}

func inflightOf(intent []lease.Posting) (side []lease.Posting) {
	for _, p := range intent {
		if tenant, ok := strings.CutSuffix(p.Account, inflight); ok {
			side = append(side, lease.Posting{Account: tenant, Lease: p.Lease, Sat: p.Sat})
		}
	}
	return side
}

// correction checks reversals and the versions that stand in their place.
func (a *audit) correction(t lease.Transaction) error {
	if t.Kind == KindReversal {
		a.checked[invCorrections]++
		original, ok := a.seen[t.Ref]
		switch {
		case t.Key != ReversalKey(t.Ref) || !ok:
			return fmt.Errorf("transaction %s: there is no %s to reverse", t.Key, t.Ref)
		case !correctable(original.kind):
			return fmt.Errorf("transaction %s: a %s cannot be corrected", t.Key, original.kind)
		case digest(negate(t.Postings)) != original.digest:
			return fmt.Errorf("transaction %s: it is not the exact reversal of %s", t.Key, t.Ref)
		}
		delete(a.superseded, t.Ref)
		return nil
	}
	base, n, _ := version(t.Key) // follows has looked at it
	if n == 1 {
		return nil
	}
	a.checked[invCorrections]++
	last := versionKey(base, n-1)
	if a.seen[last].kind != t.Kind {
		return fmt.Errorf("transaction %s: there is no %s of kind %s to correct", t.Key, last, t.Kind)
	}
	if _, reversed := a.seen[ReversalKey(last)]; !reversed {
		a.superseded[last] = true
	}
	return nil
}
