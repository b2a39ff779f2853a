package billing

import (
	"context"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
)

// moved is what an hour adds to what was.
type moved struct {
	changed []string // leases whose states are others now
	sources bool     // the node's own state is another now
	hours   []lease.SettledHour
	txs     []lease.Transaction
	events  []lease.Event
}

// hourFacts is what is stored about an hour.
type hourFacts struct {
	span       span // of the hour, up to the heartbeat while it is not over
	whole      bool // it is over
	runningMs  int64
	meters     map[string][]lease.HourMeter // by lease, in the order of sources
	upstreams  map[string]lease.Upstream    // by lease
	earnings   map[string][]reward.Group    // by lease
	exclusions []lease.Exclusion
}

// readHour reads the facts of an hour.
func (w *world) readHour(ctx context.Context, h int64) (*hourFacts, error) {
	f := &hourFacts{
		span: hourSpan(h), meters: make(map[string][]lease.HourMeter),
		upstreams: make(map[string]lease.Upstream), earnings: make(map[string][]reward.Group),
	}
	f.whole = w.heartbeat >= f.span.to
	f.span.to = max(f.span.from, min(f.span.to, w.heartbeat))
	for m, err := range w.Store.HourMeters(ctx, w.only, h, h+1) {
		if err != nil {
			return nil, err
		}
		f.meters[m.Lease] = append(f.meters[m.Lease], m)
	}
	for u, err := range w.Store.HourUpstreams(ctx, w.only, h, h+1) {
		if err != nil {
			return nil, err
		}
		f.upstreams[u.Lease] = u.Upstream
	}
	for e, err := range w.Store.HourEarnings(ctx, w.only, h, h+1) {
		if err != nil {
			return nil, err
		}
		f.earnings[e.Lease] = append(f.earnings[e.Lease], reward.Group{Work: e.Work, Network: e.Network, RewardSat: e.Sat})
	}
	var err error
	if f.exclusions, err = w.Store.Exclusions(ctx, f.span.from, f.span.to); err != nil {
		return nil, err
	}
	f.runningMs, err = w.Store.RunningMs(ctx, f.span.from, f.span.to)
	return f, err
}

// move moves all leases, in the order of their IDs, and the node's own state
// on by an hour.
func (w *world) move(ctx context.Context, h int64) (moved, error) {
	var m moved
	hour, err := w.readHour(ctx, h)
	if err != nil {
		return m, fmt.Errorf("hour %s: %w", hourName(h), err)
	}
	for i := range w.leases {
		l := &w.leases[i]
		if w.failed[l.ID] != nil {
			continue
		}
		if err := w.moveLease(ctx, h, l, hour, &m); err != nil {
			err = fmt.Errorf("lease %s, hour %s: %w", l.ID, hourName(h), err)
			if w.failed == nil || ctx.Err() != nil {
				return m, err
			}
			w.failed[l.ID] = err
		}
	}
	if w.only == "" {
		alarms, err := w.sources.step(h, hour, w.leases)
		if err != nil {
			return m, fmt.Errorf("hour %s: %w", hourName(h), err)
		}
		m.sources = alarms.changed
		m.events = append(m.events, alarms.events...)
	}
	w.settled = h
	return m, nil
}

func (w *world) moveLease(ctx context.Context, h int64, l *lease.Lease, hour *hourFacts, m *moved) error {
	s := w.states[l.ID]
	f := facts{
		lease: l, hour: h, span: hour.span, whole: hour.whole, runningMs: hour.runningMs,
		meters: hour.meters[l.ID], upstream: hour.upstreams[l.ID], earnings: hour.earnings[l.ID], exclusions: hour.exclusions,
	}
	if f.quiet(&s) {
		return nil
	}
	if err := w.learn(ctx, &s, &f); err != nil {
		return err
	}
	next, out, err := step(s, &f)
	if err != nil {
		return err
	}
	w.states[l.ID] = next
	m.changed = append(m.changed, l.ID)
	if out.row != nil {
		m.hours = append(m.hours, *out.row)
	}
	for i := range out.txs {
		w.book(&out.txs[i])
	}
	m.txs = append(m.txs, out.txs...)
	m.events = append(m.events, out.events...)
	return nil
}

// learn fills in the facts that quiet hours need not know.
func (w *world) learn(ctx context.Context, s *state, f *facts) error {
	var err error
	if f.terms, err = w.termsOf(ctx, f.lease.Terms); err != nil {
		return err
	}
	f.rated = w.rated
	f.prepaidSat = w.prepaidBy(f.lease.ID, f.span.to)
	if !f.whole || f.over() {
		f.prepaidSat = max(w.prepaid[f.lease.ID], 0) // all there is
	}
	if f.timed() {
		if f.sliceMs, err = w.runningIn(ctx, f); err != nil {
			return err
		}
	}
	if f.over() && f.exitCosts() {
		f.leftFree, err = w.leftFree(ctx, f.lease.ID)
	}
	return err
}

// runningIn is how long the node ran while the lease worked.
func (w *world) runningIn(ctx context.Context, f *facts) (ms int64, err error) {
	for _, s := range unpaused(f.lease, f.span) {
		if s == f.span {
			return f.runningMs, nil
		}
		part, err := w.Store.RunningMs(ctx, s.from, s.to)
		if err != nil {
			return 0, err
		}
		ms += part
	}
	return ms, nil
}

// leftFree tells whether a lease was closed without a fee, such as by the
// provider.
func (w *world) leftFree(ctx context.Context, id string) (free bool, err error) {
	for e, err := range w.Store.Events(ctx, lease.EventFilter{Lease: id, Kinds: []lease.EventKind{lease.EventLeaseClosed}}) {
		if err != nil {
			return false, err
		}
		var c lease.LeaseClosed
		if err := unmarshal(e, &c); err != nil {
			return false, err
		}
		free = c.FreeExit
	}
	return free, nil
}
