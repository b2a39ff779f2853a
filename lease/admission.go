package lease

import (
	"fmt"
	"math"
	"slices"

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

// demand sums the contracted rates of the leases in their terms at a moment. A
// paused one may go on at any time, so it counts. A hosted one brings its own
// machines.
func demand(leases []Lease, ms int64) miner.Work {
	var sum miner.Work
	for i := range leases {
		l := &leases[i]
		if state := l.StateAt(ms); l.Model != Hosted && (state == Active || state == Paused) {
			sum = sum.Add(miner.Hashes(l.ContractedHps))
		}
	}
	return sum
}

// Exclusive fails with ErrTaken when l's machines or processors are another
// lease's at some moment of its term.
func Exclusive(leases []Lease, l *Lease) error {
	for i := range leases {
		o := &leases[i]
		if o.ID == l.ID || !o.overlaps(l) {
			continue
		}
		for _, name := range l.Rigs {
			if slices.Contains(o.Rigs, name) {
				return fmt.Errorf("rig %s %w, of %s: name other rigs, or close that lease", name, ErrTaken, o.ID)
			}
		}
		for _, n := range l.Cores {
			if slices.Contains(o.Cores, n) {
				return fmt.Errorf("processor %d %w, of %s: name other processors, or close that lease", n, ErrTaken, o.ID)
			}
		}
	}
	return nil
}

// Admit fails with ErrOversold when, at some moment of l's term, the leases'
// contracted rates and l's own would exceed limitHps.
func Admit(leases []Lease, l *Lease, limitHps uint64) error {
	if l.Model == Hosted {
		return nil // by machines of its own
	}
	others, at := Peak(leases, l.StartMs, l.StopMs())
	sum := others.Add(miner.Hashes(l.ContractedHps))
	if sum.Cmp(miner.Hashes(limitHps)) <= 0 {
		return nil
	}
	free := miner.Hashes(limitHps).Sub(others)
	return fmt.Errorf("%w: at %s, %v H/s are leased of %d, so %v are free and not %d: lease less, or later",
		ErrOversold, stamp(at), others, limitHps, free, l.ContractedHps)
}
