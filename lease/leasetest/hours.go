package leasetest

import (
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// clockGoesBack checks that times never do, whatever the clock says.
func (s *suite) clockGoesBack() {
	l := s.addLease("acme")
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 10_000))(s)
	commit := func(n uint64, atMs int64, commitMs ...int64) (times []int64) {
		s.Helper()
		b := lease.Batch{Run: run, N: n, AtMs: atMs, Counts: []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: 1}}}
		for i, ms := range commitMs {
			b.Receipts = append(b.Receipts, share(job, ms, uint32(n)<<8+uint32(i)))
		}
		got := must(s.store.CommitBatch(s.ctx, b))(s)
		same(s, "sent again", must(s.store.CommitBatch(s.ctx, b))(s), got)
		for _, r := range got {
			times = append(times, r.CommitMs)
		}
		return times
	}
	same(s, "as they are", commit(1, 20_000, 0, 15_000, 20_000), []int64{20_000, 15_000, 20_000})
	same(s, "an hour back", commit(2, 20_000-lease.MsPerHour, 0, 19_999, 5, 20_001), []int64{20_000, 20_000, 20_000, 20_001})
	same(s, "heartbeat", must(s.store.Heartbeat(s.ctx))(s), 20_000)
	// Another run, when the clock is still wrong.
	run = must(s.store.BeginRun(s.ctx, 12_000))(s)
	same(s, "another run", commit(1, 13_000, 0), []int64{20_000})
	same(s, "heartbeat", must(s.store.Heartbeat(s.ctx))(s), 20_000)
	same(s, "running", must(s.store.RunningMs(s.ctx, 0, math.MaxInt64))(s), 10_000)
	same(s, "forth", commit(2, 21_000, 0), []int64{21_000})
}

