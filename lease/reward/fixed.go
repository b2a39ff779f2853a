package reward

import (
	"math/bits"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// fineBits is the fineness of this package's fixed-point numbers: 2^-96. At
// Bitcoin's network work, about 2^79, a processor's share of 2^20 hashes is
// counted to 2^-37 of itself, and a single hash still to 2^-17.
const fineBits = 96

// maxBlocks bounds what one share, or a PPLNS window, can be: a thousand
// blocks and 96 bits behind the point are 106 bits, so that sums of millions of
// shares stay within 128, whatever a test chain's network work.
const maxBlocks = lease.MaxPPLNSPPM / million

// Blocks is a share's part of a block when it was submitted, s = work/network
// work, as floor(s·2^96), and at most a thousand blocks. Without network work
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
			return wholeBlocks(maxBlocks)
		}
		whole = n.Uint64()
		work = work.Sub(network.Mul(whole))
	}
	return wholeBlocks(whole).Add(fraction(work, network))
}

// wholeBlocks is n blocks, as Blocks counts, of n up to maxBlocks.
func wholeBlocks(n uint64) miner.Work { return miner.Work{Hi: n << (fineBits - 64)} }

// fraction is floor(a·2^96/d) of a < d: the digits of a long division, 64 bits
// and the upper half of 64 more.
func fraction(a, d miner.Work) miner.Work {
	// A shift that sets d's highest bit does not change the quotient.
	n := uint(bits.LeadingZeros64(d.Hi))
	if d.Hi == 0 {
		n = 64 + uint(bits.LeadingZeros64(d.Lo))
	}
	d, a = shift(d, n), shift(a, n)
	first, rest := digit(a, d)
	second, _ := digit(rest, d)
	return miner.Work{Hi: first >> 32, Lo: first<<32 | second>>32}
}

// digit is floor(a·2^64/d) of a < d, and the rest, for a d with its highest bit
// set: the division of three digits by two (Knuth, The Art of Computer
// Programming 2, 4.3.1, algorithm D).
func digit(a, d miner.Work) (q uint64, rest miner.Work) {
	q = ^uint64(0)
	if a.Hi < d.Hi {
		q, _ = bits.Div64(a.Hi, a.Lo, d.Hi)
	}
	// The estimate from d's first digit is at most two too large.
	p := product(q, d)
	for p.above(a) {
		q--
		p = product(q, d)
	}
	// The rest is below d, so that its two digits are all there is.
	lo, borrow := bits.Sub64(0, p[2], 0)
	hi, _ := bits.Sub64(a.Lo, p[1], borrow)
	return q, miner.Work{Hi: hi, Lo: lo}
}

// shift is w·2^n for a product of 128 bits.
func shift(w miner.Work, n uint) miner.Work {
	if n >= 64 {
		return miner.Work{Hi: w.Lo << (n - 64)}
	}
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
