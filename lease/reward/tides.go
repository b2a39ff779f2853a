package reward

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// blocksWork is the window's size in blocks as work.
func blocksWork(t lease.Tides, networkWork miner.Work) miner.Work {
	return networkWork.Mul(uint64(max(t.NetworkMultiple, 0)))
}

// Split splits sat satoshi, the reward less the fee, by the work in the window
// as it is at nowMs, Unix milliseconds. The window goes back from the newest
// share over min(NetworkMultiple × networkWork, the work of the last MaxDays),
// but never less than the work of the last MinSec; the share at its end counts
// for the part that is inside. The divisor is the work that is actually there.
// With no work there the house gets all. The parts are as Apportion makes
// them.
func (w *Window) Split(t lease.Tides, sat int64, networkWork miner.Work, nowMs int64) []lease.Part {
	return Apportion(sat, w.Weights(t, networkWork, nowMs))
}

// Weights is the work by which Split splits, of each lease that has any, by
// lease ID.
func (w *Window) Weights(t lease.Tides, networkWork miner.Work, nowMs int64) []Weight {
	shares := w.shares[w.head:]
	longest, shortest := before(nowMs, t.MaxDays, msPerDay), before(nowMs, t.MinSec, msPerSec)
	var days, least miner.Work
	for i := range shares {
		e := &shares[i]
		if e.atMs > longest {
			days = days.Add(e.work)
		}
		if e.atMs > shortest {
			least = least.Add(e.work)
		}
	}
	size := blocksWork(t, networkWork)
	if days.Cmp(size) < 0 {
		size = days
	}
	if size.Cmp(least) < 0 {
		size = least
	}
	sums := make([]miner.Work, len(w.leases))
	for i := len(shares) - 1; i >= 0 && !size.IsZero(); i-- {
		e := &shares[i]
		work := e.work
		if size.Cmp(work) < 0 {
			work = size
		}
		size = size.Sub(work)
		sums[e.lease] = sums[e.lease].Add(work)
	}
	return w.weights(sums)
}
