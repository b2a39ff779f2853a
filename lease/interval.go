package lease

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/hashlease/hashlease/miner"
)

// gridPerReceipt is the fineness of interval bounds: they are computed in
// receipts, rounded outward to a ten-thousandth, and from there on exact. So
// every verifier arrives at the same integers, whatever its floating point.
const gridPerReceipt = 10_000

// noReceipt is the upper bound of the expected number of receipts when none
// has come: -ln(0.025) = 3.68888, rounded up to the grid.
const noReceipt = 36_889

// Interval returns the 95 % confidence interval of the work that was done, in
// hashes, rounded outward. For receipts of equal work it is the exact one of
// Garwood (1936), for mixed work the gamma interval of Fay and Feuer (1997),
// which is the same where both apply. Without any receipt it is zero to 3.6889
// times unit, the work of one receipt at the target then in force; with
// receipts unit is not used.
func (e Evidence) Interval(unit miner.Work) (lo, hi miner.Work) {
	if e.N == 0 || e.Sum.IsZero() || e.SumSq == nil {
		return miner.Work{}, scale(unit.Big(), big.NewInt(noReceipt), big.NewInt(gridPerReceipt), true)
	}
	y, m := e.Sum.Big(), e.Max.Big()
	lo = gammaBound(y, e.SumSq, -z975)
	y.Add(y, m)
	v := new(big.Int).Mul(m, m)
	hi = gammaBound(y, v.Add(v, e.SumSq), z975)
	return lo, hi
}

// gammaBound is v/y times the quantile of the gamma distribution with shape
// y²/v, rounded down for the lower tail and up for the upper one.
func gammaBound(y, v *big.Int, z float64) miner.Work {
	sq := new(big.Int).Mul(y, y)
	shape, _ := new(big.Rat).SetFrac(sq, v).Float64()
	q := gammaQuantile(shape, z) * gridPerReceipt
	if z > 0 {
		q = math.Ceil(q)
	} else {
		q = math.Floor(q)
	}
	k, _ := big.NewFloat(q).Int(nil)
	return scale(v, k, new(big.Int).Mul(y, big.NewInt(gridPerReceipt)), z > 0)
}

// scale is a·k/d as work, rounded up or down, at most MaxWork.
func scale(a, k, d *big.Int, up bool) miner.Work {
	n := new(big.Int).Mul(a, k)
	n, rest := n.QuoRem(n, d, new(big.Int))
	if up && rest.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	w, ok := miner.WorkFromBig(n)
	if !ok {
		return miner.MaxWork
	}
	return w
}

// ZMilli compares proven with counted work: the deviation of Σw from the
// hashes counted, in thousandths of its standard deviation, rounded towards
// zero. If the count is true, receipts of work w come as a Poisson process of
// rate 1/w, so that Σw has mean C and variance C·w; for mixed targets w is
// the mean that work weighs, Σw²/Σw. With equal work it is (n−L)/√L for
// L = C/w. Positive means more receipts than hashes explain. Without receipts
// w is unit, as in Interval. It is zero when nothing was counted or expected,
// and at most 10^9 in size.
func (e Evidence) ZMilli(counted, unit miner.Work) int64 {
	const limit = 1_000_000_000
	y, v, c := e.Sum.Big(), unit.Big(), counted.Big()
	num := new(big.Int).Sub(y, c)
	sign := int64(num.Sign())
	if e.N > 0 && e.SumSq != nil {
		v = e.SumSq
	} else {
		y = big.NewInt(1)
	}
	// z² = (Σw − C)²·Σw / (C·Σw²)
	num.Mul(num, num).Mul(num, y)
	den := c.Mul(c, v)
	if den.Sign() == 0 {
		if sign > 0 {
			return limit // receipts, but not one hash counted
		}
		return 0
	}
	num.Mul(num, big.NewInt(1_000_000)).Quo(num, den)
	z := num.Sqrt(num)
	if !z.IsInt64() || z.Int64() > limit {
		return sign * limit
	}
	return sign * z.Int64()
}

// Rate is work per time in hashes per second, rounded down and up. A rate
// above 2^64-1 is given as that, and a period without length has none: zero.
func Rate(w miner.Work, ms int64) (floor, ceil uint64) {
	if ms <= 0 {
		return 0, 0
	}
	// w·1000 takes up to 138 bits: quotients digit by digit, base 2^64.
	hi, lo := bits.Mul64(w.Lo, 1000)
	top, mid := bits.Mul64(w.Hi, 1000)
	mid, c := bits.Add64(mid, hi, 0)
	top += c
	d := uint64(ms)
	if top != 0 || mid >= d {
		return math.MaxUint64, math.MaxUint64
	}
	floor, rest := bits.Div64(mid, lo, d)
	ceil = floor
	if rest != 0 && ceil != math.MaxUint64 {
		ceil++
	}
	return floor, ceil
}
