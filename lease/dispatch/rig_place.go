package dispatch

import (
	"log/slog"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
)

// steadyShares is how many shares a rig has to show before it is counted on.
const steadyShares = 8

// steady reports whether a connection has shown enough to be counted on.
func steady(i *stratum.SeatInfo) bool { return i.Accepted >= steadyShares }

// supply is the rig as allocate sees it. There is none of machines that nobody
// added, which work for the house alone, nor of the provider's before they
// have shown what they make: until then they work for the house. A tenant's
// own may do nothing else than work for a lease of its tenant, or for the hosted
// one that names it, so it begins with what its maker says.
func (m *mount) supply(i *stratum.SeatInfo, hosts map[string]hosting) (s supply, ok bool) {
	hps := i.RateHps
	if !steady(i) {
		hps = m.rig.RatedHps
	}
	s = supply{id: m.seat.ID, owner: m.rig.Tenant, mask: i.Mask, rate: megahashes(hps), lease: m.lease, since: m.since, only: hosts[m.rig.Name].lease}
	return s, m.rig.Tenant != "" || m.rig.Name != "" && steady(i)
}

// place shares the rigs out among the leases.
func (d *Dispatcher) place(looks []look) {
	r := &d.rigs
	now := d.Now()
	demands, hosts := d.feed.demands(), d.feed.hosts()
	var supplies []supply
	var mounts []*mount
	r.mu.Lock()
	for i := range looks {
		m := looks[i].mount
		if s, ok := m.supply(&looks[i].info, hosts); ok && r.seats[m.seat] == m {
			s.rig = len(mounts)
			supplies, mounts = append(supplies, s), append(mounts, m)
		}
	}
	r.mu.Unlock()

	threads := d.sharedCapacity()
	d.feed.leaveToRigs(forRigs(supplies, demands, megahashes(threads)), len(supplies) > 0, threads)
	moves := allocate(now, supplies, demands)

	r.mu.Lock()
	moved := moves[:0]
	for _, p := range moves {
		m := mounts[p.rig]
		if r.seats[m.seat] != m || m.lease != p.from || p.to != "" && r.lanes[p.to] == nil {
			continue // it left, got another place, or the lease's first job is not out yet
		}
		r.note(d.moved(m, &p, now))
		m.lease, m.since = p.to, now
		if p.to == "" {
			_, m.grade = r.houseLane(m, m.seat.RateHps(), d.HouseProofMs)
		}
		moved = append(moved, p)
	}
	for i := range looks {
		m := looks[i].mount
		if lane, ok := r.lane(m); ok && r.seats[m.seat] == m && lane != looks[i].info.Lane {
			m.seat.Move(lane)
		}
	}
	r.mu.Unlock()

	for _, p := range moved {
		m := mounts[p.rig]
		d.Log.Info("rig moved", slog.String("rig", m.name()), slog.String("from", m.destination(p.from)), slog.String("to", m.destination(p.to)),
			slog.Int64("rig_mhps", int64(p.rate)), slog.Int64("lease_needs_mh", int64(p.need)))
	}
}

// destination names a lease, or what the rig does without one.
func (m *mount) destination(id string) string {
	switch {
	case id != "":
		return id
	case m.rig.Tenant != "":
		return Waiting
	}
	return lease.House
}

// Waiting stands for a lease where a tenant's own rig has none to work for.
const Waiting = "-"

// lane is where the rig belongs, nil when it is to wait. Not ok says that
// there is none to be had now. Under mu.
func (r *rigs) lane(m *mount) (lane *stratum.Lane, ok bool) {
	switch {
	case m.lease != "":
		lane = r.lanes[m.lease]
	case m.rig.Tenant != "":
		return nil, true
	default:
		lane, m.grade = r.houseLane(m, 0, 0)
	}
	return lane, lane != nil
}

// houseLane is where a rig of that rate works for the house, or where it does
// already if its rate is 0; nil for a tenant's own, which waits for a lease of
// its owner. Under mu.
func (r *rigs) houseLane(m *mount, hps uint64, ms int64) (*stratum.Lane, grade) {
	if m.rig.Tenant != "" {
		return nil, m.grade
	}
	if hps > 0 {
		if g := gradeFor(hps, ms); r.grades[g] != nil {
			return r.grades[g], g
		}
	}
	if lane := r.grades[m.grade]; lane != nil {
		return lane, m.grade
	}
	return r.grades[r.home], r.home
}

// regrade moves rigs of the house to jobs of their size, and reports whether
// there is a size that has no jobs yet.
func (d *Dispatcher) regrade(looks []look) (missing bool) {
	r := &d.rigs
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := map[grade]bool{r.home: true}
	for i := range looks {
		m, info := looks[i].mount, &looks[i].info
		if m.lease != "" || m.rig.Tenant != "" || r.seats[m.seat] != m {
			continue
		}
		g := m.grade
		if steady(info) {
			// Twice too rare or four times too frequent is left alone.
			hardest, easiest := gradeFor(info.RateHps*2, d.HouseProofMs), gradeFor(info.RateHps/4, d.HouseProofMs)
			if g > hardest || g < easiest {
				g = gradeFor(info.RateHps, d.HouseProofMs)
			}
		}
		wanted[g] = true
		if g == m.grade {
			continue
		}
		if lane := r.grades[g]; lane != nil {
			m.grade = g
			m.seat.Move(lane)
		} else {
			missing = true
			wanted[m.grade] = true
		}
	}
	r.wanted = wanted
	return missing
}
