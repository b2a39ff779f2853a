package statement_test

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// repoint makes a lease work for another account.
func (w *world) repoint(l *lease.Lease, user string) {
	w.Helper()
	changed, err := w.store.ChangeLease(w.ctx, l.ID, 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
		e, err := lease.NewEvent(lease.EventLeasePool, w.nowMs, "", lease.LeaseRepointed{
			FromURLs: l.Pool.URLs, FromUser: l.Pool.User, ToURLs: l.Pool.URLs, ToUser: user,
		})
		l.Pool = &lease.Pool{URLs: l.Pool.URLs, User: user, Password: "x"}
		return []lease.Event{e.Of(l)}, err
	})
	w.ok(err)
	*l = changed
}

// A statement names the accounts that the lease worked for in its period, and
// what the pool said then, of whatever pool it works for later.
func TestFormerPools(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice", func(l *lease.Lease) {
		l.Pool = &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "first", Password: "x"}
	})
	other := w.lease("bob")
	hours := func(n int64) {
		for range n {
			w.work(60, 1, other)
			w.commit(lease.Batch{Upstream: []lease.Upstream{{Lease: l.ID, Sent: 3, Accepted: 2, SentWork: l60(3), AcceptedWork: l60(2)}}})
			w.settle()
		}
	}
	hours(6)
	w.repoint(&l, "second")
	at := w.nowMs
	w.repoint(&l, "second") // only its password
	hours(20)
	w.repoint(&l, "third")
	hours(2)
	w.settle()
	for _, c := range []struct {
		from, to int64
		user     string
		former   []string
		sent     uint64
	}{
		{begin, begin + 28*hour, "third", []string{"second", "first"}, 3 * 28},
		{begin, begin + 3*hour, "first", nil, 3 * 3},
		{begin, begin + day, "second", []string{"first"}, 3 * 24},
		{begin + 7*hour, begin + day, "second", nil, 3 * 17},
		{begin + 27*hour, begin + 28*hour, "third", nil, 3},
	} {
		s := w.issue(l, c.from, c.to)
		p := s.Statement.Pool
		var former []string
		for _, a := range p.Former {
			former = append(former, a.User)
			if a.User == "first" && a.UntilMs != at {
				t.Errorf("worked for %s until %d, want %d", a.User, a.UntilMs, at)
			}
		}
		if p.User != c.user || asJSON(t, former) != asJSON(t, c.former) {
			t.Errorf("hours %d to %d: %s, formerly %v, want %s and %v", (c.from-begin)/hour, (c.to-begin)/hour, p.User, former, c.user, c.former)
		}
		if p.Counts.Sent != c.sent && p.Counts.Sent != c.sent+3 && p.Counts.Sent+3 != c.sent {
			t.Errorf("hours %d to %d: %d shares sent, want %d", (c.from-begin)/hour, (c.to-begin)/hour, p.Counts.Sent, c.sent)
		}
		w.holds(w.file(s))
	}
}

// l60 is the work of so many shares of sixty hashes.
func l60(n uint64) miner.Work { return miner.Hashes(60 * n) }
