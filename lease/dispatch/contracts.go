package dispatch

import (
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// inTerm are the leases whose term it is, each with those of its pauses that
// stop it now, under jobs.mu.
func (d *Dispatcher) inTerm() []lease.Lease {
	now := d.Now().UnixMilli()
	var term []lease.Lease
	for _, l := range d.jobs.leases {
		switch l.StateAt(now) {
		case lease.Active:
			l.Pauses = nil
		case lease.Paused:
			l.Pauses = slices.DeleteFunc(slices.Clone(l.Pauses), func(p lease.Pause) bool {
				return p.FromMs > now || p.ToMs != 0 && p.ToMs <= now
			})
		default:
			continue
		}
		term = append(term, l)
	}
	return term
}

// working are those that nobody has stopped.
func working(term []lease.Lease) (active []lease.Lease) {
	for i := range term {
		if len(term[i].Pauses) == 0 {
			active = append(active, term[i])
		}
	}
	return active
}

// sameWork reports whether two readings of a lease in its term ask for the same
// work.
func sameWork(a, b lease.Lease) bool {
	return a.ID == b.ID && a.ContractedHps == b.ContractedHps && a.StopMs() == b.StopMs() &&
		(len(a.Pauses) > 0) == (len(b.Pauses) > 0) && samePool(a.Pool, b.Pool)
}

// samePool reports whether two readings of a lease name the same pool, and the
// same account there.
func samePool(a, b *lease.Pool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.User == b.User && a.Password == b.Password && slices.Equal(a.URLs, b.URLs)
}
