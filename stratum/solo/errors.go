package solo

import "errors"

// ErrStale says that a block is valid but lost the race: another block is at
// its height of the best chain. It may still win later.
var ErrStale = errors.New("block is stale: another one is on the best chain at its height")

// ErrRejected says that the node refused a block. It is used as a value.
type ErrRejected struct {
	Reason string // in the node's words
}

// Error names the reason.
func (e ErrRejected) Error() string { return "block rejected by the node: " + e.Reason }

// ErrNoBlock says that a node knows no such block.
var ErrNoBlock = errors.New("no such block")
