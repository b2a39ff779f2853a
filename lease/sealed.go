package lease

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/miner"
)

// BatchMs is the length of the windows that receipts are sealed by, in
// milliseconds. A receipt belongs to the window that its CommitMs lies in,
// counted from 1970 UTC, so that an hour has twelve.
const BatchMs = 5 * 60 * 1000

// ThinFactor is by how much thinning makes the target smaller: what it keeps are
// the receipts that meet floor(T/ThinFactor), T being their job's target. It is
// fixed for all time, and so before any hash.
const ThinFactor = 32

// SealedBatch is the receipts of one lease in a window, or in a part of one, as
// they are committed to in the log.
type SealedBatch struct {
	Lease     string
	Number    int64 // given by the Store: from 0, in the order of the log
	FromMs    int64 // FromMs ≤ CommitMs < ToMs, within one window
	ToMs      int64
	N         int64    // receipts
	Evidence  Evidence // of them
	Root      [32]byte // of their tree, sorted by their hashes
	Leaf      int64    // given by the Store: its index in the log
	FirstSeq  int64    // of its receipts, the smallest Seq
	LastSeq   int64    // and the largest
	Packed    []byte   // as PackReceipts writes them, sorted by their hashes; empty when none are kept any more
	Thinned   bool     // only those that meet the smaller target are left
	ThinProof []byte   // of a thinned batch: hashes that prove them to be the first ones, 32 bytes each
}

// Unit is the largest work of one of its receipts.
func (b *SealedBatch) Unit() miner.Work { return b.Evidence.Max }

// ErrThinned says that receipts are asked for of which not all are kept any
// more, since their batch was thinned. What they sum up to stays known. It is
// wrapped by a ThinnedError.
var ErrThinned = errors.New("not all are kept any more")

// ThinnedError is a batch that is in the way of receipts.
type ThinnedError struct {
	Lease  string
	Number int64 // of the batch
	ToMs   int64 // its receipts are of before, Unix milliseconds
}

// Error implements error.
func (e *ThinnedError) Error() string {
	return fmt.Sprintf("receipts in batch %d of lease %s: %v", e.Number, e.Lease, ErrThinned)
}

// Unwrap returns ErrThinned.
func (e *ThinnedError) Unwrap() error { return ErrThinned }
