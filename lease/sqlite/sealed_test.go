package sqlite

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leasetest"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// sealTo seals what is before a moment, with roots that are any.
func sealTo(t testing.TB, s *Store, toMs int64) []lease.SealedBatch {
	t.Helper()
	from, err := s.SealedMs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	batches, err := leasetest.Batches(from, toMs, gatherAll(t, s.Unsealed(t.Context(), toMs)))
	if err == nil {
		batches, err = s.Seal(t.Context(), from, toMs, batches)
	}
	if err != nil {
		t.Fatal(err)
	}
	return batches
}

// However receipts are committed and sealed, they are read as if they had never
// been: the same ones, in the same order.
func TestSealedAnyOrder(t *testing.T) {
	dir, n, failed := t.TempDir(), 0, false
	const stores = 12 // each takes a tenth of a second
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > stores && !failed {
			return
		}
		defer func() { failed = failed || rt.Failed() }()
		s := open(t, filepath.Join(dir, fmt.Sprint(n, ".db")))
		defer s.Close()
		if _, err := s.writer.ExecContext(t.Context(), "PRAGMA synchronous = OFF"); err != nil { // nothing is killed here
			rt.Fatal(err)
		}
		f := newFarm(t, s, 3, 2, false)
		prev := miner.Hash{7}
		_, other, err := s.PutJobs(t.Context(), []lease.Template{{Prev: prev, Body: []byte("{}")}}, []lease.Job{
			{Lease: f.jobs[0].Lease, Target: miner.TargetForWork(miner.Hashes(7))}, {Lease: lease.House, Target: miner.TargetForWork(miner.Hashes(9))},
		})
		if err != nil {
			rt.Fatal(err)
		}
		jobs := append(f.jobs, other...)
		var want []lease.Receipt
		nonce := uint32(0)
		nowMs := int64(10 * lease.BatchMs)
		rt.Repeat(map[string]func(*rapid.T){
			"commit": func(rt *rapid.T) {
				nowMs += rapid.Int64Range(0, lease.BatchMs).Draw(rt, "later")
				b := lease.Batch{Run: f.run, AtMs: nowMs}
				for range rapid.IntRange(0, 6).Draw(rt, "receipts") {
					j := rapid.SampledFrom(jobs).Draw(rt, "job")
					nonce++
					b.Receipts = append(b.Receipts, lease.Receipt{
						Lease: j.Lease, Job: j.Seq, Source: rapid.SampledFrom(f.sources).Draw(rt, "source"), Extranonce: []byte{0, 1, 2, 3, 4, 5},
						CommitMs: rapid.SampledFrom([]int64{0, nowMs + 3, nowMs + 2*lease.BatchMs}).Draw(rt, "at"),
						Time:     1_700_000_000, Nonce: nonce * 2654435769, VersionBits: 0x2000, Work: j.Target.Work(),
					})
				}
				got, err := s.CommitBatch(t.Context(), b)
				if err != nil {
					rt.Fatal(err)
				}
				want = append(want, got...)
			},
			"seal": func(rt *rapid.T) {
				sealed, err := s.SealedMs(t.Context())
				if err != nil {
					rt.Fatal(err)
				}
				sealTo(t, s, max(sealed+1, nowMs-rapid.Int64Range(-2, 2*lease.BatchMs).Draw(rt, "before")))
			},
			"": func(rt *rapid.T) {
				id := rapid.SampledFrom(jobs).Draw(rt, "lease").Lease
				from := 10*lease.BatchMs + rapid.Int64Range(-1, nowMs-9*lease.BatchMs).Draw(rt, "from")
				to := from + rapid.Int64Range(0, 3*lease.BatchMs).Draw(rt, "length")
				compareReceipts(rt, "of a time", gatherAll(t, s.Receipts(t.Context(), id, from, to)), want,
					func(r *lease.Receipt) bool { return r.Lease == id && r.CommitMs > from && r.CommitMs <= to })
				compareReceipts(rt, "on a block", gatherAll(t, s.ReceiptsOn(t.Context(), prev)), want,
					func(r *lease.Receipt) bool { return r.Job == other[0].Seq || r.Job == other[1].Seq })
				back := gatherAll(t, s.ReceiptsBack(t.Context()))
				slices.Reverse(back)
				compareReceipts(rt, "all", back, want, func(*lease.Receipt) bool { return true })
			},
		})
	})
}

func compareReceipts(t *rapid.T, what string, got, all []lease.Receipt, keep func(*lease.Receipt) bool) {
	var want []lease.Receipt
	for i := range all {
		if keep(&all[i]) {
			want = append(want, all[i])
		}
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// What is sealed stays so for every program that opens the file: receipts go
// with their batch alone, and a batch only ever gets smaller.
func TestSealedFinal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	s := open(t, path)
	w := newWorld(t, s)
	w.commit(t, s, 3)
	sealTo(t, s, 1500)
	db := beside(t, path)
	refused := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("%s: no error", statement)
		}
	}
	refused("DELETE FROM receipts")
	sealTo(t, s, 5001)
	refused("DELETE FROM sealed_batches")
	refused("UPDATE node SET sealed_ms = 5000")
	for _, column := range []string{"lease = 'x'", "number = 7", "from_ms = 7", "to_ms = 7", "n = 7", "sum = X'00'", "root = X'00'", "first_seq = 0", "last_seq = 9", "leaf = 3"} {
		refused("UPDATE sealed_batches SET " + column)
	}
	refused("UPDATE sealed_batches SET packed = X'00'")
	refused("UPDATE sealed_batches SET packed = packed || X'00', thinned = 1")
	w.expect(t, s, 3)
}
