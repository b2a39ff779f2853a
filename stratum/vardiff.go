package stratum

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// Vardiff says how a Server chooses the difficulties of its workers: powers of
// two, rounded down, so that of each worker about one to two shares come in
// every Interval. Zero fields mean the defaults named with them.
type Vardiff struct {
	Interval time.Duration     // between two shares of a connection; 0: 5 s
	Start    *miner.Difficulty // of who gives no hint; nil: 1024
	Min      *miner.Difficulty // never below; nil: 2^-32, which every hash meets
	Max      *miner.Difficulty // never above; nil: 2^62

	// FixedInterval is the least average interval between shares at a
	// difficulty that the worker fixed with fd=; faster ones get a harder one
	// all the same. 0: 100 ms.
	FixedInterval time.Duration
}

// Least and greatest values of the intervals, which keep the arithmetic of a
// tuner within 64 bits.
const (
	minInterval = time.Millisecond
	maxInterval = time.Hour
)

func (v Vardiff) withDefaults() (Vardiff, error) {
	for _, d := range []struct {
		name string
		of   *time.Duration
		to   time.Duration
	}{
		{"Interval", &v.Interval, 5 * time.Second},
		{"FixedInterval", &v.FixedInterval, 100 * time.Millisecond},
	} {
		if *d.of == 0 {
			*d.of = d.to
		}
		if *d.of < minInterval || *d.of > maxInterval {
			return v, fmt.Errorf("stratum server: vardiff %s of %v: want %v to %v", d.name, *d.of, minInterval, maxInterval)
		}
	}
	return v, nil
}

// tuner watches the shares of one connection and says when its difficulty
// should change. Levels are exponents of two. Its arithmetic is exact and it
// reads no clock; times are Unix nanoseconds.
type tuner struct {
	since   int64  // start of the window
	credit  uint64 // shares of the window, in 2^-16 of one at the present level
	shares  uint32 // number of them
	settled bool   // a share ever came in
	proven  int8   // hardest level at which shares came in for a while
}

// Fixed points of the decisions.
const (
	creditOne   = 1 << 16
	maxCredit   = 1 << 40
	quickShares = 8  // enough for a quick start …
	quickRatio  = 3  // … when they come 2^3 times too fast
	firstShares = 16 // needed to go up otherwise

	provenShares = 24 // enough for a quick start from a level that was right
	provenDepth  = 8  // levels that one can fall below what it has shown

	silentStep = 4 // levels down when there never was a share
	surestStep = 2 // levels down when there were some
	window     = 300 * time.Second
)

// widening lists how far, in per cent, the rate has to be off after how long
// for a change: the shorter the watch, the more of it is chance.
var widening = [...]struct {
	after   time.Duration
	percent uint64
}{{window, 15}, {240 * time.Second, 30}, {180 * time.Second, 40}, {120 * time.Second, 50}, {60 * time.Second, 60}, {0, 100}}

func newTuner(now int64) tuner { return tuner{since: now, proven: minLevel} }

// restart begins a new window, at the level that holds from now on.
func (t *tuner) restart(now int64) { t.since, t.credit, t.shares = now, 0, 0 }

// share counts a share that was found at one level while another holds.
func (t *tuner) share(found, level int8) {
	t.settled = true
	t.shares = min(t.shares+1, 1<<30)
	switch by := int(found) - int(level); {
	case by >= 24:
		t.credit = maxCredit
	case by >= 0:
		t.credit += creditOne << by
	case by > -16:
		t.credit += creditOne >> -by
	}
	t.credit = min(t.credit, maxCredit)
}

// next returns the level that should hold from now on.
func (t *tuner) next(level int8, interval time.Duration, now int64) int8 {
	elapsed := max(time.Duration(now-t.since), time.Millisecond)
	if t.credit == 0 {
		return level - t.silence(level, elapsed, interval)
	}

	// ratio is how many times too fast shares come, in levels, rounded down:
	// from 0 to just below 1 all is well.
	have := t.credit * uint64(interval/time.Millisecond)
	want := creditOne * uint64(elapsed/time.Millisecond)
	ratio := log2(have, want)
	enough := uint32(quickShares)
	if level <= t.proven {
		enough = provenShares
	}
	if t.shares >= enough && ratio >= quickRatio {
		return level + int8(ratio)
	}
	for _, w := range widening {
		if elapsed < w.after {
			continue
		}
		far := 100 + w.percent
		switch {
		case ratio >= 1 && t.shares >= firstShares && less(2*far, want, 100, have) && // have/want > 2·far/100
			significant(have/creditOne, 2*want/creditOne, uint64(interval/time.Millisecond)):
			return level + int8(ratio)
		case ratio < 0 && w.after > 0 && less(far, have, 100, want) && // have/want < 100/far
			significant(have/creditOne, want/creditOne, uint64(interval/time.Millisecond)):
			return level + int8(max(ratio, -surestStep))
		}
		break
	}
	if t.shares >= firstShares {
		t.proven = max(t.proven, level)
	}
	if elapsed >= window {
		t.restart(now)
	}
	return level
}

// significant reports whether the time that the shares stand for differs from
// the time watched, both in units of 1 ms, by more than three standard
// deviations: by more than chance explains.
func significant(stands, watched, interval uint64) bool {
	const most = 1 << 31
	stands, watched = min(stands, most), min(watched, most)
	off := max(stands, watched) - min(stands, watched)
	return off*off > 9*watched*interval
}

// silence returns how many levels to go down when not one share came in. Who
// has shown to be fast may be paused, and must not flood when it goes on.
func (t *tuner) silence(level int8, elapsed, interval time.Duration) int8 {
	switch {
	case !t.settled && elapsed >= 2*interval:
		return silentStep
	case t.settled && (elapsed >= 8*interval || t.proven == minLevel && elapsed >= 4*interval):
		return max(min(2, level-(t.proven-provenDepth)), 0)
	}
	return 0
}

// flood returns the level for a worker that fixed its difficulty: the present
// one, unless shares come much faster than interval.
func (t *tuner) flood(level int8, interval time.Duration, now int64) int8 {
	elapsed := max(time.Duration(now-t.since), time.Millisecond)
	ratio := 0
	if t.shares >= 4*firstShares {
		ratio = log2(t.credit*uint64(interval/time.Millisecond), creditOne*uint64(elapsed/time.Millisecond))
	}
	if elapsed >= window {
		t.restart(now)
	}
	return level + int8(max(ratio, 0))
}

// log2 returns floor(log2(a/b)), for a and b above 0.
func log2(a, b uint64) int {
	k := bits.Len64(a) - bits.Len64(b)
	if k >= 0 && b<<k > a || k < 0 && a<<-k < b {
		k--
	}
	return k
}

// less reports whether a·b < c·d.
func less(a, b, c, d uint64) bool {
	ah, al := bits.Mul64(a, b)
	ch, cl := bits.Mul64(c, d)
	return ah < ch || ah == ch && al < cl
}
