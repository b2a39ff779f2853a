package bundle

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestStream charges the whole satoshi of a running total, as the price of work is
// charged: from the beginning on, and from any later moment.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		price := big.NewRat(rapid.Int64Range(0, 1000).Draw(t, "sat"), rapid.Int64Range(1, 1000).Draw(t, "hashes"))
		parts := rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 20).Draw(t, "parts")
		from := rapid.IntRange(0, len(parts)-1).Draw(t, "from")
		wrong := rapid.IntRange(from, len(parts)-1).Draw(t, "wrong")
		by := rapid.SampledFrom([]int64{-2, -1, 0, 1, 2}).Draw(t, "by")
		total, sum := new(big.Rat), int64(0)
		x := newStream(from == 0)
		var err error
		for i, n := range parts {
			part := new(big.Rat).Mul(price, new(big.Rat).SetInt64(n))
			total.Add(total, part)
			sat := floor(total).Int64() - sum
			sum += sat
			if i < from || err != nil {
				continue
			}
			if i == wrong {
				sat += by
			}
			err = x.add(part, sat)
		}
		switch {
		case by == 0 && err != nil:
			t.Fatalf("what is due is refused: %v", err)
		case by != 0 && err == nil && (from == 0 || by*by > 1):
			t.Fatalf("%d sat too much from part %d on are not seen", by, wrong)
		}
	})
}
