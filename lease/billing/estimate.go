package billing

import (
	"context"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// Estimate is an hour of a lease: what it was settled to, or what it would be
// if it ended at the heartbeat.
type Estimate struct {
	lease.SettledHour
	Final bool `json:"final"` // it is settled
}

// Estimate shows an hour of a lease. It is empty, but for the names, where
// nothing was owed or metered.
func (b *Settler) Estimate(ctx context.Context, id string, hour int64) (Estimate, error) {
	w, err := b.load(ctx, id)
	if err != nil {
		return Estimate{}, err
	}
	x := Estimate{SettledHour: lease.SettledHour{Lease: id, Hour: hour, Window: lease.WindowIdle}, Final: hour <= w.stored}
	if x.Final {
		for r, err := range b.Store.SettledHours(ctx, id, hour, hour+1) {
			if err != nil {
				return x, err
			}
			x.SettledHour = r
		}
		return x, nil
	}
	_, err = w.estimate(ctx, min(hour, lease.HourOf(w.heartbeat)), 0, func(r *lease.SettledHour) {
		if r.Hour == hour {
			x.SettledHour = *r
		}
	})
	return x, err
}

// Period is the running calendar month of a lease as if the lease's window of
// the heartbeat were its last: what is delivered, and what would be credited.
// Of a lease that is over and paid off it is empty.
func (b *Settler) Period(ctx context.Context, id string) (lease.PeriodClosed, error) {
	w, err := b.load(ctx, id)
	if err != nil {
		return lease.PeriodClosed{}, err
	}
	if _, err := w.estimate(ctx, lease.HourOf(w.heartbeat), 0, func(*lease.SettledHour) {}); err != nil {
		return lease.PeriodClosed{}, err
	}
	l := &w.leases[0]
	terms, err := w.termsOf(ctx, l.Terms)
	if err != nil {
		return lease.PeriodClosed{}, fmt.Errorf("lease %s: %w", id, err)
	}
	s := w.states[id]
	if s.Final || l.StartMs >= w.heartbeat {
		return lease.PeriodClosed{}, nil
	}
	s.begin(l)
	return s.Period.judged(terms.SLA, w.heartbeat), nil
}

// FreeExit tells whether a lease may be closed without a fee for leaving
// early: its last period earned that, or the running one has so far.
func (b *Settler) FreeExit(ctx context.Context, id string) (bool, error) {
	p, err := b.Period(ctx, id)
	if err != nil || p.FreeExit {
		return p.FreeExit, err
	}
	w, err := b.load(ctx, id)
	if err != nil {
		return false, err
	}
	return w.states[id].FreeExit, nil
}

// estimate settles the hours up to one in memory alone and hands them to add.
// The hour of the heartbeat counts as far as it has come. It ends early after
// so many hours, if most is not 0, and reports whether there are more.
func (w *world) estimate(ctx context.Context, last int64, most int, add func(*lease.SettledHour)) (more bool, err error) {
	for n := 1; w.settled < last; n++ {
		h, ok, err := w.next(ctx, last)
		if err != nil || !ok {
			return false, err
		}
		if most != 0 && n > most {
			return true, nil
		}
		m, err := w.move(ctx, h)
		if err != nil {
			return false, err
		}
		for i := range m.hours {
			add(&m.hours[i])
		}
	}
	return false, nil
}
