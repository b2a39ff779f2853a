package reward

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// JobValue is what a hash is worth on a job with these bits in its header and
// these amounts, in satoshi, in the outputs of its coinbase: Sat/Network
// satoshi, exactly. A foreign pool's job shows both itself, so what a share is
// worth there, by PPS without a fee, needs nobody's word, and a tenant can
// check it again. Bits that are no target, negative amounts and sums above
// lease.MaxSat are errors.
func JobValue(bits miner.Bits, outputsSat ...int64) (lease.Earns, error) {
	target, err := bits.Target()
	if err != nil {
		return lease.Earns{}, fmt.Errorf("value of a job: %w", err)
	}
	v := lease.Earns{Network: target.Work()}
	for i, sat := range outputsSat {
		if sat < 0 || sat > lease.MaxSat-v.Sat {
			return lease.Earns{}, fmt.Errorf("value of a job: coinbase output %d pays %d sat after %d sat, want none negative and together at most %d", i, sat, v.Sat, int64(lease.MaxSat))
		}
		v.Sat += sat
	}
	return v, nil
}

// Value is the exact worth of work on such a job in satoshi:
// work·Sat/Network. Without network work it is zero. Sums of many are Worth's
// and Earned's matter, and rounded at their end.
func Value(v lease.Earns, work miner.Work) *big.Rat {
	if v.Network.IsZero() {
		return new(big.Rat)
	}
	n := work.Big()
	return new(big.Rat).SetFrac(n.Mul(n, big.NewInt(v.Sat)), v.Network.Big())
}

// Worth is the sum of what the groups are worth, less the fee in millionths,
// rounded down to a satoshi once, at its end. It is exact where Earned, which
// goes on from hour to hour, may be 2^-96 satoshi a group below.
func Worth(feePPM int64, groups ...Group) (int64, error) {
	if feePPM < 0 || feePPM > million {
		return 0, fmt.Errorf("fee of %d ppm: want 0 to %d", feePPM, million)
	}
	merged, err := merge(groups)
	if err != nil {
		return 0, err
	}
	sum := new(big.Rat)
	for _, g := range merged {
		n := g.work.Mul(g.work, big.NewInt(g.RewardSat))
		sum.Add(sum, new(big.Rat).SetFrac(n, g.Network.Big()))
	}
	sum.Mul(sum, big.NewRat(million-feePPM, million))
	sat := new(big.Int).Quo(sum.Num(), sum.Denom())
	if !sat.IsInt64() || sat.Int64() > lease.MaxSat {
		return 0, fmt.Errorf("work worth %v sat: more than there can be", sat)
	}
	return sat.Int64(), nil
}
