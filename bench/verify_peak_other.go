//go:build !unix

package bench

// peakBytes is the most memory that this process had in use, or 0 where that
// cannot be told.
func peakBytes() int64 { return 0 }
