package lease

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// inFloats is the evidence by package math.
func inFloats(due, seen float64, ratios []alternative) float64 {
	top, sum := math.Inf(-1), 0.0
	for _, r := range ratios {
		rho := float64(r.milli) / 1000
		top = max(top, seen*math.Log(rho)+(1-rho)*due)
	}
	for _, r := range ratios {
		rho := float64(r.milli) / 1000
		sum += math.Exp(seen*math.Log(rho) + (1-rho)*due - top)
	}
	return top + math.Log(sum/float64(len(ratios)))
}

// By another program, in fifty decimal digits.
func TestSequentialKnownValues(t *testing.T) {
	tests := []struct {
		due, seen     uint64
		short, excess int64
	}{
		{0, 0, 0, 0},
		{100, 100, -677, -670},
		{17, 0, 6898, -1320},
		{18, 0, 7396, -1363},
		{1000, 800, 19878, -5767},
		{1000, 1200, -5853, 16195},
		{1000000000, 1000000000, -202708927, -197374314},
	}
	for _, tt := range tests {
		var s Sequential
		if err := s.Add(miner.Hashes(tt.due*7000), miner.Hashes(tt.seen*7000), miner.Hashes(7000)); err != nil {
			t.Fatal(err)
		}
		got := s.Test()
		if got.ShortMilli != tt.short || got.ExcessMilli != tt.excess {
			t.Errorf("%d due, %d seen: %+v, want %d and %d", tt.due, tt.seen, got, tt.short, tt.excess)
		}
	}
}

func TestSequentialAgreesWithFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.Uint64Range(1, 1<<30).Draw(t, "unit")
		due := rapid.Uint64Range(0, 1<<30).Draw(t, "due")
		seen := rapid.Uint64Range(0, 1<<30).Draw(t, "seen")
		var s Sequential
		if err := s.Add(miner.Hashes(due), miner.Hashes(seen), miner.Hashes(unit)); err != nil {
			t.Fatal(err)
		}
		got := s.Test()
		l, n := float64(due)/float64(unit), float64(seen)/float64(unit)
		for _, c := range []struct {
			milli int64
			want  float64
		}{{got.ShortMilli, inFloats(l, n, shortfalls())}, {got.ExcessMilli, inFloats(l, n, excesses())}} {
			want := min(max(1000*c.want, -1e9), 1e9)
			if math.Abs(float64(c.milli)+0.5-want) > 0.502+1e-12*math.Abs(1000*(l+n)) {
				t.Fatalf("L = %v, n = %v: evidence %d, in floats %v", l, n, c.milli, want)
			}
		}
	})
}

func TestAlternativesAreTheirLogarithms(t *testing.T) {
	for _, r := range append(shortfalls(), excesses()...) {
		// ln(ρ) from the integer logarithm: ρ·2^k lies in [1,2).
		num := new(big.Int).Mul(big.NewInt(r.milli), big.NewInt(fixedOne))
		num.Quo(num, big.NewInt(1000))
		shift := int64(0)
		for ; num.Cmp(big.NewInt(fixedOne)) < 0; shift++ {
			num.Lsh(num, 1)
		}
		want := int64(fixedLn(num.Uint64())) - shift*fixedLn2
		if d := r.ln - want; d < -64 || d > 64 {
			t.Errorf("ln(%d/1000) = %d, the series says %d", r.milli, r.ln, want)
		}
		if f := math.Log(float64(r.milli) / 1000); math.Abs(float64(r.ln)/fixedOne-f) > 1e-15 {
			t.Errorf("ln(%d/1000) = %d·2^-60, want %v", r.milli, r.ln, f)
		}
	}
}

