package reward

import (
	"iter"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Share is accepted work in the order of the log.
type Share struct {
	Seq     int64
	Lease   string
	Work    miner.Work
	Network miner.Work // work of a block when the share was submitted; zero where nobody asks for PPLNS
	AtMs    int64      // when it was committed, Unix milliseconds
}

// Window holds the newest shares in memory, as many as a split may need. Its
// zero value is empty. It is for one goroutine at a time.
type Window struct {
	shares []entry // oldest first; those before head are dropped
	head   int
	last   int64      // Seq of the newest
	sum    miner.Work // of the shares from head on
	blocks miner.Work // of the shares from head on, as Blocks counts
	leases []string
	index  map[string]int32 // into leases
}

// entry is a Share made small.
type entry struct {
	work   miner.Work
	blocks miner.Work // Blocks of the share
	atMs   int64
	lease  int32
}

// Push appends a share. One whose Seq is not above the last one's is in the
// window already and changes nothing.
func (w *Window) Push(s Share) {
	if s.Seq <= w.last {
		return
	}
	w.last = s.Seq
	w.append(s)
}

func (w *Window) append(s Share) {
	e := entry{s.Work, Blocks(s.Work, s.Network), s.AtMs, w.number(s.Lease)}
	w.shares = append(w.shares, e)
	w.sum = w.sum.Add(e.work)
	w.blocks = w.blocks.Add(e.blocks)
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

// Needs say how far back shares are wanted, by the widest terms in use.
type Needs struct {
	Tides *lease.Tides // nil when no terms share by TIDES
	XPPM  int64        // of PPLNS, in millionths of a block; zero when no terms share by it
}

// Load fills an empty window with the newest receipts for TIDES, as LoadShares
// does. Receipts do not say the network's work, so PPLNS finds nothing in it.
func Load(back iter.Seq2[lease.Receipt, error], t lease.Tides, networkWork miner.Work, nowMs int64) (*Window, error) {
	shares := func(yield func(Share, error) bool) {
		for r, err := range back {
			if !yield(Share{Seq: r.Seq, Lease: r.Lease, Work: r.Work, AtMs: r.CommitMs}, err) {
				return
			}
		}
	}
	return LoadShares(shares, Needs{Tides: &t}, networkWork, nowMs)
}

// LoadShares fills an empty window with the newest shares, which come newest
// first, as of nowMs. It reads no further back than TrimTo would keep; with no
// network work known, zero, it reads all of the longest time of TIDES.
func LoadShares(back iter.Seq2[Share, error], n Needs, networkWork miner.Work, nowMs int64) (*Window, error) {
	w := new(Window)
	limit := horizon(n, networkWork, nowMs)
	for s, err := range back {
		if err != nil {
			return nil, err
		}
		if limit.beyond(s.AtMs, w.sum, w.blocks) {
			break
		}
		w.last = max(w.last, s.Seq)
		w.append(s)
	}
	slices.Reverse(w.shares)
	return w, nil
}

// Trim is TrimTo for TIDES alone.
func (w *Window) Trim(t lease.Tides, networkWork miner.Work, nowMs int64) {
	w.TrimTo(Needs{Tides: &t}, networkWork, nowMs)
}

// TrimTo drops the oldest shares that no split under these terms can need any
// more, even when the network's work should rise fourfold, which is the most
// that one retarget can do.
func (w *Window) TrimTo(n Needs, networkWork miner.Work, nowMs int64) {
	limit := horizon(n, networkWork, nowMs)
	for w.head < len(w.shares) {
		e := &w.shares[w.head]
		after, blocks := w.sum.Sub(e.work), w.blocks.Sub(e.blocks)
		if !limit.beyond(e.atMs, after, blocks) {
			break
		}
		w.sum, w.blocks = after, blocks
		w.head++
	}
	if w.head > len(w.shares)/2 {
		w.shares = slices.Clone(w.shares[w.head:])
		w.head = 0
	}
}

// bounds say how far back shares are kept.
type bounds struct {
	tides   bool
	work    miner.Work // enough of it; zero when not known
	startMs int64      // of the longest time, with a day for clocks that err
	minMs   int64      // of the shortest time, likewise
	blocks  miner.Work // enough of them, as Blocks counts; zero without PPLNS
}

func horizon(n Needs, networkWork miner.Work, nowMs int64) bounds {
	b := bounds{blocks: windowBlocks(n.XPPM)}
	if t := n.Tides; t != nil {
		const slack = 24 * 60 * 60 * 1000
		b.tides = true
		b.work = blocksWork(*t, networkWork).Mul(4)
		b.startMs = before(nowMs, t.MaxDays, msPerDay) - slack
		b.minMs = before(nowMs, t.MinSec, msPerSec) - slack
	}
	return b
}

// beyond reports whether a share of that time, with so much work and so many
// blocks after it, is out of every window.
func (b bounds) beyond(atMs int64, after, blocks miner.Work) bool {
	if blocks.Cmp(b.blocks) < 0 {
		return false
	}
	if !b.tides {
		return true
	}
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
