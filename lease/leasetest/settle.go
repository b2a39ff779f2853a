package leasetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// sampleHour has no field that is zero.
func sampleHour(id string, hour int64) lease.SettledHour {
	return lease.SettledHour{
		Lease: id, Hour: hour, OwedMs: 1, ExcludedMs: 2, RunningMs: 3, Contracted: lease.Quantity{Hi: 4, Lo: 5}, Counted: lease.Quantity{Lo: 6},
		Proven: lease.Quantity{Lo: 7}, Receipts: 8, Billable: lease.Quantity{Lo: 9}, Upper: lease.Quantity{Hi: 1 << 60}, Window: lease.WindowDown,
		DueSat: 10, ChargedSat: 11, EarnedSat: 12,
	}
}

func (s *suite) settle() {
	a, b := s.addLease("acme"), s.addLease("bob")
	same(s, "none settled", must(s.store.SettledHour(s.ctx))(s), 0)
	same(s, "no states", must(s.store.SettledStates(s.ctx))(s), map[string][]byte{})
	same(s, "no hours", len(all(s, s.store.SettledHours(s.ctx, "", 0, 1000))), 0)
	version := must(s.store.LeasesVersion(s.ctx))(s)
	s.ok(s.store.Settle(s.ctx, lease.Settlement{
		Hour: 100, States: map[string][]byte{a.ID: []byte("{1}"), b.ID: []byte("{2}")},
		Hours:  []lease.SettledHour{sampleHour(b.ID, 100), sampleHour(a.ID, 100)},
		Txs:    []lease.Transaction{entry("one", "assets:wallet", "liab:acme:prepaid", 100), entry("two", "expense:pps", "liab:acme:available", 5)},
		Events: []lease.Event{happened("a"), happened("b")},
		Pauses: []lease.LeaseChange{{Lease: a.ID, By: lease.PauseBudget, AtMs: a.StartMs + 10}},
	}))
	same(s, "settled", must(s.store.SettledHour(s.ctx))(s), 100)
	same(s, "hours", all(s, s.store.SettledHours(s.ctx, "", 0, 1000)), []lease.SettledHour{sampleHour(a.ID, 100), sampleHour(b.ID, 100)})
	same(s, "transactions", len(all(s, s.store.Transactions(s.ctx))), 2)
	same(s, "events", s.eventKeys(), []string{"a", "b"})
	want := []lease.Pause{{By: lease.PauseBudget, FromMs: a.StartMs + 10}}
	same(s, "paused", must(s.store.Lease(s.ctx, a.ID))(s).Pauses, want)
	if now := must(s.store.LeasesVersion(s.ctx))(s); now == version {
		s.Error("a pause changes no version")
	}

	// The next may be some hours on, and says nothing of some leases.
	s.ok(s.store.Settle(s.ctx, lease.Settlement{
		Hour: 105, Prev: 100, States: map[string][]byte{b.ID: []byte("{3}")}, Hours: []lease.SettledHour{sampleHour(b.ID, 105)},
		Pauses: []lease.LeaseChange{{Lease: a.ID, By: lease.PauseBudget, AtMs: a.StartMs + 20, Resume: true}},
	}))
	want[0].ToMs = a.StartMs + 20
	same(s, "resumed", must(s.store.Lease(s.ctx, a.ID))(s).Pauses, want)
	same(s, "states", must(s.store.SettledStates(s.ctx))(s), map[string][]byte{a.ID: []byte("{1}"), b.ID: []byte("{3}")})
	same(s, "of one", all(s, s.store.SettledHours(s.ctx, b.ID, 0, 1000)), []lease.SettledHour{sampleHour(b.ID, 100), sampleHour(b.ID, 105)})
	same(s, "until 105", all(s, s.store.SettledHours(s.ctx, b.ID, 100, 105)), []lease.SettledHour{sampleHour(b.ID, 100)})
	same(s, "from 101", all(s, s.store.SettledHours(s.ctx, "", 101, 106)), []lease.SettledHour{sampleHour(b.ID, 105)})
}

