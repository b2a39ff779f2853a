//go:build slow

package miner

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	differentialHeaders = flag.Int64("headers", 20_000_000, "headers of TestDifferential")
	differentialSeed    = flag.Uint64("seed", 0, "seed of TestDifferential; 0 is random")
)

// Every mask of every kernel, bit by bit, against crypto/sha256, on random
// headers, versions, nonces and bits of the deciding word that must be clear.
func TestDifferential(t *testing.T) {
	seed := *differentialSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed %d", seed)
	var kernels []*Kernel
	for _, k := range usable(t) {
		if k.Name != "stdlib" { // that is the oracle
			kernels = append(kernels, k)
		}
	}
	var done, failed atomic.Int64
	var wg sync.WaitGroup
	for thread := range runtime.NumCPU() {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(thread)))
			c := differential{t: t, rng: rng, scanners: make(map[*Kernel]*Scanner)}
			for n := uint64(0); done.Load() < *differentialHeaders && failed.Load() == 0; n++ {
				headers, ok := c.round(kernels, n)
				done.Add(headers)
				if !ok {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d headers, hashed by crypto/sha256 and by each kernel", done.Load())
}

// differential is one thread of the test.
type differential struct {
	t        *testing.T
	rng      *rand.Rand
	scanners map[*Kernel]*Scanner
	words    []uint32
}

// round compares one random task. generic is slow, and does every sixteenth.
func (c *differential) round(kernels []*Kernel, n uint64) (headers int64, ok bool) {
	var h Header
	for i := range h {
		h[i] = byte(c.rng.Uint32())
	}
	counts := []int{1, 2, 3, 4, 5, 7, 11, 12, 13, 16, 31, 64, 100, 256}
	versions := make([]uint32, counts[c.rng.IntN(len(counts))])
	for i := range versions {
		versions[i] = c.rng.Uint32()
	}
	nonces := 16 * (1 + c.rng.IntN(max(1, 256/len(versions))))
	first := c.rng.Uint32()
	if c.rng.IntN(8) == 0 {
		first = -uint32(nonces) // the last ones
	} else if first > -uint32(nonces) {
		first -= uint32(nonces)
	}
	zero := uint32(0)
	for range 1 + c.rng.IntN(3) {
		zero |= 1 << c.rng.IntN(32)
	}
	c.hash(h, versions, first, nonces)
	for _, k := range kernels {
		if k.Name == "generic" && n%16 != 0 {
			continue
		}
		s := c.scanners[k]
		if s == nil {
			s = k.NewScanner(&h, versions, Target{})
			c.scanners[k] = s
		}
		s.Load(&h, versions, Target{})
		s.zero = zero
		if k.load != nil {
			k.load(s)
		}
		if !c.compare(s, first, nonces) {
			return 0, false
		}
	}
	return int64(nonces * len(versions)), true
}

// hash sets words to the deciding words of all headers, nonce by nonce.
func (c *differential) hash(h Header, versions []uint32, first uint32, nonces int) {
	c.words = c.words[:0]
	for i := range nonces {
		h.SetNonce(first + uint32(i))
		for _, v := range versions {
			h.SetVersion(v)
			hash := h.Hash()
			c.words = append(c.words, binary.BigEndian.Uint32(hash[28:]))
		}
	}
}

// compare scans the nonces, in kernel calls as large as the scanner allows.
func (c *differential) compare(s *Scanner, first uint32, nonces int) bool {
	lanes, versions := s.kernel.Lanes, len(s.versions)
	most := min(len(s.masks)/versions, nonces/lanes)
	for at := 0; at < nonces; {
		groups := min(1+c.rng.IntN(most), (nonces-at)/lanes)
		found, _ := s.kernel.scan(s, first+uint32(at), groups, 1)
		any := false
		for g := range groups {
			for v := range versions {
				mask := s.masks[g*versions+v]
				for lane := range lanes {
					got := mask>>lane&1 != 0
					want := c.words[(at+g*lanes+lane)*versions+v]&s.zero == 0
					if got != want {
						c.t.Errorf("%s: header %v, version %08x (%d of %d), nonce %d, lane %d: candidate %v, want %v",
							s.kernel.Name, s.header, s.versions[v], v, versions, first+uint32(at+g*lanes+lane), lane, got, want)
						return false
					}
					any = any || got
				}
			}
		}
		if any && found == 0 {
			c.t.Errorf("%s: candidates were found, but not said to be", s.kernel.Name)
			return false
		}
		at += groups * lanes
	}
	return true
}
