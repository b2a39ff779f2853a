package lease_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// drawPackable makes receipts of one lease that can be packed.
func drawPackable(t *rapid.T) []lease.Receipt {
	type job struct {
		seq        int64
		work       miner.Work
		extranonce int
	}
	works := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) miner.Work {
		return miner.Work{Hi: rapid.Uint64().Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")}
	}), 1, 3).Draw(t, "works")
	jobs := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) job {
		return job{rapid.Int64Min(0).Draw(t, "job"), rapid.SampledFrom(works).Draw(t, "work"), rapid.IntRange(0, 32).Draw(t, "size")}
	}), 1, 5, func(j job) int64 { return j.seq }).Draw(t, "jobs")
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lease.Receipt {
		j := rapid.SampledFrom(jobs).Draw(t, "of")
		return lease.Receipt{
			Lease: "L-0001", Job: j.seq, Work: j.work, Seq: rapid.Int64Min(0).Draw(t, "seq"),
			Source: rapid.SampledFrom([]string{"", "cpu0", "rig-ä"}).Draw(t, "source"), CommitMs: rapid.Int64Min(0).Draw(t, "ms"),
			Extranonce: rapid.SliceOfN(rapid.Byte(), j.extranonce, j.extranonce).Draw(t, "extranonce"),
			Time:       rapid.Uint32().Draw(t, "time"), Nonce: rapid.Uint32().Draw(t, "nonce"), VersionBits: rapid.Uint32().Draw(t, "bits"),
		}
	}), 1, 40).Draw(t, "receipts")
}

func TestPackReceipts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawPackable(t)
		packed, err := lease.PackReceipts(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := lease.UnpackReceipts("L-0001", packed)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		if cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut"); cut < len(packed) {
			if _, err := lease.UnpackReceipts("L-0001", packed[:cut]); err == nil {
				t.Fatalf("the first %d of %d bytes are accepted", cut, len(packed))
			}
		}
		if _, err := lease.UnpackReceipts("L-0001", append(packed, 0)); err == nil {
			t.Fatal("a byte too many is accepted")
		}
	})
}

func TestPackReceiptsRefuses(t *testing.T) {
	good := lease.Receipt{Lease: "L-0001", Job: 1, Seq: 1, Extranonce: []byte{1}, Work: miner.Hashes(5)}
	for what, spoil := range map[string]func(r *lease.Receipt){
		"another lease":        func(r *lease.Receipt) { r.Lease = "L-0002" },
		"other work":           func(r *lease.Receipt) { r.Work = miner.Hashes(6) },
		"other size":           func(r *lease.Receipt) { r.Extranonce = nil },
		"a long extranonce":    func(r *lease.Receipt) { r.Job, r.Extranonce = 2, make([]byte, 33) },
		"a long source":        func(r *lease.Receipt) { r.Source = string(make([]byte, 1025)) },
		"a negative Seq":       func(r *lease.Receipt) { r.Seq = -1 },
		"a negative time":      func(r *lease.Receipt) { r.CommitMs = -1 },
		"a job that is no job": func(r *lease.Receipt) { r.Job = -1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := lease.PackReceipts([]lease.Receipt{good, bad}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := lease.PackReceipts(nil); err == nil {
		t.Error("nothing is packed")
	}
}

// A window of a lease under the default contract, on threads and on rigs: what
// is stored of a receipt is far less than 32 bytes.
func TestPackReceiptsSize(t *testing.T) {
	for _, tt := range []struct {
		name             string
		receipts, leases int
		jobs, sources    int
		random           int // bytes of the extranonce that are any
		limit            float64
	}{
		{"threads", 60, 50, 20, 8, 2, 21},
		{"rigs", 60, 50, 20, 4, 5, 24},
		{"a farm of rigs", 6000, 4, 20, 200, 6, 24},
	} {
		packed, err := lease.PackReceipts(sampleWindow(tt.receipts, tt.leases, tt.jobs, tt.sources, tt.random))
		if err != nil {
			t.Fatal(err)
		}
		each := float64(len(packed)) / float64(tt.receipts)
		t.Logf("%s: %.1f bytes a receipt", tt.name, each)
		if each > tt.limit {
			t.Errorf("%s: %.1f bytes a receipt, want at most %.0f", tt.name, each, tt.limit)
		}
	}
}

// sampleWindow makes receipts as a window has them, in the order of their
// hashes, which is any: one lease of several, with jobs that follow each other.
func sampleWindow(receipts, leases, jobs, sources, anyBytes int) []lease.Receipt {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]lease.Receipt, receipts)
	for i := range all {
		at := int64(i) * lease.BatchMs / int64(receipts)
		r := lease.Receipt{
			Lease: "L-0001", Job: 1_000_000 + at*int64(jobs)/lease.BatchMs*int64(leases), Work: miner.Hashes(5_000_000_000_000),
			Source: fmt.Sprintf("rig-%03d", rng.IntN(sources)), Seq: 80_000_000 + int64(i*leases+rng.IntN(leases)),
			CommitMs: 1_800_000_000_000 + at - at%250, Time: uint32(1_800_000_000 + at/1000 + rng.Int64N(30)), Nonce: rng.Uint32(),
			VersionBits: rng.Uint32() & 0x1fffe000, Extranonce: make([]byte, 12),
		}
		for k := range anyBytes {
			r.Extranonce[11-k] = byte(rng.Uint32())
		}
		all[i] = r
	}
	rng.Shuffle(receipts, func(i, k int) { all[i], all[k] = all[k], all[i] })
	return all
}

func FuzzUnpackReceipts(f *testing.F) {
	for _, n := range []int{1, 2, 60} {
		packed, err := lease.PackReceipts(sampleWindow(n, 3, 4, 2, 3))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	wide := []lease.Receipt{{Seq: math.MaxInt64, VersionBits: math.MaxUint32, Work: miner.MaxWork}, {Time: math.MaxUint32, Work: miner.MaxWork}}
	packed, err := lease.PackReceipts(wide)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, b []byte) {
		receipts, err := lease.UnpackReceipts("", b)
		if err != nil {
			return
		}
		again, err := lease.PackReceipts(receipts)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is read, and written as %x: %v", b, again, err)
		}
	})
}

func BenchmarkUnpackReceipts(b *testing.B) {
	packed, err := lease.PackReceipts(sampleWindow(60, 50, 20, 4, 5))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := lease.UnpackReceipts("L-0001", packed); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*60)/b.Elapsed().Seconds(), "receipts/s")
}
