package reward

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Share is accepted work in the order of the log.
type Share struct {
	Seq   int64
	Lease string
	Work  miner.Work
	AtMs  int64 // when it was committed, Unix milliseconds
}

// Window holds the newest shares in memory, as many as a split may need. Its
// zero value is empty. It is for one goroutine at a time.
type Window struct {
	shares []entry // oldest first; those before head are dropped
	head   int
	last   int64      // Seq of the newest
	sum    miner.Work // of the shares from head on
	leases []string
	index  map[string]int32 // into leases
}

// entry is a Share made small.
type entry struct {
	work  miner.Work
	atMs  int64
	lease int32
}

// Push appends a share. One whose Seq is not above the last one's is in the
// window already and changes nothing.
func (w *Window) Push(s Share) {
	if s.Seq <= w.last {
		return
	}
	w.last = s.Seq
	w.shares = append(w.shares, entry{s.Work, s.AtMs, w.number(s.Lease)})
	w.sum = w.sum.Add(s.Work)
}

// number gives each lease a small one.
func (w *Window) number(id string) int32 {
	n, ok := w.index[id]
	if !ok {
		if w.index == nil {
			w.index = make(map[string]int32)
		}
		n = int32(len(w.leases))
		w.leases = append(w.leases, id)
		w.index[id] = n
	}
	return n
}

// Len is the number of shares held.
func (w *Window) Len() int { return len(w.shares) - w.head }

// Load fills an empty window with the newest receipts, which come newest
// first, as of nowMs. It reads no further back than Trim would keep; with no
// network work known, zero, it reads all of the terms' longest time.
func Load(back iter.Seq2[lease.Receipt, error], t lease.Tides, networkWork miner.Work, nowMs int64) (*Window, error) {
	w := new(Window)
	limit := horizon(t, networkWork, nowMs)
	for r, err := range back {
		if err != nil {
			return nil, err
		}
		if limit.beyond(r.CommitMs, w.sum) {
			break
		}
		w.last = max(w.last, r.Seq)
		w.shares = append(w.shares, entry{r.Work, r.CommitMs, w.number(r.Lease)})
		w.sum = w.sum.Add(r.Work)
	}
	slices.Reverse(w.shares)
	return w, nil
}

// Trim drops the oldest shares that no split under these terms can need any
// more, even when the network's work should rise fourfold, which is the most
// that one retarget can do.
func (w *Window) Trim(t lease.Tides, networkWork miner.Work, nowMs int64) {
	limit := horizon(t, networkWork, nowMs)
	for w.head < len(w.shares) {
		e := &w.shares[w.head]
		after := w.sum.Sub(e.work)
		if !limit.beyond(e.atMs, after) {
			break
		}
		w.sum = after
		w.head++
	}
	if w.head > len(w.shares)/2 {
		w.shares = slices.Clone(w.shares[w.head:])
		w.head = 0
	}
}

// bounds say how far back shares are kept.
type bounds struct {
	work    miner.Work // enough of it; zero when not known
	startMs int64      // of the longest time, with a day for clocks that err
	minMs   int64      // of the shortest time, likewise
}

func horizon(t lease.Tides, networkWork miner.Work, nowMs int64) bounds {
	const slack = 24 * 60 * 60 * 1000
	return bounds{
		work:    blocksWork(t, networkWork).Mul(4),
		startMs: before(nowMs, t.MaxDays, msPerDay) - slack,
		minMs:   before(nowMs, t.MinSec, msPerSec) - slack,
	}
}

// beyond reports whether a share of that time with so much work after it is
// out of every window.
func (b bounds) beyond(atMs int64, after miner.Work) bool {
	if atMs > b.minMs {
		return false
	}
	return atMs <= b.startMs || !b.work.IsZero() && after.Cmp(b.work) >= 0
}

const (
	msPerSec = 1000
	msPerDay = 24 * 60 * 60 * 1000
)

// before is nowMs less n units, without overflow for any terms.
func before(nowMs, n, unitMs int64) int64 {
	if n > (nowMs-math.MinInt64/4)/unitMs {
		return math.MinInt64 / 4
	}
	return nowMs - n*unitMs
}

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
	weights := make([]Weight, 0, len(sums))
	for n, sum := range sums {
		if !sum.IsZero() {
			weights = append(weights, Weight{w.leases[n], sum})
		}
	}
	slices.SortFunc(weights, func(a, b Weight) int { return cmp.Compare(a.Lease, b.Lease) })
	return weights
}
