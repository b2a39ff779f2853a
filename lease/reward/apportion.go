package reward

import (
	"cmp"
	"math/big"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// million is the number of parts that a fee is given in.
const million = 1_000_000

// Fee is ppm millionths of reward, rounded down to a satoshi, and between zero
// and reward.
func Fee(reward, ppm int64) int64 {
	if reward <= 0 || ppm <= 0 {
		return 0
	}
	if ppm >= million {
		return reward
	}
	hi, lo := bits.Mul64(uint64(reward), uint64(ppm))
	fee, _ := bits.Div64(hi, lo, million)
	return int64(fee)
}

// Weight is the work that a lease has in a split.
type Weight struct {
	Lease string
	Work  miner.Work
}

// Apportion splits sat satoshi by work: everybody gets the floor of its exact
// part, and what is left goes, a satoshi each, to the largest remainders, of
// equal ones to the lower lease ID. The parts are sorted by lease ID, none is
// zero, and they sum to sat. A lease may stand among the weights only once. If
// nobody has any work, the house gets all. Of sat ≤ 0 there are no parts.
func Apportion(sat int64, weights []Weight) []lease.Part {
	nobody := !slices.ContainsFunc(weights, func(w Weight) bool { return !w.Work.IsZero() })
	if sat > 0 && nobody {
		return []lease.Part{{Lease: lease.House, Sat: sat}}
	}
	parts, _ := apportion(sat, weights, miner.Work{})
	return parts
}

// apportion is Apportion with a weight that is nobody's, whose part, the
// carry, comes last among equal remainders. Somebody must have work, or the
// carry.
func apportion(sat int64, weights []Weight, missing miner.Work) (parts []lease.Part, carrySat int64) {
	if sat <= 0 {
		return nil, 0
	}
	type share struct {
		lease.Part
		carry bool
		rest  *big.Int // what the floor left, in 1/total satoshi
	}
	total := missing.Big()
	for i := range weights {
		total.Add(total, weights[i].Work.Big())
	}
	reward, left := big.NewInt(sat), sat
	floor := func(w miner.Work) (int64, *big.Int) {
		exact := w.Big()
		whole, rest := exact.Mul(exact, reward).QuoRem(exact, total, new(big.Int))
		left -= whole.Int64()
		return whole.Int64(), rest
	}
	shares := make([]share, 0, len(weights)+1)
	for _, w := range weights {
		whole, rest := floor(w.Work)
		shares = append(shares, share{lease.Part{Lease: w.Lease, Sat: whole}, false, rest})
	}
	if !missing.IsZero() {
		whole, rest := floor(missing)
		shares = append(shares, share{lease.Part{Sat: whole}, true, rest})
	}
	slices.SortFunc(shares, func(a, b share) int {
		if c := b.rest.Cmp(a.rest); c != 0 {
			return c
		}
		if a.carry != b.carry {
			if a.carry {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Lease, b.Lease)
	})
	// Less than one satoshi a share is left, so left < len(shares).
	for i := range left {
		shares[i].Sat++
	}
	parts = make([]lease.Part, 0, len(shares))
	for i := range shares {
		switch {
		case shares[i].carry:
			carrySat = shares[i].Sat
		case shares[i].Sat > 0:
			parts = append(parts, shares[i].Part)
		}
	}
	slices.SortFunc(parts, func(a, b lease.Part) int { return cmp.Compare(a.Lease, b.Lease) })
	return parts, carrySat
}