func (s *suite) settleErrors() {
	a, b := s.addLease("acme"), s.addLease("bob")
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 100}))
	s.ok(s.store.Post(s.ctx, entry("known", "assets:wallet", "liab:acme:prepaid", 100)))
	uneven := entry("uneven", "assets:wallet", "liab:acme:prepaid", 100)
	uneven.Postings = uneven.Postings[:1]
	overdrawn := entry("overdrawn", "liab:acme:prepaid", "revenue:lease", 201)
	overdrawn.Postings[0].Lease = a.ID
	for _, tt := range []struct {
		name string
		make func(st *lease.Settlement)
		want error // nil: any
	}{
		{"another one before", func(st *lease.Settlement) { st.Prev = 99 }, lease.ErrConflict},
		{"none before", func(st *lease.Settlement) { st.Prev = 0 }, lease.ErrConflict},
		{"the same again", func(st *lease.Settlement) { st.Hour = 100; st.Hours = nil }, lease.ErrConflict},
		{"an older one", func(st *lease.Settlement) { st.Hour = 99; st.Hours = nil }, lease.ErrConflict},
		{"another hour's", func(st *lease.Settlement) { st.Hours = append(st.Hours, sampleHour(b.ID, 100)) }, nil},
		{"a lease twice", func(st *lease.Settlement) { st.Hours = append(st.Hours, st.Hours[0]) }, lease.ErrExists},
		{"booked already", func(st *lease.Settlement) { st.Txs = append(st.Txs, entry("known", "a", "b", 1)) }, lease.ErrDuplicate},
		{"unbalanced", func(st *lease.Settlement) { st.Txs = append(st.Txs, uneven) }, lease.ErrUnbalanced},
		{"overdrawn", func(st *lease.Settlement) { st.Txs = append(st.Txs, overdrawn) }, lease.ErrOverdrawn},
		{"an unknown lease", func(st *lease.Settlement) {
			st.Pauses = append(st.Pauses, lease.LeaseChange{Lease: "L-0099", By: lease.PauseBudget, AtMs: 1})
		}, lease.ErrNotFound},
		{"an event too long", func(st *lease.Settlement) { st.Events = tooLong("x") }, nil},
	} {
		st := lease.Settlement{
			Hour: 101, Prev: 100, States: map[string][]byte{a.ID: []byte("x")}, Hours: []lease.SettledHour{sampleHour(a.ID, 101)},
			Txs: []lease.Transaction{entry("good", "assets:wallet", "liab:acme:prepaid", 100)}, Events: []lease.Event{happened("good")},
			Pauses: []lease.LeaseChange{{Lease: a.ID, By: lease.PauseBudget, AtMs: a.StartMs + 5}},
		}
		tt.make(&st)
		if err := s.store.Settle(s.ctx, st); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			s.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
	same(s, "settled after the errors", must(s.store.SettledHour(s.ctx))(s), 100)
	same(s, "hours after the errors", len(all(s, s.store.SettledHours(s.ctx, "", 0, 1000))), 0)
	same(s, "states after the errors", len(must(s.store.SettledStates(s.ctx))(s)), 0)
	same(s, "transactions after the errors", len(all(s, s.store.Transactions(s.ctx))), 1)
	same(s, "events after the errors", len(s.eventKeys()), 0)
	same(s, "lease after the errors", must(s.store.Lease(s.ctx, a.ID))(s), a)

	// What is so already, or over, is no error.
	s.closeLease(b.ID, b.StartMs+1)
	change := func(id string, resume bool) lease.LeaseChange {
		return lease.LeaseChange{Lease: id, By: lease.PauseBudget, AtMs: a.StartMs + 5, Resume: resume}
	}
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 101, Prev: 100, Pauses: []lease.LeaseChange{
		change(a.ID, true), change(a.ID, false), change(a.ID, false), change(b.ID, false), change(b.ID, true),
	}}))
	same(s, "paused once", len(must(s.store.Lease(s.ctx, a.ID))(s).Pauses), 1)
	same(s, "never paused", len(must(s.store.Lease(s.ctx, b.ID))(s).Pauses), 0)
}

