package statement

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

// TestBuildPoolFromSQLite puts the work for a pool into the real store and
// wants the same statement of it.
func TestBuildPoolFromSQLite(t *testing.T) {
	ctx := context.Background()
	m := newPoolMemory(t)
	want := build(t, m)

	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "hashlease.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.PutTerms(ctx, m.terms)
	ok(err)
	ok(s.AddTenant(ctx, m.tenant))
	ok(second(s.AddLease(ctx, m.lease, 1000, func(string) (lease.Tag, []lease.Event, error) { return m.lease.Tag, nil, nil })))
	job := m.jobs[len(m.jobs)-1]
	job.Template = 0
	_, jobs, err := s.PutJobs(ctx, m.templates[len(m.templates)-1:], []lease.Job{job})
	ok(err)
	run, err := s.BeginRun(ctx, startMs-1)
	ok(err)
	for _, r := range m.all {
		r.Job = jobs[0].Seq
		ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: r.CommitMs, Receipts: []lease.Receipt{r}, Counts: []lease.Count{
			{Lease: r.Lease, Source: "cpu0", Hashes: r.Work.Lo}}})))
	}
	// The pool's answers come when they come.
	first, rest := m.meter.Upstream, lease.Upstream{Lease: "L-0001", Sent: 1, SentWork: miner.Hashes(50)}
	first.Lease, first.Sent, first.SentWork = "L-0001", first.Sent-1, first.SentWork.Sub(rest.SentWork)
	verdicts := []lease.Verdict{{Lease: "L-0001", Source: "cpu0", Reason: lease.Stale, N: 2},
		{Lease: "L-0001", Source: "cpu0", Reason: "duplicate", N: 1}, {Lease: "L-0001", Source: "cpu0", Reason: "low-difficulty", N: 4}}
	ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: heartbeat - 1, Verdicts: verdicts, Upstream: []lease.Upstream{first}})))
	ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: heartbeat, Upstream: []lease.Upstream{rest}})))

	got, err := Build(ctx, Source{Store: s, Key: testKey("provider")}, "L-0001")
	ok(err)
	// Only how long the node ran is measured otherwise.
	want.Statement.Period.RunningMs = got.Statement.Period.RunningMs
	ok(want.Sign(testKey("provider")))
	data, err := got.Encode()
	ok(err)
	same, err := want.Encode()
	ok(err)
	if string(same) != string(data) {
		t.Errorf("have:\n%s\nwant:\n%s", data, same)
	}
}