func TestFixedAgainstFloats(t *testing.T) {
	for x := 0.0; x < 45; x += 0.01734 {
		d, _ := new(big.Float).SetFloat64(x * fixedOne).Int(nil)
		if got, want := float64(expMinus(d))/fixedOne, math.Exp(-x); math.Abs(got-want) > 2e-15 {
			t.Errorf("exp(-%v) = %v, want %v", x, got, want)
		}
	}
	for x := 1.0; x < 8; x += 0.00317 {
		if got, want := float64(fixedLn(uint64(x*fixedOne)))/fixedOne, math.Log(x); math.Abs(got-want) > 4e-15 {
			t.Errorf("ln(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestSequentialNeedsAUnit(t *testing.T) {
	var s Sequential
	if err := s.Add(miner.Work{}, miner.Work{}, miner.Work{}); err != nil {
		t.Errorf("nothing without a unit: %v", err)
	}
	if err := s.Add(miner.Hashes(1), miner.Work{}, miner.Work{}); err == nil {
		t.Error("work without a unit was taken")
	}
	if s != (Sequential{}) {
		t.Errorf("what was refused left %+v", s)
	}
	// Sums end somewhere, and then there is no alarm.
	for range 3 {
		if err := s.Add(miner.MaxWork, miner.MaxWork, miner.Hashes(1)); err != nil {
			t.Fatal(err)
		}
	}
	if d := s.Test(); d.Short() || d.Excess() {
		t.Errorf("alarm by overflow: %+v", d)
	}
}

func TestSequentialIsStoredWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Sequential
		for range rapid.IntRange(0, 3).Draw(t, "stretches") {
			if err := s.Add(drawWork(t, "due"), drawWork(t, "seen"), drawWork(t, "unit")); err != nil {
				t.Fatal(err)
			}
		}
		b, err := Canonical(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Sequential
		if err := json.Unmarshal(b, &back); err != nil || back != s || back.Test() != s.Test() {
			t.Fatalf("%s reads back as %+v, %v", b, back, err)
		}
	})
}

// grain is the hashes of the smallest share in simulations.
const grain = 1 << 20

// stream is shares that come at random while hashes pass evenly.
type stream struct {
	ratios          []alternative
	due, seen, unit uint64 // hashes
}

// alarm reports whether the test gives one now. It looks in earnest only when
// floats say that it comes near.
func (s *stream) alarm(t *testing.T) bool {
	t.Helper()
	due, seen := float64(s.due)/float64(s.unit), float64(s.seen)/float64(s.unit)
	for _, r := range s.ratios {
		if float64(r.ln)/fixedOne*seen+(1-float64(r.milli)/1000)*due > 6.9 {
			if inFloats(due, seen, s.ratios) < 6.9 {
				return false
			}
			var test Sequential
			if err := test.Add(miner.Hashes(s.due), miner.Hashes(s.seen), miner.Hashes(s.unit)); err != nil {
				t.Fatal(err)
			}
			d := test.Test()
			return d.Short() && s.ratios[0].milli < 1000 || d.Excess() && s.ratios[0].milli > 1000
		}
	}
	return false
}

// pass lets hashes worth so many grains pass and then a share of work w come,
// and reports whether there was an alarm right before it or right after it,
// when evidence is greatest.
func (s *stream) pass(t *testing.T, grains float64, w uint64) bool {
	t.Helper()
	s.due += uint64(grains * grain)
	if s.alarm(t) {
		return true
	}
	s.seen += w
	return s.alarm(t)
}

// The bound of one in a thousand is for ever; of 100 000 streams of 600 shares
// each, 36, 30, 10 and 4 gave an alarm. A sample this small may be above its
// mean: one side alone may have what one in 4000 samples at the bound exceeds,
// all together must keep to it.
func TestSequentialFalseAlarms(t *testing.T) {
	const streams, shares = 2000, 600
	const oneSide = 8 // P(more | mean 2) = 0.00024
	sides, total := 0, 0
	rng := rand.New(rand.NewPCG(3, 1))
	for _, side := range []struct {
		name   string
		ratios []alternative
		mixed  bool
	}{
		{"short", shortfalls(), false},
		{"excess", excesses(), false},
		{"short, mixed targets", shortfalls(), true},
		{"excess, mixed targets", excesses(), true},
	} {
		alarms := 0
		for range streams {
			s := stream{ratios: side.ratios, unit: grain}
			if side.mixed {
				s.unit = 4 * grain
			}
			w := uint64(grain)
			for k := range shares {
				if side.mixed && k%50 == 0 {
					w = grain << rng.IntN(3) // as a vardiff would
				}
				if s.pass(t, rng.ExpFloat64()*float64(w)/grain, w) {
					alarms++
					break
				}
			}
		}
		t.Logf("%s: %d alarms in %d honest streams of %d shares, looked at twice a share", side.name, alarms, streams, shares)
		if alarms > oneSide {
			t.Errorf("%s: %d of %d honest streams gave an alarm, that is above one in a thousand", side.name, alarms, streams)
		}
		sides++
		total += alarms
	}
	if total > sides*streams/1000 {
		t.Errorf("%d of %d honest streams gave an alarm, want at most one in a thousand", total, sides*streams)
	}
}

func TestSequentialFindsDeviations(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 8))
	tests := []struct {
		rate, want float64
		ratios     []alternative
		streams    int
	}{
		{0.80, 386, shortfalls(), 400},
		{0.90, 1500, shortfalls(), 200},
		{0.95, 6900, shortfalls(), 100},
		{1.20, 450, excesses(), 400},
		{1.10, 1780, excesses(), 200},
		{1.05, 6640, excesses(), 100},
	}
	for _, tt := range tests {
		var sum float64
		for range tt.streams {
			s := stream{ratios: tt.ratios, unit: grain}
			for !s.pass(t, rng.ExpFloat64()/tt.rate, grain) {
			}
			sum += float64(s.due) / grain
		}
		got := sum / float64(tt.streams)
		t.Logf("rate %.2f: alarm after %.0f shares due", tt.rate, got)
		if math.Abs(got/tt.want-1) > 0.15 {
			t.Errorf("rate %.2f: alarm after %.0f shares due, want about %.0f", tt.rate, got, tt.want)
		}
	}
}

// A pool's count of those receipts that meet its harder target is judged by
// the receipts: honest counts give no alarm, withheld shares do.
func TestSequentialOfAPool(t *testing.T) {
	const receipts = 40_000
	rng := rand.New(rand.NewPCG(13, 21))
	run := func(kept float64) (alarm bool, at int) {
		var s Sequential
		for i := range receipts {
			w := miner.Hashes(grain << rng.IntN(3)) // the pool's are of 16
			var sent miner.Work
			if rng.Float64() < w.Float64()/(16*grain) && rng.Float64() < kept {
				sent = miner.Hashes(16 * grain)
			}
			if err := s.Add(w, sent, miner.Hashes(16*grain)); err != nil {
				t.Fatal(err)
			}
			if i%16 == 0 {
				if d := s.Test(); d.Short() || d.Excess() {
					return true, i
				}
			}
		}
		return false, 0
	}
	for range 10 {
		if alarm, at := run(1); alarm {
			t.Errorf("alarm over an honest pool after %d receipts", at)
		}
		if alarm, _ := run(0.9); !alarm {
			t.Error("no alarm although a tenth of the shares was withheld")
		}
	}
}

func BenchmarkSequential(b *testing.B) {
	var s Sequential
	if err := s.Add(miner.Hashes(1000*grain), miner.Hashes(970*grain), miner.Hashes(grain)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Test()
	}
}
