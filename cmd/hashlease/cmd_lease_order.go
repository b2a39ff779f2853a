package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/transport"
)

func runLeaseOrder(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease order", "FILE [--json]",
		"Verifies an order that a tenant signed (\"hashlease order\") and carries it out. It is\n"+
			"kept, with its signature, in the event of what was done. FILE - is standard input.\n"+
			"Exit code 3: the order is not the tenant's.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	text, err := e.readInput(pos[0], lease.MaxOrder)
	if err != nil {
		return err
	}
	s, err := lease.ParseOrder(text)
	if err != nil {
		return usage("%s: %w", pos[0], err)
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	atMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	if s.Order.Tenant != "" {
		return f.orderTenant(ctx, p, &cfg, &s, atMs)
	}
	l, err := p.findLease(ctx, s.Order.Lease)
	if err != nil {
		return err
	}
	t, err := p.store.Tenant(ctx, l.Tenant)
	if err != nil {
		return err
	}
	if err := p.verifyOrder(e, &s, t.Key); err != nil {
		return err
	}
	if err := checkOrderedPool(&cfg, s.Order.Pool); err != nil {
		return err
	}
	l, err = p.store.ChangeLease(ctx, l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) { return s.Apply(l, atMs) })
	if err != nil {
		return explainOrder(err)
	}
	if *f.json {
		doc, err := p.leaseDoc(ctx, &l, e.now())
		if err != nil {
			return err
		}
		return writeJSON(e.stdout, doc)
	}
	fmt.Fprintf(e.stdout, "order %d of %s carried out: %s lease %s\n", s.Order.Number, l.Tenant, s.Order.Action, l.ID)
	if s.Order.Action == lease.OrderPool {
		return newPoolDoc(l.Pool, lease.Upstream{}).announce(e.stdout)
	}
	state := string(l.StateAt(atMs))
	if by := l.PausedAt(atMs); len(by) > 0 {
		state = "paused by " + joinBy(by)
	}
	_, err = fmt.Fprintf(e.stdout, "lease %s is %s\n", l.ID, state)
	return err
}

// orderTenant carries out an order about the tenant itself.
func (f *dataFlags) orderTenant(ctx context.Context, p *provider, cfg *config, s *lease.SignedOrder, atMs int64) error {
	t, err := p.findTenant(ctx, s.Order.Tenant)
	if err != nil {
		return err
	}
	if err := p.verifyOrder(f.e, s, t.Key); err != nil {
		return err
	}
	if err := p.checkAddress(ctx, f.e, cfg, s.Order.Address); err != nil {
		return err
	}
	delay, err := p.addressDelayMs(ctx, f.e, cfg)
	if err != nil {
		return err
	}
	t, err = p.store.ChangeTenant(ctx, t.ID, func(t *lease.Tenant) ([]lease.Event, error) { return s.ApplyTenant(t, atMs, delay) })
	if err != nil {
		return explainOrder(err)
	}
	return f.tellAddress(&t, atMs)
}

// verifyOrder checks an order by the clock, which is the tenant's measure, too.
func (p *provider) verifyOrder(e *env, s *lease.SignedOrder, tenant ed25519.PublicKey) error {
	err := s.Verify(p.public(), tenant, e.nowMs())
	switch {
	case errors.Is(err, lease.ErrOrderExpired):
		return explainOrder(err)
	case err != nil:
		return &coded{code: exitUnverified, err: err, hint: "nothing was changed; \"hashlease tenant show\" prints the key that a tenant signs with"}
	}
	return nil
}

// checkOrderedPool refuses a pool that the node could not connect to.
func checkOrderedPool(cfg *config, to *lease.OrderedTo) error {
	if to == nil {
		return nil
	}
	for _, url := range to.URLs {
		x, err := transport.Parse(url)
		if err != nil {
			return usage("%w", err)
		}
		if x.String() != url {
			return usage("pool address %.80s: want it written as %s", url, x)
		}
	}
	return cfg.Pools.check(&lease.Pool{URLs: to.URLs, User: to.User})
}

// explainOrder adds to an error about an order what the tenant may do.
func explainOrder(err error) error {
	switch {
	case errors.Is(err, lease.ErrOrderExpired), errors.Is(err, lease.ErrOrderUsed):
		return withHint(err, "ask the tenant for a new one (\"hashlease order\")")
	case errors.Is(err, lease.ErrExists), errors.Is(err, lease.ErrNotFound):
		return withHint(err, "there is nothing to do; the order was not used")
	case errors.Is(err, lease.ErrClosed):
		return withHint(err, "what is over stays as it is")
	}
	return err
}
