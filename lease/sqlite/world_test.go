package sqlite

import (
	"bytes"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// world is a lease with a job and a run, ready for receipts.
type world struct {
	lease lease.Lease
	job   lease.Job
	run   int64
}

func newWorld(t testing.TB, s *Store) world {
	t.Helper()
	ctx := t.Context()
	h, err := s.PutTerms(ctx, lease.Terms{Format: lease.TermsFormat})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddTenant(ctx, lease.Tenant{ID: "acme", Key: bytes.Repeat([]byte{1}, 32)}); err != nil {
		t.Fatal(err)
	}
	l, err := s.AddLease(ctx, lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, ProofMs: 5000, Terms: h,
		Pool: &lease.Pool{URLs: []string{"stratum+tcp://pool.example.com:3333"}, User: "u"}}, 1,
		func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{1}, nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	w := world{lease: l}
	_, jobs, err := s.PutJobs(ctx, []lease.Template{{Body: []byte("{}")}}, []lease.Job{{Lease: l.ID, Tag: l.Tag, Target: miner.TargetForWork(miner.Hashes(1000))}})
	if err != nil {
		t.Fatal(err)
	}
	w.job = jobs[0]
	if w.run, err = s.BeginRun(ctx, 1000); err != nil {
		t.Fatal(err)
	}
	return w
}

// batch makes a batch of so many receipts; its counts and verdicts, the pool's
// too, follow their number.
func (w world) batch(receipts int) lease.Batch {
	b := lease.Batch{Run: w.run, AtMs: 2000}
	for i := range receipts {
		b.Receipts = append(b.Receipts, lease.Receipt{
			Lease: w.lease.ID, Job: w.job.Seq, Source: "cpu0", CommitMs: 2000, Extranonce: []byte{0, 1, 2, 3, 4, 5},
			Time: 1_700_000_000, Nonce: uint32(i), Work: w.job.Target.Work(),
		})
	}
	b.Counts = []lease.Count{{Lease: w.lease.ID, Source: "cpu0", Hashes: uint64(receipts) * 1000}}
	b.Verdicts = []lease.Verdict{{Lease: w.lease.ID, Source: "cpu0", Reason: lease.Stale, N: uint64(receipts)}}
	if w.lease.Pool != nil {
		b.Upstream = []lease.Upstream{w.upstream(receipts)}
	}
	return b
}

// upstream is what the lease's pool says to the shares of so many receipts.
func (w world) upstream(receipts int) lease.Upstream {
	n := uint64(receipts)
	return lease.Upstream{Lease: w.lease.ID, Sent: 2 * n, Accepted: n, SentWork: miner.Hashes(200 * n), AcceptedWork: miner.Hashes(100 * n)}
}

func (w world) commit(t testing.TB, s *Store, receipts int) {
	t.Helper()
	if _, err := s.CommitBatch(t.Context(), w.batch(receipts)); err != nil {
		t.Fatal(err)
	}
}

// expect checks that exactly so many receipts are there, by every account.
func (w world) expect(t testing.TB, s *Store, receipts int) {
	t.Helper()
	m, err := s.Meter(t.Context(), w.lease.ID)
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(receipts)
	if m.Evidence.N != n || m.Evidence.Sum != miner.Hashes(1000*n) || m.Counted != miner.Hashes(1000*n) || m.Stale() != n {
		t.Errorf("meter %+v, want %d receipts", m, receipts)
	}
	var said lease.Upstream
	if w.lease.Pool != nil {
		said = w.upstream(receipts)
		said.Lease = ""
	}
	if m.Upstream != said {
		t.Errorf("its pool said %+v, want %+v", m.Upstream, said)
	}
	seen := 0
	var last int64
	for r, err := range s.Receipts(t.Context(), w.lease.ID, 0, 1<<60) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Seq <= last {
			t.Fatalf("receipt %d follows %d", r.Seq, last)
		}
		last = r.Seq
		seen++
	}
	if seen != receipts {
		t.Errorf("%d receipts, want %d", seen, receipts)
	}
}
