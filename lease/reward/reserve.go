package reward

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
)

// DefaultDeltaPPM is the chance of ruin that a reserve is for unless the terms
// say another: one in a thousand.
const DefaultDeltaPPM = 1000

// ReserveError says that the terms state too small a reserve for paying by the
// share.
type ReserveError struct {
	StatedSat, NeededSat        int64
	RewardSat, FeePPM, DeltaPPM int64
}

// Error implements error.
func (e *ReserveError) Error() string {
	return fmt.Sprintf("reserve of %d sat: blocks of %d sat with a fee of %d ppm need %d sat, so that bad luck uses it up with a chance of %d ppm at most: state that much and keep it, raise the fee, or choose pplns or tides",
		e.StatedSat, e.RewardSat, e.FeePPM, e.NeededSat, e.DeltaPPM)
}

// CheckReserve checks that terms of PPS or FPPS state a reserve of at least
// Reserve; else the error is a ReserveError, or of terms that no reserve is
// enough for.
func CheckReserve(statedSat, rewardSat, feePPM, deltaPPM int64) error {
	needed, err := Reserve(rewardSat, feePPM, deltaPPM)
	if err != nil {
		return err
	}
	if statedSat < needed {
		return &ReserveError{statedSat, needed, rewardSat, feePPM, deltaPPM}
	}
	return nil
}

// Reserve is what a house that pays by the share must keep, in satoshi: with
// R = B·ln(1/δ)/(2f) luck uses it up with a chance of at most about δ, ever
// (Rosenfeld, arXiv 1112.4980, section 2.2). B is the reward of a block,
// before the fee f; f and δ are in millionths. It is rounded up, and that is
// proven: the logarithm is computed between two bounds, until both give the
// same satoshi. Without a fee there is no such reserve.
func Reserve(rewardSat, feePPM, deltaPPM int64) (int64, error) {
	switch {
	case rewardSat < 1 || rewardSat > lease.MaxSat:
		return 0, fmt.Errorf("reserve: block reward of %d sat, want 1 to %d", rewardSat, int64(lease.MaxSat))
	case feePPM == 0:
		return 0, fmt.Errorf("reserve: without a fee no reserve is enough for paying by the share, for luck uses up any in the end: set a fee, such as %d ppm", 20_000)
	case feePPM < 1 || feePPM > million:
		return 0, fmt.Errorf("reserve: fee of %d ppm, want 1 to %d", feePPM, million)
	case deltaPPM < 1 || deltaPPM >= million:
		return 0, fmt.Errorf("reserve: chance of ruin of %d ppm, want 1 to %d, usual are %d", deltaPPM, million-1, DefaultDeltaPPM)
	}
	// R = B·10^6·ln(10^6/δ) / (2·f). The logarithm of a rational number other
	// than one is irrational, so R is never whole and the bounds agree at some
	// precision.
	for prec := uint(128); ; prec *= 2 {
		lo, hi := logBounds(million, deltaPPM, prec)
		from, to := reserveAt(lo, rewardSat, feePPM, prec), reserveAt(hi, rewardSat, feePPM, prec)
		if from.Cmp(to) != 0 {
			continue
		}
		if !to.IsInt64() || to.Int64() > lease.MaxSat {
			return 0, fmt.Errorf("reserve: blocks of %d sat with a fee of %d ppm need %v sat, more than there can be: raise the fee", rewardSat, feePPM, to)
		}
		return to.Int64(), nil
	}
}

// reserveAt is the reserve for a logarithm of log/2^prec, rounded up.
func reserveAt(log *big.Int, rewardSat, feePPM int64, prec uint) *big.Int {
	n := new(big.Int).Mul(log, big.NewInt(rewardSat))
	n.Mul(n, big.NewInt(million))
	d := new(big.Int).Lsh(big.NewInt(2*feePPM), prec)
	n.Add(n, d)
	n.Sub(n, big.NewInt(1))
	return n.Quo(n, d)
}

// logBounds are numbers lo ≤ ln(a/b)·2^prec ≤ hi, for a > b > 0, close to each
// other: ln(a/b) = k·ln 2 + ln m with m = a/(b·2^k) in [1, 2), and both
// logarithms as 2·artanh((x-1)/(x+1)).
func logBounds(a, b int64, prec uint) (lo, hi *big.Int) {
	var k int64
	for a >= 2*b {
		b *= 2
		k++
	}
	lo2, hi2 := artanhBounds(1, 3, prec)
	lo, hi = artanhBounds(a-b, a+b, prec)
	times := big.NewInt(k)
	lo.Add(lo, lo2.Mul(lo2, times))
	hi.Add(hi, hi2.Mul(hi2, times))
	return lo.Lsh(lo, 1), hi.Lsh(hi, 1)
}

// artanhBounds are numbers lo ≤ artanh(p/q)·2^prec ≤ hi, for 0 ≤ p/q ≤ 1/3, by
// its series of z^(2i+1)/(2i+1): lo sums terms rounded down, hi terms rounded
// up. Once a term of lo is zero, those that follow are together less than one,
// as each is at most a ninth of the last.
func artanhBounds(p, q int64, prec uint) (lo, hi *big.Int) {
	one := big.NewInt(1)
	p2, q2 := big.NewInt(p*p), big.NewInt(q*q)
	down := new(big.Int).Lsh(big.NewInt(p), prec)
	up := new(big.Int).Set(down)
	quoUp := func(x, d *big.Int) *big.Int {
		n := new(big.Int).Add(x, d)
		return n.Quo(n.Sub(n, one), d)
	}
	down.Quo(down, big.NewInt(q))
	up = quoUp(up, big.NewInt(q))
	lo, hi = new(big.Int), new(big.Int)
	for i := int64(1); ; i += 2 {
		odd := big.NewInt(i)
		term := new(big.Int).Quo(down, odd)
		lo.Add(lo, term)
		hi.Add(hi, quoUp(up, odd))
		if term.Sign() == 0 {
			return lo, hi.Add(hi, one)
		}
		down.Quo(down.Mul(down, p2), q2)
		up = quoUp(up.Mul(up, p2), q2)
	}
}
