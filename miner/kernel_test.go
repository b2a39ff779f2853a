package miner

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// usable returns the kernels this machine can run.
func usable(t testing.TB) (ks []*Kernel) {
	t.Helper()
	for _, k := range Kernels() {
		if err := k.Supported(); err != nil {
			t.Log("not tested:", err)
			continue
		}
		ks = append(ks, k)
	}
	return ks
}

// oracleHits are the hits of a scan by crypto/sha256.
func oracleHits(h Header, versions []uint32, target Target, nonce, count uint32) (hits []Hit) {
	if len(versions) == 0 {
		versions = []uint32{h.Version()}
	}
	for i := range count {
		h.SetNonce(nonce + i)
		for v, version := range versions {
			h.SetVersion(version)
			if h.Hash().Meets(target) {
				hits = append(hits, Hit{v, nonce + i})
			}
		}
	}
	return hits
}

func byNonce(a, b Hit) int {
	return cmp.Or(cmp.Compare(a.Nonce, b.Nonce), cmp.Compare(a.Version, b.Version))
}

// scanAll scans the whole range, in as many calls as it takes.
func scanAll(t testing.TB, s *Scanner, nonce, count uint32) (all []Hit) {
	t.Helper()
	for count > 0 {
		hits, n := s.Scan(nonce, count)
		if n == 0 || n > count {
			t.Fatalf("%s: scanned %d of %d nonces", s.kernel.Name, n, count)
		}
		for _, hit := range hits {
			if hit.Nonce-nonce >= n {
				t.Fatalf("%s: hit at nonce %d outside of [%d, +%d)", s.kernel.Name, hit.Nonce, nonce, n)
			}
		}
		all = append(all, hits...)
		nonce, count = nonce+n, count-n
	}
	slices.SortFunc(all, byNonce)
	return all
}

func testScan(t *testing.T, s *Scanner, h Header, versions []uint32, target Target, nonce, count uint32) {
	t.Helper()
	s.Load(&h, versions, target)
	got, want := scanAll(t, s, nonce, count), oracleHits(h, versions, target, nonce, count)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d versions, nonces %d+%d, target %v: %d hits, want %d",
			s.kernel.Name, len(versions), nonce, count, target, len(got), len(want))
	}
}

// Every kernel must find exactly what the oracle finds, for all shapes of a
// scan. One scanner is loaded again and again, so that nothing may stay
// behind.
func TestKernelsFindWhatTheOracleFinds(t *testing.T) {
	for _, k := range usable(t) {
		t.Run(k.Name, func(t *testing.T) {
			lanes := uint32(k.Lanes)
			blank := Header{}
			s := k.NewScanner(&blank, nil, Target{})
			for _, zeros := range []int{0, 1, 2, 5, 8} {
				for _, versions := range []int{0, 1, 2, 3, 7} {
					task := randomTask(uint64(100*zeros+versions), versions, zeros)
					for _, count := range []uint32{1, lanes - 1, lanes, lanes + 1, 3*lanes + 2} {
						for _, nonce := range []uint32{0, 12345, 1<<31 - 7, -count} {
							testScan(t, s, task.Header, task.Versions, task.Target, nonce, count)
						}
					}
				}
			}
		})
	}
}

// Every count and every nonce alignment around the lanes.
func TestKernelsRemainders(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(7, 2, 3)
		s := k.NewScanner(&task.Header, task.Versions, task.Target)
		for count := uint32(0); count <= 2*uint32(k.Lanes)+1; count++ {
			testScan(t, s, task.Header, task.Versions, task.Target, 1000+count, count)
		}
	}
}

// A block's only hit, as the first and as the last nonce of a range, in every
// lane, and as each of several versions.
func TestKernelsFindBlocks(t *testing.T) {
	for _, k := range usable(t) {
		for i := range knownBlocks {
			b := &knownBlocks[i]
			h, target, err := b.header()
			if err != nil {
				t.Fatal(err)
			}
			const count = 150 // more than four groups of any kernel
			for back := range uint32(count) {
				if back > b.nonce {
					break
				}
				s := k.NewScanner(&h, nil, target)
				want := []Hit{{0, b.nonce}}
				if b.bits == 0x207fffff {
					want = oracleHits(h, nil, target, b.nonce-back, count)
				}
				if got := scanAll(t, s, b.nonce-back, count); !slices.Equal(got, want) {
					t.Errorf("%s: block %s %d nonces after the first: hits %v", k.Name, b.name, back, got)
				}
			}
			for v := range 5 {
				versions := []uint32{0x20000000, 0x20002000, 0x20004000, 0x20006000, 0x20008000}
				versions[v] = h.Version()
				s := k.NewScanner(&h, versions, target)
				if !scanFinds(s, b.nonce, 1, Hit{v, b.nonce}) {
					t.Errorf("%s: block %s not found as version %d", k.Name, b.name, v)
				}
			}
		}
	}
}

