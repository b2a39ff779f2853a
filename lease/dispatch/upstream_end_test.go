package dispatch_test

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// Every receipt that is good enough for the tenant's pool was sent there and
// the pool's answer is on record, those of the last moments too: here the pool
// takes nothing for a while, during which the node is told to stop.
func TestLastSharesReachThePool(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "1e-7"})
	l := p.poolLease(t, "alice", p.capacity*3/4, 100, pool.URL("stratum+tcp"))
	receipts, frozen := uint64(0), false
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow = anyAddress }, func(d *dispatch.Dispatcher) bool {
		got := uint64(0)
		for _, r := range d.Snapshot().Rows {
			if r.Lease == l.ID {
				got = r.Receipts
			}
		}
		if !frozen && pool.Accepted() > 5 {
			pool.Freeze(true)
			receipts, frozen = got, true
		}
		if !frozen || got < receipts+5 {
			return false
		}
		time.AfterFunc(300*time.Millisecond, func() { pool.Freeze(false) })
		return true
	})
	m, err := p.store.Meter(t.Context(), l.ID)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, n := range pool.Rejected() {
		refused += n
	}
	if got := uint64(pool.Accepted() + refused); m.Upstream.Sent != got || m.Upstream.Sent < m.Evidence.N {
		t.Errorf("%d receipts, %d of them on record as sent; the pool got %d", m.Evidence.N, m.Upstream.Sent, got)
	}
	if u := m.Upstream; u.Sent != u.Accepted+u.Rejected+u.Stale {
		t.Errorf("answers are missing: %+v", u)
	}
}
