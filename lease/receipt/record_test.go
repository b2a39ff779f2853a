package receipt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

func TestRecord(t *testing.T) {
	r := Record{Job: 0x0102030405, Extranonce: []byte{0, 1, 0xaa, 0xbb, 0xcc, 0xdd}, Time: 0x6affdc7d, Nonce: 0x7f717306, VersionBits: 0x400000}
	const want = "0000000102030405" + "0001aabbccdd" + "6affdc7d" + "7f717306" + "00400000"
	if got := hex.EncodeToString(r.Append(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, n := range []int{0, MinRecordSize - 1, MaxRecordSize + 1} {
		if _, err := DecodeRecord(make([]byte, n)); err == nil {
			t.Errorf("a record of %d bytes is taken", n)
		}
	}
	if _, err := DecodeRecord(append([]byte{0x80}, make([]byte, 25)...)); err == nil {
		t.Error("a negative job is taken")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(unhex(f, "0000000102030405"+"0001aabbccdd"+"6affdc7d"+"7f717306"+"00400000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		if again := r.Append(nil); !bytes.Equal(again, b) || r.Job < 0 || len(r.Extranonce) == 0 {
			t.Fatalf("%x is %+v, %x", b, r, again)
		}
	})
}

// Real shares of a real pool have their real hashes.
func TestHasherKnown(t *testing.T) {
	d, err := miner.ParseDifficulty("0.05")
	if err != nil {
		t.Fatal(err)
	}
	h := NewHasher(lease.Tag{}, d.PoolTarget())
	if err := h.AddJob(3, poolTemplate(t, 8)); err != nil {
		t.Fatal(err)
	}
	records := make([]Record, len(poolShares)+1)
	for i := range records {
		records[i] = Record{Job: 3, Extranonce: make([]byte, 6), Time: 0x6affdc7d, VersionBits: 0x400000}
	}
	for i, s := range poolShares {
		records[i].Nonce = s.nonce
	}
	out := make([]Judged, len(records))
	h.Hash(records, out)
	for i, s := range poolShares {
		if out[i].Err != nil || out[i].Hash.String() != s.hash {
			t.Errorf("%v, %v, want %s", out[i].Hash, out[i].Err, s.hash)
		}
	}
	var e *work.Error
	if last := out[len(poolShares)]; !errors.As(last.Err, &e) || e.Code != work.CodeLowDifficulty {
		t.Errorf("%+v", last)
	}
	h.Forget(4)
	if h.Hash(records, out); !errors.Is(out[0].Err, ErrNoJob) {
		t.Errorf("%+v", out[0])
	}
}

// The hasher's answers are those of the one judge of shares.
func TestHasher(t *testing.T) {
	jobs := map[int64]*Template{3: testTemplate(t), 5: rich(t), 8: poolTemplate(t, 8), 9: poolTemplate(t, 5), 11: poolTemplate(t, 30)}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed")))
		tag, target := lease.Tag{byte(r.Uint32()), byte(r.Uint32()), 15: 1}, miner.MaxTarget
		target[31] = byte(r.Uint32())
		h := NewHasher(tag, target)
		for leaf, x := range jobs {
			if err := h.AddJob(leaf, x); err != nil {
				t.Fatal(err)
			}
		}
		records := make([]Record, rapid.SampledFrom([]int{1, 20, 1500}).Draw(t, "records"))
		for i := range records {
			leaf := []int64{3, 5, 8, 9, 11}[r.IntN(5)]
			x := jobs[leaf]
			v := Record{Job: leaf, Extranonce: make([]byte, x.Extranonce1Size+x.Extranonce2Size), Time: x.MinTime + r.Uint32N(x.MaxTime-x.MinTime+1),
				Nonce: r.Uint32(), VersionBits: r.Uint32() & work.VersionMask}
			v.Extranonce[0] = byte(r.Uint32())
			switch r.IntN(20) {
			case 0:
				v.Time = x.MaxTime + 1
			case 1:
				v.VersionBits |= 1
			case 2:
				v.Extranonce = v.Extranonce[1:]
			}
			records[i] = v
		}
		out := make([]Judged, len(records))
		h.Hash(records, out)
		for i, v := range records {
			x := jobs[v.Job]
			n := min(x.Extranonce1Size, len(v.Extranonce))
			_, hash, err := x.Issue(tag, target, v.Extranonce[:n]).
				Check(work.Share{Extranonce2: v.Extranonce[n:], Time: v.Time, Nonce: v.Nonce, VersionBits: v.VersionBits, HasVersion: true})
			if hash != out[i].Hash || (err == nil) != (out[i].Err == nil) {
				t.Fatalf("%+v: %v, %v, want %v, %v", v, out[i].Hash, out[i].Err, hash, err)
			}
		}
	})
}

// manyRecords are records with 12 merkle branches of so many jobs, each with
// extranonces of its own: the most there can be to do.
func manyRecords(t testing.TB, jobs, n int) (*Hasher, []Record) {
	t.Helper()
	x := testTemplate(t)
	x.Branches = make([]B32, 12)
	h := NewHasher(lease.Tag{1}, miner.MaxTarget)
	for leaf := range jobs {
		x.Time++
		if err := h.AddJob(int64(leaf), commit(t, x)); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	records := make([]Record, n)
	for i := range records {
		records[i] = Record{Job: int64(r.IntN(jobs)), Extranonce: []byte{0, 1, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}, Time: 1500, Nonce: r.Uint32()}
	}
	return h, records
}

func TestHasherAllocatesNothing(t *testing.T) {
	h, records := manyRecords(t, 20, 3000)
	out := make([]Judged, len(records))
	h.Hash(records, out)
	if n := testing.AllocsPerRun(10, func() { h.Hash(records, out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkHasher is of receipts with 12 merkle branches, ten jobs of a window,
// each receipt with an extranonce of its own.
func BenchmarkHasher(b *testing.B) {
	h, records := manyRecords(b, 10, 1<<14)
	out := make([]Judged, len(records))
	b.ReportAllocs()
	for b.Loop() {
		h.Hash(records, out)
	}
	b.ReportMetric(float64(len(records))*float64(b.N)/b.Elapsed().Seconds(), "receipts/s")
}
