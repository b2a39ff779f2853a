package payout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// due is what one tenant is to be paid.
type due struct {
	lease.PayoutItem
	minSat int64
	lines  []ledger.Due // lease by lease
}

// Due returns what a pass would pay now, the largest amount first, and who
// cannot be paid. It changes nothing.
func (p *Payer) Due(ctx context.Context) ([]lease.PayoutItem, []Skipped, error) {
	dues, skipped, err := p.dues(ctx)
	items := make([]lease.PayoutItem, len(dues))
	for i := range dues {
		items[i] = dues[i].PayoutItem
	}
	return items, skipped, err
}

// dues finds the tenants with enough available, of which each has an address.
func (p *Payer) dues(ctx context.Context) (dues []due, skipped []Skipped, err error) {
	skipped = []Skipped{}
	balances, err := p.cfg.Store.Balances(ctx)
	if err != nil {
		return nil, skipped, err
	}
	have := make(map[string]int64)
	for _, b := range balances {
		have[b.Account] -= b.Sat
	}
	least, err := p.promised(ctx)
	if err != nil {
		return nil, skipped, err
	}
	tenants, err := p.cfg.Store.Tenants(ctx)
	if err != nil {
		return nil, skipped, err
	}
	for i := range tenants {
		t := &tenants[i]
		sat := min(have[ledger.Available(t.ID)], maxSat)
		minSat, ok := least(t.ID)
		if !ok || sat < minSat {
			continue
		}
		d := due{PayoutItem: lease.PayoutItem{Tenant: t.ID, Address: t.PayTo(p.nowMs())}, minSat: minSat}
		if why := p.unpayable(d.Address); why != "" {
			skipped = append(skipped, Skipped{t.ID, sat, why})
			continue
		}
		if d.lines, err = ledger.Dues(balances, t.ID, sat); err != nil {
			return nil, skipped, err
		}
		d.lines = d.lines[:min(len(d.lines), maxDues)] // the rest is due again
		for _, line := range d.lines {
			d.Sat += line.Sat
		}
		dues = append(dues, d)
	}
	slices.SortStableFunc(dues, func(a, b due) int { return cmp.Compare(b.Sat, a.Sat) })
	return dues, skipped, nil
}

// unpayable says why an address cannot be paid by the wallet, or nothing.
func (p *Payer) unpayable(address string) string {
	switch {
	case address == "":
		return "it has no payout address"
	case strings.HasPrefix(address, "script:"):
		return "a wallet pays no script: it must name an address"
	case p.cfg.CheckAddress != nil:
		if err := p.cfg.CheckAddress(address); err != nil {
			return err.Error()
		}
	}
	return ""
}

// promised returns from which amount on each tenant is paid: the least that
// the terms of one of its leases name, for what was promised once stays so.
func (p *Payer) promised(ctx context.Context) (func(tenant string) (minSat int64, ok bool), error) {
	if p.cfg.MinSat > 0 {
		return func(string) (int64, bool) { return max(p.cfg.MinSat, MinSat), true }, nil
	}
	leases, err := p.cfg.Store.Leases(ctx)
	if err != nil {
		return nil, err
	}
	versions := make(map[lease.TermsHash]*lease.PayoutTerms)
	least := make(map[string]int64)
	for i := range leases {
		l := &leases[i]
		terms, ok := versions[l.Terms]
		if !ok {
			t, err := p.cfg.Store.Terms(ctx, l.Terms)
			if err != nil {
				return nil, fmt.Errorf("lease %s: %w", l.ID, err)
			}
			terms = t.Payout
			versions[l.Terms] = terms
		}
		if terms == nil {
			continue
		}
		if old, ok := least[l.Tenant]; !ok || terms.MinSat < old {
			least[l.Tenant] = terms.MinSat
		}
	}
	return func(tenant string) (int64, bool) {
		minSat, ok := least[tenant]
		if !ok && p.cfg.Terms != nil {
			minSat, ok = p.cfg.Terms.MinSat, true
		}
		return max(minSat, MinSat), ok
	}, nil
}

// batch takes as many dues as fit into one payout.
func batch(dues []due) []due {
	lines := 0
	for i := range dues {
		if lines += len(dues[i].lines); i == MaxTenants || lines > maxDues {
			return dues[:i]
		}
	}
	return dues
}