func (s *suite) hours() {
	house, a := s.addLease("acme"), s.addPoolLease()
	job, other := s.addJobs(miner.Hash{1}, 1000, a.ID)[0], s.addJobs(miner.Hash{2}, 1<<50, a.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	same(s, "no hours", len(all(s, s.store.HourMeters(s.ctx, "", 0, math.MaxInt64))), 0)
	same(s, "none of one", len(all(s, s.store.HourMeters(s.ctx, a.ID, 0, math.MaxInt64))), 0)
	at := func(hour, ms int64) int64 { return hour*lease.MsPerHour + ms }
	late := share(other, at(5, 10), 3)
	late.Source = "rig"
	said := lease.Upstream{Lease: a.ID, Sent: 5, Accepted: 3, Rejected: 1, SentWork: miner.Hashes(50), AcceptedWork: miner.Hashes(30)}
	for _, b := range []lease.Batch{
		{AtMs: at(5, 0), Receipts: []lease.Receipt{share(job, at(4, lease.MsPerHour-1), 1), share(job, at(5, 0), 2)}, // the last and the first moment
			Counts: []lease.Count{{Lease: a.ID, Source: "cpu0", Hashes: math.MaxUint64}}, Upstream: []lease.Upstream{said, said}},
		{AtMs: at(5, 20), Receipts: []lease.Receipt{late}, Counts: []lease.Count{{Lease: a.ID, Source: "cpu0", Hashes: math.MaxUint64}, {Lease: a.ID, Source: "cpu0", Hashes: 2}},
			Verdicts: []lease.Verdict{{Lease: a.ID, Source: "cpu1", Reason: lease.Stale, N: 2}, {Lease: a.ID, Source: "cpu1", Reason: "duplicate", N: 1}}},
		{AtMs: at(5, 21), Verdicts: []lease.Verdict{{Lease: a.ID, Source: "cpu1", Reason: lease.Stale, N: 3}}},
		{AtMs: at(7, 0), Counts: []lease.Count{{Lease: house.ID, Source: "cpu0", Hashes: 9}, {Lease: a.ID, Source: "cpu0", Hashes: 8}}, Upstream: []lease.Upstream{said}},
	} {
		b.Run = run
		must(s.store.CommitBatch(s.ctx, b))(s)
	}
	evidence := func(works ...uint64) (e lease.Evidence) {
		for _, w := range works {
			e.Add(miner.Hashes(w))
		}
		return e
	}
	none := map[string]uint64{}
	work := job.Target.Work().Lo
	high := lease.Evidence{}
	high.Add(other.Target.Work())
	want := []lease.HourMeter{
		{Lease: a.ID, Source: "cpu0", Hour: 4, Evidence: evidence(work), Verdicts: none},
		{Lease: a.ID, Source: "cpu0", Hour: 5, Counted: miner.Work{Hi: 2}, Evidence: evidence(work), Verdicts: none},
		{Lease: a.ID, Source: "cpu1", Hour: 5, Verdicts: map[string]uint64{lease.Stale: 5, "duplicate": 1}},
		{Lease: a.ID, Source: "rig", Hour: 5, Evidence: high, Verdicts: none},
		{Lease: house.ID, Source: "cpu0", Hour: 7, Counted: miner.Hashes(9), Verdicts: none},
		{Lease: a.ID, Source: "cpu0", Hour: 7, Counted: miner.Hashes(8), Verdicts: none},
	}
	sameMeters(s, "all", s.meters("", 0, math.MaxInt64), want)
	sameMeters(s, "from 5 to 7", s.meters("", 5, 7), want[1:4])
	sameMeters(s, "of one", s.meters(a.ID, 0, math.MaxInt64), slices.Concat(want[:4], want[5:]))
	sameMeters(s, "of one, from 5 to 7", s.meters(a.ID, 5, 7), want[1:4])
	sameMeters(s, "of one, the last", s.meters(a.ID, 7, 8), want[5:])
	for _, span := range [][2]int64{{8, 100}, {6, 7}, {5, 5}, {7, 5}, {math.MinInt64, 0}} {
		sameMeters(s, fmt.Sprint(span), s.meters("", span[0], span[1]), nil)
		sameMeters(s, fmt.Sprint("of one ", span), s.meters(a.ID, span[0], span[1]), nil)
	}
	for m, err := range s.store.HourMeters(s.ctx, "", 0, 100) { // breaking off
		s.ok(err)
		same(s, "first", m.Hour, 4)
		break
	}

	twice := said
	twice.Add(said)
	upstreams := []lease.HourUpstream{{Upstream: twice, Hour: 5}, {Upstream: said, Hour: 7}}
	same(s, "upstreams", all(s, s.store.HourUpstreams(s.ctx, "", 0, 100)), upstreams)
	same(s, "upstreams of one", all(s, s.store.HourUpstreams(s.ctx, a.ID, 0, 100)), upstreams)
	same(s, "upstreams from 6 on", all(s, s.store.HourUpstreams(s.ctx, a.ID, 6, 100)), upstreams[1:])
	same(s, "upstreams of the other", len(all(s, s.store.HourUpstreams(s.ctx, house.ID, 0, 100))), 0)
}

// meters gathers metered hours.
func (s *suite) meters(id string, from, to int64) []lease.HourMeter {
	s.Helper()
	return all(s, s.store.HourMeters(s.ctx, id, from, to))
}

// sameMeters compares metered hours; equal sums may be held differently.
func sameMeters(s *suite, what string, got, want []lease.HourMeter) {
	s.Helper()
	same(s, what, fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
}

func (s *suite) hourEarnings() {
	a, b := s.addLease("acme"), s.addLease("bob")
	low, high := &lease.Earns{Network: miner.Work{Hi: 1}, Sat: 5}, &lease.Earns{Network: miner.Work{Hi: 1}, Sat: 6}
	var jobs []lease.Job
	for i, j := range []lease.Job{{Lease: a.ID, Earns: low}, {Lease: b.ID, Earns: low}, {Lease: a.ID, Earns: high}, {Lease: a.ID}, {Lease: a.ID, Earns: low}} {
		j.Tag, j.Target = tagOf(j.Lease), miner.TargetForWork(miner.Hashes(1000*uint64(i+1)))
		jobs = append(jobs, j)
	}
	templates := []lease.Template{{Body: []byte("{}")}}
	_, stored, err := s.store.PutJobs(s.ctx, templates, jobs)
	s.ok(err)
	for i, j := range stored {
		same(s, "job", must(s.store.Job(s.ctx, j.Seq))(s), j)
		same(s, "what it earns", j.Earns, jobs[i].Earns)
	}
	for what, bad := range map[string]lease.Earns{"no network": {Sat: 5}, "less than nothing": {Network: low.Network, Sat: -1}, "more than there is": {Network: low.Network, Sat: lease.MaxSat + 1}} {
		_, _, err := s.store.PutJobs(s.ctx, templates, []lease.Job{{Lease: a.ID, Earns: &bad}})
		s.fails(what, err)
	}
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	for n := range int64(2) {
		batch := lease.Batch{Run: run, N: uint64(n) + 1, AtMs: (3 + n) * lease.MsPerHour}
		for i, j := range stored {
			batch.Receipts = append(batch.Receipts, share(j, batch.AtMs, uint32(10*n)+uint32(i)), share(j, batch.AtMs, uint32(10*n)+uint32(i)+5))
		}
		for range 2 { // sent again it counts once
			must(s.store.CommitBatch(s.ctx, batch))(s)
		}
	}
	w := func(i int) miner.Work { return stored[i].Target.Work().Mul(2) }
	want := []lease.HourEarning{
		{Lease: a.ID, Hour: 3, Earns: *low, Work: w(0).Add(w(4))}, {Lease: a.ID, Hour: 3, Earns: *high, Work: w(2)}, {Lease: b.ID, Hour: 3, Earns: *low, Work: w(1)},
	}
	for _, e := range want[:3] {
		e.Hour = 4
		want = append(want, e)
	}
	same(s, "all", all(s, s.store.HourEarnings(s.ctx, "", 0, 100)), want)
	same(s, "of one", all(s, s.store.HourEarnings(s.ctx, b.ID, 0, 100)), []lease.HourEarning{want[2], want[5]})
	same(s, "of one hour", all(s, s.store.HourEarnings(s.ctx, a.ID, 4, 5)), want[3:5])
}

// step is something that a batch holds, and when it came.
type step struct {
	ms      int64
	receipt *lease.Receipt
	count   *lease.Count
	verdict *lease.Verdict
}

// otherBatches checks that how a stream is cut into batches, what is sent twice
// and where the node starts again change nothing of what is metered.
func (s *suite) otherBatches() {
	stores := []lease.Store{s.store, s.open(s.T)}
	var jobs []lease.Job
	runs := make([]int64, len(stores))
	for i, store := range stores {
		one := *s
		one.store = store
		a, b := one.addLease("acme"), one.addLease("bob")
		jobs = append(one.addJobs(miner.Hash{1}, 1000, a.ID, b.ID), one.addJobs(miner.Hash{2}, 1<<50, a.ID, b.ID)...)
		runs[i] = must(store.BeginRun(s.ctx, 1))(s)
	}
	var n uint64
	base := int64(0)
	rapid.Check(s.T, func(t *rapid.T) {
		base += 10 // hours: what came before is over
		ms := base * lease.MsPerHour
		var steps []step
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			ms += rapid.SampledFrom([]int64{0, 1, 250, lease.MsPerHour / 2, lease.MsPerHour}).Draw(t, "pause")
			ms = min(ms, (base+9)*lease.MsPerHour)
			job := rapid.SampledFrom(jobs).Draw(t, "job")
			source := rapid.SampledFrom([]string{"cpu0", "rig"}).Draw(t, "source")
			n++
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				steps = append(steps, step{ms: ms, count: &lease.Count{Lease: job.Lease, Source: source, Hashes: rapid.Uint64().Draw(t, "hashes")}})
			case 1:
				steps = append(steps, step{ms: ms, verdict: &lease.Verdict{Lease: job.Lease, Source: source, Reason: lease.Stale, N: 1}})
			default:
				r := share(job, ms, uint32(n))
				r.Source = source
				steps = append(steps, step{ms: ms, receipt: &r})
			}
		}
		for i, store := range stores {
			for rest := steps; len(rest) > 0; {
				cut := rapid.IntRange(1, len(rest)).Draw(t, "cut")
				// What is counted belongs to the hour of its batch.
				for k := range cut {
					if rest[k].ms/lease.MsPerHour != rest[0].ms/lease.MsPerHour {
						cut = k
						break
					}
				}
				if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
					runs[i] = must(store.BeginRun(s.ctx, rest[0].ms))(s)
				}
				n++
				b := lease.Batch{Run: runs[i], N: n, AtMs: rest[cut-1].ms}
				for _, one := range rest[:cut] {
					switch {
					case one.receipt != nil:
						b.Receipts = append(b.Receipts, *one.receipt)
					case one.count != nil:
						b.Counts = append(b.Counts, *one.count)
					default:
						b.Verdicts = append(b.Verdicts, *one.verdict)
					}
				}
				for range rapid.IntRange(1, 2).Draw(t, "sent") {
					must(store.CommitBatch(s.ctx, b))(s)
				}
				rest = rest[cut:]
			}
		}
		want := fmt.Sprintf("%+v", all(s, stores[0].HourMeters(s.ctx, "", base, base+10)))
		if got := fmt.Sprintf("%+v", all(s, stores[1].HourMeters(s.ctx, "", base, base+10))); got != want {
			t.Fatalf("in other batches the hours are\n%s\nand not\n%s", got, want)
		}
	})
}
