//go:build slow

package dispatch_test

import (
	"math"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/miner"
)

// TestDelivery hashes for a minute: each lease must be counted within 1 % of
// its contract, and what more than 2000 shares prove must agree with what was
// counted. Stale ones are among them: where a disk is slow to take a new
// block's jobs, threads hash on the old one's.
func TestDelivery(t *testing.T) {
	p := newPlant(t)
	contracts := make(map[string]uint64)
	for name, part := range map[string]uint64{"alice": 3, "bob": 10, "carol": 30, "dave": 100, "erin": 7} {
		l := p.lease(t, name, p.capacity/part, lease.MinProofMs)
		contracts[l.ID] = l.ContractedHps
	}
	var first dispatch.Snapshot
	var elapsed time.Duration
	last := p.run(t, func(s dispatch.Snapshot) bool {
		if len(s.Rows) < 6 || s.Rows[0].Counted == 0 {
			return false
		}
		if first.Rows == nil {
			first = s
		}
		elapsed = s.Uptime - first.Uptime
		return elapsed >= 50*time.Second
	})
	elapsed = last.Uptime - first.Uptime

	var sum uint64
	var all lease.Evidence
	for i, r := range last.Rows {
		sum += r.Counted
		all.AddN(r.Unit, r.Stale)
		if r.Lease == lease.House {
			continue
		}
		rate := float64(r.Counted-first.Rows[i].Counted) / elapsed.Seconds()
		if off := rate/float64(r.ContractedHps) - 1; math.Abs(off) > 0.01 {
			t.Errorf("%s: %.0f H/s counted, %d contracted: %+.2f %%", r.Lease, rate, r.ContractedHps, off*100)
		}
		found := r.Evidence
		found.AddN(r.Unit, r.Stale)
		z := found.ZMilli(miner.Hashes(r.Counted), r.Unit)
		t.Logf("%s: %d receipts, %d stale, z %d/1000", r.Lease, r.Receipts, r.Stale, z)
		if z >= 4000 || z <= -4000 {
			t.Errorf("%s: %v hashes proven, %d counted, z = %d/1000", r.Lease, found.Sum, r.Counted, z)
		}
	}
	for r, err := range p.store.ReceiptsBack(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all.Add(r.Work)
	}
	if sum != last.Hashes {
		t.Errorf("%d hashes counted, %d made", sum, last.Hashes)
	}
	if all.N < 2000 {
		t.Errorf("only %d shares, want 2000", all.N)
	}
	t.Logf("%d shares in all", all.N)
	if z := all.ZMilli(miner.Hashes(sum), miner.Hashes(1)); z >= 4000 || z <= -4000 {
		t.Errorf("all together: %v hashes proven, %d counted, z = %d/1000", all.Sum, sum, z)
	}
}