func TestScanEndsAtTheLastNonce(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(9, 1, 4)
		s := k.NewScanner(&task.Header, task.Versions, task.Target)
		const left = 101
		var got []Hit
		first, todo := uint32(1<<32-left), uint32(left)
		for todo > 0 {
			hits, n := s.Scan(first, 5000)
			if n == 0 || n > todo {
				t.Fatalf("%s: scanned %d of the last %d nonces", k.Name, n, todo)
			}
			got = append(got, hits...)
			first, todo = first+n, todo-n
		}
		slices.SortFunc(got, byNonce)
		if want := oracleHits(task.Header, task.Versions, task.Target, 1<<32-left, left); !slices.Equal(got, want) {
			t.Errorf("%s: %d hits at the end of the nonces, want %d", k.Name, len(got), len(want))
		}
	}
}

// With the easiest target every header is a hit, and the room for hits is too
// small on purpose.
func TestFullHitBuffer(t *testing.T) {
	for _, k := range usable(t) {
		for _, versions := range []int{1, 3} {
			task := randomTask(5, versions, 0)
			s := k.NewScanner(&task.Header, task.Versions, task.Target)
			perGroup := k.Lanes * versions
			s.hits = make([]Hit, perGroup+perGroup/2)
			count := uint32(7*k.Lanes + k.Lanes/2)
			s.maxGroups = uint64(len(s.masks) / versions) // the call covers more than there is room for
			hits, n := s.Scan(3, count)
			if n >= count || len(hits) != int(n)*versions {
				t.Errorf("%s: %d hits in %d nonces of %d versions", k.Name, len(hits), n, versions)
			}
			if got, want := len(scanAll(t, s, 3, count)), int(count)*versions; got != want {
				t.Errorf("%s: %d hits, want %d", k.Name, got, want)
			}
		}
	}
}

// Hundreds of versions, as version rolling has them.
func TestKernelsManyVersions(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(11, 600, 6)
		s := k.NewScanner(&task.Header, task.Versions[:1], task.Target)
		testScan(t, s, task.Header, task.Versions, task.Target, 77, uint32(k.Lanes)+1)
		testScan(t, s, task.Header, task.Versions[:2], task.Target, 77, uint32(k.Lanes)+1)
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(13, 3, 4)
		s := k.NewScanner(&task.Header, task.Versions, task.Target)
		nonce := uint32(0)
		if n := testing.AllocsPerRun(20, func() {
			s.Scan(nonce, 500)
			nonce += 500
		}); n != 0 {
			t.Errorf("%s: %v allocations a scan", k.Name, n)
		}
		if n := testing.AllocsPerRun(20, func() { s.Load(&task.Header, task.Versions, task.Target) }); n != 0 {
			t.Errorf("%s: %v allocations a load", k.Name, n)
		}
	}
}

// A scan that is watched makes many calls, ends with the one after which
// somebody wants it to, or which has hits, and misses nothing.
func TestWatchedScans(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(21, 3, 7)
		s := k.NewScanner(&task.Header, task.Versions, task.Target)
		lanes := uint32(k.Lanes)
		var generation, quit uint64
		s.watch = watch{nonces: uint64(2 * lanes), generation: &generation, quit: &quit}
		var got []Hit
		count := 50*lanes + lanes/2
		for done := uint32(0); done < count; {
			hits, n := s.scan(1000+done, count-done)
			if n == 0 || len(hits) == 0 && done+n < count {
				t.Fatalf("%s: ended after %d of %d nonces for nothing", k.Name, n, count-done)
			}
			got, done = append(got, hits...), done+n
		}
		slices.SortFunc(got, byNonce)
		if want := oracleHits(task.Header, task.Versions, task.Target, 1000, count); !slices.Equal(got, want) {
			t.Errorf("%s: %d hits, want %d", k.Name, len(got), len(want))
		}
		never := Target{} // no hash is that small
		s.Load(&task.Header, task.Versions, never)
		for _, change := range []*uint64{&generation, &quit} {
			*change = 1
			if _, n := s.scan(0, count); n != 2*lanes {
				t.Errorf("%s: %d nonces after it was to end, want one call of %d", k.Name, n, 2*lanes)
			}
			*change = 0
		}
	}
}

// The specification itself against crypto/sha256.
func TestDecidingWord(t *testing.T) {
	for seed := range uint64(200) {
		h := randomTask(seed, 0, 0).Header
		m, tail, hash := midstateOf(&h), tailOf(&h), h.Hash()
		want := uint32(hash[28])<<24 | uint32(hash[29])<<16 | uint32(hash[30])<<8 | uint32(hash[31])
		if got := decidingWord(&m, &tail, h.Nonce()); got != want {
			t.Fatalf("deciding word of %v = %08x, want %08x", h, got, want)
		}
	}
}

