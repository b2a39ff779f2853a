//go:build slow

package dispatch_test

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// The sizes that TestLeaseMinesForItsPool leaves out.
func TestLeaseMinesForPoolsOfOtherSizes(t *testing.T) { minesForPools(t, 7, 8) }

// Blocks come while rigs are moved, most of them found by the rigs themselves:
// only shares of an outlived block are refused, blocks are adopted with the
// version that the rig rolled, and paid for.
func TestRigsFindBlocks(t *testing.T) {
	p := newPlant(t)
	leases := []lease.Lease{p.lease(t, "alice", 100_000, 200), p.lease(t, "bob", 100_000, 200)}
	places := []string{leases[0].ID, leases[1].ID, ""}
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one", "two")
	rest := work()
	i := 0
	f.until("rigs have found blocks", func() bool {
		for k, r := range rigs {
			f.MoveRig(r.name, places[(i+k)%len(places)])
		}
		i++
		all := f.Snapshot().Blocks
		return all[lease.Adopted]+all[lease.Mature] >= 3
	})
	rest()
	f.stop()

	for _, r := range rigs {
		for _, m := range r.shares() {
			if m.err != nil && !isStale(m.err) {
				t.Errorf("%s: share %v refused: %v", r.name, m.hash, m.err)
			}
		}
	}
	f.checkCredit(leases, rigs...)
	byRigs, rolled := 0, 0
	all, err := p.store.Blocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.State != lease.Adopted && b.State != lease.Mature {
			t.Errorf("block %v is %s: %s", b.Hash, b.State, b.Reason)
		}
		for _, r := range rigs {
			for _, m := range r.shares() {
				if m.hash == b.Hash {
					byRigs++
					if b.VersionBits != 0 {
						rolled++
					}
					if of := owner(t, m.job, append(leases, p.house()...)); of != b.Lease {
						t.Errorf("block %v of %s is said to be of %s", b.Hash, of, b.Lease)
					}
				}
			}
		}
	}
	if byRigs == 0 {
		t.Errorf("no rig found any of %d blocks", len(all))
	}
	t.Logf("%d blocks, %d by rigs, %d of them with rolled versions", len(all), byRigs, rolled)
	for _, l := range leases {
		p.verify(t, l)
	}
}
