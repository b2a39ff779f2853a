package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// farm is a node with many leases and sources.
type farm struct {
	jobs    []lease.Job
	sources []string
	run     int64
	n       uint64
}

// newFarm adds leases whose jobs pay by the share, and rigs or, where they are
// none, threads.
func newFarm(t testing.TB, s *Store, leases, sources int, rigs bool) *farm {
	t.Helper()
	ctx := t.Context()
	w := newWorld(t, s)
	f := &farm{run: w.run}
	for i := range leases {
		l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, ProofMs: 5000, Terms: w.lease.Terms}
		l, err := s.AddLease(ctx, l, 1<<40, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{2, byte(i), byte(i >> 8)}, nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		f.jobs = append(f.jobs, lease.Job{Lease: l.ID, Tag: l.Tag, Target: miner.TargetForWork(miner.Hashes(1 << 40)),
			Earns: &lease.Earns{Network: miner.Hashes(1 << 60), Sat: 312_500_000}})
	}
	var err error
	if _, f.jobs, err = s.PutJobs(ctx, []lease.Template{{Body: []byte("{}")}}, f.jobs); err != nil {
		t.Fatal(err)
	}
	token, err := lease.NewTokenHash([16]byte{1}, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if err != nil {
		t.Fatal(err)
	}
	for i := range sources {
		name := fmt.Sprintf("cpu%d", i)
		if rigs {
			name = fmt.Sprintf("rig-%d", i)
			if err := s.AddRig(ctx, lease.Rig{Name: name, Token: token}); err != nil {
				t.Fatal(err)
			}
		}
		f.sources = append(f.sources, name)
	}
	return f
}

// batch makes the next batch of so many receipts, a quarter of a second after
// the last. The sources change their leases now and then, and threads count.
func (f *farm) batch(receipts int) lease.Batch {
	f.n++
	b := lease.Batch{Run: f.run, N: f.n, AtMs: 1_800_000_000_000 + int64(f.n)*250}
	for i := range receipts {
		source := i % len(f.sources)
		job := &f.jobs[(source+int(f.n/100))%len(f.jobs)]
		b.Receipts = append(b.Receipts, lease.Receipt{
			Lease: job.Lease, Job: job.Seq, Source: f.sources[source], CommitMs: b.AtMs, Extranonce: []byte{0, 1, 2, 3, 4, 5},
			Time: 1_700_000_000, Nonce: uint32(i), Work: job.Target.Work(),
		})
	}
	for i, name := range f.sources {
		if name[0] == 'c' {
			b.Counts = append(b.Counts, lease.Count{Lease: f.jobs[(i+int(f.n/100))%len(f.jobs)].Lease, Source: name, Hashes: 1 << 42})
		}
	}
	return b
}

func BenchmarkCommitBatch(b *testing.B) {
	for _, bm := range []struct {
		name                      string
		receipts, leases, sources int
		rigs                      bool
	}{
		{"1000of1", 1000, 1, 1, false},
		{"1000of200threads", 1000, 50, 200, false},
		{"1000of200rigs", 1000, 50, 200, true},
		{"4000of200rigs", 4000, 50, 200, true},
		{"1000of1000rigs", 1000, 50, 1000, true},
		{"1", 1, 1, 1, false},
	} {
		b.Run(bm.name, func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "lease.db"))
			f := newFarm(b, s, bm.leases, bm.sources, bm.rigs)
			for b.Loop() {
				if _, err := s.CommitBatch(b.Context(), f.batch(bm.receipts)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*bm.receipts)/b.Elapsed().Seconds(), "receipts/s")
		})
	}
}

func BenchmarkReceiptsBack100k(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "lease.db"))
	w := newWorld(b, s)
	for range 100 {
		w.commit(b, s, 1000)
	}
	for b.Loop() {
		for _, err := range s.ReceiptsBack(b.Context()) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// An hour of a thousand leases, each with the receipts of five sources: what
// reading and settling it takes.
func BenchmarkSettle1000(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "lease.db"))
	f := newFarm(b, s, 1000, 5000, false)
	var last int64
	for b.Loop() {
		b.StopTimer()
		batch := f.batch(10_000)
		hour := batch.AtMs/lease.MsPerHour + int64(f.n)
		batch.AtMs = hour * lease.MsPerHour
		for i := range batch.Receipts {
			batch.Receipts[i].CommitMs = batch.AtMs
		}
		if _, err := s.CommitBatch(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		st := lease.Settlement{Hour: hour, Prev: last, States: make(map[string][]byte)}
		last = hour
		sums := make(map[string]lease.Evidence)
		for m, err := range s.HourMeters(b.Context(), "", hour, hour+1) {
			if err != nil {
				b.Fatal(err)
			}
			e := sums[m.Lease]
			e.N, e.Sum = e.N+m.Evidence.N, e.Sum.Add(m.Evidence.Sum)
			sums[m.Lease] = e
		}
		for id, e := range sums {
			st.Hours = append(st.Hours, lease.SettledHour{Lease: id, Hour: hour, Proven: lease.Quantity(e.Sum), Receipts: int64(e.N), Window: lease.WindowUp})
			st.States[id] = []byte(`{"at":123456789,"billable":"123456789012345678901234567890"}`)
			for _, kind := range []string{"pps", "sla"} {
				st.Txs = append(st.Txs, lease.Transaction{Key: fmt.Sprintf("%s:%s:%d", kind, id, hour), Kind: kind, Postings: []lease.Posting{
					{Account: "expense:" + kind, Lease: id, Sat: 5}, {Account: "liab:acme:available", Lease: id, Sat: -5},
				}})
			}
		}
		if err := s.Settle(b.Context(), st); err != nil || len(st.Hours) != 1000 {
			b.Fatal(len(st.Hours), err)
		}
	}
}
