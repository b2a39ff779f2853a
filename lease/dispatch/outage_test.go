package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// exclusions are all that are stored.
func (p *plant) exclusions(t *testing.T) []lease.Exclusion {
	t.Helper()
	all, err := p.store.Exclusions(t.Context(), 0, 1<<60)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Tenants point their leases elsewhere while the node runs: the old pool gets no
// more than what was on its way, and what it said counts.
func TestRepoint(t *testing.T) {
	p := newPlant(t)
	from := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	to := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 12, Difficulty: "0.001"})
	l := p.poolLease(t, "alice", p.capacity/2, 100, from.URL("stratum+tcp"))
	pointed := false
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(*dispatch.Dispatcher) bool {
		if !pointed && from.Accepted() > 5 {
			pointed = true
			_, err := p.store.ChangeLease(t.Context(), l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) {
				was := *l.Pool
				l.Pool = &lease.Pool{URLs: []string{to.URL("stratum+tcp")}, User: "alice.second", Password: "y"}
				e, err := lease.NewEvent(lease.EventLeasePool, time.Now().UnixMilli(), "",
					lease.LeaseRepointed{FromURLs: was.URLs, FromUser: was.User, ToURLs: l.Pool.URLs, ToUser: l.Pool.User})
				return []lease.Event{e.Of(l)}, err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		now, _ := from.Connections()
		return pointed && to.Accepted() > 5 && now == 0
	})
	for _, s := range to.Shares() {
		if s.User != "alice.second" {
			t.Fatalf("a share of %q", s.User)
		}
	}
	if bad := slices.Concat(from.Misbehaviour(), to.Misbehaviour()); len(bad) > 0 {
		t.Errorf("the pools saw %v", bad)
	}
	m, err := p.store.Meter(t.Context(), l.ID)
	if err != nil {
		t.Fatal(err)
	}
	// Only verdicts that come after the node has ended are not known.
	if n := uint64(from.Accepted()); m.Upstream.Accepted <= n || m.Upstream.Accepted > n+uint64(to.Accepted()) {
		t.Errorf("%+v, the pools accepted %d and %d", m.Upstream, n, to.Accepted())
	}
	for e, err := range p.store.HourEarnings(t.Context(), l.ID, 0, 1<<40) {
		if err != nil || e.Sat <= 0 || e.Network.IsZero() || e.Work.IsZero() {
			t.Errorf("worth %+v, %v", e, err)
		}
	}
	p.verify(t, l)
}

// A pool that refuses, and one that cannot be reached, excuse the node from then
// on until they give work, in their own words.
func TestPoolsThatRefuseAreEvidence(t *testing.T) {
	p := newPlant(t)
	refusing := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, RefuseUser: true})
	away := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	fine := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	alice := p.poolLease(t, "alice", p.capacity/10, 100, refusing.URL("stratum+tcp"))
	bob := p.poolLease(t, "bob", p.capacity/10, 100, away.URL("stratum+tcp"))
	carol := p.poolLease(t, "carol", p.capacity/10, 100, fine.URL("stratum+tcp"))
	stage, n := 0, 0
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(*dispatch.Dispatcher) bool {
		all := p.exclusions(t)
		switch stage {
		case 0:
			if away.Accepted() > 0 {
				away.Down(true)
				stage = 1
			}
		case 1:
			if len(all) == 2 {
				away.Down(false)
				stage, n = 2, away.Accepted()
			}
		case 2:
			return away.Accepted() > n && fine.Accepted() > 3 &&
				slices.ContainsFunc(all, func(x lease.Exclusion) bool { return x.Lease == bob.ID && x.ToMs > 0 })
		}
		return false
	})
	for _, x := range p.exclusions(t) {
		words := "?"
		switch x.Lease {
		case alice.ID:
			words = "alice.worker"
		case bob.ID:
			words = away.URL("stratum+tcp")
		case carol.ID:
			t.Errorf("its pool was fine: %+v", x)
		}
		if x.Kind != lease.ExcludePool || x.ToMs <= x.FromMs || x.AnnouncedMs < x.FromMs || !strings.Contains(x.Evidence, words) {
			t.Errorf("exclusion %+v, want %q in its evidence", x, words)
		}
	}
}

// An outage that lasts when the node is killed ends at its last heartbeat.
func TestOutageOfAnEarlierRun(t *testing.T) {
	p := newPlant(t)
	l := p.poolLease(t, "alice", 1000, 100, "stratum+tcp://127.0.0.1:1")
	run, err := p.store.BeginRun(t.Context(), 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.CommitBatch(t.Context(), lease.Batch{Run: run, N: 1, AtMs: 1_500_000}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.PutExclusion(t.Context(), lease.Exclusion{Lease: l.ID, Kind: lease.ExcludePool, AnnouncedMs: 1_200_000, FromMs: 1_200_000, Evidence: "old"}); err != nil {
		t.Fatal(err)
	}
	closeLease(t, p.store, l.ID)
	p.run(t, func(dispatch.Snapshot) bool { return p.exclusions(t)[0].ToMs != 0 })
	if x := p.exclusions(t); len(x) != 1 || x[0].ToMs != 1_500_000 {
		t.Errorf("exclusions %+v", x)
	}
}

// biller records what it is asked for.
type biller struct {
	mu      sync.Mutex
	settled []int64
	watched int
	fail    error
}

func (b *biller) Settle(_ context.Context, through int64) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settled = append(b.settled, through)
	return through, b.fail
}

func (b *biller) Watch(context.Context, int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watched++
	return b.fail
}

// The node settles as long as it runs and when it ends, looks at budgets before
// a lease that is new gets work, and goes on hashing when that fails.
func TestBillingFailsAndHashingGoesOn(t *testing.T) {
	p := newPlant(t)
	first := p.lease(t, "alice", p.capacity/10, 100)
	b := &biller{fail: errors.New("no books")}
	var second lease.Lease
	before := 0
	p.runWith(t, func(c *dispatch.Config) { c.Billing = b }, func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		if row(s, first.ID).Receipts == 0 {
			return false
		}
		if second.ID == "" {
			b.mu.Lock()
			before = b.watched
			b.mu.Unlock()
			second = p.lease(t, "bob", p.capacity/10, 100)
		}
		return row(s, second.ID).Receipts > 0
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if before == 0 || b.watched <= before || len(b.settled) < 2 {
		t.Errorf("budgets were looked at %d times before the second lease, %d in all; hours were settled %d times", before, b.watched, len(b.settled))
	}
}