// settleAtOnce checks that an hour is settled by one of many that try.
func (s *suite) settleAtOnce() {
	var wg sync.WaitGroup
	settled := make(chan int, 16)
	for i := range cap(settled) {
		wg.Go(func() {
			err := s.store.Settle(s.ctx, lease.Settlement{Hour: 7, Txs: []lease.Transaction{entry(fmt.Sprint(i), "assets:x", "assets:y", 1)}})
			if err == nil {
				settled <- i
			} else if !errors.Is(err, lease.ErrConflict) {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	if len(settled) != 1 || len(all(s, s.store.Transactions(s.ctx))) != 1 {
		s.Errorf("settled %d times", len(settled))
	}
}

// settledIsOver checks that nothing comes into an hour that was settled.
func (s *suite) settledIsOver() {
	l := s.addPoolLease()
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 10*lease.MsPerHour))(s)
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 10}))
	const next = 11 * lease.MsPerHour
	b := lease.Batch{
		Run: run, N: 1, AtMs: next - 5, Receipts: []lease.Receipt{share(job, next-6, 1), share(job, 0, 2), share(job, next+1, 3)},
		Counts: []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: 1}}, Verdicts: []lease.Verdict{{Lease: l.ID, Source: "cpu0", Reason: lease.Stale, N: 1}},
		Upstream: []lease.Upstream{{Lease: l.ID, Sent: 1}},
	}
	got := must(s.store.CommitBatch(s.ctx, b))(s)
	for i, want := range []int64{next, next, next + 1} {
		same(s, "commit time", got[i].CommitMs, want)
	}
	same(s, "in the settled hour", len(s.meters("", 0, 11)), 0)
	same(s, "in the next", len(s.meters("", 11, 12)), 1)
	same(s, "of the pool in the settled hour", len(all(s, s.store.HourUpstreams(s.ctx, "", 0, 11))), 0)
	// Settled meanwhile, a batch sent again is still what it was.
	s.ok(s.store.Settle(s.ctx, lease.Settlement{Hour: 12, Prev: 10}))
	same(s, "sent again", must(s.store.CommitBatch(s.ctx, b))(s), got)
	must(s.store.BeginRun(s.ctx, 1))(s)
	same(s, "a run begins after it", must(s.store.Heartbeat(s.ctx))(s), 13*lease.MsPerHour)
}

func (s *suite) exclusions() {
	l := s.addLease("acme")
	same(s, "none", len(must(s.store.Exclusions(s.ctx, 0, 1<<60))(s)), 0)
	want := []lease.Exclusion{
		{Kind: lease.ExcludeMaintenance, AnnouncedMs: 1, FromMs: 100, ToMs: 200, Evidence: "new fans"},
		{Kind: lease.ExcludePool, Lease: l.ID, AnnouncedMs: 50, FromMs: 50, Evidence: strings.Repeat("é", lease.MaxEvidence/2)},
		{Kind: lease.ExcludePool, Lease: l.ID, AnnouncedMs: 300, FromMs: 100},
	}
	for i, x := range want {
		x.ID = 77 // is given
		got := must(s.store.PutExclusion(s.ctx, x))(s)
		if got.ID <= 0 || i > 0 && got.ID <= want[i-1].ID {
			s.Errorf("exclusion %d has ID %d", i, got.ID)
		}
		want[i].ID = got.ID
		same(s, "stored", got, want[i])
	}
	for _, tt := range []struct {
		from, to int64
		want     []int
	}{{0, 1 << 60, []int{1, 0, 2}}, {0, 50, nil}, {0, 51, []int{1}}, {0, 101, []int{1, 0, 2}}, {199, 200, []int{1, 0, 2}}, {200, 201, []int{1, 2}}} {
		var some []lease.Exclusion
		for _, i := range tt.want {
			some = append(some, want[i])
		}
		same(s, fmt.Sprintf("in [%d, %d)", tt.from, tt.to), must(s.store.Exclusions(s.ctx, tt.from, tt.to))(s), some)
	}
	s.ok(s.store.EndExclusion(s.ctx, want[1].ID, 120))
	s.ok(s.store.EndExclusion(s.ctx, want[2].ID, 90)) // the clock went back
	s.is(s.store.EndExclusion(s.ctx, want[1].ID, 130), lease.ErrClosed)
	s.is(s.store.EndExclusion(s.ctx, want[0].ID, 130), lease.ErrClosed)
	s.is(s.store.EndExclusion(s.ctx, want[2].ID+1, 130), lease.ErrNotFound)
	want[1].ToMs, want[2].ToMs = 120, 100
	same(s, "ended", must(s.store.Exclusions(s.ctx, 0, 1<<60))(s), []lease.Exclusion{want[1], want[0], want[2]})

	_, err := s.store.PutExclusion(s.ctx, lease.Exclusion{Kind: lease.ExcludePool, Lease: "L-0099", FromMs: 1})
	s.is(err, lease.ErrNotFound)
	for what, x := range map[string]lease.Exclusion{
		"no kind":              {FromMs: 1},
		"an end before":        {Kind: lease.ExcludePool, FromMs: 5, ToMs: 4},
		"from before all time": {Kind: lease.ExcludePool},
		"too much to be read":  {Kind: lease.ExcludePool, FromMs: 1, Evidence: strings.Repeat("x", lease.MaxEvidence+1)},
	} {
		_, err := s.store.PutExclusion(s.ctx, x)
		s.fails(what, err)
	}
	same(s, "after the errors", len(must(s.store.Exclusions(s.ctx, 0, 1<<60))(s)), 3)
}
