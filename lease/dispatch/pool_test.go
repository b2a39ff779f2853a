package dispatch_test

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// poolLease adds a tenant with a lease that mines for a pool.
func (p *plant) poolLease(t *testing.T, tenant string, hps uint64, proofMs int64, urls ...string) lease.Lease {
	t.Helper()
	store := p.manage(t)
	defer store.Close()
	pub := ed25519.NewKeyFromSeed(append(make([]byte, 31), tenant[0])).Public().(ed25519.PublicKey)
	now := time.Now().UnixMilli()
	if err := store.AddTenant(t.Context(), lease.Tenant{ID: tenant, Key: pub, CreatedMs: now}); err != nil {
		t.Fatal(err)
	}
	l, err := store.AddLease(t.Context(), lease.Lease{
		Tenant: tenant, Model: lease.Leased, ContractedHps: hps, StartMs: now, ProofMs: proofMs, Terms: p.terms, Provider: p.provider(),
		Pool: &lease.Pool{URLs: urls, User: tenant + ".worker", Password: "x"},
	}, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		return lease.NewTag(lease.TagInput{Provider: p.key.Public().(ed25519.PublicKey), Lease: id, Tenant: pub, Terms: p.terms}), nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// anyAddress lets a pool be on the loopback.
func anyAddress(netip.Addr) error { return nil }

// runWith is run with another configuration.
func (p *plant) runWith(t *testing.T, change func(*dispatch.Config), enough func(*dispatch.Dispatcher) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := dispatch.Config{Store: p.store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 2, HouseProofMs: 200, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	change(&cfg)
	d, err := dispatch.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !enough(d) {
		select {
		case err := <-ended:
			t.Fatalf("the node ended by itself: %v", err)
		case <-ctx.Done():
			t.Fatalf("the node did not get far enough in a minute: %+v", d.Snapshot())
		case <-tick.C:
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// A lease with a pool of its own: the pool gets shares under the tenant's name
// with the lease's tag in their coinbase, the lease has its receipts, and the
// house's rewards know nothing of them.
func TestLeaseMinesForItsPool(t *testing.T) { minesForPools(t, 4, 16) }

// minesForPools does so for pools with extranonces of these sizes.
func minesForPools(t *testing.T, sizes ...int) {
	for _, size := range sizes {
		p := newPlant(t)
		pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: size, Difficulty: "0.001"})
		l := p.poolLease(t, "alice", p.capacity/2, 100, pool.URL("stratum+tcp"))
		house := p.lease(t, "bob", p.capacity/10, 200)
		blocks := 0
		p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(d *dispatch.Dispatcher) bool {
			s := d.Snapshot()
			got := map[string]uint64{}
			for _, r := range s.Rows {
				got[r.Lease] = r.Receipts
			}
			if accepted := pool.Accepted(); blocks < 2 && accepted > 3*(blocks+1) {
				pool.NewJob(true) // a new block at the pool
				blocks++
			}
			return blocks == 2 && pool.Accepted() > 12 && got[l.ID] > 10 && got[house.ID] > 3
		})
		if bad := pool.Misbehaviour(); len(bad) > 0 {
			t.Errorf("the pool saw %v", bad)
		}
		for reason, n := range pool.Rejected() {
			if reason != "stale" || n > 4 {
				t.Errorf("the pool refused %d shares: %s", n, reason)
			}
		}
		for _, s := range pool.Shares() {
			if s.User != "alice.worker" {
				t.Fatalf("a share of %q", s.User)
			}
		}
		m, err := p.store.Meter(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		if m.Upstream.Accepted == 0 || m.Upstream.Accepted > uint64(pool.Accepted()) || m.Upstream.AcceptedWork.IsZero() {
			t.Errorf("the store has %+v, the pool accepted %d", m.Upstream, pool.Accepted())
		}
		for job := range p.splits(t, house) {
			if job == l.ID {
				t.Errorf("the house's rewards are shared with %s", l.ID)
			}
		}
		if err := ledger.Check(t.Context(), p.store); err != nil {
			t.Error(err)
		}
		p.verify(t, l)
		p.verify(t, house)
		p.close()
	}
}

// splits are the leases among which the blocks of the house were shared.
func (p *plant) splits(t *testing.T, _ lease.Lease) map[string]bool {
	t.Helper()
	got := make(map[string]bool)
	balances, err := p.store.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		got[b.Lease] = true
	}
	return got
}

// A pool that leaves no room for the tag is not mined for, and the node says
// why; the other leases do not suffer.
func TestPoolWithoutRoomIsRefused(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 3})
	l := p.poolLease(t, "alice", p.capacity/4, 100, pool.URL("stratum+tcp"))
	house := p.lease(t, "bob", p.capacity/4, 100)
	told := false
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		for _, n := range s.Notes {
			told = told || strings.Contains(n, l.ID) && strings.Contains(n, "extranonce2")
		}
		for _, r := range s.Rows {
			if r.Lease == house.ID && r.Receipts > 5 && told {
				return true
			}
		}
		return false
	})
	m, err := p.store.Meter(t.Context(), l.ID)
	if err != nil {
		t.Fatal(err)
	}
	if m.Evidence.N != 0 || m.Counted != (miner.Work{}) || pool.Accepted() != 0 {
		t.Errorf("mined all the same: %+v, the pool has %d shares", m, pool.Accepted())
	}
}

// Tenants' pools must have public addresses unless the operator allows others.
func TestPrivatePoolIsRefused(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8})
	l := p.poolLease(t, "alice", p.capacity/4, 100, pool.URL("stratum+tcp"))
	p.runWith(t, func(*dispatch.Config) {}, func(d *dispatch.Dispatcher) bool {
		for _, n := range d.Snapshot().Notes {
			if strings.Contains(n, l.ID) && strings.Contains(n, "public") {
				return true
			}
		}
		return false
	})
	if _, ever := pool.Connections(); ever != 0 {
		t.Errorf("%d connections to a private address", ever)
	}
}

// A lost pool is no work; when it is back, the lease goes on.
func TestPoolComesBack(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	l := p.poolLease(t, "alice", p.capacity/2, 100, pool.URL("stratum+tcp"))
	var before int
	stage := 0
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(d *dispatch.Dispatcher) bool {
		switch stage {
		case 0:
			if pool.Accepted() > 3 {
				pool.Drop()
				before = pool.Accepted()
				stage = 1
			}
		case 1:
			return pool.Accepted() > before+3
		}
		return false
	})
	p.verify(t, l)
}
