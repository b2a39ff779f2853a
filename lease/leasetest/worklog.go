package leasetest

import (
	"math"
	"math/big"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

func (s *suite) jobs() {
	templates := []lease.Template{
		{CreatedMs: 1, Height: 100, Prev: miner.Hash{1}, Body: []byte(`{"first":1}`), Split: []byte("[]")},
		{CreatedMs: 2, Height: 101, Prev: miner.Hash{2}, Body: []byte(`{"second":"é"}`)},
	}
	jobs := []lease.Job{
		{Template: 1, Lease: "L-0001", Tag: lease.Tag{1}, Target: miner.MaxTarget, CreatedMs: 3},
		{Template: 0, Lease: lease.House, Tag: lease.Tag{2}, Target: miner.DifficultyOne, CreatedMs: 4},
	}
	gotT, gotJ, err := s.store.PutJobs(s.ctx, templates, jobs)
	s.ok(err)
	if templates[0].Seq != 0 || jobs[0].Template != 1 {
		s.Error("PutJobs changed its arguments")
	}
	if gotT[0].Seq <= 0 || gotT[1].Seq <= gotT[0].Seq || gotJ[0].Seq <= 0 || gotJ[1].Seq <= gotJ[0].Seq {
		s.Errorf("Seqs are not in order: %+v %+v", gotT, gotJ)
	}
	same(s, "template of the first job", gotJ[0].Template, gotT[1].Seq)
	same(s, "template of the second job", gotJ[1].Template, gotT[0].Seq)
	for i := range templates {
		templates[i].Seq, jobs[i].Seq = gotT[i].Seq, gotJ[i].Seq
		jobs[i].Template = gotJ[i].Template
		same(s, "template", must(s.store.Template(s.ctx, gotT[i].Seq))(s), templates[i])
		same(s, "job", must(s.store.Job(s.ctx, gotJ[i].Seq))(s), jobs[i])
	}
	_, err = s.store.Template(s.ctx, gotT[1].Seq+1)
	s.is(err, lease.ErrNotFound)
	_, err = s.store.Job(s.ctx, gotJ[1].Seq+1)
	s.is(err, lease.ErrNotFound)
	_, _, err = s.store.PutJobs(s.ctx, templates[:1], []lease.Job{{Template: 1}})
	s.is(err, lease.ErrNotFound)
	for _, body := range []string{"", "text", "[]", `{"b":1,"a":2}`, `{"a": 1}`} {
		_, _, err = s.store.PutJobs(s.ctx, []lease.Template{{Body: []byte(body)}}, nil)
		s.fails("a template that is no canonical object", err)
	}
	_, err = s.store.Template(s.ctx, gotT[1].Seq+1)
	s.is(err, lease.ErrNotFound) // all or nothing
}

func (s *suite) runs() {
	same(s, "heartbeat of no run", must(s.store.Heartbeat(s.ctx))(s), 0)
	same(s, "time of no run", must(s.store.RunningMs(s.ctx, 0, math.MaxInt64))(s), 0)
	beat := func(run, ms int64) {
		must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: ms}))(s)
	}
	first := must(s.store.BeginRun(s.ctx, 1000))(s)
	same(s, "heartbeat at the start", must(s.store.Heartbeat(s.ctx))(s), 1000)
	beat(first, 1500)
	beat(first, 1400) // the clock went back: the heartbeat does not
	same(s, "heartbeat", must(s.store.Heartbeat(s.ctx))(s), 1500)
	second := must(s.store.BeginRun(s.ctx, 2000))(s)
	if second == first {
		s.Error("two runs have one number")
	}
	beat(second, 2600)
	third := must(s.store.BeginRun(s.ctx, 2500))(s) // overlaps the second
	beat(third, 3000)
	for _, tt := range []struct{ from, to, want int64 }{
		{0, math.MaxInt64, 500 + 1000},
		{0, 1000, 0},
		{1000, 1500, 500},
		{1200, 1300, 100},
		{1400, 2100, 200},
		{2550, 2700, 150},
		{3000, 4000, 0},
		{1500, 1200, 0},
	} {
		if got := must(s.store.RunningMs(s.ctx, tt.from, tt.to))(s); got != tt.want {
			s.Errorf("running within (%d, %d]: %d ms, want %d", tt.from, tt.to, got, tt.want)
		}
	}
}

