package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
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

// makeDemo adds the demo tenants and their leases to a fresh directory. Where
// a crash interrupted it before, which their key files tell, it goes on.
func (n *node) makeDemo(ctx context.Context, fresh bool, capacity uint64) error {
	leases, err := n.store.Leases(ctx)
	if err != nil {
		return err
	}
	has := make(map[string]bool)
	for i := range leases {
		has[leases[i].Tenant] = true
	}
	for _, d := range demoTenants() {
		key := filepath.Join(n.dir, "demo-"+d.name+".key")
		_, err := os.Stat(key)
		missing := errors.Is(err, fs.ErrNotExist)
		if has[d.name] || missing && !fresh {
			continue
		}
		private, err := loadKey(key, true)
		if err != nil {
			return err
		}
		now := n.e.nowMs()
		t := lease.Tenant{ID: d.name, Key: private.Public().(ed25519.PublicKey), CreatedMs: now}
		if err := n.store.AddTenant(ctx, t); err != nil && !errors.Is(err, lease.ErrExists) {
			return err
		}
		l := lease.Lease{
			Tenant: d.name, Model: lease.Leased, ContractedHps: twoDigits(capacity / 100 * d.percent),
			StartMs: now, ProofMs: demoProofMs, Terms: n.terms,
		}
		if l, err = n.admit(ctx, l, lease.Sellable(nil, 0, capacity), now); err != nil {
			return err
		}
		n.say(fmt.Sprintf("demo tenant %s leases %s as %s", d.name, formatRate(l.ContractedHps), l.ID))
	}
	return nil
}

// twoDigits rounds down to two significant digits; zero becomes 1.
func twoDigits(v uint64) uint64 {
	unit := uint64(1)
	for v/unit >= 100 {
		unit *= 10
	}
	return max(1, v/unit*unit)
}
