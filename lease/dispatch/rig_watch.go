package dispatch

import (
	"context"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum"
)

// rigPause is how often rigs are looked at.
const rigPause = time.Second

// rigLoop looks after the rigs until ctx is done.
func (d *Dispatcher) rigLoop(ctx context.Context) {
	tick := time.NewTicker(rigPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		looks := d.rigs.look()
		d.dismiss(ctx, looks)
		d.place(looks)
		d.keepMoves(ctx)
		if d.regrade(looks) {
			d.wantJobs(ctx)
		}
		d.sampleRigs(ctx, d.Now())
	}
}

// look is a connection as it was a moment ago.
type look struct {
	mount *mount
	info  stratum.SeatInfo
}

// look looks at all connections. It forgets those that ended just when they
// were given a place.
func (r *rigs) look() []look {
	r.mu.Lock()
	defer r.mu.Unlock()
	// Asked for under the lock: a connection is among them before it gets a
	// place.
	live := make(map[*stratum.Seat]bool)
	for _, s := range r.server.Seats() {
		live[s] = true
	}
	looks := make([]look, 0, len(r.seats))
	for s, m := range r.seats {
		if !live[s] {
			delete(r.seats, s)
			continue
		}
		looks = append(looks, look{m, s.Info()})
	}
	return looks
}

// dismiss ends the connections of rigs that were changed, switched off or
// removed. Everybody is looked at each time: a worker may have logged in just
// before its rig was changed. The store is read after the look, so that it
// knows whoever logged in before.
func (d *Dispatcher) dismiss(ctx context.Context, looks []look) {
	r := &d.rigs
	version, err := d.Store.RigsVersion(ctx)
	if err != nil {
		return // the store is watched elsewhere
	}
	if r.known == nil || version != r.version {
		all, err := d.Store.Rigs(ctx)
		if err != nil {
			return
		}
		r.known, r.version = make(map[string]lease.Rig, len(all)), version
		for i := range all {
			r.known[all[i].Name] = all[i]
		}
	}
	for i := range looks {
		for _, w := range looks[i].info.Workers {
			was, isRig := w.Owner.(lease.Rig)
			if now, ok := r.known[was.Name]; isRig && (!ok || !now.Keeps(&was)) {
				looks[i].mount.seat.Close()
				break
			}
		}
	}
}

// wantJobs makes the present jobs anew, with what is wanted now.
func (d *Dispatcher) wantJobs(ctx context.Context) {
	d.jobs.mu.Lock()
	d.jobs.due = true
	d.jobs.mu.Unlock()
	if err := d.refreshContracts(ctx); err != nil && ctx.Err() == nil {
		d.Log.Error("jobs for rigs cannot be made, trying again", "err", err)
	}
}
