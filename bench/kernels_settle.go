package bench

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// settle computes all figures that follow from the rounds, and replaces what
// stands there. Its arithmetic is exact or rounded to few digits, so that
// every machine arrives at the same figures.
func (r *KernelResults) settle() {
	var unit, most uint64
	r.Best = ""
	for i := range r.Kernels {
		k := &r.Kernels[i]
		k.settle(uint64(r.Versions), uint64(r.Threads))
		if k.Name == yardstick {
			unit = k.HpsOneCPU
		}
		if k.HpsAllCPU > most {
			r.Best, most = k.Name, k.HpsAllCPU
		}
	}
	for i := range r.Kernels {
		k := &r.Kernels[i]
		k.Ratio = 0
		if unit > 0 {
			k.Ratio = roundTo(float64(k.HpsOneCPU)/float64(unit), 100)
		}
	}
}

func (k *KernelResult) settle(versions, threads uint64) {
	*k = KernelResult{Name: k.Name, Lanes: k.Lanes, ZeroBits: k.ZeroBits, One: k.One, All: k.All, Error: k.Error}
	if k.One == nil || k.All == nil {
		return
	}
	for _, p := range []*Phase{k.One, k.All} {
		for i := range p.Rounds {
			p.Rounds[i].Hashes = p.Rounds[i].Nonces * versions
		}
	}
	wall := func(r Round) (uint64, bool) { return perSecond(r.Hashes, r.WallNs), true }
	cpu := func(r Round) (uint64, bool) { return perSecond(r.Hashes, r.CPUNs), true }
	k.HpsOne, k.OneRange = middle(k.One.Rounds, wall)
	k.HpsAll, k.AllRange = middle(k.All.Rounds, wall)
	k.HpsOneCPU, k.OneCPURange = middle(k.One.Rounds, cpu)
	k.HpsAllCPU, k.AllCPURange = middle(k.All.Rounds, func(r Round) (uint64, bool) { return perSecond(r.Hashes*threads, r.CPUNs), true })

	busy, _ := middle(k.All.Rounds, func(r Round) (float64, bool) {
		return float64(r.CPUNs) / float64(max(1, r.WallNs)) * 100, true
	})
	k.Busy = roundTo(busy, 10)
	cycles, _ := middle(k.One.Rounds, func(r Round) (float64, bool) {
		return float64(r.CPUNs) / 1e9 * float64(r.ClockHz) / float64(max(1, r.Hashes)), r.ClockHz > 0
	})
	k.Cycles = roundTo(cycles, 100)
	joules, _ := middle(k.All.Rounds, func(r Round) (float64, bool) {
		return float64(r.PackageUJ) / float64(max(1, r.Hashes)) * 1e6, r.PackageUJ > 0
	})
	k.Joules = roundTo(joules, 100)
}

// middle returns the median of what of gives for each round, and the least and
// the most of the middle half: of five rounds without the first and the last,
// so that one disturbance leaves no mark. Rounds for which it says false do not
// count.
func middle[N uint64 | float64](rounds []Round, of func(Round) (N, bool)) (median N, span [2]N) {
	var v []N
	for _, r := range rounds {
		if x, ok := of(r); ok {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return 0, span
	}
	slices.SortFunc(v, cmp.Compare)
	low, high := v[(len(v)-1)/2], v[len(v)/2]
	return low + (high-low)/2, [2]N{v[len(v)/4], v[len(v)-1-len(v)/4]}
}

// perSecond returns n a second when it took that many nanoseconds, rounded
// down; a time of zero counts as one nanosecond.
func perSecond(n uint64, ns int64) uint64 {
	d := uint64(max(1, ns))
	hi, lo := bits.Mul64(n, 1_000_000_000)
	if hi >= d {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, d)
	return q
}

// roundTo rounds to a fraction, 100 for hundredths.
func roundTo(x, fraction float64) float64 { return math.Round(x*fraction) / fraction }
