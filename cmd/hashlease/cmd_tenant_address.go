package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/stratum/solo"
)

// tenantDoc is a tenant as --json prints it.
type tenantDoc struct {
	ID          string   `json:"id"`
	Key         string   `json:"key"`
	Address     string   `json:"address,omitempty"`      // where payouts go now
	NextAddress string   `json:"next_address,omitempty"` // where they go ...
	NextFromMs  int64    `json:"next_from_ms,omitempty"` // ... from then on
	CreatedMs   int64    `json:"created_ms"`
	LastOrder   int64    `json:"last_order,omitempty"` // number of the last one about itself that was carried out
	Owed        *owedDoc `json:"owed,omitempty"`
	PrivateKey  string   `json:"private_key,omitempty"` // PEM; only when it was made now and put nowhere else
	KeyFile     string   `json:"key_file,omitempty"`
}

// owedDoc is what is owed to a tenant, in satoshi.
type owedDoc struct {
	Prepaid   int64 `json:"prepaid_sat"`   // for all its leases, and not used
	Available int64 `json:"available_sat"` // can be paid out
	Pending   int64 `json:"pending_sat"`   // of blocks that may still leave the chain
	Inflight  int64 `json:"inflight_sat"`  // in payouts on their way
}

// owed sums up what is owed to a tenant.
func (p *provider) owed(ctx context.Context, tenant string) (*owedDoc, error) {
	balances, err := p.store.Balances(ctx)
	if err != nil {
		return nil, err
	}
	var d owedDoc
	accounts := map[string]*int64{
		ledger.Prepaid(tenant): &d.Prepaid, ledger.Available(tenant): &d.Available,
		ledger.Pending(tenant): &d.Pending, ledger.Inflight(tenant): &d.Inflight,
	}
	for _, b := range balances {
		if sum := accounts[b.Account]; sum != nil {
			*sum -= b.Sat // a credit is negative
		}
	}
	return &d, nil
}

func newTenantDoc(t *lease.Tenant, nowMs int64) tenantDoc {
	d := tenantDoc{ID: t.ID, Key: hex.EncodeToString(t.Key), Address: t.PayTo(nowMs), CreatedMs: t.CreatedMs, LastOrder: t.Orders}
	if t.Next != "" && nowMs < t.NextMs {
		d.NextAddress, d.NextFromMs = t.Next, t.NextMs
	}
	return d
}

// checkAddress refuses an address that is not of the directory's coin.
func (p *provider) checkAddress(ctx context.Context, e *env, cfg *config, address string) error {
	if _, err := p.newestTerms(ctx, e, cfg); err != nil {
		return err
	}
	house, _, err := p.readHouse()
	if err != nil {
		return err
	}
	forms, _ := solo.FormsOf(house.Coin, house.Network)
	if _, err := forms.Script(address); err != nil {
		return usage("tenant's address: %w", err)
	}
	return nil
}

// addressDelayMs is how long a changed address waits, by the newest terms.
func (p *provider) addressDelayMs(ctx context.Context, e *env, cfg *config) (int64, error) {
	hash, err := p.newestTerms(ctx, e, cfg)
	if err != nil {
		return 0, err
	}
	t, err := p.store.Terms(ctx, hash)
	if err != nil || t.Payout == nil {
		return 0, err
	}
	return t.Payout.AddressDelayMs, nil
}

func runTenantAddress(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "tenant address", "TENANT ADDRESS [--json]",
		"Changes where a tenant is paid. The first address counts at once; another one after\n"+
			"the delay that the terms name, until which it can be taken back by giving the old\n"+
			"one again. Tenants order it themselves with \"hashlease order\".")
	pos, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	t, err := p.findTenant(ctx, pos[0])
	if err != nil {
		return err
	}
	if err := p.checkAddress(ctx, e, &cfg, pos[1]); err != nil {
		return err
	}
	delay, err := p.addressDelayMs(ctx, e, &cfg)
	if err != nil {
		return err
	}
	atMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	t, err = p.store.ChangeTenant(ctx, t.ID, func(t *lease.Tenant) ([]lease.Event, error) {
		e, err := t.Readdress(pos[1], atMs, delay, "")
		return []lease.Event{e}, err
	})
	if errors.Is(err, lease.ErrExists) {
		return withHint(err, "\"hashlease tenant show %s\" shows it", pos[0])
	}
	if err != nil {
		return err
	}
	return f.tellAddress(&t, atMs)
}

// tellAddress says where a tenant is paid.
func (f *dataFlags) tellAddress(t *lease.Tenant, atMs int64) error {
	doc := newTenantDoc(t, atMs)
	if *f.json {
		return writeJSON(f.e.stdout, doc)
	}
	var err error
	if doc.NextAddress != "" {
		_, err = fmt.Fprintf(f.e.stdout, "tenant %s is paid at %s, and from %s on at %s\n", t.ID, doc.Address, formatMs(doc.NextFromMs), doc.NextAddress)
	} else {
		_, err = fmt.Fprintf(f.e.stdout, "tenant %s is paid at %s\n", t.ID, doc.Address)
	}
	return err
}

func runTenantShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "tenant show", "TENANT [--json]", "Shows a tenant, where it is paid, and what is owed to it.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	t, err := p.findTenant(ctx, pos[0])
	if err != nil {
		return err
	}
	doc := newTenantDoc(&t, e.nowMs())
	if doc.Owed, err = p.owed(ctx, t.ID); err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	address := doc.Address
	if address == "" {
		address = "none yet: \"hashlease tenant address\" names one"
	}
	lines := [][2]string{
		{"tenant", doc.ID},
		{"key", doc.Key},
		{"since", formatMs(doc.CreatedMs)},
		{"paid at", address},
	}
	if doc.NextAddress != "" {
		lines = append(lines, [2]string{"then at", doc.NextAddress + ", from " + formatMs(doc.NextFromMs) + " on"})
	}
	lines = append(lines,
		[2]string{"prepaid", fmt.Sprintf("%d sat", doc.Owed.Prepaid)},
		[2]string{"available", fmt.Sprintf("%d sat", doc.Owed.Available)},
		[2]string{"pending", fmt.Sprintf("%d sat, of blocks that may still leave the chain", doc.Owed.Pending)},
		[2]string{"on its way", fmt.Sprintf("%d sat", doc.Owed.Inflight)})
	return printLines(e.stdout, lines)
}

// findTenant returns a tenant; an unknown name is an error of usage that says
// which there are.
func (p *provider) findTenant(ctx context.Context, id string) (lease.Tenant, error) {
	return findNamed(ctx, "tenant", id, p.store.Tenant, p.store.Tenants, func(t *lease.Tenant) string { return t.ID },
		`"hashlease tenant list" lists them, "hashlease tenant add NAME" adds one`)
}
