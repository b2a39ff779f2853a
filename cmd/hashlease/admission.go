package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/miner"
)

// admit stores a lease under the given terms, if the hash rate that may be
// leased has room for it. Without a nonce of the tenant's it makes one. A lease
// that has a price is stopped until something is prepaid. Where the house has a
// pool, the lease's tag must differ in what fits there.
func (p *provider) admit(ctx context.Context, cfg *config, l lease.Lease, limit lease.Capacity, nowMs int64) (lease.Lease, error) {
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
	terms, err := p.store.Terms(ctx, l.Terms)
	if err != nil {
		return l, err
	}
	unpaid := billing.Priced(&l, &terms)
	if unpaid {
		l.Pauses = []lease.Pause{{By: lease.PauseBudget, FromMs: nowMs}}
	}
	others, err := p.store.Leases(ctx)
	if err != nil {
		return l, err
	}
	l.Provider = [32]byte(p.public())
	nonceGiven := l.Nonce != [16]byte{}
	for {
		if !nonceGiven {
			rand.Read(l.Nonce[:])
		}
		stored, err := p.store.AddLease(ctx, l, limit.LimitHps, func(id string) (lease.Tag, []lease.Event, error) {
			tag := lease.NewTag(lease.TagInput{
				Provider: p.public(), Lease: id, Tenant: tenant.Key, Nonce: l.Nonce, Terms: l.Terms,
			})
			added := l
			added.ID, added.Tag = id, tag
			if len(cfg.House.Pool) > 0 {
				if err := lease.DistinctAtPool(others, &added); err != nil {
					return tag, nil, err
				}
			}
			events, err := addedEvents(&added, limit, unpaid, nowMs)
			return tag, events, err
		})
		switch {
		case errors.Is(err, lease.ErrTagTaken) && !nonceGiven:
			continue
		case errors.Is(err, lease.ErrTagTaken):
			return l, withHint(err, "each nonce is good for one lease; without --nonce one is made")
		case errors.Is(err, lease.ErrOversold):
			return l, p.oversold(ctx, l, limit)
		}
		return stored, err
	}
}

// addedEvents tell of a new lease, and of what stops it for now.
func addedEvents(l *lease.Lease, limit lease.Capacity, unpaid bool, nowMs int64) ([]lease.Event, error) {
	e, err := lease.NewEvent(lease.EventLeaseAdded, nowMs, "", lease.LeaseAdded{
		Model: l.Model, ContractedHps: lease.Quantity(miner.Hashes(l.ContractedHps)), StartMs: l.StartMs, EndMs: l.EndMs,
		Terms: l.Terms.String(), Tag: l.Tag.String(), LimitHps: lease.Quantity(miner.Hashes(limit.LimitHps)), Rigs: l.Rigs, Cores: l.Cores,
	})
	if err != nil || !unpaid {
		return []lease.Event{e.Of(l)}, err
	}
	stopped, err := lease.NewEvent(lease.EventLeasePaused, nowMs, "", lease.LeasePaused{By: lease.PauseBudget, Reason: "nothing is prepaid"})
	return []lease.Event{e.Of(l), stopped.Of(l)}, err
}

// noTenant says that nobody has that name.
func noTenant(name string) error {
	return withHint(usage("no tenant is called %q", name),
		"%q lists them, \"hashlease tenant add NAME\" adds one", "hashlease tenant list")
}

// oversold says how much a lease of that term could have.
func (p *provider) oversold(ctx context.Context, l lease.Lease, limit lease.Capacity) error {
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return err
	}
	var others []lease.Lease
	for i := range leases {
		if leases[i].ID != l.ID {
			others = append(others, leases[i])
		}
	}
	if err := lease.Exclusive(others, &l); err != nil {
		return err // with another processor there may be room enough
	}
	leased, atMs := lease.Peak(others, l.StartMs, l.EndMs)
	free := miner.Work{}
	if all := miner.Hashes(limit.LimitHps); leased.Cmp(all) < 0 {
		free = all.Sub(leased)
	}
	of, hint := "what the node can do", ""
	if limit.Basis == lease.FromHistory {
		of = fmt.Sprintf("the rate that it reached in 95 %% of the last %s", plural(limit.Of, "hour"))
		if silent := limit.Of - limit.Hours; silent > 0 {
			hint = fmt.Sprintf("; in %s of them it produced nothing, and they are forgotten a week later", plural(silent, "hour"))
		}
	}
	return withHint(
		fmt.Errorf("%w: %s is asked for, but at %s only %s is free of the %s that may be leased, %d %% of %s",
			lease.ErrOversold, formatRate(l.ContractedHps), formatMs(atMs), formatSI(free)+"H/s", formatRate(limit.LimitHps), limitPercent, of),
		"ask for less, or close a lease (%q lists them)%s", "hashlease lease list", hint)
}

// limitPercent is the part of the capacity that may be leased.
const limitPercent = lease.SellablePPM / 10_000

// leaseLimit is the hash rate that may be leased. While there is too little
// history, it is by a capacity that, if it was never measured, is measured now.
func (p *provider) leaseLimit(ctx context.Context, e *env, cfg *config) (lease.Capacity, error) {
	hps, err := p.store.Capacity(ctx)
	if err != nil {
		return lease.Capacity{}, err
	}
	if hps == 0 {
		choice, err := e.chooseKernel(ctx, cfg.Node.Kernel)
		if err != nil {
			return lease.Capacity{}, err
		}
		if hps, err = p.measureCapacity(ctx, choice.Kernel, cfg.Node.Threads, cfg.Node.Duty); err != nil {
			return lease.Capacity{}, err
		}
	}
	now, err := p.changeMs(ctx, e)
	if err != nil {
		return lease.Capacity{}, err
	}
	hour := now / lease.MsPerHour
	produced, err := p.produced(ctx, hour)
	return lease.Sellable(produced, hour, hps), err
}

// produced is what the node produced in the hours before one, as far back as
// admission may look. Machines that leases at large cannot have are left out:
// those of tenants, and those that nobody added.
func (p *provider) produced(ctx context.Context, hour int64) ([]lease.ProducedHour, error) {
	rigs, err := p.store.Rigs(ctx)
	if err != nil {
		return nil, err
	}
	foreign := map[string]bool{lease.UnknownRig: true}
	for i := range rigs {
		foreign[rigs[i].Name] = foreign[rigs[i].Name] || rigs[i].Tenant != ""
	}
	var hours []lease.ProducedHour
	for m, err := range p.store.HourMeters(ctx, "", hour-2*lease.HistoryHours, hour) {
		if err != nil {
			return nil, err
		}
		if foreign[m.Source] {
			continue
		}
		if n := len(hours); n == 0 || hours[n-1].Hour != m.Hour {
			hours = append(hours, lease.ProducedHour{Hour: m.Hour})
		}
		work := m.Counted
		if work.IsZero() {
			work = m.Evidence.Sum // of a rig, whose hashes nobody else counts
		}
		last := &hours[len(hours)-1]
		last.Work = last.Work.Add(work)
	}
	return hours, nil
}

// changeMs is the moment at which a change is made: now, but not before the
// node's last heartbeat, for what was settled does not change.
func (p *provider) changeMs(ctx context.Context, e *env) (int64, error) {
	heartbeat, err := p.store.Heartbeat(ctx)
	return max(e.nowMs(), heartbeat), err
}
