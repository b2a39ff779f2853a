package billing

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/hashlease/hashlease/lease"
)

// Settle settles all final hours up to one, or the first MaxHours of them,
// which are hours since 1970 UTC, and returns the last hour settled, 0 while
// there is none. Hours settled already are left as they are, and those of which
// nothing is to be said are passed over. When another process settles at the
// same time, prepays or changes a lease, it goes on from there.
func (b *Settler) Settle(ctx context.Context, through int64) (int64, error) {
	var last int64
	for try := 0; try < loadTries; try++ {
		w, err := b.load(ctx, "")
		if err != nil {
			return last, err
		}
		err = w.settleThrough(ctx, through)
		if !errors.Is(err, lease.ErrConflict) {
			return w.stored, err
		}
		if w.stored > last {
			last, try = w.stored, 0 // it goes on
		}
	}
	return last, errBusy
}

// settleThrough settles what is final and not after an hour.
func (w *world) settleThrough(ctx context.Context, through int64) error {
	last := min(through, lease.HourOf(w.heartbeat)-1)
	for n := 0; w.stored < last && (w.MaxHours == 0 || n < w.MaxHours); n++ {
		h, ok, err := w.next(ctx, last)
		if err != nil {
			return err
		}
		// Where there was nothing, that is remembered.
		s := lease.Settlement{Hour: last, Prev: w.stored, Leases: w.version}
		if ok {
			s, err = w.settle(ctx, h)
		} else if w.stored == 0 {
			_, ok, err = w.first(ctx, last)
			if !ok && err == nil {
				return nil // nothing has begun
			}
		}
		if err != nil {
			return err
		}
		if err := w.Store.Settle(ctx, s); err != nil {
			return fmt.Errorf("settling hour %s: %w", hourName(s.Hour), err)
		}
		w.settled, w.stored = s.Hour, s.Hour
	}
	return nil
}

// settle moves the world on by an hour, and returns what is to be stored.
func (w *world) settle(ctx context.Context, h int64) (lease.Settlement, error) {
	s := lease.Settlement{Hour: h, Prev: w.stored, States: make(map[string][]byte), Leases: w.version, Prepaid: make(map[string]int64)}
	before := maps.Clone(w.prepaid)
	m, err := w.move(ctx, h)
	if err != nil {
		return s, err
	}
	for _, id := range m.changed {
		s.Prepaid[id] = before[id]
		if s.States[id], err = encode(w.states[id]); err != nil {
			return s, stateError(id, err)
		}
	}
	if m.sources {
		if s.States[lease.House], err = encode(w.sources); err != nil {
			return s, stateError(lease.House, err)
		}
	}
	s.Hours, s.Txs, s.Events = m.hours, m.txs, m.events
	return s, nil
}

// next is the first hour after the last settled one, and not after last, in
// which there is something to settle; false when there is none. All hours that
// it passes over would change nothing.
func (w *world) next(ctx context.Context, last int64) (int64, bool, error) {
	from := w.settled + 1
	if w.settled == 0 {
		first, ok, err := w.first(ctx, last)
		if err != nil || !ok {
			return 0, false, err
		}
		from = first
	}
	best := last + 1
	for i := range w.leases {
		if best <= from {
			return from, true, nil
		}
		l := &w.leases[i]
		if w.states[l.ID].Final {
			continue
		}
		if h, ok := nextOwed(l, from, best-1); ok {
			best = h
		}
		if h, ok := l.LastHour(); ok {
			best = min(best, max(from, h))
		}
		// Months end for all leases that began.
		best = min(best, monthEnd(max(from, lease.HourOf(l.StartMs))))
	}
	if best > from {
		h, ok, err := w.metered(ctx, from, best)
		if err != nil {
			return 0, false, err
		}
		if ok {
			best = h
		}
	}
	return best, best <= last, nil
}

// first is the hour that settling begins with: that of the first start of a
// lease, or of the first work.
func (w *world) first(ctx context.Context, last int64) (int64, bool, error) {
	best := last + 1
	for i := range w.leases {
		best = min(best, lease.HourOf(w.leases[i].StartMs))
		if h, ok := w.leases[i].LastHour(); ok {
			best = min(best, h) // closed before it began
		}
	}
	best = max(best, 1)
	h, ok, err := w.metered(ctx, 1, best)
	if ok {
		best = h
	}
	return best, best <= last, err
}

// metered is the first hour in [from, to) in which anything was metered.
func (w *world) metered(ctx context.Context, from, to int64) (int64, bool, error) {
	best := to
	if from < best {
		for m, err := range w.Store.HourMeters(ctx, w.only, from, best) {
			if err != nil {
				return 0, false, err
			}
			best = m.Hour
			break
		}
	}
	if from < best {
		for u, err := range w.Store.HourUpstreams(ctx, w.only, from, best) {
			if err != nil {
				return 0, false, err
			}
			best = u.Hour
			break
		}
	}
	return best, best < to, nil // what earns is metered, too
}

// monthEnd is the last hour of the month that an hour lies in.
func monthEnd(hour int64) int64 {
	return lease.HourOf(lease.MonthStart(lease.MonthOf(hourSpan(hour).from)+1)) - 1
}

// hourName writes an hour for people.
func hourName(hour int64) string { return stamp(hourSpan(hour).from) }