func (s *suite) batch() {
	a, b := s.addLease("acme"), s.addLease("bob")
	jobs := s.addJobs(miner.Hash{1}, 1<<40, a.ID, b.ID)
	run := must(s.store.BeginRun(s.ctx, 1000))(s)
	in := []lease.Receipt{share(jobs[0], 1100, 1), share(jobs[1], 1100, math.MaxUint32), share(jobs[0], 0, 3)}
	out := must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, N: 1, AtMs: 1200, Receipts: in}))(s)
	if in[0].Seq != 0 {
		s.Error("CommitBatch changed its argument")
	}
	for i := range out {
		if out[i].Seq <= 0 || i > 0 && out[i].Seq <= out[i-1].Seq {
			s.Fatalf("Seqs are not in order: %+v", out)
		}
		in[i].Seq = out[i].Seq
	}
	in[2].CommitMs = 1200 // the batch's, where it has none
	same(s, "receipts returned", out, in)
	same(s, "receipts of one", all(s, s.store.Receipts(s.ctx, a.ID, 0, math.MaxInt64)), []lease.Receipt{in[0], in[2]})
	same(s, "receipts of the other", all(s, s.store.Receipts(s.ctx, b.ID, 0, math.MaxInt64)), []lease.Receipt{in[1]})
	same(s, "heartbeat", must(s.store.Heartbeat(s.ctx))(s), 1200)
}

// batchTwice checks that a batch whose answer was lost can be sent again.
func (s *suite) batchTwice() {
	l := s.addLease("acme")
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 1000))(s)
	b := lease.Batch{
		Run: run, N: 1, AtMs: 1200, Receipts: []lease.Receipt{share(job, 1200, 1), share(job, 1200, 2)},
		Counts: []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: 5}}, Verdicts: []lease.Verdict{{Lease: l.ID, Reason: lease.Stale, N: 1}},
	}
	first := must(s.store.CommitBatch(s.ctx, b))(s)
	same(s, "again", must(s.store.CommitBatch(s.ctx, b))(s), first)
	m := must(s.store.Meter(s.ctx, l.ID))(s)
	if m.Evidence.N != 2 || m.Counted != miner.Hashes(5) || m.Stale() != 1 {
		s.Errorf("a batch sent twice counts as %+v", m)
	}
	other := b
	other.Receipts = b.Receipts[:1]
	_, err := s.store.CommitBatch(s.ctx, other)
	s.is(err, lease.ErrExists)
	b.N = 2
	second := must(s.store.CommitBatch(s.ctx, b))(s)
	same(s, "again", must(s.store.CommitBatch(s.ctx, b))(s), second)
	b.N = 1
	_, err = s.store.CommitBatch(s.ctx, b)
	s.is(err, lease.ErrExists)
	// Another run counts from 1 again.
	b.Run = must(s.store.BeginRun(s.ctx, 2000))(s)
	must(s.store.CommitBatch(s.ctx, b))(s)
	same(s, "receipts", must(s.store.Meter(s.ctx, l.ID))(s).Evidence.N, 6)
}

func (s *suite) batchErrors() {
	l := s.addLease("acme")
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 1000))(s)
	good := share(job, 1100, 1)
	unknown, foreign, inflated := good, good, good
	unknown.Job += 100
	foreign.Lease = "L-0099"
	inflated.Work = inflated.Work.Add(inflated.Work)
	counts := []lease.Count{{Lease: l.ID, Source: "cpu0", Hashes: 5}}

	_, err := s.store.CommitBatch(s.ctx, lease.Batch{Run: run + 1, AtMs: 1200, Receipts: []lease.Receipt{good}})
	s.is(err, lease.ErrNotFound)
	_, err = s.store.CommitBatch(s.ctx, lease.Batch{Run: run, N: 1, AtMs: 1200, Counts: counts, Receipts: []lease.Receipt{good, unknown}})
	s.is(err, lease.ErrNotFound)
	for what, r := range map[string]lease.Receipt{"another lease's job": foreign, "more work than its job's": inflated} {
		_, err = s.store.CommitBatch(s.ctx, lease.Batch{Run: run, N: 1, AtMs: 1200, Counts: counts, Receipts: []lease.Receipt{good, r}})
		s.fails(what, err)
	}
	_, err = s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 1200, Verdicts: []lease.Verdict{{Lease: l.ID, Reason: "x", N: math.MaxUint64}}})
	s.fails("absurd verdicts", err)

	m := must(s.store.Meter(s.ctx, l.ID))(s)
	if m.Evidence.N != 0 || !m.Counted.IsZero() {
		s.Errorf("after failed batches: %+v", m)
	}
	same(s, "receipts", len(all(s, s.store.ReceiptsBack(s.ctx))), 0)
	same(s, "heartbeat", must(s.store.Heartbeat(s.ctx))(s), 1000)
}

