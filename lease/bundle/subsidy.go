package bundle

import (
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// Blocks between two halvings of the subsidy.
const (
	halving        = 210_000
	halvingRegtest = 150
	halvingSandbox = 1_000_000
)

// sandboxCoin is what terms call the coin that is worth nothing.
const sandboxCoin = "sandbox"

// easiestBits are the easiest blocks of the networks that halve every 210 000
// blocks: what is easier is a regtest's.
const easiestBits = miner.Bits(0x1d00ffff)

// isSubsidy reports whether a block of the template's height may be given so
// many satoshi: 50 coins, halved as often as the height says.
func isSubsidy(t *receipt.Template, sat int64, coin string) bool {
	intervals := []int64{halving}
	if coin == sandboxCoin {
		intervals = []int64{halvingSandbox}
	}
	bits, err := miner.Bits(t.Bits).Target()
	limit, limitErr := easiestBits.Target()
	if err == nil && limitErr == nil && bits.Work().Cmp(limit.Work()) < 0 {
		intervals = append(intervals, halvingRegtest)
	}
	for _, n := range intervals {
		const first = 50 * 100_000_000
		if t.Height >= 0 && sat == first>>min(t.Height/n, 63) {
			return true
		}
	}
	return false
}
