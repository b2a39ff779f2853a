package bundle

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// month is the bundle of so many windows of five minutes, with jobs and receipts
// in each, and twelve branches in each job.
func month(tb testing.TB, windows, jobs, receipts int) []byte {
	w := honest(tb, 1)
	w.log, w.batches = w.log[:w.batches[0].leaf-3], nil // up to the tag maps
	w.chain, w.forks = w.chain[:13], nil
	for i := range w.leases {
		w.leases[i].ContractedHps = hps(1)
	}
	w.s.ContractedHps = hps(1)
	w.s.Period.ToMs = testFromMs + max(lease.MsPerHour, int64(windows)*lease.BatchMs)
	w.log[3] = w.log[w.appendLease(&w.leases[1], false)]
	w.log = w.log[:len(w.log)-1]
	tip := w.chain[12].Hash()
	hasher := receipt.NewHasher(lease.Tag(w.s.Tag), w.target())
	for n := range windows {
		from := testFromMs + int64(n)*lease.BatchMs
		if n%2 == 1 {
			w.chain = append(w.chain, header(tip, from/1000, 0))
			tip = w.chain[len(w.chain)-1].Hash()
		}
		var indexes []int64
		for j := range jobs {
			t := w.template(tip, 100+int64(len(w.chain)), uint32(from/1000)+uint32(j))
			t.Branches = slices.Repeat([]receipt.B32{{byte(j)}}, 12)
			i := w.putJob(t, from+int64(j)*1000)
			if err := hasher.AddJob(i, t); err != nil {
				tb.Fatal(err)
			}
			indexes = append(indexes, i)
		}
		records, judged, hashes := make([]receipt.Record, receipts), make([]receipt.Judged, receipts), make([]miner.Hash, receipts)
		for k := range records {
			records[k] = receipt.Record{
				Job: indexes[k%jobs], Extranonce: []byte{byte(k >> 8), byte(k), 1, 2, byte(n >> 8), byte(n)}, Time: uint32(from/1000) + 60, Nonce: uint32(k),
			}
		}
		hasher.Hash(records, judged)
		for k := range judged {
			if hashes[k] = judged[k].Hash; judged[k].Err != nil {
				tb.Fatal(judged[k].Err)
			}
		}
		b := testBatch{leaf: int64(len(w.log))}
		order, tree, err := receipt.Seal(records, hashes)
		if err != nil {
			tb.Fatal(err)
		}
		for _, at := range order {
			b.records = append(b.records, records[at].Append(nil))
		}
		var ev lease.Evidence
		ev.AddN(w.target().Work(), uint64(receipts))
		b.doc = leaf.Batch{
			Lease: testLease, Number: int64(n), FromMs: from, ToMs: from + lease.BatchMs, N: int64(receipts),
			Sum: lease.Quantity(ev.Sum), SumSq: ev.SumSq.String(), Root: receipt.B32(tree.Root()),
		}
		w.append(must(translog.NewEntry(translog.KindBatch, &b.doc, nil, translog.Salt{})), true)
		w.batches = append(w.batches, b)
		hasher.Forget(int64(len(w.log)))
	}
	return pack(tb, w.bundle())
}

// BenchmarkMonth verifies the bundle of a day of half a million receipts a month
// on a job a minute, and of that month, and tells what of memory that takes.
func BenchmarkMonth(b *testing.B) {
	for name, windows := range map[string]int{"day": 288, "month": 8640} {
		b.Run(name, func(b *testing.B) { benchmarkMonth(b, month(b, windows, 5, 58)) })
	}
}

func benchmarkMonth(b *testing.B, file []byte) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak, groups := m.HeapAlloc, m.HeapAlloc, 0
	look := func(int64, int64) {
		if groups++; groups%4 == 0 {
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	var n int64
	for b.Loop() {
		r := Verify(b.Context(), bytes.NewReader(file), int64(len(file)), Options{Progress: look})
		if !r.OK() {
			b.Fatal(failed(r))
		}
		n = r.Receipts
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
	b.ReportMetric(float64(peak-before)/1e6, "peak-MB")
	b.ReportMetric(float64(len(file))/1e6, "file-MB")
}

// BenchmarkTiny verifies a bundle of three receipts: what one execution of the
// fuzz targets costs.
func BenchmarkTiny(b *testing.B) {
	file := pack(b, honest(b, 1).bundle())
	for b.Loop() {
		verify(b, file, Options{})
	}
}

// BenchmarkChanged verifies bundles that were changed at random in all the ways
// of FuzzVerify, without what counting coverage costs: -benchtime=10000000x.
func BenchmarkChanged(b *testing.B) {
	x := newVictim(b)
	base := rand.Uint64() // other changes each time
	b.Logf("seed %d", base)
	var seed atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		r := rand.New(rand.NewPCG(seed.Add(1), base))
		for pb.Next() {
			put := make([]byte, r.IntN(9))
			for i := range put {
				put[i] = byte(r.Uint32())
			}
			way := byte(r.IntN(ways))
			i := r.IntN(len(x.all))
			text := x.all[i].text
			switch way {
			case resigned:
				text = x.all[0].text
			case relogged:
				text = x.all[2].text
			case packed:
				text = x.file
			}
			if r.IntN(2) == 0 && len(put) > 0 { // what fits in better
				put = []byte([]string{"0", "9", "-", "1e9", "\"", "{}", "[]", "null", ",", "00", "true", "99999999"}[r.IntN(12)])
			}
			verify(b, x.change(i, way, splice{r.IntN(len(text) + 1), r.IntN(4), put}), Options{})
		}
	})
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/1e6, "all-MB") // ever taken from the system, by the test as well
}