// Every hash that meets a target has the zero bits clear, and with one bit
// more set at the top of them it does not.
func TestZeroBitsLetAllHitsThrough(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for zeros := range 65 {
		target := targetOfZeros(zeros)
		mask, n := target.zeroBits()
		if want := min(zeros, 32); n != want {
			t.Errorf("%d leading zero bits counted as %d", zeros, n)
		}
		for range 200 {
			hash := Hash(target)
			for i := range 28 {
				hash[i] = byte(rng.Uint32())
			}
			hash[28+rng.IntN(4)] &= byte(rng.Uint32())
			word := uint32(hash[28])<<24 | uint32(hash[29])<<16 | uint32(hash[30])<<8 | uint32(hash[31])
			if word&mask != 0 {
				t.Fatalf("%d zero bits: hash %v is no candidate", zeros, hash)
			}
		}
		if 0 < zeros && zeros <= 32 {
			hash := Hash(targetOfZeros(zeros - 1))
			word := uint32(hash[28])<<24 | uint32(hash[29])<<16 | uint32(hash[30])<<8 | uint32(hash[31])
			if word&mask == 0 {
				t.Errorf("%d zero bits: too many candidates", zeros)
			}
		}
	}
}

func TestKernelByName(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kernels() {
		if seen[k.Name] || k.Lanes < 1 || k.Lanes > 32 {
			t.Errorf("kernel %s: name taken, or %d lanes", k.Name, k.Lanes)
		}
		seen[k.Name] = true
		got, err := KernelByName(k.Name)
		if err != nil || got.Name != k.Name {
			t.Errorf("kernel %s by name: %v, %v", k.Name, got, err)
		}
	}
	_, err := KernelByName("quantum")
	if err == nil || !strings.Contains(err.Error(), "generic, stdlib") {
		t.Errorf("error of an unknown kernel: %v", err)
	}
}

func FuzzKernels(f *testing.F) {
	f.Add([]byte("seed"), uint8(1), uint8(3), uint32(0), uint8(40))
	f.Add(make([]byte, HeaderSize), uint8(0), uint8(0), uint32(1<<32-20), uint8(200))
	f.Add([]byte{0xff, 1, 2}, uint8(9), uint8(255), uint32(1<<31), uint8(1))
	ks := usable(f)
	f.Fuzz(func(t *testing.T, header []byte, versions, target uint8, nonce uint32, count uint8) {
		var h Header
		copy(h[:], header)
		rng := rand.New(rand.NewPCG(uint64(nonce), uint64(count)))
		list := make([]uint32, versions%12)
		for i := range list {
			list[i] = rng.Uint32()
		}
		limit := targetOfZeros(int(target % 12))
		limit[31] -= target / 12 % 2 * (limit[31] / 3) // not only powers of two
		n := uint32(min(uint64(count), 1<<32-uint64(nonce)))
		want := oracleHits(h, list, limit, nonce, n)
		for _, k := range ks {
			s := k.NewScanner(&h, list, limit)
			if got := scanAll(t, s, nonce, n); !slices.Equal(got, want) {
				t.Errorf("%s: hits %v, want %v", k.Name, got, want)
			}
		}
	})
}

// BenchmarkScan compares the kernels, with the header's own version alone and
// with many rolled ones, in processor time.
func BenchmarkScan(b *testing.B) {
	for _, versions := range []int{1, 64} {
		for _, k := range Kernels() {
			name := k.Name
			if versions > 1 {
				name = fmt.Sprintf("%s/versions=%d", name, versions)
			}
			b.Run(name, func(b *testing.B) {
				if err := SelfTest(k); err != nil {
					b.Skip(err)
				}
				runtime.LockOSThread() // for threadTime
				defer runtime.UnlockOSThread()
				task := randomTask(1, versions, 32)
				s := k.NewScanner(&task.Header, task.Versions, task.Target)
				call := uint32(1<<14) / uint32(versions)
				nonce, start := uint32(0), threadTime()
				for b.Loop() {
					s.Scan(nonce, call)
					nonce += call
				}
				seconds := (threadTime() - start).Seconds()
				b.ReportMetric(float64(b.N)*float64(call)*float64(versions)/seconds/1e6, "MH/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkLoad is what a new task costs before the first hash.
func BenchmarkLoad(b *testing.B) {
	for _, k := range Kernels() {
		b.Run(k.Name, func(b *testing.B) {
			if err := k.Supported(); err != nil {
				b.Skip(err)
			}
			task := randomTask(1, 256, 32)
			s := k.NewScanner(&task.Header, task.Versions, task.Target)
			for b.Loop() {
				s.Load(&task.Header, task.Versions, task.Target)
			}
		})
	}
}

func TestMeasure(t *testing.T) {
	if hps := Measure(newStdlib(), 2*time.Millisecond); hps < 1000 || hps > 1e9 {
		t.Errorf("crypto/sha256 hashes %v headers a second", hps)
	}
}
