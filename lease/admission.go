package lease

import (
	"fmt"
	"math"

	"github.com/hashlease/hashlease/miner"
)

// Peak is the largest sum of the leases' contracted rates at any moment of
// [fromMs, toMs), in hashes per second, and the first moment it is reached.
// Times are Unix milliseconds; toMs = 0 has no end. The sum is 128 bits wide,
// as a Work, so that no number of leases overflows it.
func Peak(leases []Lease, fromMs, toMs int64) (hps miner.Work, atMs int64) {
	if toMs == 0 {
		toMs = math.MaxInt64
	}
	atMs = fromMs
	hps = demand(leases, fromMs)
	// The sum rises only where a lease starts.
	for _, l := range leases {
		if l.StartMs <= fromMs || l.StartMs >= toMs {
			continue
		}
		sum := demand(leases, l.StartMs)
		if c := sum.Cmp(hps); c > 0 || c == 0 && l.StartMs < atMs {
			hps, atMs = sum, l.StartMs
		}
	}
	return hps, atMs
}

// demand sums the contracted rates of the leases active at a moment.
func demand(leases []Lease, ms int64) miner.Work {
	var sum miner.Work
	for i := range leases {
		if leases[i].StateAt(ms) == Active {
			sum = sum.Add(miner.Hashes(leases[i].ContractedHps))
		}
	}
	return sum
}

// Admit fails with ErrOversold when, at some moment of l's term, the leases'
// contracted rates and l's own would exceed limitHps.
func Admit(leases []Lease, l *Lease, limitHps uint64) error {
	others, at := Peak(leases, l.StartMs, l.StopMs())
	sum := others.Add(miner.Hashes(l.ContractedHps))
	if sum.Cmp(miner.Hashes(limitHps)) <= 0 {
		return nil
	}
	free := miner.Hashes(limitHps).Sub(others)
	return fmt.Errorf("%w: at %s, %v H/s are leased of %d, so %v are free and not %d: lease less, or later",
		ErrOversold, stamp(at), others, limitHps, free, l.ContractedHps)
}
