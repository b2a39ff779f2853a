package translog

import (
	"errors"
	"fmt"
)

// Errors of this package and of those below it, to be tested with errors.Is.
var (
	// ErrMalformed is bytes that are not what they should be.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge is a leaf that has no room in an entry bundle, or a batch
	// that the store does not take at once.
	ErrTooLarge = errors.New("too large")
	// ErrNotFound is an index or a tile beyond the last checkpoint.
	ErrNotFound = errors.New("not in the log")
	// ErrCorrupt is a store that is damaged in a way that no crash explains.
	ErrCorrupt = errors.New("damaged")
	// ErrCommitment is a private part, or a salt, that a leaf was not made of.
	ErrCommitment = errors.New("not what the leaf commits to")
)

// Errors that say how a log was caught cheating, or may have been.
var (
	// ErrSplitView is two signed checkpoints of one size with two roots: the
	// log shows different histories to different people.
	ErrSplitView = errors.New("split view: two histories of one log are signed")
	// ErrRewritten is a leaf that was changed after it was signed for.
	ErrRewritten = errors.New("rewritten: leaves that were signed for have been changed")
	// ErrReordered is leaves that were signed for and have changed places.
	ErrReordered = errors.New("reordered: leaves that were signed for have changed places")
	// ErrTruncated is a log with fewer leaves than were signed for.
	ErrTruncated = errors.New("truncated: leaves that were signed for are missing")
	// ErrReplayed is a signed checkpoint older than one that was seen.
	ErrReplayed = errors.New("replayed: a checkpoint older than the last one seen")
	// ErrOtherKey is a checkpoint that no key of the log has signed.
	ErrOtherKey = errors.New("other key: no known key of the log has signed it")
	// ErrForged is a signature that claims a known key and does not hold.
	ErrForged = errors.New("forged: the signature does not hold")
	// ErrOrigin is the checkpoint of another log.
	ErrOrigin = errors.New("other log: the checkpoint is of another origin")
	// ErrProof is a proof that does not show what it should. By itself it
	// proves nothing against the log: whoever passed it on may have made it.
	ErrProof = errors.New("the proof does not hold")
)

// Evidence is an error that others can check: two checkpoints, each signed by
// the log, that no honest log signs both (ErrSplitView, ErrRewritten,
// ErrReordered), or of which the later shown is the older (ErrReplayed, which
// a cache could also have caused).
type Evidence struct {
	Err     error
	Origin  string
	Seen    []byte // signed note
	Offered []byte // signed note
}

// Error says what was broken and by which checkpoints.
func (e *Evidence) Error() string {
	return fmt.Sprintf("log %s: %v (keep both checkpoints: together they are the evidence)", e.Origin, e.Err)
}

// Unwrap returns what was broken.
func (e *Evidence) Unwrap() error { return e.Err }
