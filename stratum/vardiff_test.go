package stratum

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hashlease/hashlease/miner"
)

// rig is a machine in a simulation. Its link delays a new difficulty, and
// bounds how many shares come through.
type rig struct {
	hps     float64
	latency time.Duration
	most    float64 // shares a second
}

// simulate runs a tuner against a rig and returns the levels in force and the
// shares that came, for every second.
func simulate(seed uint64, r rig, start int8, fixed bool, seconds int) (levels []int8, shares []int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	const interval = 5 * time.Second
	now := int64(1e18)
	t, level := newTuner(now), start
	effective, at := start, now // what the rig works at, and since when it will be level
	clamp := func(n int8) int8 { return min(max(n, minLevel), maxLevel) }
	for range seconds {
		end := now + 1e9
		n := 0
		for {
			if effective != level && now >= at {
				effective = level
			}
			rate := min(r.hps/math.Ldexp(1, 32+int(effective)), r.most)
			next := now + int64(rng.ExpFloat64()/rate*1e9)
			if effective != level {
				if next > at {
					now = at
					continue
				}
			}
			if next > end || next < now {
				now = end
				break
			}
			now = next
			n++
			t.share(effective, level)
			want := level
			if fixed {
				want = clamp(t.flood(level, 100*time.Millisecond, now))
			} else {
				want = clamp(t.next(level, interval, now))
			}
			if want != level {
				level, at = want, now+int64(r.latency)
				t.restart(now)
			}
		}
		want := level
		if !fixed {
			want = clamp(t.next(level, interval, now))
		}
		if want != level {
			level, at = want, now+int64(r.latency)
			t.restart(now)
		}
		levels = append(levels, level)
		shares = append(shares, n)
	}
	return levels, shares
}

func sum(n []int) (all int) {
	for _, x := range n {
		all += x
	}
	return all
}

// TestVardiffConverges lets machines from a microcontroller to a container of
// rigs start far from their difficulty.
func TestVardiffConverges(t *testing.T) {
	for exp := 3.0; exp <= 15; exp++ {
		for _, start := range []int8{10, -10, minLevel} {
			t.Run(fmt.Sprintf("1e%.0f H/s from 2^%d", exp, start), func(t *testing.T) {
				for seed := range uint64(5) {
					r := rig{hps: 1.7 * math.Pow(10, exp), latency: 200 * time.Millisecond, most: 20_000}
					const warm, hour = 300, 3600
					levels, shares := simulate(seed, r, start, false, warm+hour)
					ideal := math.Log2(r.hps * 5 / math.Ldexp(1, 32))
					changes := 0
					for i := warm; i < warm+hour; i++ {
						if off := float64(levels[i]) - ideal; off > 1.2 || off < -2 {
							t.Fatalf("second %d: level %d, ideal %.2f", i, levels[i], ideal)
						}
						if levels[i] != levels[i-1] {
							changes++
						}
					}
					if n := sum(shares[warm:]); n < hour/5*7/10 || n > hour/5*3 {
						t.Errorf("%d shares in an hour", n)
					}
					if n := sum(shares[:warm]); n > 60_000 {
						t.Errorf("%d shares in the first minutes", n)
					}
					if changes > 4 {
						t.Errorf("%d changes in an hour of steady work", changes)
					}
				}
			})
		}
	}
}

// TestVardiffFlood lets big machines have an easy difficulty: it must not last.
func TestVardiffFlood(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		_, shares := simulate(3, rig{hps: 200e12, latency: 100 * time.Millisecond, most: 5000}, -10, fixed, 60)
		if n := sum(shares[:10]); n > 12_000 {
			t.Errorf("fixed %t: %d shares in the first ten seconds", fixed, n)
		}
		if n := sum(shares[10:]); n > 50*20 {
			t.Errorf("fixed %t: %d shares in the 50 seconds after", fixed, n)
		}
	}
	levels, _ := simulate(3, rig{hps: 1e12, latency: 100 * time.Millisecond, most: 5000}, 10, true, 600)
	if levels[599] != 10 {
		t.Errorf("a fixed difficulty that does no harm went to level %d", levels[599])
	}
}

