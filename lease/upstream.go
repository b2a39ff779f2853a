package lease

import (
	"fmt"
	"math"

	"github.com/hashlease/hashlease/miner"
)

// Upstream is what the pool that a lease worked for, its own or the house's, said
// to the shares it was sent for it since the last commit. A share counts once its fate is known: when the
// pool answered, or when it can answer no more.
type Upstream struct {
	Lease string // its ID; empty in a Meter

	// Shares. Those with a verdict are Accepted, Rejected or Stale; the rest
	// of Sent were lost with their connection or never answered.
	Sent, Accepted, Rejected, Stale uint64

	// Work of the pool's target at the time, of the shares sent and of those
	// accepted: what the pool has to pay.
	SentWork, AcceptedWork miner.Work
}

// Lost is how many of the shares sent have no verdict.
func (u *Upstream) Lost() uint64 { return u.Sent - u.Accepted - u.Rejected - u.Stale }

// Validate checks that the numbers can be those of one batch.
func (u *Upstream) Validate() error {
	switch {
	case u.Sent > math.MaxInt32 || u.Accepted > u.Sent || u.Rejected > u.Sent || u.Stale > u.Sent || u.Accepted+u.Rejected+u.Stale > u.Sent:
		return fmt.Errorf("lease %.40s: of %d shares sent to its pool, %d accepted, %d rejected and %d stale are not possible",
			u.Lease, u.Sent, u.Accepted, u.Rejected, u.Stale)
	case u.AcceptedWork.Cmp(u.SentWork) > 0:
		return fmt.Errorf("lease %.40s: its pool cannot accept work of %v, it was sent %v", u.Lease, u.AcceptedWork, u.SentWork)
	}
	return nil
}

// Add adds the shares and the work of o.
func (u *Upstream) Add(o Upstream) {
	u.Sent += o.Sent
	u.Accepted += o.Accepted
	u.Rejected += o.Rejected
	u.Stale += o.Stale
	u.SentWork = u.SentWork.Add(o.SentWork)
	u.AcceptedWork = u.AcceptedWork.Add(o.AcceptedWork)
}
