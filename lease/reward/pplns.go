package reward

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// windowBlocks is X as Blocks counts, rounded down; zero for a size that is
// none.
func windowBlocks(xppm int64) miner.Work {
	if xppm <= 0 {
		return miner.Work{}
	}
	return wholeBlocks(uint64(xppm) / million).Add(fraction(miner.Hashes(uint64(xppm)%million), miner.Hashes(million)))
}

// SplitPPLNS splits sat satoshi, the reward less the fee, by PPLNS (pay per
// last N shares, in the unit-based form of Rosenfeld, arXiv 1112.4980,
// sections 3.3 and 5.2): from the newest share back until their blocks, each share's s
// as Blocks gives it, sum to X = xppm millionths of a block, the last one cut,
// a lease is paid sat·s/X. Because s is taken when a share is submitted, no
// retarget makes it worth while to come or go.
//
// While the shares do not yet sum to X, what is missing is the carry, in
// satoshi, which is nobody's part. Parts and carry sum to sat: everybody and
// the carry get the floor of the exact part, what is left goes, a satoshi
// each, to the largest remainders, of equal ones to the lower lease ID and to
// the carry last. The parts are sorted by lease ID and none is zero. Of
// sat ≤ 0 there are none.
func (w *Window) SplitPPLNS(xppm, sat int64) (parts []lease.Part, carrySat int64, err error) {
	if xppm < 1 || xppm > lease.MaxPPLNSPPM {
		return nil, 0, fmt.Errorf("PPLNS window of %d millionths of a block: want 1 to %d", xppm, int64(lease.MaxPPLNSPPM))
	}
	weights, missing := w.WeightsPPLNS(xppm)
	parts, carrySat = apportion(sat, weights, missing)
	return parts, carrySat, nil
}

// WeightsPPLNS is by what SplitPPLNS splits: the blocks in the window, as
// Blocks counts, of each lease that has any, by lease ID, and what is missing
// from a full window.
func (w *Window) WeightsPPLNS(xppm int64) (weights []Weight, missing miner.Work) {
	shares := w.shares[w.head:]
	left := windowBlocks(xppm)
	sums := make([]miner.Work, len(w.leases))
	for i := len(shares) - 1; i >= 0 && !left.IsZero(); i-- {
		e := &shares[i]
		part := e.blocks
		if left.Cmp(part) < 0 {
			part = left
		}
		left = left.Sub(part)
		sums[e.lease] = sums[e.lease].Add(part)
	}
	return w.weights(sums), left
}

// weights is what the leases, by their small numbers, have, of those that have
// any, by lease ID.
func (w *Window) weights(sums []miner.Work) []Weight {
	weights := make([]Weight, 0, len(sums))
	for n, sum := range sums {
		if !sum.IsZero() {
			weights = append(weights, Weight{w.leases[n], sum})
		}
	}
	slices.SortFunc(weights, func(a, b Weight) int { return cmp.Compare(a.Lease, b.Lease) })
	return weights
}
