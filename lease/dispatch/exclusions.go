package dispatch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// An exclusion is stored for every time in which the pool of a lease refused it
// or could not be reached, from its first failure until work of it is there
// again, with what the pool or the dialing said, line by line. The SLA does not
// count that time. There is none for what was over within outageAfterMs, nor for
// what is this machine's own fault: see whose.

const (
	outageAfterMs = 2000        // before an outage is stored, from its beginning on
	outageTick    = time.Second // how often outages are looked at
)

// outages are the exclusions on their way to the store.
type outages struct {
	// storing is held while exclusions are stored, and while hours are settled:
	// none is changed within an hour that is settled just then.
	storing sync.Mutex

	mu   sync.Mutex
	over []over
}

// over is an exclusion that is to be ended.
type over struct{ id, endMs int64 }

func (o *outages) end(x over) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = append(o.over, x)
}

// leave ends the outage of a connection that is not wanted any more. The pool's
// next one may have its own.
func (o *outages) leave(u *upstream, nowMs int64) {
	u.mu.Lock()
	x := u.outage
	u.outage, u.left = outage{}, true
	u.mu.Unlock()
	if x.endMs == 0 {
		x.endMs = nowMs
	}
	if x.id != 0 {
		o.end(over{x.id, x.endMs})
	}
}

// storeOutages brings the store's exclusions up to date. What it cannot store
// it tries again the next time.
func (d *Dispatcher) storeOutages(ctx context.Context) error {
	d.outages.storing.Lock()
	defer d.outages.storing.Unlock()
	return d.storeOutagesNow(ctx)
}

// storeOutagesNow does so under outages.storing.
func (d *Dispatcher) storeOutagesNow(ctx context.Context) error {
	settled, err := d.Store.SettledHour(ctx)
	if err != nil {
		return fmt.Errorf("exclusions: %w", err)
	}
	floorMs := int64(math.MinInt64) // nothing changes in what is settled
	if settled > 0 {
		floorMs = (settled + 1) * lease.MsPerHour
	}
	d.pools.mu.Lock()
	all := d.pools.all()
	d.pools.mu.Unlock()
	var errs []error
	for _, u := range all {
		if u.ofHouse() {
			continue // it is the provider's to have a pool that works
		}
		if err := d.storeOutage(ctx, u, all, floorMs); err != nil {
			errs = append(errs, fmt.Errorf("exclusion for the pool of lease %s: %w", u.lease.ID, err))
		}
	}
	errs = append(errs, d.endExclusions(ctx, floorMs))
	return errors.Join(errs...)
}

// storeOutage stores that an outage began, or hands over that it ended.
func (d *Dispatcher) storeOutage(ctx context.Context, u *upstream, all []*upstream, floorMs int64) error {
	now := d.stamp()
	u.mu.Lock()
	o := u.outage
	if o.id != 0 && o.endMs != 0 {
		u.outage.id, u.outage.endMs = 0, 0
		d.outages.end(over{o.id, o.endMs})
	}
	o.lines = slices.Clone(o.lines)
	u.mu.Unlock()
	if o.id != 0 || o.sinceMs == 0 || now-o.sinceMs < outageAfterMs {
		return nil
	}
	from := o.sinceMs
	switch d.whose(ctx, u, o, all) {
	case theirs:
		if o.doubted {
			from = now // before it may have been this machine's
		}
	default:
		u.mu.Lock()
		u.outage.doubted = u.outage.sinceMs != 0
		u.mu.Unlock()
		return nil
	}
	x, err := d.Store.PutExclusion(ctx, lease.Exclusion{
		Lease: u.lease.ID, Kind: lease.ExcludePool, AnnouncedMs: now, FromMs: max(from, floorMs), Evidence: o.evidence(),
	})
	if err != nil {
		return err
	}
	d.Log.Warn("a lease's pool has no work for it: the time does not count against the node", "lease", u.lease.ID,
		"from", logTime(x.FromMs), "evidence", x.Evidence)
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.left || u.outage.sinceMs == 0: // it ended meanwhile
		d.outages.end(over{x.ID, now})
	default:
		u.outage.id = x.ID
	}
	return nil
}

// endExclusions ends those that are over.
func (d *Dispatcher) endExclusions(ctx context.Context, floorMs int64) error {
	o := &d.outages
	o.mu.Lock()
	all := o.over
	o.over = nil
	o.mu.Unlock()
	for i, x := range all {
		err := d.Store.EndExclusion(ctx, x.id, max(x.endMs, floorMs))
		if err == nil || errors.Is(err, lease.ErrClosed) {
			continue
		}
		o.mu.Lock()
		o.over = append(all[i:], o.over...)
		o.mu.Unlock()
		return fmt.Errorf("the end of exclusion %d: %w", x.id, err)
	}
	return nil
}

// endOldOutages ends the exclusions that an earlier run left open, at its last
// heartbeat: from then on nobody tried to reach the pool.
func (d *Dispatcher) endOldOutages(ctx context.Context, heartbeatMs int64) error {
	open, err := d.Store.Exclusions(ctx, math.MaxInt64-1, math.MaxInt64)
	if err != nil {
		return fmt.Errorf("exclusions: %w", err)
	}
	for i := range open {
		if x := &open[i]; x.Kind == lease.ExcludePool && x.ToMs == 0 {
			d.outages.end(over{x.ID, max(heartbeatMs, x.FromMs)})
		}
	}
	return nil
}
