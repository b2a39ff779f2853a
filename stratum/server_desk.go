package stratum

import (
	"context"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Desk is what a Server needs of the node. Its methods are called from many
// connections' goroutines, and never while the server holds a lock: they may
// call the server, its lanes and its seats.
type Desk interface {
	// Login decides about a mining.authorize. It may wait for a store, until
	// ctx ends. An error refuses the worker with code 24; the worker is not
	// told why.
	Login(ctx context.Context, l Login) (Grant, error)

	// Home returns the lane that a connection gets before its first worker is
	// authorized, and Place the one after it. Place is asked again when the
	// lane is closed. nil means that there is no work now: the connection
	// waits until it is moved.
	Home() *Lane
	Place(s *Seat) *Lane

	// Accepted takes a new share that met the target of its issue, in the
	// order of its connection and before the reply is sent. It must not block.
	// An *Error that it returns becomes the reply instead of true, any other
	// error becomes code 20. a is used again when Accepted has returned, but
	// what it points to is not: a copy of *a may be kept.
	Accepted(a *Accepted) error

	// Refused takes a refused share. It must not block. As with Accepted, a
	// copy may be kept.
	Refused(r *Refused)

	// Left says that a connection ended that had a worker authorized.
	Left(s *Seat)
}

// Login is a worker that asks for entry. Its strings are as the peer sent
// them, of at most 256 bytes each.
type Login struct {
	User     string
	Password string
	Remote   string // address of the peer
	Agent    string // what the peer calls itself; printable
}

// maxLoginText is the most bytes of a user name or a password.
const maxLoginText = 256

// Grant is the node's consent to a Login.
type Grant struct {
	Name  string // of the worker in meters, such as its rig's; "": Login.User
	Owner any    // whatever the Desk wants back

	// StartDifficulty is where vardiff starts when the worker does not say
	// where itself; nil: Vardiff.Start.
	StartDifficulty *miner.Difficulty
}

// Accepted is a share that counts.
type Accepted struct {
	Seat   *Seat
	Worker string // Grant.Name
	Grant  Grant
	Issue  *Issue // by which it was judged; credit the work of its Target
	Owner  any    // of the issue's LaneJob
	Share  Share
	Header miner.Header
	Hash   miner.Hash
	At     time.Time
}

// Refused is a share that does not count, and why: Err.Reason names it.
type Refused struct {
	Seat   *Seat
	Worker string // Grant.Name; "" when the worker is unknown
	Grant  Grant
	Owner  any // of the job's LaneJob; nil when the job is unknown
	Err    *Error

	// Late is set for a share that came too late and would have counted
	// before, or that is beyond Limits.SharesPerBlock. A header that solves a
	// block is worth submitting all the same.
	// It belongs to Refused.Accepted alone: everything in it is as it would
	// have been.
	Late *Accepted
}
