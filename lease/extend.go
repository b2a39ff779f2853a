package lease

import (
	"fmt"
	"math"

	"github.com/hashlease/hashlease/miner"
)

// Extend makes the term longer at a moment in Unix milliseconds, and returns
// the event: by moreMs milliseconds if that is not zero, else to endMs, where 0
// is open-ended. limitHps is what may be leased in all; whether there is room
// is the Store's question. ErrClosed when the lease is over.
func (l *Lease) Extend(endMs, moreMs int64, limitHps uint64, atMs int64) ([]Event, error) {
	if err := l.mayChange(atMs); err != nil {
		return nil, err
	}
	if l.EndMs == 0 {
		return nil, fmt.Errorf("lease %s is open-ended: it runs until it is closed", l.ID)
	}
	if moreMs != 0 {
		if moreMs < 0 || moreMs > math.MaxInt64-l.EndMs {
			return nil, fmt.Errorf("lease %s: %d ms more are not possible", l.ID, moreMs)
		}
		endMs = l.EndMs + moreMs
	}
	if endMs != 0 && endMs <= l.EndMs {
		return nil, fmt.Errorf("lease %s runs to %s, not less: to end it earlier, close it", l.ID, stamp(l.EndMs))
	}
	e, err := NewEvent(EventLeaseExtended, atMs, "", LeaseExtended{FromEndMs: l.EndMs, ToEndMs: endMs, LimitHps: Quantity(miner.Hashes(limitHps))})
	l.EndMs = endMs
	return []Event{e.Of(l)}, err
}

// Close ends the lease at a moment in Unix milliseconds, and returns the event.
// freeExit says that no fee is due for leaving a fixed term early. ErrClosed
// when the lease is over.
func (l *Lease) Close(freeExit bool, atMs int64) ([]Event, error) {
	if err := l.mayChange(atMs); err != nil {
		return nil, err
	}
	l.ClosedMs = atMs
	e, err := NewEvent(EventLeaseClosed, atMs, "", LeaseClosed{AtMs: atMs, FreeExit: freeExit})
	return []Event{e.Of(l)}, err
}
