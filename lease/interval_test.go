package lease

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"gonum.org/v1/gonum/mathext"
	"pgregory.net/rapid"
)

// Σ_{k<n} of the Poisson probabilities at mean x, summed by hand.
func poissonBelow(n int, x float64) float64 {
	term, sum := math.Exp(-x), 0.0
	for k := range n {
		sum += term
		term *= x / float64(k+1)
	}
	return sum
}

func TestQuantileAgainstPoissonSums(t *testing.T) {
	for n := 1; n <= 300; n++ {
		lo := gammaQuantile(float64(n), -z975)
		if p := 1 - poissonBelow(n, lo); math.Abs(p-0.025) > 1e-11 {
			t.Errorf("n=%d: P(K ≥ n | %v) = %v, want 0.025", n, lo, p)
		}
		hi := gammaQuantile(float64(n), z975)
		if p := poissonBelow(n, hi); math.Abs(p-0.025) > 1e-11 {
			t.Errorf("n=%d: P(K < n | %v) = %v, want 0.025", n, hi, p)
		}
	}
}

func TestQuantileAgainstGonum(t *testing.T) {
	shapes := []float64{1, 1.0001, 1.5, 1.999, 2, 2.7, 3, 9.99, 77.3, 1000.5, 4000.25, 4096, 4096.1, 5000, 1e5, 1e6 + 0.3, 1e7}
	for _, a := range shapes {
		if got, want := gammaQuantile(a, -z975), mathext.GammaIncRegInv(a, 0.025); math.Abs(got-want) > 1e-9*want {
			t.Errorf("lower quantile of %v = %v, want %v", a, got, want)
		}
		if got, want := gammaQuantile(a, z975), mathext.GammaIncRegCompInv(a, 0.025); math.Abs(got-want) > 1e-9*want {
			t.Errorf("upper quantile of %v = %v, want %v", a, got, want)
		}
	}
}

func TestQuantileIsContinuousAtTheSwitch(t *testing.T) {
	for _, z := range []float64{-z975, z975} {
		solved, expanded := gammaQuantile(exactBelow, z), cornishFisher(exactBelow, z)
		if math.Abs(solved-expanded) > 2e-9 {
			t.Errorf("z=%v: solved %v, expanded %v", z, solved, expanded)
		}
	}
}

// Verifiers on every kind of machine must arrive at the same bounds.
func TestQuantileHasTheSameBitsEverywhere(t *testing.T) {
	h := fnv.New64a()
	for a := 1.0; a < 1e6; a = float64(a*1.03) + 0.25 {
		for _, z := range []float64{-z975, z975} {
			binary.Write(h, binary.BigEndian, math.Float64bits(gammaQuantile(a, z)))
		}
	}
	if got := h.Sum64(); got != 0x4f7c14dc86e14d45 {
		t.Errorf("the quantiles hash to %#x", got)
	}
}

func TestIntervalTable(t *testing.T) {
	tests := []struct {
		n      uint64
		lo, hi float64 // percent
		tol    float64
	}{
		{10, -52, 84, 0.5},
		{25, -35, 48, 0.5},
		{100, -18.6, 21.6, 0.05},
		{400, -9.6, 10.3, 0.05},
		{1000, -6.1, 6.4, 0.05},
		{10_000, -1.95, 1.98, 0.005},
		{38_416, -1.00, 1.01, 0.005},
	}
	w := miner.Hashes(1_000_000_007)
	for _, tt := range tests {
		var e Evidence
		e.AddN(w, tt.n)
		lo, hi := e.Interval(miner.Work{})
		sum := e.Sum.Float64()
		l, h := 100*(lo.Float64()/sum-1), 100*(hi.Float64()/sum-1)
		if math.Abs(l-tt.lo) > tt.tol || math.Abs(h-tt.hi) > tt.tol {
			t.Errorf("n=%d: %+.3f/%+.3f %%, want %v/%+v", tt.n, l, h, tt.lo, tt.hi)
		}
	}
}

func TestIntervalWithoutReceipts(t *testing.T) {
	lo, hi := Evidence{}.Interval(miner.Hashes(10_000))
	if !lo.IsZero() || hi != miner.Hashes(36_889) {
		t.Errorf("interval of no receipt = %v to %v, want 0 to 36889", lo, hi)
	}
	if _, hi := (Evidence{}).Interval(miner.Hashes(1)); hi != miner.Hashes(4) {
		t.Errorf("upper bound %v is not rounded up to 4", hi)
	}
	if _, hi := (Evidence{}).Interval(miner.MaxWork); hi != miner.MaxWork {
		t.Errorf("upper bound %v of the largest unit", hi)
	}
}

// A trace of other work must not move the bounds: the two forms are one.
func TestIntervalIsContinuousToMixedWork(t *testing.T) {
	for _, n := range []uint64{1, 7, 100, 5000} {
		var equal, mixed Evidence
		equal.AddN(miner.Hashes(1<<50), n)
		mixed.AddN(miner.Hashes(1<<50), n)
		mixed.Add(miner.Hashes(1))
		lo1, hi1 := equal.Interval(miner.Work{})
		lo2, hi2 := mixed.Interval(miner.Work{})
		if math.Abs(lo1.Float64()-lo2.Float64()) > 0x1p50*1.1e-4 || math.Abs(hi1.Float64()-hi2.Float64()) > 0x1p50*1.1e-4 {
			t.Errorf("n=%d: equal %v to %v, mixed %v to %v", n, lo1, hi1, lo2, hi2)
		}
	}
}

func TestIntervalProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Evidence
		for range rapid.IntRange(1, 6).Draw(t, "targets") {
			e.AddN(drawWork(t, "work"), rapid.Uint64Range(1, 20_000).Draw(t, "n"))
		}
		lo, hi := e.Interval(miner.Work{})
		if lo.Cmp(e.Sum) >= 0 || hi.Cmp(e.Sum) <= 0 {
			t.Fatalf("[%v, %v] does not hold Σw = %v", lo, hi, e.Sum)
		}
		// One more receipt moves both bounds up; the lower one of receipts of a
		// hash or two may be rounded down to where it was.
		more := e
		more.Add(e.Max)
		if lo2, hi2 := more.Interval(miner.Work{}); lo2.Cmp(lo) < 0 || hi2.Cmp(hi) <= 0 {
			t.Fatalf("a receipt more moves [%v, %v] to [%v, %v]", lo, hi, lo2, hi2)
		}
	})
}

// drawWork draws work of any size up to 2^96, small sizes as often as large.
func drawWork(t *rapid.T, label string) miner.Work {
	shift := rapid.IntRange(0, 64).Draw(t, label+" shift")
	n := new(big.Int).SetUint64(uint64(rapid.Uint32Range(1, math.MaxUint32).Draw(t, label)))
	w, _ := miner.WorkFromBig(n.Lsh(n, uint(shift)))
	return w
}

func TestZMilli(t *testing.T) {
	evidence := func(n uint64) Evidence {
		var e Evidence
		e.AddN(miner.Hashes(1000), n)
		return e
	}
	tests := []struct {
		name    string
		e       Evidence
		counted uint64
		want    int64
	}{
		{"as counted", evidence(400), 400_000, 0},
		{"one sigma short", evidence(380), 400_000, -1000},
		{"two sigma over", evidence(440), 400_000, 2000},
		{"nothing at all", Evidence{}, 0, 0},
		{"no receipt for 9 due", Evidence{}, 9_000, -3000},
		{"receipts from nowhere", evidence(1), 0, 1_000_000_000},
	}
	for _, tt := range tests {
		if got := tt.e.ZMilli(miner.Hashes(tt.counted), miner.Hashes(1000)); got != tt.want {
			t.Errorf("%s: z = %d/1000, want %d/1000", tt.name, got, tt.want)
		}
	}
	// Mixed: Σw = 10·100 + 10·900, Σw²/Σw = 820, C = 8200: z = 1800/√(8200·820).
	var mixed Evidence
	mixed.AddN(miner.Hashes(100), 10)
	mixed.AddN(miner.Hashes(900), 10)
	if got := mixed.ZMilli(miner.Hashes(8200), miner.Work{}); got != 694 {
		t.Errorf("mixed: z = %d/1000, want 694/1000", got)
	}
	if got := evidence(1).ZMilli(miner.MaxWork, miner.Work{}); got != -1_000_000_000 {
		t.Errorf("z of an absurd count = %d, want the limit", got)
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		w           miner.Work
		ms          int64
		floor, ceil uint64
	}{
		{miner.Hashes(0), 1000, 0, 0},
		{miner.Hashes(10), 3000, 3, 4},
		{miner.Hashes(9), 3000, 3, 3},
		{miner.Hashes(9), 0, 0, 0},
		{miner.Hashes(9), -5, 0, 0},
		{miner.Work{Hi: 1}, 1000, math.MaxUint64, math.MaxUint64},
		{miner.Work{Hi: 999}, 1_000_000, 18428297329635842064, 18428297329635842065},
		{miner.MaxWork, math.MaxInt64, math.MaxUint64, math.MaxUint64},
		{miner.Hashes(math.MaxUint64), 1000, math.MaxUint64, math.MaxUint64},
	}
	for _, tt := range tests {
		if floor, ceil := Rate(tt.w, tt.ms); floor != tt.floor || ceil != tt.ceil {
			t.Errorf("Rate(%v, %d) = %d, %d, want %d, %d", tt.w, tt.ms, floor, ceil, tt.floor, tt.ceil)
		}
	}
}

func TestRateIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, ms := drawWork(t, "work"), rapid.Int64Range(1, math.MaxInt64).Draw(t, "ms")
		floor, ceil := Rate(w, ms)
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(w.Big(), big.NewInt(1000)), big.NewInt(ms), new(big.Int))
		if !q.IsUint64() {
			q.SetUint64(math.MaxUint64)
			r.SetInt64(0)
		}
		want := q.Uint64()
		if floor != want || ceil-floor != min(uint64(r.Sign()), math.MaxUint64-floor) {
			t.Fatalf("Rate(%v, %d) = %d, %d, want %d and remainder %v", w, ms, floor, ceil, want, r)
		}
	})
}

func BenchmarkInterval(b *testing.B) {
	var e Evidence
	e.AddN(miner.Hashes(1<<30), 3000)
	e.AddN(miner.Hashes(1<<31), 500)
	for b.Loop() {
		e.Interval(miner.Work{})
	}
}
