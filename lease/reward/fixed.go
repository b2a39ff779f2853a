package reward

import (
	"math/bits"

	"github.com/hashlease/hashlease/miner"
)

// Fixed-point numbers of this package have 64 bits behind the point. As a
// miner.Work, Hi is the whole part and Lo counts 2^-64.

// maxBlocks bounds what one share, or a PPLNS window, can be: sums of shares
// then stay within 128 bits, whatever a test chain's network work.
const maxBlocks = 1000

// Blocks is a share's part of a block when it was submitted, s = work/network
// work, as floor(s·2^64), and at most a thousand blocks. Without network work
// it is zero. PPLNS counts in it: all that comes after is exact.
func Blocks(work, network miner.Work) miner.Work {
	if network.IsZero() {
		return miner.Work{}
	}
	var whole uint64
	if work.Cmp(network) >= 0 {
		// Rare: a test chain. A share of the network's target, or above.
		n := work.Big()
		n.Quo(n, network.Big())
		if !n.IsUint64() || n.Uint64() >= maxBlocks {
			return miner.Work{Hi: maxBlocks}
		}
		whole = n.Uint64()
		work = work.Sub(network.Mul(whole))
	}
	return miner.Work{Hi: whole, Lo: fraction(work, network)}
}

// fraction is floor(a·2^64/d) of a < d: the division of three digits by two
// (Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D).
func fraction(a, d miner.Work) uint64 {
	if d.Hi == 0 {
		q, _ := bits.Div64(a.Lo, 0, d.Lo)
		return q
	}
	// A shift that sets d's highest bit does not change the quotient.
	n := uint(bits.LeadingZeros64(d.Hi))
	d = shift(d, n)
	a = shift(a, n)
	q := ^uint64(0)
	if a.Hi < d.Hi {
		q, _ = bits.Div64(a.Hi, a.Lo, d.Hi)
	}
	// The estimate from d's first digit is at most two too large.
	for product(q, d).above(a) {
		q--
	}
	return q
}

// shift is w·2^n for a product of 128 bits, n < 64.
func shift(w miner.Work, n uint) miner.Work {
	return miner.Work{Hi: w.Hi<<n | w.Lo>>(64-n), Lo: w.Lo << n}
}

// digits is a number of 192 bits, the highest first.
type digits [3]uint64

func product(q uint64, d miner.Work) digits {
	carry, lo := bits.Mul64(q, d.Lo)
	hi, mid := bits.Mul64(q, d.Hi)
	mid, c := bits.Add64(mid, carry, 0)
	return digits{hi + c, mid, lo}
}

// above reports whether p > a·2^64.
func (p digits) above(a miner.Work) bool {
	switch {
	case p[0] != a.Hi:
		return p[0] > a.Hi
	case p[1] != a.Lo:
		return p[1] > a.Lo
	}
	return p[2] > 0
}
