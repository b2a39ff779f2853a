package sqlite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Windows of fifty leases under the default contract, each of sixty receipts on
// ten templates: what sealing one takes, and what the file has for a receipt in
// the end, the leaves and all indexes included, but not the jobs.
func BenchmarkSeal(b *testing.B) {
	const leases, each = 50, 60
	for _, sealing := range []bool{false, true} {
		b.Run(fmt.Sprintf("sealing=%v", sealing), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "lease.db")
			s := open(b, path)
			f := newFarm(b, s, leases, 20, true)
			if _, err := s.writer.ExecContext(b.Context(), "PRAGMA synchronous = OFF"); err != nil {
				b.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			start := int64(1_800_000_000_000)
			size := func() int64 {
				var busy, pages, all int
				if err := s.writer.QueryRowContext(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &all); err != nil {
					b.Fatal(err)
				}
				info, err := os.Stat(path)
				if err != nil {
					b.Fatal(err)
				}
				return info.Size()
			}
			before, jobs, windows := size(), int64(0), 0
			for b.Loop() {
				b.StopTimer()
				jobs += f.newJobs(b, s, start, rng)
				for at := int64(0); at < lease.BatchMs; at += 10_000 {
					batch := lease.Batch{Run: f.run, AtMs: start + at}
					for range leases * each / 30 {
						batch.Receipts = append(batch.Receipts, f.share(rng, start+at))
					}
					if _, err := s.CommitBatch(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
				start += lease.BatchMs
				windows++
				b.StartTimer()
				if sealing {
					sealTo(b, s, start)
				}
			}
			n := float64(windows * leases * each)
			b.ReportMetric(float64(size()-before-jobs)/n, "B/receipt")
			b.ReportMetric(n/b.Elapsed().Seconds(), "receipts/s")
		})
	}
}

// newJobs gives every lease jobs of ten new templates, and returns about how
// many bytes they take.
func (f *farm) newJobs(t testing.TB, s *Store, atMs int64, rng *rand.Rand) int64 {
	t.Helper()
	old := f.jobs[:50]
	before := pageCount(t, s)
	f.jobs = nil
	for range 10 {
		jobs := make([]lease.Job, len(old))
		for i := range old {
			jobs[i] = lease.Job{Lease: old[i].Lease, Tag: old[i].Tag, Target: old[i].Target, CreatedMs: atMs}
		}
		_, jobs, err := s.PutJobs(t.Context(), []lease.Template{{Prev: miner.Hash{byte(rng.Uint32())}, Body: []byte("{}")}}, jobs)
		if err != nil {
			t.Fatal(err)
		}
		f.jobs = append(f.jobs, jobs...)
	}
	return pageCount(t, s) - before
}

// pageCount is the size of the file with what is still in the log, in bytes.
func pageCount(t testing.TB, s *Store) (n int64) {
	t.Helper()
	if err := s.writer.QueryRowContext(t.Context(), "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// share is a share of any of the jobs, by one of the two rigs that work for its
// lease.
func (f *farm) share(rng *rand.Rand, atMs int64) lease.Receipt {
	at := rng.IntN(len(f.jobs))
	j := &f.jobs[at]
	source := (at + rng.IntN(2)) % len(f.sources)
	extranonce := []byte{0, 0, 1, byte(source), 0, 0, 0, 0, 0, byte(rng.Uint32()), byte(rng.Uint32()), byte(rng.Uint32())}
	return lease.Receipt{
		Lease: j.Lease, Job: j.Seq, Source: f.sources[source], CommitMs: atMs, Extranonce: extranonce,
		Time: uint32(atMs/1000) + rng.Uint32N(8), Nonce: rng.Uint32(), VersionBits: rng.Uint32() & 0x1fffe000, Work: j.Target.Work(),
	}
}
