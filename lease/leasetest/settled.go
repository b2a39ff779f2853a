package leasetest

import (
	"github.com/hashlease/hashlease/lease"
)

// settledStays checks that nothing changes in hours that are settled, and
// nothing about leases that are paid off.
func (s *suite) settledStays() {
	const hour = lease.MsPerHour
	h := must(s.store.PutTerms(s.ctx, sampleTerms()))(s)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	add := func(start, end int64) (lease.Lease, error) {
		l := sampleLease("acme", h)
		l.StartMs, l.EndMs = start, end
		return s.store.AddLease(s.ctx, l, noLimit, tagged)
	}
	change := func(id string, f func(*lease.Lease)) error {
		_, err := s.store.ChangeLease(s.ctx, id, noLimit, func(l *lease.Lease) ([]lease.Event, error) { f(l); return nil, nil })
		return err
	}
	closeAt := func(ms int64) func(*lease.Lease) { return func(l *lease.Lease) { l.ClosedMs = ms } }
	endAt := func(ms int64) func(*lease.Lease) { return func(l *lease.Lease) { l.EndMs = ms } }
	// The hours 10 and 11 are settled; 12 begins at end.
	const end = 12 * hour
	open := must(add(10*hour, 0))(s)
	ended, running := must(add(10*hour, end))(s), must(add(10*hour, end+1))(s)
	closed, closing := must(add(10*hour, 0))(s), must(add(10*hour, 0))(s)
	s.ok(change(closed.ID, closeAt(end-1)))
	s.ok(change(closing.ID, closeAt(end)))
	s.ok(change(open.ID, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseTenant, 10*hour)) }))
	outage := lease.Exclusion{Lease: open.ID, Kind: lease.ExcludePool, AnnouncedMs: 10 * hour, FromMs: 10 * hour}
	lasts := must(s.store.PutExclusion(s.ctx, outage))(s)
	version := must(s.store.LeasesVersion(s.ctx))(s)
	s.is(s.store.Settle(s.ctx, lease.Settlement{Hour: 11, Leases: version - 1}), lease.ErrConflict)
	s.is(s.store.Settle(s.ctx, lease.Settlement{Hour: 11, Prepaid: map[string]int64{open.ID: 1}}), lease.ErrConflict)
	paid := func(key string, atMs int64) error {
		t := entry(key, "assets:wallet", lease.Liability+"acme:prepaid", 100)
		t.Postings[0].Lease, t.Postings[1].Lease = open.ID, open.ID
		return s.store.Post(s.ctx, t, lease.Event{Key: key, AtMs: atMs, Kind: lease.EventPrepaid, Lease: open.ID})
	}
	s.ok(paid("early", 10*hour))
	s.is(s.store.Settle(s.ctx, lease.Settlement{Hour: 11, Prepaid: map[string]int64{open.ID: 99}}), lease.ErrConflict)
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 11, Leases: version, Prepaid: map[string]int64{open.ID: 100, closed.ID: 0}}))

	for _, tt := range []struct {
		what string
		id   string
		f    func(*lease.Lease)
		want error // nil: it may be
	}{
		{"longer when it is over", ended.ID, endAt(end + hour), lease.ErrClosed},
		{"an order when it is over", ended.ID, func(l *lease.Lease) { l.Orders++ }, lease.ErrClosed},
		{"closed when it is over", ended.ID, closeAt(end), lease.ErrClosed},
		{"nothing when it is over", ended.ID, func(*lease.Lease) {}, nil},
		{"longer in time", running.ID, endAt(end + hour), nil},
		{"shorter than what is settled", running.ID, endAt(end - 1), lease.ErrConflict},
		{"open again", closed.ID, closeAt(0), lease.ErrClosed},
		{"an order when it is closed", closed.ID, func(l *lease.Lease) { l.Orders++ }, lease.ErrClosed},
		{"an order when it is not paid off", closing.ID, func(l *lease.Lease) { l.Orders++ }, nil},
		{"closed later", closing.ID, closeAt(end + 1), lease.ErrClosed},
		{"closed in a settled hour", open.ID, closeAt(end - 1), lease.ErrConflict},
		{"paused in a settled hour", open.ID, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseBudget, end-1)) }, lease.ErrConflict},
		{"resumed in a settled hour", open.ID, func(l *lease.Lease) { s.ok(l.Resume(lease.PauseTenant, end-1)) }, lease.ErrConflict},
		{"paused", open.ID, func(l *lease.Lease) { s.ok(l.Pause(lease.PauseBudget, end)) }, nil},
		{"resumed", open.ID, func(l *lease.Lease) { s.ok(l.Resume(lease.PauseTenant, end)) }, nil},
		{"closed", open.ID, closeAt(end), nil},
	} {
		if err := change(tt.id, tt.f); tt.want != nil {
			s.is(err, tt.want)
		} else if err != nil {
			s.Errorf("%s: %v", tt.what, err)
		}
	}
	_, err := add(end-1, 0)
	s.is(err, lease.ErrConflict)
	must(add(end, 0))(s)
	s.is(paid("late", end-1), lease.ErrConflict)
	s.ok(paid("in time", end))

	// Nor is anything explained after the fact.
	s.is(s.store.EndExclusion(s.ctx, lasts.ID, end-1), lease.ErrConflict)
	s.ok(s.store.EndExclusion(s.ctx, lasts.ID, end))
	outage.FromMs = end - 1
	_, err = s.store.PutExclusion(s.ctx, outage)
	s.is(err, lease.ErrConflict)
	run := must(s.store.BeginRun(s.ctx, end+500))(s)
	must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: end + 1000}))(s)
	x := must(s.store.PutExclusion(s.ctx, lease.Exclusion{Kind: lease.ExcludeMaintenance, AnnouncedMs: 1, FromMs: end + 600, ToMs: end + 2000}))(s)
	same(s, "announced", x.AnnouncedMs, end+1000)
}
