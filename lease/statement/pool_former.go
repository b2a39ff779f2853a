package statement

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// shownPools is how many former accounts are listed though none of the receipts
// is of work for them.
const shownPools = 20

// formerPools lists the accounts that the tenant had the lease work for before.
func (b *builder) formerPools() error {
	if b.lease.Pool == nil {
		return nil
	}
	needed := make(map[string]bool)
	for i := range b.bundle.Templates {
		if p := b.bundle.Templates[i].Pool; p != nil && !slices.Contains(b.lease.Pool.URLs, p.Address) {
			needed[p.Address] = true
		}
	}
	var all []receipt.PoolAccount
	for e, err := range b.Store.Events(b.ctx, lease.EventFilter{Lease: b.lease.ID, Kinds: []lease.EventKind{lease.EventLeasePool}}) {
		if err != nil {
			return fmt.Errorf("former pools: %w", err)
		}
		var was lease.LeaseRepointed
		if err := json.Unmarshal(e.Body, &was); err != nil {
			return fmt.Errorf("event %d: %w", e.Seq, err)
		}
		until := e.AtMs
		if n := len(all); n > 0 {
			until = max(until, all[n-1].UntilMs) // the clock was set back
		}
		all = append(all, receipt.PoolAccount{URLs: was.FromURLs, User: was.FromUser, UntilMs: until})
	}
	slices.Reverse(all)
	p := b.bundle.Statement.Pool
	for i, a := range all {
		same := func(o receipt.PoolAccount) bool { return o.User == a.User && slices.Equal(o.URLs, a.URLs) }
		if slices.ContainsFunc(all[:i], same) || same(receipt.PoolAccount{URLs: p.URLs, User: p.User}) {
			continue // told already
		}
		if len(p.Former) < shownPools || slices.ContainsFunc(a.URLs, func(url string) bool { return needed[url] }) {
			p.Former = append(p.Former, a)
		}
	}
	return nil
}
