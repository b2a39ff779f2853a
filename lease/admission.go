package lease

import (
	"fmt"
	"math"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// Peak is the largest sum of the leases' contracted rates at any moment of
// [fromMs, toMs), in hashes per second, and the first moment it is reached.
// Times are Unix milliseconds; toMs = 0 has no end. The sum is 128 bits wide,
// as a Work, so that no number of leases overflows it.
func Peak(leases []Lease, fromMs, toMs int64) (hps miner.Work, atMs int64) {
	if toMs == 0 {
		toMs = math.MaxInt64
	}
	atMs = fromMs
	hps = demand(leases, fromMs)
	// The sum rises only where a lease starts.
	for _, l := range leases {
		if l.StartMs <= fromMs || l.StartMs >= toMs {
			continue
		}
		sum := demand(leases, l.StartMs)
		if c := sum.Cmp(hps); c > 0 || c == 0 && l.StartMs < atMs {
			hps, atMs = sum, l.StartMs
		}
	}
	return hps, atMs
}

// demand sums the contracted rates of the leases in their terms at a moment. A
// paused one may go on at any time, so it counts. A hosted one brings its own
// machines.
func demand(leases []Lease, ms int64) miner.Work {
	var sum miner.Work
	for i := range leases {
		l := &leases[i]
		if state := l.StateAt(ms); l.Model != Hosted && (state == Active || state == Paused) {
			sum = sum.Add(miner.Hashes(l.ContractedHps))
		}
	}
	return sum
}

// Exclusive fails with ErrTaken when l's machines or processors are another
// lease's at some moment of its term.
func Exclusive(leases []Lease, l *Lease) error {
	for i := range leases {
		o := &leases[i]
		if o.ID == l.ID || !o.overlaps(l) {
			continue
		}
		for _, name := range l.Rigs {
			if slices.Contains(o.Rigs, name) {
				return fmt.Errorf("rig %s %w, of %s: name other rigs, or close that lease", name, ErrTaken, o.ID)
			}
		}
		for _, n := range l.Cores {
			if slices.Contains(o.Cores, n) {
				return fmt.Errorf("processor %d %w, of %s: name other processors, or close that lease", n, ErrTaken, o.ID)
			}
		}
	}
	return nil
}

// Admit fails with ErrOversold when, at some moment of l's term, the leases'
// contracted rates and l's own would exceed limitHps.
func Admit(leases []Lease, l *Lease, limitHps uint64) error {
	if l.Model == Hosted {
		return nil // by machines of its own
	}
	others, at := Peak(leases, l.StartMs, l.StopMs())
	sum := others.Add(miner.Hashes(l.ContractedHps))
	if sum.Cmp(miner.Hashes(limitHps)) <= 0 {
		return nil
	}
	free := miner.Hashes(limitHps).Sub(others)
	return fmt.Errorf("%w: at %s, %v H/s are leased of %d, so %v are free and not %d: lease less, or later",
		ErrOversold, stamp(at), others, limitHps, free, l.ContractedHps)
}

// ProducedHour is what the node produced in an hour: the work of every source
// that leases may be admitted on, for whichever lease or the house it was.
type ProducedHour struct {
	Hour int64 // since 1970 UTC
	Work miner.Work
}

// Capacity is the hash rate that leases may be admitted up to, and what it was
// decided from.
type Capacity struct {
	LimitHps uint64        `json:"limit_hps"` // SellablePPM of Hps
	Hps      uint64        `json:"hps"`       // that the node is taken to make
	Basis    CapacityBasis `json:"basis"`
	Hours    int64         `json:"hours"` // of history, of which the node produced something
	Of       int64         `json:"of"`    // ... in Of hours
}

// CapacityBasis says what a Capacity was taken from.
type CapacityBasis string

// What the node's hash rate is taken from.
const (
	FromBenchmark CapacityBasis = "benchmark" // as measured before there was a history
	FromHistory   CapacityBasis = "history"   // the rate that was reached in 95 % of the last hours
)

// How much may be leased.
const (
	SellablePPM    = 950_000 // of what the node makes
	HistoryHours   = 7 * 24  // that count, the last
	MinHistory     = 24      // hours with any production among them; with fewer the benchmark counts
	historyPercent = 5       // percentile of the hours' rates
)

// Sellable is the hash rate that may be leased, by what the node produced in
// the last HistoryHours hours before the hour now, which are hours since 1970
// UTC: 95 % of the 5th percentile of the hours' rates, by nearest rank. Hours
// from the first production on in which nothing was produced count as they
// were: zero; the hour in which production began is left out, for it was not
// whole. Until MinHistory hours are there, it is 95 % of the benchmark. The
// order of the hours does not matter, each is given once.
func Sellable(hours []ProducedHour, now int64, benchmarkHps uint64) Capacity {
	c := Capacity{Hps: benchmarkHps, Basis: FromBenchmark}
	first := now
	for _, h := range hours {
		if !h.Work.IsZero() {
			first = min(first, h.Hour)
		}
	}
	from := max(first+1, now-HistoryHours)
	c.Of = max(now-from, 0)
	rates := make([]uint64, 0, c.Of)
	for _, h := range hours {
		if h.Hour >= from && h.Hour < now && !h.Work.IsZero() {
			rate, _ := Rate(h.Work, MsPerHour)
			rates = append(rates, rate)
		}
	}
	c.Hours = int64(len(rates))
	if c.Hours >= MinHistory {
		c.Basis, c.Hps = FromHistory, 0
		// The hours without production are the lowest.
		rank := (c.Of*historyPercent + 99) / 100
		if silent := c.Of - c.Hours; rank > silent {
			slices.Sort(rates)
			c.Hps = rates[rank-silent-1]
		}
	}
	c.LimitHps = min(c.Hps, MaxContractedHps) / million * SellablePPM
	c.LimitHps += min(c.Hps, MaxContractedHps) % million * SellablePPM / million
	return c
}
