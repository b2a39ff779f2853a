package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// demoTenant is a made-up tenant and the part of the node it leases.
type demoTenant struct {
	name    string
	percent uint64 // of the capacity
}

// demoTenants lease most of the node, but leave the house a part.
func demoTenants() []demoTenant { return []demoTenant{{"alice", 40}, {"bob", 20}} }

// demoProofMs makes evidence dense enough to look at after some seconds.
const demoProofMs = 500

// The demo tenants pay for what is proven, so that a first run shows charges,
// in coins of the sandbox, which are worth nothing.
const (
	demoHashes    = 1_000_000_000 // for a satoshi
	demoHours     = 30 * 24       // prepaid, as contracted
	demoWarnHours = 24
)

// makeDemo adds the demo tenants and their leases to a fresh directory. Where
// a crash interrupted it before, it goes on.
func (n *node) makeDemo(ctx context.Context, fresh bool, capacity uint64) error {
	if !fresh {
		var err error
		if fresh, err = n.unused(ctx); err != nil {
			return err
		}
	}
	leases, err := n.store.Leases(ctx)
	if err != nil {
		return err
	}
	has := make(map[string]*lease.Lease)
	for i := range leases {
		if l := &leases[i]; has[l.Tenant] == nil {
			has[l.Tenant] = l
		}
	}
	var terms lease.TermsHash
	for _, d := range demoTenants() {
		key := n.demoKey(d.name)
		_, err := os.Stat(key)
		missing := errors.Is(err, fs.ErrNotExist)
		if missing && (!fresh || has[d.name] != nil) {
			continue
		}
		if terms == (lease.TermsHash{}) {
			if terms, err = n.demoTerms(ctx); err != nil {
				return err
			}
		}
		l := has[d.name]
		if l == nil {
			if l, err = n.addDemo(ctx, d, key, terms, capacity); err != nil {
				return err
			}
		}
		if l.Terms == terms && l.StopMs() == 0 { // else it is none of the demo's
			if err := n.prepayDemo(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// unused tells whether nothing but the demo has ever been in the directory, as
// after a first start that a crash ended early.
func (n *node) unused(ctx context.Context) (bool, error) {
	heartbeat, err := n.store.Heartbeat(ctx)
	if err != nil || heartbeat != 0 {
		return false, err
	}
	tenants, err := n.store.Tenants(ctx)
	if err != nil {
		return false, err
	}
	for i := range tenants {
		switch _, err := os.Stat(n.demoKey(tenants[i].ID)); {
		case errors.Is(err, fs.ErrNotExist):
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

// demoKey is the file of a demo tenant's key.
func (n *node) demoKey(name string) string { return filepath.Join(n.dir, "demo-"+name+".key") }

// demoTerms are the house's with a price.
func (n *node) demoTerms(ctx context.Context) (lease.TermsHash, error) {
	t, err := n.store.Terms(ctx, n.terms)
	if err != nil {
		return lease.TermsHash{}, err
	}
	if t.Prices != nil {
		return n.terms, nil
	}
	t.Text += " The price is in coins of the sandbox, which are worth nothing."
	t.Prices = &lease.Prices{
		Work: &lease.Price{Sat: 1, Hashes: lease.Quantity(miner.Hashes(demoHashes))}, LowBudgetHours: demoWarnHours,
	}
	hash, err := t.Hash()
	if err != nil {
		return hash, err
	}
	_, err = n.store.Terms(ctx, hash)
	if errors.Is(err, lease.ErrNotFound) {
		err = n.putTerms(ctx, t, "", n.e.nowMs())
	}
	return hash, err
}

// addDemo adds a demo tenant and its lease.
func (n *node) addDemo(ctx context.Context, d demoTenant, key string, terms lease.TermsHash, capacity uint64) (*lease.Lease, error) {
	private, err := loadKey(key, true)
	if err != nil {
		return nil, err
	}
	now := n.e.nowMs()
	t := lease.Tenant{ID: d.name, Key: private.Public().(ed25519.PublicKey), CreatedMs: now}
	if err := n.store.AddTenant(ctx, t); err != nil && !errors.Is(err, lease.ErrExists) {
		return nil, err
	}
	l := lease.Lease{
		Tenant: d.name, Model: lease.Leased, ContractedHps: twoDigits(capacity / 100 * d.percent),
		StartMs: now, ProofMs: demoProofMs, Terms: terms,
	}
	if l, err = n.admit(ctx, n.cfg, l, lease.Sellable(nil, 0, capacity), now); err != nil {
		return nil, err
	}
	n.say(fmt.Sprintf("demo tenant %s leases %s as %s", d.name, formatRate(l.ContractedHps), l.ID))
	return &l, nil
}

// prepayDemo pays ahead for a demo lease, once.
func (n *node) prepayDemo(ctx context.Context, l *lease.Lease) error {
	hashes := miner.Hashes(l.ContractedHps).Mul(demoHours * 60 * 60).Big()
	sat := hashes.Quo(hashes, big.NewInt(demoHashes))
	if !sat.IsInt64() || sat.Int64() > lease.MaxSat {
		sat.SetInt64(lease.MaxSat)
	}
	ref := "demo-" + l.Tenant
	if _, err := n.store.Transaction(ctx, ledger.PrepayKey(ref)); err == nil || !errors.Is(err, lease.ErrNotFound) {
		return err
	}
	_, err := n.settler.Prepay(ctx, l.ID, max(sat.Int64(), 1), ref, n.e.nowMs())
	return err
}

// twoDigits rounds down to two significant digits; zero becomes 1.
func twoDigits(v uint64) uint64 {
	unit := uint64(1)
	for v/unit >= 100 {
		unit *= 10
	}
	return max(1, v/unit*unit)
}
