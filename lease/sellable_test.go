package lease

import (
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// produced is hours from first on, at so many hashes per second each.
func produced(first int64, hps ...uint64) []ProducedHour {
	var all []ProducedHour
	for i, r := range hps {
		all = append(all, ProducedHour{first + int64(i), miner.Hashes(r).Mul(MsPerHour / 1000)})
	}
	return all
}

func rates(n int, hps uint64) []uint64 {
	all := make([]uint64, n)
	for i := range all {
		all[i] = hps
	}
	return all
}

func TestSellable(t *testing.T) {
	const now, benchmark = 10_000, 1000
	long := rates(HistoryHours, 2000)
	for i := range 9 {
		long[20*i] = uint64(100 * (i + 1))
	}
	for name, c := range map[string]struct {
		hours []ProducedHour
		want  Capacity
	}{
		"no history":     {nil, Capacity{950, 1000, FromBenchmark, 0, 0}},
		"this hour only": {produced(now, 5000), Capacity{950, 1000, FromBenchmark, 0, 0}},
		// The hour in which it began is not one of history.
		"23 hours": {produced(now-24, rates(24, 5000)...), Capacity{950, 1000, FromBenchmark, 23, 23}},
		"24 hours": {produced(now-25, rates(25, 5000)...), Capacity{4750, 5000, FromHistory, 24, 24}},
		// Of 168 hours the 9th lowest.
		"a week": {produced(now-HistoryHours, append([]uint64{7}, long[1:]...)...), Capacity{1900, 2000, FromHistory, 167, 167}},
		"longer": {produced(now-HistoryHours-1, append([]uint64{7}, long...)...), Capacity{855, 900, FromHistory, 168, 168}},
		// Of 30 hours the 2nd lowest counts; one of them was silent.
		"silent once":  {append(produced(now-31, rates(20, 800)...), produced(now-10, rates(10, 900)...)...), Capacity{760, 800, FromHistory, 29, 30}},
		"silent twice": {append(produced(now-31, rates(20, 800)...), produced(now-9, rates(9, 900)...)...), Capacity{0, 0, FromHistory, 28, 30}},
		"long ago":     {produced(now-3*HistoryHours, rates(HistoryHours, 5000)...), Capacity{950, 1000, FromBenchmark, 0, 168}},
	} {
		if got := Sellable(c.hours, now, benchmark); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := Sellable(nil, 1, 1<<63); got.LimitHps != MaxContractedHps/100*95 {
		t.Errorf("limit %d of a rate beyond all", got.LimitHps)
	}
}

// At least 95 % of the hours reached what is leased.
func TestSellableIsReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const now = 1000
		hps := rapid.SliceOfN(rapid.Uint64Range(0, 50), MinHistory+1, HistoryHours).Draw(t, "hps")
		hps[0] = 1 // since then
		c := Sellable(produced(now-int64(len(hps)), hps...), now, 100)
		if c.Basis != FromHistory {
			t.Skip("too few hours")
		}
		below := 0
		for _, r := range hps[1:] {
			if r < c.Hps {
				below++
			}
		}
		if 20*below > len(hps)-1 || c.LimitHps > c.Hps {
			t.Fatalf("%+v: %d of %d hours were below", c, below, len(hps)-1)
		}
	})
}
