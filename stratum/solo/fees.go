package solo

import (
	"context"
	"fmt"
)

// MaxFeeBlocks bounds how many blocks a FeeSource looks at.
const MaxFeeBlocks = 2016

// FeeSource is a Node that also knows what the blocks of its chain earned in
// fees.
type FeeSource interface {
	// RecentFees returns the mean of the fees of the newest n blocks, in
	// satoshi rounded down, and the heights of the first and the last of
	// them. A chain with fewer blocks gives what it has, without the genesis
	// block; one without blocks gives from 1 to 0 and no fees. The n is 1 to
	// MaxFeeBlocks.
	RecentFees(ctx context.Context, n int) (meanSat, from, to int64, err error)

	// Subsidy returns what the block at a height may earn beside its fees, in
	// satoshi.
	Subsidy(ctx context.Context, height int64) (int64, error)
}

// CheckFeeBlocks says whether a FeeSource can look at n blocks.
func CheckFeeBlocks(n int) error {
	if n < 1 || n > MaxFeeBlocks {
		return fmt.Errorf("mean fees of %d blocks: want 1 to %d", n, MaxFeeBlocks)
	}
	return nil
}
