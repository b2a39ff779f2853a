package dispatch

import (
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
)

// A hosted lease has machines of its own, its tenant's. In its term they work
// for it and for nothing else: while it is paused, or its pool has no work, they
// wait, for nothing is mined for others with a tenant's machine. Nothing else
// works for it either.

// hosting is whose a rig is that a hosted lease names.
type hosting struct {
	lease string
	since time.Time // when the node learned of it
}

// hosting maps rigs to the leases in their terms that name them.
func (f *feed) hosting(leases []lease.Lease, now time.Time) map[string]hosting {
	hosted := make(map[string]hosting)
	for i := range leases {
		for _, rig := range leases[i].Rigs {
			h, ok := f.hosted[rig]
			if !ok || h.lease != leases[i].ID {
				h = hosting{leases[i].ID, now}
			}
			hosted[rig] = h
		}
	}
	return hosted
}

// hosts returns which rigs hosted leases have for themselves. It is not to be
// changed.
func (f *feed) hosts() map[string]hosting {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hosted
}

// errHosted refuses shares between a hosted lease and others than its rigs, such
// as several machines behind one connection can make them.
var errHosted = &stratum.Error{Code: stratum.CodeJobNotFound,
	Message: "Job not found: it is for other rigs than this one; let it have a connection of its own"}

// strange refuses a share for a lease that its rig does not work for: one for
// another lease than the hosted one that names the rig, after the time that
// work in hand may take; and one of another rig for a hosted lease.
func (f *feed) strange(id string, a *account, s *stratum.Accepted) error {
	rig, _ := s.Grant.Owner.(lease.Rig)
	h, only := f.hosted[rig.Name]
	switch {
	case only && h.lease == id:
		return nil
	case only && s.At.Sub(h.since) > lateTime:
		return errHosted
	case a.model == lease.Hosted: // in its term
		return errHosted
	}
	return nil
}
