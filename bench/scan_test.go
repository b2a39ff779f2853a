package bench

import (
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// TestScanAll compares what two threads find together with the oracle, over
// the end of an epoch.
func TestScanAll(t *testing.T) {
	const end = 1<<32 + 700
	k, err := miner.KernelByName(yardstick)
	if err != nil {
		t.Fatal(err)
	}
	p := prover{testSeed, "some", allThreads, rolledVersions(3)}
	s := &scan{
		kernel: k, work: work{testSeed, "some", allThreads, 2}, versions: p.versions, target: targetOf(5),
		threads: 2, cpus: miner.Processors(), time: time.Millisecond, nonces: end,
	}
	s.next.Store(1<<32 - 600) // as if the rest were done
	out, err := s.run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []hit
	for nonce := uint64(1<<32 - 600); nonce < end; nonce++ {
		for v := range p.versions {
			if h := (hit{2, nonce, v}); p.hash(h).Meets(targetOf(5)) {
				want = append(want, h)
			}
		}
	}
	slices.SortFunc(out.hits, compareHits)
	if !slices.Equal(out.hits, want) || out.nonces != end {
		t.Errorf("%d hits in %d nonces, want %d in %d", len(out.hits), out.nonces, len(want), uint64(end))
	}
	if out.cpu <= 0 || out.wall <= 0 {
		t.Errorf("took %v, and %v of processor time", out.wall, out.cpu)
	}
}

func TestScanTimed(t *testing.T) {
	k, err := miner.KernelByName(yardstick)
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	s := &scan{
		kernel: k, work: work{testSeed, "some", oneThread, 0}, versions: rolledVersions(1), target: targetOf(10),
		threads: 3, cpus: miner.Processors(), time: time.Millisecond,
	}
	out, err := s.run(t.Context(), func() { calls++ })
	if err != nil || out.nonces == 0 || calls != 2 {
		t.Errorf("%d nonces, %d calls around, %v", out.nonces, calls, err)
	}
	p := prover{testSeed, "some", oneThread, s.versions}
	for _, h := range out.hits {
		if h.nonce >= out.nonces || !p.hash(h).Meets(s.target) {
			t.Errorf("%v is no hit in %d nonces", h, out.nonces)
		}
	}
	if out.pinned && len(s.cpus) < 3 {
		t.Errorf("three threads each have one of %d processors", len(s.cpus))
	}
}

func TestHeaders(t *testing.T) {
	seen := map[miner.Header]string{}
	for _, w := range []work{
		{testSeed, "a", oneThread, 0}, {testSeed, "a", oneThread, 1}, {testSeed, "a", allThreads, 0}, {testSeed, "b", oneThread, 0}, {testSeed[:63] + "e", "a", oneThread, 0},
	} {
		for epoch := range uint32(2) {
			h := w.header(epoch)
			if h != w.header(epoch) {
				t.Errorf("%+v has two headers", w)
			}
			if other := seen[h]; other != "" {
				t.Errorf("%+v has the header of %s", w, other)
			}
			seen[h] = string(w.kernel)
		}
	}
	// The example of FORMAT.md.
	h := work{testSeed, yardstick, oneThread, 0}.header(0)
	const want = "000000208a33d42a4f6fae3353c02425bf28e4e1b34d259c7c1eaaee51d818ffe16c9d2ce4d34d1b8fb063e07c3102753544f720233d978dcacae06b73e2d0dfef61505929ab5f49ffff001d00000000"
	if h.String() != want {
		t.Errorf("the header is\n%s, want\n%s", h, want)
	}
}

func TestZeroBits(t *testing.T) {
	for hashes, want := range map[uint64]int{0: 10, 1: 10, 1 << 17: 10, 1 << 18: 11, 1<<19 - 1: 11, 100_000_000: 19, 1 << 60: 22} {
		if got := zeroBitsFor(hashes); got != want {
			t.Errorf("%d hashes: %d bits, want %d", hashes, got, want)
		}
	}
	if got := targetOf(20).Work(); got != miner.Hashes(1<<20) {
		t.Errorf("20 zero bits take %v hashes", got)
	}
}

func TestParseHit(t *testing.T) {
	h := hit{3, 1 << 40, 255}
	if got, err := parseHit(h.String()); err != nil || got != h {
		t.Errorf("%v is read as %v, %v", h, got, err)
	}
	for _, s := range []string{"", "1", "1.2", "1.2.3.4", "01.2.3", "-1.2.3", "1.-2.3", "1.2.x", "1.2.3 ", "+1.2.3", "1.99999999999999999999.3"} {
		if h, err := parseHit(s); err == nil {
			t.Errorf("%q is read as %v", s, h)
		}
	}
}
