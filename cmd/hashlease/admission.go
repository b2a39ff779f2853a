package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// admit stores a lease under the given terms, if the hash rate that may be
// leased has room for it. Without a nonce of the tenant's it makes one.
func (p *provider) admit(ctx context.Context, l lease.Lease, limitHps uint64) (lease.Lease, error) {
	if err := l.Validate(); err != nil {
		return l, usage("%w", err)
	}
	tenant, err := p.store.Tenant(ctx, l.Tenant)
	if errors.Is(err, lease.ErrNotFound) {
		return l, noTenant(l.Tenant)
	}
	if err != nil {
		return l, err
	}
	nonceGiven := l.Nonce != [16]byte{}
	for {
		if !nonceGiven {
			rand.Read(l.Nonce[:])
		}
		stored, err := p.store.AddLease(ctx, l, limitHps, func(id string) (lease.Tag, []lease.Event, error) {
			return lease.NewTag(lease.TagInput{
				Provider: p.public(), Lease: id, Tenant: tenant.Key, Nonce: l.Nonce, Terms: l.Terms,
			}), nil, nil
		})
		switch {
		case errors.Is(err, lease.ErrTagTaken) && !nonceGiven:
			continue
		case errors.Is(err, lease.ErrOversold):
			return l, p.oversold(ctx, l, limitHps)
		}
		return stored, err
	}
}

// noTenant says that nobody has that name.
func noTenant(name string) error {
	return withHint(usage("no tenant is called %q", name),
		"%q lists them, \"hashlease tenant add NAME\" adds one", "hashlease tenant list")
}

// oversold says how much a lease of that term could have.
func (p *provider) oversold(ctx context.Context, l lease.Lease, limitHps uint64) error {
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return err
	}
	leased, atMs := lease.Peak(leases, l.StartMs, l.EndMs)
	free := miner.Hashes(limitHps).Sub(leased)
	return withHint(
		fmt.Errorf("%w: %s is asked for, but at %s only %s is free of the %s that may be leased, %d %% of what the node can do",
			lease.ErrOversold, formatRate(l.ContractedHps), formatMs(atMs), formatSI(free)+"H/s", formatRate(limitHps), limitPercent),
		"ask for less, or close a lease (%q lists them)", "hashlease lease list")
}
