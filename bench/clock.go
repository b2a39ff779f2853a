package bench

import (
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// The processor's clock is found by timing instructions that depend on each
// other: an addition and an exclusive or take one cycle each on every
// processor of the last decades, and none can start before the last is done.
// Additions alone would not do: compilers and some processors fold them.
const (
	chainLength  = 32   // instructions of a turn of the loop
	chainTurns   = 8192 // a sample takes some 60 µs at 4 GHz
	clockSamples = 21
	clockRank    = 2 // the third fastest sample counts
)

// Clocks outside of these are a measurement that failed.
const (
	minClockHz = 100_000_000
	maxClockHz = 20_000_000_000
)

// clockHz returns the clock of the processor the calling thread runs on, in
// cycles a second of the thread's processor time, or 0 if that cannot be
// found out. The clock moves within milliseconds, with what is computed and
// what the processor's other cores do, so many short samples are taken, and
// load is called before each to keep up the work whose clock it is. One of the
// fastest counts: neighbours on the same core make many samples slow; but not
// the fastest, for a system that corrects for time stolen from it makes a few
// too fast.
func clockHz(load func()) uint64 {
	samples := make([]time.Duration, 0, clockSamples)
	x := uint64(1)
	for range clockSamples {
		load()
		x = chain(chainTurns/16, x, x|1, x>>7) // until nothing of the load is in the pipeline
		start := miner.ThreadTime()
		x = chain(chainTurns, x, x|1, x>>7)
		samples = append(samples, miner.ThreadTime()-start)
	}
	slices.Sort(samples)
	took := samples[clockRank]
	if took <= 0 {
		return 0
	}
	hz := uint64(float64(chainLength*chainTurns) / took.Seconds())
	if hz < minClockHz || hz > maxClockHz {
		return 0
	}
	return hz
}

// chain does turns × chainLength instructions one after the other. That a and
// b are unknown, and the operations mixed, keeps the compiler from shortening
// it.
//
//go:noinline
func chain(turns int, x, a, b uint64) uint64 {
	for range turns {
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
		x = (x + a) ^ b
		x = (x + b) ^ a
	}
	return x
}
