package lease

import (
	"math/big"
	"math/bits"
)

// fixedBits is the fineness of logarithms in fixed point: 2^-60. Exponentials
// and logarithms are computed from integers alone, because those of package
// math differ between processors in their last bits.
const fixedBits = 60

// fixedOne is 1, and fixedLn2 is ln 2, rounded down.
const (
	fixedOne = 1 << fixedBits
	fixedLn2 = 799144290325165978
)

// logMeanExp is ln of the mean of exp of the numbers, all in units of 2^-60.
// There must be one to seven of them. The result is right within 2^-50.
func logMeanExp(logs []*big.Int) *big.Int {
	top := logs[0]
	for _, l := range logs[1:] {
		if l.Cmp(top) > 0 {
			top = l
		}
	}
	var sum uint64
	for _, l := range logs {
		sum += expMinus(new(big.Int).Sub(top, l))
	}
	ln := new(big.Int).SetUint64(fixedLn(sum))
	ln.Sub(ln, new(big.Int).SetUint64(fixedLn(uint64(len(logs))*fixedOne)))
	return ln.Add(ln, top)
}

// expMinus is exp(−d) for d ≥ 0.
func expMinus(d *big.Int) uint64 {
	// exp(−d) = 2^-k·exp(−r) for d = k·ln 2 + r.
	k, rest := new(big.Int).QuoRem(d, big.NewInt(fixedLn2), new(big.Int))
	if !k.IsInt64() || k.Int64() > fixedBits {
		return 0
	}
	r := rest.Uint64()
	// The series of exp(−r) as nested brackets 1 − r/1·(1 − r/2·(1 − …)).
	// Each lies between 0 and 1, and r^22/22! is below 2^-80.
	y := uint64(fixedOne)
	for j := uint64(22); j > 0; j-- {
		y = fixedOne - fixedMul(r, y)/j
	}
	return y >> k.Int64()
}

// fixedLn is ln s for 1 ≤ s < 8.
func fixedLn(s uint64) uint64 {
	// ln s = k·ln 2 + 2·artanh(z) for z = (s−p)/(s+p), p = 2^k ≤ s, so that z
	// is at most 1/3, and z^39/39 is below 2^-60.
	k := bits.Len64(s) - 1 - fixedBits
	p := uint64(fixedOne) << k
	hi, lo := bits.Mul64(s-p, fixedOne)
	z, _ := bits.Div64(hi, lo, s+p)
	zz, power, sum := fixedMul(z, z), z, z
	for j := uint64(3); j < 39; j += 2 {
		power = fixedMul(power, zz)
		sum += power / j
	}
	return uint64(k)*fixedLn2 + 2*sum
}

// fixedMul is a·b, rounded down, where it is below 16.
func fixedMul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi<<(64-fixedBits) | lo>>fixedBits
}
