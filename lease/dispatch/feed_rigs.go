package dispatch

import (
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// mostLag is how far behind its contract a lease may be and still catch up.
func (f *feed) mostLag() time.Duration {
	if f.patient {
		return rigLag
	}
	return maxLag
}

// leaveToRigs says which leases the threads leave to rigs, whether there are
// rigs at all, and what the threads make together. What those leases are
// behind by more than rigs can make up for is written off here, for the
// threads do not look at them. As much is the most that counts as made ahead:
// a tenant's own rigs may make more than its contract asks for.
func (f *feed) leaveToRigs(leases map[string]bool, any bool, threads uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byRigs, f.patient, f.threads = leases, any, threads
	now := f.now()
	for _, a := range f.tenants {
		if a.work == nil {
			continue
		}
		owed := a.owed(now)
		if lag := a.lag(owed.Sub(a.given)); lag > rigLag && leases[a.work.job.Lease] {
			a.since = a.since.Add(lag - rigLag)
		}
		most := owed.Add(miner.Hashes(a.rate).Mul(uint64(rigLag / time.Second)))
		if a.given.Cmp(most) > 0 {
			a.given = most
		}
	}
}

// demands returns what the active leases want of the rigs.
func (f *feed) demands() (ds []demand) {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.tenants {
		if a.work == nil || !a.work.template.FitsRigs() || a.model == lease.VirtualHosted || a.over(now.UnixMilli()) {
			continue
		}
		owed := a.owed(now)
		ds = append(ds, demand{
			lease: a.work.job.Lease, owner: a.tenant, mask: uint32(a.work.template.Mask), rate: megahashes(a.rate), hosted: a.model == lease.Hosted,
			behind: ofWork(owed.Sub(a.given)) - ofWork(a.given.Sub(owed)),
		})
	}
	return ds
}
