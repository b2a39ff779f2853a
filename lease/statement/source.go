package statement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Errors of Issue and Bundle, to be tested with errors.Is.
var (
	// ErrNothing is wrapped when there is nothing to state yet: the lease has not
	// started, or the node has not run since.
	ErrNothing = errors.New("nothing to state yet")
	// ErrMismatch is wrapped when what is stored in two places differs: nothing is
	// signed with that.
	ErrMismatch = errors.New("the figures do not agree, and nothing is signed until they do")
	// ErrDropped is wrapped when receipts of the period are not kept any more, so
	// that nothing proves it.
	ErrDropped = errors.New("its receipts are not kept any more (receipts.drop_after): nothing proves them now")
	// errBusy is wrapped when the node changes figures faster than they are read.
	errBusy = errors.New("the figures keep changing: try again")
)

// Source is where statements come from.
type Source struct {
	Store  lease.Store
	Signer note.Signer // the key that signs the log at present, named after it
	Log    Log
	// Rotations are the changes of the log's key, in their order.
	Rotations []translog.Rotation
}

// Log is the provider's log as far as proofs need it.
type Log interface {
	// Covering returns a checkpoint that has the leaf at the index.
	Covering(ctx context.Context, index int64) (translog.Signed, error)
	// Hashes returns hashes of the tree of the last checkpoint, by their storage
	// indexes.
	Hashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)
}

// Request says which lease a statement is about, and which period: from FromMs
// and before ToMs, full hours in Unix milliseconds; 0 and 0 is the whole lease so
// far. A period never ends after the node's last moment, nor begins before the
// lease.
type Request struct {
	Lease        string
	FromMs, ToMs int64
}

// Issued is a statement that is in the log.
type Issued struct {
	lease.IssuedStatement
	Statement bundle.Statement
	Again     bool // it was issued before, and says what is so still
}

// maxTries is how often figures are read again because the node changed them
// meanwhile.
const maxTries = 10

// Issue states a period of a lease, or returns the statement that was issued of
// it before if it would say the same. Its errors are ErrNothing, ErrMismatch,
// lease.ErrNotFound, and the Store's.
func Issue(ctx context.Context, src Source, req Request) (*Issued, error) {
	if req.ToMs != 0 && req.ToMs <= req.FromMs || req.FromMs%lease.MsPerHour != 0 || req.ToMs%lease.MsPerHour != 0 || req.FromMs < 0 {
		return nil, fmt.Errorf("statement of lease %s from %s to %s: want full hours, the end after the beginning", req.Lease, stamp(req.FromMs), stamp(req.ToMs))
	}
	var issued *Issued
	var err error
	for range maxTries {
		b := builder{Source: src, ctx: ctx, req: req}
		issued, err = b.issue()
		// Another process may have issued it, or sealed receipts, meanwhile.
		if !errors.Is(err, lease.ErrConflict) && !errors.Is(err, errChanged) {
			break
		}
	}
	switch {
	case errors.Is(err, errChanged):
		err = errBusy
	case err == nil:
		return issued, nil
	}
	return nil, fmt.Errorf("statement of lease %s: %w", req.Lease, err)
}

// errChanged says that what was read is not of one moment.
var errChanged = errors.New("changed while it was read")

// builder is one attempt at a statement.
type builder struct {
	Source
	ctx context.Context
	req Request

	lease   lease.Lease
	terms   lease.Terms
	open    bool  // the period ends with the node's last moment
	from    int64 // of the period
	to      int64
	hours   [2]int64 // first hour, and the one behind the last
	settled int64    // the last hour that is settled
	meters  []lease.HourMeter
	counts  lease.Upstream
	lines   []line // of the lease, all there are
	first   int    // of them, that belongs to the period
	last    int    // behind the last that does
	version int64  // leaf of the contract that is stated
	until   int64  // leaf from which on changes of it are not the period's; 0: there is none yet
	st      bundle.Statement
}

// issue goes through all steps.
func (b *builder) issue() (*Issued, error) {
	for _, step := range []func() error{
		b.agreement, b.period, b.contract, b.delivery, b.settledHours, b.books, b.service, b.rewards, b.pool, b.housePool, b.energy, b.agree,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.put()
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

func hourOf(ms int64) int64 { return ms / lease.MsPerHour }

// hourAfter is the first hour that does not begin before a moment.
func hourAfter(ms int64) int64 { return (ms + lease.MsPerHour - 1) / lease.MsPerHour }
