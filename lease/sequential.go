package lease

import (
	"errors"
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// AlarmMilli is the evidence, as in Drift, from which on there is an alarm:
// 1000·ln(1000), rounded up.
const AlarmMilli = 6908

// shareBits is the fineness at which shares are added up: 2^-48 of one.
const shareBits = 48

// Sequential is a test of expected against proven work that may be looked at
// as often as one likes, and be stopped at any look: if what is expected is
// true, the chance that it ever gives an alarm is at most one in a thousand,
// for each direction. Its zero value has seen nothing.
//
// With equal shares of work m, n of them seen and L = expected/m due, it is
// the mean of the likelihood ratios E_ρ = ρⁿ·exp((1−ρ)L), one for each ρ at
// which the shares could really come. Every E_ρ is a martingale of mean 1,
// and so (Ville, 1939) only one in a thousand ever reaches 1000. Shares of
// less work count as w/m of a share, which keeps this true: for x in [0,1] is
// ρ^x ≤ 1−x(1−ρ), as ρ^x is convex in x and both agree at 0 and at 1, and
// thereby the mean of E_ρ can only fall. This needs an m that no share's work
// exceeds and that was known before the shares came.
//
// It also holds for what a pool accepted against what receipts prove, where
// the pool's target is the harder one: a receipt of work w is with chance w/v
// also a share of work v for the pool, therefore changes the mean of E_ρ by at
// most the factor 1−(w/m)(1−ρ), and exp((1−ρ)w/m) makes up for that. So the
// pool's count needs no test of its own: expected is the proven work, proven
// the accepted one, and unit the largest work of the pool's targets. Where the
// pool's target is the easier one it holds with the two exchanged.
//
// The values of ρ nearest to 1 are 0.98 and 1.02: a deviation of less than one
// per cent, such as a few stale shares, is never an alarm, however long it
// lasts. A long time without deviation makes the test slow to see a new one;
// start anew with each period that is judged by itself.
type Sequential struct {
	Due  Quantity `json:"due"`  // 2^-48 shares
	Seen Quantity `json:"seen"` // 2^-48 shares
}

// Drift is the evidence that shares do not come as expected, in both
// directions: 1000·ln E, rounded down, at most 10^9 in size. Zero is evidence
// for neither.
type Drift struct {
	ShortMilli  int64 `json:"short_milli"`  // that they are too few
	ExcessMilli int64 `json:"excess_milli"` // that they are too many
}

// Short reports whether the shares are too few for what was expected.
func (d Drift) Short() bool { return d.ShortMilli >= AlarmMilli }

// Excess reports whether the shares are too many for what was expected.
func (d Drift) Excess() bool { return d.ExcessMilli >= AlarmMilli }

// errNoUnit says that work was to be compared without a unit.
var errNoUnit = errors.New("sequential test: the work of a share is zero: give the largest of the targets in force")

// Add takes in a further stretch: the hashes expected in it, the work proven,
// and the largest work of any target in force, whether or not a receipt came
// of it. With too small a unit the test gives false alarms, with too large a
// one it is slow. Sums end at 2^80 shares.
func (s *Sequential) Add(expected, proven, unit miner.Work) error {
	if unit.IsZero() {
		if expected.IsZero() && proven.IsZero() {
			return nil
		}
		return errNoUnit
	}
	one := new(big.Int).Lsh(big.NewInt(1), shareBits)
	m := unit.Big()
	s.Due = Quantity(s.Due.Work().Add(scale(expected.Big(), one, m, false)))
	s.Seen = Quantity(s.Seen.Work().Add(scale(proven.Big(), one, m, false)))
	return nil
}

// alternative is a ratio ρ at which shares could come.
type alternative struct {
	milli int64 // 1000·ρ
	ln    int64 // ln ρ in units of 2^-60, rounded down
}

// The ratios tested for, from Wald's (1945) likelihood ratios: a mixture finds
// both a large deviation soon and a small one at last.
func shortfalls() []alternative {
	return []alternative{
		{500, -799144290325165979},
		{800, -257266998924493878},
		{900, -121472404238374359},
		{950, -59137142141536701},
		{980, -23292135717646280},
	}
}

func excesses() []alternative {
	return []alternative{
		{2000, 799144290325165978},
		{1250, 257266998924493877},
		{1100, 109885155904351337},
		{1050, 56251229484236619},
		{1020, 22830874857480132},
	}
}

// Test judges everything added so far. It is integer arithmetic, and so the
// same everywhere. Its roundings stay below 2^-17 over a billion shares and
// additions, less than the 2^-12 by which AlarmMilli is above 1000·ln(1000).
func (s *Sequential) Test() Drift {
	return Drift{
		ShortMilli:  s.evidence(shortfalls()),
		ExcessMilli: s.evidence(excesses()),
	}
}

// evidence is 1000·ln of the mean of E_ρ.
func (s *Sequential) evidence(ratios []alternative) int64 {
	due, seen := s.Due.Work().Big(), s.Seen.Work().Big()
	due.Lsh(due, fixedBits)
	den := big.NewInt(1000 << shareBits)
	logs := make([]*big.Int, len(ratios))
	for i, r := range ratios {
		// ln E_ρ = n·ln ρ + (1−ρ)·L, in units of 2^-60.
		l := new(big.Int).Mul(due, big.NewInt(1000-r.milli))
		n := new(big.Int).Mul(seen, big.NewInt(r.ln))
		l.Add(l, n.Mul(n, big.NewInt(1000)))
		logs[i] = l.Div(l, den) // rounds down: the divisor is positive
	}
	mean := logMeanExp(logs)
	mean.Mul(mean, big.NewInt(1000)).Rsh(mean, fixedBits) // rounds down
	const limit = 1_000_000_000
	if !mean.IsInt64() {
		return int64(mean.Sign()) * limit
	}
	return min(max(mean.Int64(), -limit), limit)
}
