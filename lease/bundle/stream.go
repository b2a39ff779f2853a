package bundle

import (
	"fmt"
	"math/big"
)

// stream follows amounts that are charged or earned as the whole satoshi of a
// running total: each is floor(total) less what came before. Where the total
// stood when the period began is not in the bundle, but for a fraction that it
// was more than a whole satoshi nothing else counts; so the amounts hold if there
// is such a fraction with which all of them come out.
type stream struct {
	total      *big.Rat // since the period began
	sum        int64    // of the amounts
	low, below *big.Rat // the fraction: at least, and less than
}

// newStream begins one; whole says that nothing was before the period.
func newStream(whole bool) *stream {
	x := &stream{total: new(big.Rat), low: new(big.Rat), below: big.NewRat(1, 1)}
	if whole {
		x.below = nil // the fraction is 0
	}
	return x
}

// add takes in the next part of the total, and the amount for it.
func (x *stream) add(part *big.Rat, sat int64) error {
	x.total = new(big.Rat).Add(x.total, part)
	x.sum += sat
	least := new(big.Rat).Sub(new(big.Rat).SetInt64(x.sum), x.total)
	if x.below == nil {
		if want := floor(x.total); want.Cmp(big.NewInt(x.sum)) != 0 {
			return fmt.Errorf("%d sat up to here, it must be %s", x.sum, want)
		}
		return nil
	}
	if least.Cmp(x.low) > 0 {
		x.low = least
	}
	if most := new(big.Rat).Add(least, big.NewRat(1, 1)); most.Cmp(x.below) < 0 {
		x.below = most
	}
	if x.low.Cmp(x.below) >= 0 {
		return fmt.Errorf("%d sat since the period began, it must be within a satoshi of %s", x.sum, floor(x.total))
	}
	return nil
}

// floor is the number rounded down, for numbers from 0 on.
func floor(r *big.Rat) *big.Int { return new(big.Int).Quo(r.Num(), r.Denom()) }