func (s *suite) receipts() {
	a, b := s.addLease("acme"), s.addLease("bob")
	one := s.addJobs(miner.Hash{1}, 1000, a.ID, b.ID)
	two := s.addJobs(miner.Hash{2}, 2000, a.ID)
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	got := must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 1, Receipts: []lease.Receipt{
		share(one[0], 100, 0), share(one[1], 100, 1), share(two[0], 300, 2), share(one[0], 200, 3),
	}}))(s)
	same(s, "half-open period", all(s, s.store.Receipts(s.ctx, a.ID, 100, 300)), []lease.Receipt{got[2], got[3]})
	same(s, "its end", all(s, s.store.Receipts(s.ctx, a.ID, 99, 299)), []lease.Receipt{got[0], got[3]})
	same(s, "no such lease", len(all(s, s.store.Receipts(s.ctx, "L-0099", 0, math.MaxInt64))), 0)
	same(s, "on the first", all(s, s.store.ReceiptsOn(s.ctx, miner.Hash{1})), []lease.Receipt{got[0], got[1], got[3]})
	same(s, "on the second", all(s, s.store.ReceiptsOn(s.ctx, miner.Hash{2})), []lease.Receipt{got[2]})
	same(s, "on none", len(all(s, s.store.ReceiptsOn(s.ctx, miner.Hash{3}))), 0)
	back := slices.Clone(got)
	slices.Reverse(back)
	same(s, "backwards", all(s, s.store.ReceiptsBack(s.ctx)), back)

	// Breaking off leaves the store usable, and so does writing meanwhile.
	n := 0
	for _, err := range s.store.ReceiptsBack(s.ctx) {
		s.ok(err)
		must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 2, Receipts: []lease.Receipt{share(one[0], 400, uint32(n))}}))(s)
		same(s, "read within a read", must(s.store.Meter(s.ctx, a.ID))(s).Evidence.N, uint64(4+n))
		if n++; n == 2 {
			break
		}
	}
	same(s, "all in the end", len(all(s, s.store.ReceiptsBack(s.ctx))), 6)
}

func (s *suite) meter() {
	l := s.addLease("acme")
	same(s, "nothing yet", must(s.store.Meter(s.ctx, l.ID))(s), lease.Meter{Verdicts: map[string]uint64{}})
	low := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	// Work beyond 64 bits: sums must carry.
	high := lease.Job{Lease: l.ID, Target: miner.TargetForWork(miner.Work{Hi: 1 << 40, Lo: 12345})}
	_, placed, err := s.store.PutJobs(s.ctx, []lease.Template{{Prev: miner.Hash{2}, Body: []byte("{}")}}, []lease.Job{high})
	s.ok(err)
	high = placed[0]
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	var want lease.Evidence
	counted := new(big.Int)
	const hour = 3_600_000
	for i := range uint32(5) {
		b := lease.Batch{Run: run, N: uint64(i) + 1, AtMs: 1 + int64(i)*hour/2}
		b.Receipts = []lease.Receipt{share(low, 1, i), share(high, 1, i), share(low, 1, i+100)}
		b.Counts = []lease.Count{
			{Lease: l.ID, Source: "cpu0", Hashes: math.MaxUint64},
			{Lease: l.ID, Source: "cpu1", Hashes: uint64(i)},
			{Lease: lease.House, Source: "cpu1", Hashes: 77},
		}
		b.Verdicts = []lease.Verdict{
			{Lease: l.ID, Source: "cpu0", Reason: lease.Stale, N: 2},
			{Lease: l.ID, Source: "cpu1", Reason: lease.Stale, N: 1},
			{Lease: l.ID, Source: "cpu1", Reason: "duplicate", N: 4},
			{Lease: lease.House, Source: "cpu1", Reason: "duplicate", N: 9},
		}
		must(s.store.CommitBatch(s.ctx, b))(s)
		want.AddN(low.Target.Work(), 2)
		want.Add(high.Target.Work())
		counted.Add(counted, new(big.Int).SetUint64(math.MaxUint64))
		counted.Add(counted, big.NewInt(int64(i)))
	}
	m := must(s.store.Meter(s.ctx, l.ID))(s)
	if m.Evidence.N != want.N || m.Evidence.Sum != want.Sum || m.Evidence.Max != want.Max || m.Evidence.SumSq.Cmp(want.SumSq) != 0 {
		s.Errorf("evidence %+v, want %+v", m.Evidence, want)
	}
	same(s, "counted", m.Counted.Big().String(), counted.String())
	same(s, "verdicts", m.Verdicts, map[string]uint64{lease.Stale: 15, "duplicate": 20})
	same(s, "stale", m.Stale(), 15)
	same(s, "rejected", m.Rejected(), 20)
}
