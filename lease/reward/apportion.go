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
	if sat <= 0 {
		return nil
	}
	total := new(big.Int)
	for i := range weights {
		total.Add(total, weights[i].Work.Big())
	}
	if total.Sign() == 0 {
		return []lease.Part{{Lease: lease.House, Sat: sat}}
	}
	type share struct {
		lease.Part
		rest *big.Int // what the floor left, in 1/total satoshi
	}
	shares := make([]share, len(weights))
	reward, left := big.NewInt(sat), sat
	for i, w := range weights {
		exact := w.Work.Big()
		floor, rest := exact.Mul(exact, reward).QuoRem(exact, total, new(big.Int))
		shares[i] = share{lease.Part{Lease: w.Lease, Sat: floor.Int64()}, rest}
		left -= shares[i].Sat
	}
	slices.SortFunc(shares, func(a, b share) int {
		return cmp.Or(b.rest.Cmp(a.rest), cmp.Compare(a.Lease, b.Lease))
	})
	// Less than one satoshi a lease is left, so left < len(shares).
	for i := range left {
		shares[i].Sat++
	}
	parts := make([]lease.Part, 0, len(shares))
	for i := range shares {
		if shares[i].Sat > 0 {
			parts = append(parts, shares[i].Part)
		}
	}
	slices.SortFunc(parts, func(a, b lease.Part) int { return cmp.Compare(a.Lease, b.Lease) })
	return parts
}
