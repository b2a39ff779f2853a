package statement

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/sqlite"
)

// TestBuildFromSQLite puts the work of the fake store into the real one and
// wants the same statement of it.
func TestBuildFromSQLite(t *testing.T) {
	ctx := context.Background()
	m := newMemory(t)
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
	for _, j := range m.jobs[:2] {
		got, err := s.AddLease(ctx, m.lease, 1000, func(string) (lease.Tag, []lease.Event, error) { return j.Tag, nil, nil })
		ok(err)
		if got.ID != j.Lease {
			t.Fatalf("lease %s, want %s", got.ID, j.Lease)
		}
	}
	templates, jobs := m.templates, make([]lease.Job, len(m.jobs))
	for i, j := range m.jobs {
		j.Template--
		jobs[i] = j
	}
	_, jobs, err = s.PutJobs(ctx, templates, jobs)
	ok(err)
	run, err := s.BeginRun(ctx, startMs-1)
	ok(err)
	for i, r := range m.all {
		r.Job = jobs[r.Job-1].Seq
		ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: r.CommitMs, Receipts: []lease.Receipt{r}, Counts: []lease.Count{
			{Lease: r.Lease, Source: "cpu0", Hashes: r.Work.Lo}}})))
		if i == 0 {
			ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: r.CommitMs, Verdicts: []lease.Verdict{
				{Lease: "L-0001", Source: "cpu0", Reason: "stale", N: 2}, {Lease: "L-0001", Source: "cpu0", Reason: "duplicate", N: 1},
				{Lease: "L-0001", Source: "cpu0", Reason: "low-difficulty", N: 4}}})))
		}
	}
	ok(second(s.CommitBatch(ctx, lease.Batch{Run: run, AtMs: heartbeat})))
	for i, b := range m.blocks[:2] {
		b.Template, b.Job, b.State = jobs[b.Job-1].Template, jobs[b.Job-1].Seq, lease.Candidate
		ok(s.PutBlock(ctx, b))
		key := func(kind string) lease.Transaction { return m.txs[ledger.Key(kind, b.Hash, 1)] }
		ok(s.MoveBlock(ctx, b.Hash, lease.Candidate, lease.Adopted, "", key(ledger.KindFound)))
		if i == 0 {
			ok(s.MoveBlock(ctx, b.Hash, lease.Adopted, lease.Mature, "", key(ledger.KindMatured)))
		}
	}

	got, err := Build(ctx, Source{Store: s, Key: testKey("provider")}, "L-0001")
	ok(err)
	data, err := got.Encode()
	ok(err)
	if r := receipt.Verify(data, receipt.Options{}); !r.OK() {
		t.Errorf("the verifier refuses it: %+v", r.Checks)
	}
	// Only how long the node ran is measured otherwise.
	want.Statement.Period.RunningMs = got.Statement.Period.RunningMs
	ok(want.Sign(testKey("provider")))
	same, err := want.Encode()
	ok(err)
	if string(same) != string(data) {
		t.Errorf("have:\n%s\nwant:\n%s", data, same)
	}
}

func second[T any](_ T, err error) error { return err }
