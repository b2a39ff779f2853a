package bench

import (
	"math"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// roundsOf makes rounds of a second each that hash so much.
func roundsOf(hashes ...uint64) *Phase {
	p := new(Phase)
	for _, h := range hashes {
		p.Rounds = append(p.Rounds, Round{Nonces: h, WallNs: 1e9, CPUNs: 5e8, ClockHz: 2e9})
	}
	return p
}

func TestSettle(t *testing.T) {
	r := KernelResults{Versions: 2, Threads: 3, Kernels: []KernelResult{
		{Name: "stdlib", One: roundsOf(100, 300, 200), All: roundsOf(5, 5, 5)},
		{Name: "fast", One: roundsOf(1, 1000, 900), All: roundsOf(9, 8, 7)},
		{Name: "missing", Lanes: 3, Error: "no", HpsOne: 7},
	}}
	r.Kernels[1].All.Rounds[0].PackageUJ = 36
	r.settle()
	std, fast, missing := r.Kernels[0], r.Kernels[1], r.Kernels[2]
	if std.HpsOne != 400 || std.HpsOneCPU != 800 || std.HpsAll != 10 || std.HpsAllCPU != 60 || std.Ratio != 1 || std.OneRange != [2]uint64{200, 600} {
		t.Errorf("stdlib settles to %+v", std)
	}
	if fast.HpsOne != 1800 || fast.HpsAll != 16 || fast.Ratio != 4.5 || fast.AllRange != [2]uint64{14, 18} || fast.Busy != 50 {
		t.Errorf("fast settles to %+v", fast)
	}
	if want := 0.5 * 2e9 / 1800; math.Abs(fast.Cycles-want) > 0.005*want {
		t.Errorf("%v cycles per hash, want %v", fast.Cycles, want)
	}
	if fast.Joules != 2e6 { // 36 µJ for 18 hashes
		t.Errorf("%v J/TH", fast.Joules)
	}
	if missing.HpsOne != 0 || missing.Lanes != 3 || missing.Error != "no" || missing.Ratio != 0 {
		t.Errorf("missing settles to %+v", missing)
	}
	if r.Best != "fast" {
		t.Errorf("best is %q", r.Best)
	}
}

func TestMiddle(t *testing.T) {
	p := roundsOf(4, 1, 3, 2)
	if m, span := middle(p.Rounds, func(r Round) (uint64, bool) { return r.Nonces, true }); m != 2 || span != [2]uint64{2, 3} {
		t.Errorf("the middle of an even number is %d of %v", m, span)
	}
	if m, span := middle(roundsOf(9, 8, 1, 2, 5).Rounds, func(r Round) (uint64, bool) { return r.Nonces, true }); m != 5 || span != [2]uint64{2, 8} {
		t.Errorf("the middle of five is %d of %v", m, span)
	}
	if m, _ := middle(p.Rounds, func(r Round) (float64, bool) { return float64(r.Nonces), r.Nonces > 2 }); m != 3.5 {
		t.Errorf("the middle of two is %v", m)
	}
	if m, span := middle(p.Rounds, func(Round) (uint64, bool) { return 1, false }); m != 0 || span != [2]uint64{} {
		t.Errorf("the middle of none is %d of %v", m, span)
	}
}

func TestPerSecond(t *testing.T) {
	for _, c := range []struct {
		n    uint64
		ns   int64
		want uint64
	}{
		{0, 0, 0}, {1, 0, 1e9}, {7, 1e9, 7}, {10, 3e9, 3}, {1 << 50, 1, math.MaxUint64}, {1 << 50, 1e6, 1 << 50 * 1000}, {5, -3, 5e9},
	} {
		if got := perSecond(c.n, c.ns); got != c.want {
			t.Errorf("%d in %d ns are %d a second, want %d", c.n, c.ns, got, c.want)
		}
	}
}
