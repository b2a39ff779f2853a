package dispatch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// Biller settles hours and looks after budgets, as a billing.Settler does.
type Biller interface {
	// Settle settles final hours up to one since 1970 UTC, and returns the last
	// one settled. It may leave some for the next time.
	Settle(ctx context.Context, through int64) (int64, error)
	// Watch stops leases that have nothing prepaid left, lets those go on that
	// have, and warns, as of a moment in Unix milliseconds.
	Watch(ctx context.Context, nowMs int64) error
}

const (
	settleEvery   = time.Minute      // how often hours are settled
	budgetEvery   = 10 * time.Second // how often budgets are looked at
	billingTick   = time.Second
	settleAfterMs = 10_000           // after an hour's end, so that what was decided in its last moment is stored
	billingEnd    = 10 * time.Second // for the last settlement before the node stops
)

// clock is the time as contracts know it.
type clock struct{ last atomic.Int64 }

// stamp is the present moment in Unix milliseconds. It never goes back, not
// even where the clock is set, and never before what earlier runs have seen.
func (d *Dispatcher) stamp() int64 {
	now := d.Now().UnixMilli()
	for {
		last := d.clock.last.Load()
		if now <= last {
			return last
		}
		if d.clock.last.CompareAndSwap(last, now) {
			return now
		}
	}
}

// bill settles hours and looks after budgets until ctx is done. Nothing that
// fails here keeps anybody from hash rate: it is logged and tried again.
func (d *Dispatcher) bill(ctx context.Context) {
	if d.Billing == nil {
		return
	}
	tick := time.NewTicker(billingTick)
	defer tick.Stop()
	var settled, watched time.Time
	var last int64
	for {
		now := d.Now()
		if due(now, settled, settleEvery) {
			settled = now
			hour, more, err := d.settleHours(ctx)
			d.logBilling(ctx, "hours cannot be settled, trying again", err)
			if more && hour > last {
				settled = time.Time{} // with budgets and outages in between
			}
			last = hour
		}
		if due(now, watched, budgetEvery) {
			watched = now
			d.logBilling(ctx, "budgets cannot be looked at, trying again", d.Billing.Watch(ctx, d.stamp()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// due reports whether something is to be done again, or the clock was set back.
func due(now, last time.Time, every time.Duration) bool {
	age := now.Sub(last)
	return age >= every || age < 0
}

// settleHours settles what is final, with all that is known of outages stored.
// It returns the last hour settled, and whether there may be more.
func (d *Dispatcher) settleHours(ctx context.Context) (last int64, more bool, err error) {
	d.outages.storing.Lock()
	defer d.outages.storing.Unlock()
	if err := d.storeOutagesNow(ctx); err != nil {
		return 0, false, err
	}
	through := (d.stamp()-settleAfterMs)/lease.MsPerHour - 1
	last, err = d.Billing.Settle(ctx, through)
	return last, last < through, err
}

// settleLast settles what is final when the node has ended.
func (d *Dispatcher) settleLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, billingEnd)
	defer cancel()
	if d.Billing == nil {
		d.logBilling(ctx, "exclusions are not stored", d.storeOutages(ctx))
		return
	}
	_, _, err := d.settleHours(ctx)
	d.logBilling(ctx, "hours are not settled: the next run does it", err)
}

// seeBudgets looks after budgets before leases that were added or changed are
// worked for: one that is charged gets nothing before something is prepaid. It
// looks again for what it has changed itself.
func (d *Dispatcher) seeBudgets(ctx context.Context) {
	if d.Billing == nil {
		return
	}
	for range 3 {
		version, err := d.Store.LeasesVersion(ctx)
		if err != nil || d.budgets.Load() == version+1 {
			return
		}
		d.logBilling(ctx, "budgets cannot be looked at, trying again", d.Billing.Watch(ctx, d.stamp()))
		d.budgets.Store(version + 1) // in any case: what fails keeps nobody from hash rate
	}
}

// sawBudgets reports whether the leases as of a version may be worked for.
func (d *Dispatcher) sawBudgets(version int64) bool {
	return d.Billing == nil || d.budgets.Load() == version+1
}

func (d *Dispatcher) logBilling(ctx context.Context, what string, err error) {
	if err != nil && (ctx.Err() == nil || errors.Is(err, context.DeadlineExceeded)) {
		d.Log.Error(what, "err", err)
	}
}

// keepContracts looks after what leases have for themselves until ctx is done:
// their pools' outages and their processors.
func (d *Dispatcher) keepContracts(ctx context.Context) {
	tick := time.NewTicker(outageTick)
	defer tick.Stop()
	for {
		d.logBilling(ctx, "exclusions cannot be stored, trying again", d.storeOutages(ctx))
		d.jobs.mu.Lock()
		term := d.jobs.working
		d.jobs.mu.Unlock()
		d.watchCores(ctx, term)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