// TestVardiffPause stops a fast machine for an hour. When it goes on, it must
// not flood.
func TestVardiffPause(t *testing.T) {
	now := int64(1e18)
	tuner, level := newTuner(now), int8(14)
	for range 100 {
		now += 3e9
		tuner.share(level, level)
		if next := tuner.next(level, 5*time.Second, now); next != level {
			t.Fatalf("level %d at a good pace", next)
		}
	}
	for range 3600 {
		now += 1e9
		if next := tuner.next(level, 5*time.Second, now); next != level {
			level = next
			tuner.restart(now)
		}
	}
	if level != 14-provenDepth {
		t.Errorf("level %d after a pause, want %d", level, 14-provenDepth)
	}
}

// TestTunerProperties lets anything happen.
func TestTunerProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := int64(1e18)
		tuner, level := newTuner(now), int8(rapid.IntRange(minLevel, maxLevel).Draw(t, "level"))
		interval := time.Duration(rapid.Int64Range(int64(minInterval), int64(maxInterval)).Draw(t, "interval"))
		for range 50 {
			now += rapid.Int64Range(0, 1e12).Draw(t, "pause")
			got := false
			if got = rapid.Bool().Draw(t, "share"); got {
				tuner.share(int8(rapid.IntRange(minLevel, maxLevel).Draw(t, "found")), level)
			}
			elapsed, credit, shares := now-tuner.since, tuner.credit, tuner.shares
			next := tuner.next(level, interval, now)
			ratio := float64(credit) / creditOne * float64(interval/time.Millisecond) / float64(max(elapsed/1e6, 1))
			switch {
			case int(next) > maxLevel+64 || int(next) < minLevel-silentStep:
				t.Fatalf("level %d", next)
			case next > level && (ratio < 2 || shares < quickShares):
				t.Fatalf("harder by %d at a ratio of %g after %d shares", next-level, ratio, shares)
			case next < level && ratio >= 1:
				t.Fatalf("easier by %d at a ratio of %g", level-next, ratio)
			case next > level && math.Abs(math.Log2(ratio)-float64(next-level)) > 1.001:
				t.Fatalf("harder by %d at a ratio of %g", next-level, ratio)
			}
			if next = min(max(next, minLevel), maxLevel); next != level {
				level = next
				tuner.restart(now)
			}
		}
	})
}

func TestLog2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "a"), rapid.Uint64Range(1, math.MaxUint64).Draw(t, "b")
		k := log2(a, b)
		f := func(k int) float64 { return math.Ldexp(float64(b), k) }
		if f(k) > float64(a)*(1+1e-15) || f(k+1) < float64(a)*(1-1e-15) {
			t.Fatalf("log2(%d, %d) = %d", a, b, k)
		}
	})
	for _, c := range []struct {
		a, b uint64
		want int
	}{{1, 1, 0}, {2, 1, 1}, {3, 2, 0}, {1, 2, -1}, {1, 3, -2}, {4, 3, 0}, {7, 8, -1}, {math.MaxUint64, 1, 63}} {
		if got := log2(c.a, c.b); got != c.want {
			t.Errorf("log2(%d, %d) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestLevels checks what is advertised against what is judged.
func TestLevels(t *testing.T) {
	all, err := newLevels()
	if err != nil {
		t.Fatal(err)
	}
	for n := int8(minLevel); n <= maxLevel; n++ {
		at := all.at(n)
		m, err := ParseMessage(at.line[:len(at.line)-1])
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseSetDifficulty(m.Params)
		if err != nil || d.Cmp(at.difficulty) != 0 || d.WorkerTarget() != at.target || d.Float64() != math.Ldexp(1, int(n)) {
			t.Errorf("2^%d: %s says %v, %v", n, at.line, d, err)
		}
		if all.below(d) != n || all.above(d) != n || all.easier(at.target) != n {
			t.Errorf("2^%d: below %d, above %d, easier %d", n, all.below(d), all.above(d), all.easier(at.target))
		}
	}
	if all.at(minLevel).target != miner.MaxTarget {
		t.Error("not every hash meets the easiest target")
	}
	for text, want := range map[string][2]int8{
		"1000": {9, 10}, "0.3": {-2, -1}, "0.00015": {-13, -12}, "1e30": {maxLevel, maxLevel}, "1e-30": {minLevel, minLevel}, "1.5": {0, 1},
	} {
		d, err := miner.ParseDifficulty(text)
		if err != nil || all.below(d) != want[0] || all.above(d) != want[1] {
			t.Errorf("%s: below %d, above %d, want %d; %v", text, all.below(d), all.above(d), want, err)
		}
	}
	if n := all.easier(miner.Target{}); n != maxLevel {
		t.Errorf("easier than the hardest: %d", n)
	}
}
