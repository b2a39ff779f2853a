package bench

import (
	"context"
	"errors"
	"math"
	"runtime/metrics"
	"slices"
	"time"
)

// Latency sums up how long something took, in nanoseconds.
type Latency struct {
	Count uint64 `json:"count"`
	P50   int64  `json:"p50_ns"`
	P99   int64  `json:"p99_ns"`
	Max   int64  `json:"max_ns"`
}

// latencyOf sums up durations. The p-th percentile is the smallest value that
// p percent of all values do not exceed.
func latencyOf(all []time.Duration) Latency {
	if len(all) == 0 {
		return Latency{}
	}
	sorted := slices.Sorted(slices.Values(all))
	at := func(percent int) int64 { return int64(sorted[(len(sorted)*percent+99)/100-1]) }
	return Latency{Count: uint64(len(all)), P50: at(50), P99: at(99), Max: at(100)}
}

// latencySince sums up what came into a histogram of seconds since an older
// state of it. A value counts as the upper bound of its bucket, or the lower
// one where that is infinite.
func latencySince(old, now *metrics.Float64Histogram) (l Latency) {
	counts := slices.Clone(now.Counts)
	for i := range counts {
		if old != nil {
			counts[i] -= old.Counts[i]
		}
		l.Count += counts[i]
	}
	if l.Count == 0 {
		return l
	}
	at := func(percent uint64) int64 {
		rank, seen := (l.Count*percent+99)/100, uint64(0)
		for i, n := range counts {
			if seen += n; n > 0 && seen >= rank {
				bound := now.Buckets[i+1]
				if math.IsInf(bound, 1) {
					bound = now.Buckets[i]
				}
				return int64(bound * 1e9)
			}
		}
		return 0
	}
	l.P50, l.P99, l.Max = at(50), at(99), at(100)
	return l
}

// The histograms of the Go runtime that tell how well goroutines and the
// garbage collector get on beside threads that do not yield.
const (
	gcPauses  = "/sched/pauses/total/gc:seconds"
	schedWait = "/sched/latencies:seconds"
)

// readHistograms returns the present state of the runtime's histograms.
func readHistograms() (pauses, waits *metrics.Float64Histogram) {
	samples := []metrics.Sample{{Name: gcPauses}, {Name: schedWait}}
	metrics.Read(samples)
	return samples[0].Value.Float64Histogram(), samples[1].Value.Float64Histogram()
}

// litter keeps the garbage collector busy for d and returns the pauses it
// made, and how long goroutines that could run had to wait for it.
func litter(ctx context.Context, d time.Duration) (pauses, waits Latency, err error) {
	const (
		every = time.Millisecond
		piece = 64 << 10 // bytes
		kept  = 128      // pieces: 8 MiB are alive
		each  = 16       // pieces at a time: 1 MiB
	)
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	heap := make([][]byte, kept)
	p0, w0 := readHistograms()
	for n := 0; pause(ctx, every) == nil; n++ {
		for i := range each {
			heap[(n*each+i)%kept] = make([]byte, piece)
		}
	}
	p1, w1 := readHistograms()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return pauses, waits, ctx.Err()
	}
	return latencySince(p0, p1), latencySince(w0, w1), nil
}
