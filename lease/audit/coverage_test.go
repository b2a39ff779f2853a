package audit_test

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// TestCoverage wants the 95 % intervals of honest tenants' hours, whose shares
// come as they are due, to hold the truth that often: of shares of one target,
// and of mixed ones.
func TestCoverage(t *testing.T) {
	rng := rateOf(1)
	for _, c := range []struct {
		name  string
		hours int
		parts []uint64 // of the hour's hashes, each at a target that many times as hard
	}{
		{"one target", 30_000, []uint64{1}},
		{"a target twice as hard in part", 10_000, []uint64{1, 2}},
		{"targets far apart", 10_000, []uint64{1, 8, 3}},
	} {
		covered, fewest := 0, 1<<30
		for range c.hours {
			const share = 1 << 32
			shares := uint64(300 + rng.IntN(300))
			hashes := shares * share
			var e lease.Evidence
			for _, hard := range c.parts {
				part := float64(hashes) / float64(len(c.parts))
				e.AddN(miner.Hashes(hard*share), uint64(poisson(rng, part/float64(hard*share))))
			}
			fewest = min(fewest, int(e.N))
			lo, hi := e.Interval(miner.Work{})
			if truth := miner.Hashes(hashes); lo.Cmp(truth) <= 0 && hi.Cmp(truth) >= 0 {
				covered++
			}
		}
		rate := 100 * float64(covered) / float64(c.hours)
		t.Logf("%s: %.2f %% of %d hours, of %d shares and more", c.name, rate, c.hours, fewest)
		if rate < 94.5 || rate > 96.5 {
			t.Errorf("%s: the intervals cover the truth in %.2f %% of %d hours, want 94.5 to 96.5 %%", c.name, rate, c.hours)
		}
	}
}
