package billing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// startsSoonMs is how long before its start a lease without prepayment is
// stopped, in milliseconds, so that it gets no work at all.
const startsSoonMs = 60_000

// Budget is what a lease has left: what is prepaid in the books, and what is
// due for the hours that are not settled yet, up to the heartbeat. A lease
// that is charged nothing has no HourSat.
func (b *Settler) Budget(ctx context.Context, id string) (lease.BudgetState, error) {
	w, err := b.load(ctx, id)
	if err != nil {
		return lease.BudgetState{}, err
	}
	budgets, err := w.budgets(ctx, 0)
	if err != nil {
		return lease.BudgetState{}, err
	}
	return budgets[id].state, nil
}

// budget is where a lease's money stands.
type budget struct {
	state   lease.BudgetState
	leftSat int64 // prepaid and not due
	more    bool  // more may be due than was estimated
	priced  bool
}

// budgets estimates the hours that are not settled, at most so many of them if
// most is not 0, which moves the world to the heartbeat, and returns the leases'
// budgets, but for those that failed.
func (w *world) budgets(ctx context.Context, most int) (map[string]budget, error) {
	all := make(map[string]budget, len(w.leases))
	for i := range w.leases {
		l := &w.leases[i]
		terms, err := w.termsOf(ctx, l.Terms)
		if err != nil {
			err = fmt.Errorf("lease %s: %w", l.ID, err)
			if w.failed == nil {
				return nil, err
			}
			w.failed[l.ID] = err
			continue
		}
		x := budget{priced: priced(l, terms)}
		x.state.PrepaidSat, x.state.SettledHour = w.prepaid[l.ID], w.stored
		if x.priced {
			x.state.WarnHours = terms.Prices.LowBudgetHours
			x.state.HourSat = hourSat(l, terms, w.rated)
		}
		all[l.ID] = x
	}
	more, err := w.estimate(ctx, lease.HourOf(w.heartbeat), most, func(r *lease.SettledHour) {
		x := all[r.Lease]
		x.state.OpenSat = min(x.state.OpenSat+r.DueSat, lease.MaxSat)
		all[r.Lease] = x
	})
	if err != nil {
		return nil, err
	}
	for id, x := range all {
		x.leftSat, x.more = w.prepaid[id], more
		all[id] = x
	}
	return all, nil
}

// Watch looks after all budgets at a moment in Unix milliseconds: it stops
// leases that are charged and have nothing prepaid left, before they get work
// if need be, lets those go on that have, and warns, once until more is
// prepaid, of those whose prepayment is short. An error about one lease does
// not keep it from the others. While more than MaxHours are not settled, it lets
// no lease go on that is stopped, and sees what is due for the rest of them when
// they are settled.
func (b *Settler) Watch(ctx context.Context, nowMs int64) error {
	return b.watch(ctx, "", nowMs)
}

func (b *Settler) watch(ctx context.Context, only string, nowMs int64) error {
	w, err := b.load(ctx, only)
	if err != nil {
		return err
	}
	most := b.MaxHours
	if only != "" {
		most = 0 // one lease is quickly estimated
	}
	w.failed = make(map[string]error)
	budgets, err := w.budgets(ctx, most)
	if err != nil {
		return err
	}
	nowMs = max(nowMs, w.heartbeat) // nothing is stopped in what was settled
	var errs []error
	for i := range w.leases {
		l := &w.leases[i]
		if err := w.failed[l.ID]; err != nil {
			errs = append(errs, fmt.Errorf("budget: %w", err))
			continue
		}
		if err := b.look(ctx, l, budgets[l.ID], nowMs); err != nil {
			errs = append(errs, fmt.Errorf("budget of lease %s: %w", l.ID, err))
		}
	}
	return errors.Join(errs...)
}

// look decides about one lease.
func (b *Settler) look(ctx context.Context, l *lease.Lease, x budget, nowMs int64) error {
	stopped := slices.Contains(l.PausedAt(nowMs), lease.PauseBudget)
	switch l.StateAt(nowMs) {
	case lease.Closed, lease.Ended:
		return nil
	case lease.Scheduled:
		if l.StartMs > nowMs+startsSoonMs && !stopped {
			return nil
		}
	}
	empty := x.priced && x.leftSat <= 0
	switch {
	case empty && !stopped:
		return b.pause(ctx, l, x, nowMs)
	case !empty && stopped && !x.more:
		if err := b.resume(ctx, l, x, nowMs); err != nil {
			return err
		}
	}
	if !empty && x.priced && x.state.WarnHours > 0 && x.leftSat/x.state.WarnHours < x.state.HourSat {
		return b.warn(ctx, l, x, nowMs)
	}
	return nil
}

// pause stops a lease for want of budget.
func (b *Settler) pause(ctx context.Context, l *lease.Lease, x budget, nowMs int64) error {
	return b.change(ctx, l, func(l *lease.Lease) ([]lease.Event, error) {
		if err := l.Pause(lease.PauseBudget, nowMs); err != nil {
			return nil, err
		}
		reason := fmt.Sprintf("%d sat are prepaid, %d sat are due for hours that are not settled", x.state.PrepaidSat, x.state.OpenSat)
		paused, err := lease.NewEvent(lease.EventLeasePaused, nowMs, "", lease.LeasePaused{By: lease.PauseBudget, Reason: reason})
		if err != nil {
			return nil, err
		}
		low, err := lease.NewEvent(lease.EventLowBudget, nowMs, "", x.state)
		return []lease.Event{paused.Of(l), low.Of(l)}, err
	})
}

// resume lets a lease go on.
func (b *Settler) resume(ctx context.Context, l *lease.Lease, x budget, nowMs int64) error {
	return b.change(ctx, l, func(l *lease.Lease) ([]lease.Event, error) {
		if err := l.Resume(lease.PauseBudget, nowMs); err != nil {
			return nil, err
		}
		reason := fmt.Sprintf("%d sat are prepaid, %d sat are due for hours that are not settled", x.state.PrepaidSat, x.state.OpenSat)
		e, err := lease.NewEvent(lease.EventLeaseResumed, nowMs, "", lease.LeasePaused{By: lease.PauseBudget, Reason: reason})
		return []lease.Event{e.Of(l)}, err
	})
}

// change changes a lease. That somebody else did so, or closed it, is fine.
func (b *Settler) change(ctx context.Context, l *lease.Lease, change func(*lease.Lease) ([]lease.Event, error)) error {
	_, err := b.Store.ChangeLease(ctx, l.ID, math.MaxInt64, change)
	if errors.Is(err, lease.ErrExists) || errors.Is(err, lease.ErrNotFound) || errors.Is(err, lease.ErrClosed) {
		return nil
	}
	return err
}

// warn says that a budget is low. The warning's key names the prepayment that
// is running out, so that there is one for each.
func (b *Settler) warn(ctx context.Context, l *lease.Lease, x budget, nowMs int64) error {
	last := ""
	for e, err := range b.Store.Events(ctx, lease.EventFilter{Lease: l.ID, Kinds: []lease.EventKind{lease.EventPrepaid}}) {
		if err != nil {
			return err
		}
		last = e.Key
	}
	key := "low-budget:" + l.ID + ":" + last
	b.mu.Lock()
	known := b.warned[key]
	b.mu.Unlock()
	if known {
		return nil
	}
	e, err := lease.NewEvent(lease.EventLowBudget, nowMs, key, x.state)
	if err != nil {
		return err
	}
	if err := b.Store.PutEvents(ctx, e.Of(l)); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.warned == nil {
		b.warned = make(map[string]bool)
	}
	b.warned[key] = true
	return nil
}
