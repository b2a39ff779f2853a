package billing

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
)

// december is the month's first moment.
var december = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// A free exit that was earned in one month holds through the next, be that as
// good as it may.
func TestFreeExitOfTheLastMonth(t *testing.T) {
	x := newSite(t, t.Context(), newMemory(), december-day)
	missed := x.lease(testTerms(), lease.Lease{StartMs: december - 20*hour, EndMs: december + 30*day}, nil)
	served := x.lease(testTerms(), lease.Lease{StartMs: december, EndMs: december + 30*day}, nil)
	x.beat(december)
	x.settle()
	for _, l := range []lease.Lease{missed, served} {
		x.prepay(december, l.ID, 20_000)
		x.work(december+minute, l.ID, "cpu0", 14)
		x.ok(x.change(l.ID, func(l *lease.Lease) error { l.ClosedMs = december + hour; return nil }))
	}
	x.beat(december + hour)
	free, err := x.FreeExit(t.Context(), missed.ID)
	x.ok(err)
	if !free {
		t.Error("no free exit is told of")
	}
	x.beat(december + 2*hour)
	x.settle()
	x.has("fees", -x.balance(ledger.ExitFees, missed.ID), 0)
	x.has("fees of one that was served", -x.balance(ledger.ExitFees, served.ID), 1641)
}

// The pool's target is known from one month to the next.
func TestPoolTargetOfTheLastMonth(t *testing.T) {
	s := newMemory()
	x := newSite(t, t.Context(), s, december-day)
	l := x.lease(testTerms(), lease.Lease{StartMs: december - 3*hour, Pool: &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}}, nil)
	_, err := s.CommitBatch(t.Context(), lease.Batch{Run: x.run, AtMs: december - 2*hour, Upstream: []lease.Upstream{
		{Lease: l.ID, Sent: 2, Accepted: 2, SentWork: miner.Hashes(2 << 30), AcceptedWork: miner.Hashes(2 << 30)},
	}})
	x.ok(err)
	x.beat(december)
	x.settle()
	var got state
	x.ok(decode(s.states[l.ID], &got))
	if got.Period.FromMs != december || got.Period.Pool.Unit.Work() != miner.Hashes(1<<30) {
		t.Errorf("the new period is %+v", got.Period)
	}
}
