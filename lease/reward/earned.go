package reward

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Group is work of one lease whose shares have the same value: they were
// submitted under the same network work, for blocks of the same reward.
type Group struct {
	Work      miner.Work
	Network   miner.Work // of a block when the shares were submitted
	RewardSat int64      // B: of a block, before the fee
}

// validate refuses what no job can be worth.
func (g Group) validate() error {
	if g.Network.IsZero() {
		return fmt.Errorf("work of %v hashes: the network's work is zero, and what is it worth then?", g.Work)
	}
	if g.RewardSat < 0 || g.RewardSat > lease.MaxSat {
		return fmt.Errorf("work of %v hashes: block reward of %d sat, want 0 to %d", g.Work, g.RewardSat, int64(lease.MaxSat))
	}
	return nil
}

// Earned is what a lease has earned since its start under a scheme that pays
// by the share, PPS or FPPS: Sat satoshi and Frac/2^96 of one. It is all that
// has to be kept to go on; MarshalText writes it as one integer.
//
// The sum is of (1-f)·work·B/network over groups, each rounded down to 2^-96
// satoshi, so less than that is lost to the house per group. As one hour's
// groups of equal value are one, the sum does not depend on how an hour's
// shares came in batches, nor on their order.
type Earned struct {
	Sat  int64
	Frac miner.Work // below 2^96
}

// Add returns e and what an hour's groups earn, less the fee in millionths.
// All of an hour's groups must come in one call. Errors are of groups that
// cannot be, a fee outside 0 to 1 000 000, and a sum above lease.MaxSat.
func (e Earned) Add(feePPM int64, hour ...Group) (Earned, error) {
	if feePPM < 0 || feePPM > million {
		return Earned{}, fmt.Errorf("fee of %d ppm: want 0 to %d", feePPM, million)
	}
	merged, err := merge(hour)
	if err != nil {
		return Earned{}, err
	}
	sum, err := e.big()
	if err != nil {
		return Earned{}, err
	}
	for _, g := range merged {
		// (10^6-f)·work·B·2^96 / (10^6·network)
		n := g.work.Mul(g.work, big.NewInt(g.RewardSat))
		n.Mul(n, big.NewInt(million-feePPM))
		n.Lsh(n, fineBits)
		d := g.Network.Big()
		sum.Add(sum, n.Quo(n, d.Mul(d, big.NewInt(million))))
	}
	earned, ok := earnedOf(sum)
	if !ok {
		return Earned{}, fmt.Errorf("a lease's earnings would be above %d sat, more than there can be: the network's work or the block reward of an hour is wrong", int64(lease.MaxSat))
	}
	return earned, nil
}

// Due is what a settlement posts: the whole satoshi earned, less those posted
// already. It is negative only when more was posted than earned.
func (e Earned) Due(postedSat int64) int64 { return e.Sat - postedSat }

// big is e in units of 2^-96 satoshi.
func (e Earned) big() (*big.Int, error) {
	if e.Sat < 0 || e.Sat > lease.MaxSat || e.Frac.Hi>>(fineBits-64) != 0 {
		return nil, fmt.Errorf("earnings of %d sat and %v/2^%d: want 0 to %d, and a fraction", e.Sat, e.Frac, fineBits, int64(lease.MaxSat))
	}
	n := big.NewInt(e.Sat)
	return n.Lsh(n, fineBits).Add(n, e.Frac.Big()), nil
}

// earnedOf is what big is of, if there can be so much.
func earnedOf(n *big.Int) (e Earned, ok bool) {
	sat := new(big.Int).Rsh(n, fineBits)
	if !sat.IsInt64() || sat.Int64() < 0 || sat.Int64() > lease.MaxSat {
		return Earned{}, false
	}
	frac, ok := miner.WorkFromBig(new(big.Int).Sub(n, new(big.Int).Lsh(sat, fineBits)))
	return Earned{sat.Int64(), frac}, ok
}

// MarshalText writes e in units of 2^-96 satoshi, in decimal.
func (e Earned) MarshalText() ([]byte, error) {
	n, err := e.big()
	if err != nil {
		return nil, err
	}
	return n.Append(nil, 10), nil
}

// maxEarnedText is as many digits as lease.MaxSat has in units of 2^-96.
const maxEarnedText = 45

// UnmarshalText reads what MarshalText writes, and nothing else.
func (e *Earned) UnmarshalText(b []byte) error {
	n := new(big.Int)
	ok := len(b) <= maxEarnedText
	if ok {
		n, ok = n.SetString(string(b), 10)
	}
	if !ok || n.String() != string(b) {
		return fmt.Errorf("earnings %.60q: want 1 to %d decimal digits, without leading zeros", b, maxEarnedText)
	}
	earned, ok := earnedOf(n)
	if !ok {
		return fmt.Errorf("earnings %.60q: want 0 to %d sat", b, int64(lease.MaxSat))
	}
	*e = earned
	return nil
}

// mergedGroup is all work of one value. Sums of work may need more than 128
// bits.
type mergedGroup struct {
	Group // without Work
	work  *big.Int
}

// merge sums up the work of equal value, in an order of its own.
func merge(groups []Group) ([]mergedGroup, error) {
	sums := make(map[Group]*big.Int)
	for _, g := range groups {
		if err := g.validate(); err != nil {
			return nil, err
		}
		value := g
		value.Work = miner.Work{}
		if sums[value] == nil {
			sums[value] = new(big.Int)
		}
		sums[value].Add(sums[value], g.Work.Big())
	}
	merged := make([]mergedGroup, 0, len(sums))
	for value, work := range maps.All(sums) {
		merged = append(merged, mergedGroup{value, work})
	}
	slices.SortFunc(merged, func(a, b mergedGroup) int {
		return cmp.Or(a.Network.Cmp(b.Network), cmp.Compare(a.RewardSat, b.RewardSat))
	})
	return merged, nil
}

// FPPSReward is B of FPPS: the subsidy, and the mean fees of the last 144
// blocks, as they were announced before the day.
func FPPSReward(subsidySat, meanFeeSat int64) (int64, error) {
	if subsidySat < 0 || meanFeeSat < 0 || subsidySat > lease.MaxSat || meanFeeSat > lease.MaxSat-subsidySat {
		return 0, fmt.Errorf("subsidy of %d sat and mean fees of %d sat: want neither negative, and together at most %d", subsidySat, meanFeeSat, int64(lease.MaxSat))
	}
	return subsidySat + meanFeeSat, nil
}
