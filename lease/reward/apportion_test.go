package reward

import (
	"cmp"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestFee(t *testing.T) {
	tests := []struct{ reward, ppm, want int64 }{
		{5_000_000_000, 20_000, 100_000_000},
		{49, 20_000, 0},
		{50, 20_000, 1},
		{99, 20_000, 1},
		{7, 0, 0},
		{7, 1_000_000, 7},
		{7, 2_000_000, 7},
		{0, 20_000, 0},
		{-5, 20_000, 0},
		{lease.MaxSat, 999_999, 2_099_997_900_000_000},
		{math.MaxInt64, 999_999, 9223362813482738952},
	}
	for _, tt := range tests {
		if got := Fee(tt.reward, tt.ppm); got != tt.want {
			t.Errorf("Fee(%d, %d) = %d, want %d", tt.reward, tt.ppm, got, tt.want)
		}
	}
}

func hashes(id string, n uint64) Weight { return Weight{id, miner.Hashes(n)} }

// parts makes a list of IDs and amounts in turn.
func parts(list ...any) []lease.Part {
	var out []lease.Part
	for i := 0; i < len(list); i += 2 {
		sat, ok := list[i+1].(int64) // beyond an int of 32 bits
		if !ok {
			sat = int64(list[i+1].(int))
		}
		out = append(out, lease.Part{Lease: list[i].(string), Sat: sat})
	}
	return out
}

func TestApportion(t *testing.T) {
	tests := []struct {
		name    string
		sat     int64
		weights []Weight
		want    []lease.Part
	}{
		{"nobody", 100, nil, parts("house", 100)},
		{"no work", 100, []Weight{hashes("L-0001", 0)}, parts("house", 100)},
		{"nothing to split", 0, []Weight{hashes("L-0001", 1)}, nil},
		{"nothing for nobody", 0, nil, nil},
		{"a debt", -5, []Weight{hashes("L-0001", 1)}, nil},
		{"one", 7, []Weight{hashes("L-0001", 3)}, parts("L-0001", 7)},
		{"even", 9, []Weight{hashes("b", 1), hashes("a", 2)}, parts("a", 6, "b", 3)},
		{"a tie goes to the lower ID", 1, []Weight{hashes("b", 1), hashes("a", 1)}, parts("a", 1)},
		{"two of three ties", 2, []Weight{hashes("c", 1), hashes("b", 1), hashes("a", 1)}, parts("a", 1, "b", 1)},
		// 100·w/7: 14.29, 28.57, 57.14.
		{"largest remainder", 100, []Weight{hashes("a", 1), hashes("b", 2), hashes("c", 4)}, parts("a", 14, "b", 29, "c", 57)},
		{"the house like anybody", 10, []Weight{hashes("house", 4), hashes("L-0001", 1)}, parts("L-0001", 2, "house", 8)},
		{
			"beyond 128 bits", lease.MaxSat,
			[]Weight{{"a", miner.MaxWork}, {"b", miner.MaxWork}, {"c", miner.Work{Lo: 1}}},
			parts("a", int64(lease.MaxSat/2), "b", int64(lease.MaxSat/2)),
		},
	}
	for _, tt := range tests {
		if got := Apportion(tt.sat, tt.weights); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func drawWork(t *rapid.T) miner.Work {
	return miner.Work{Hi: rapid.Uint64Range(0, 1<<20).Draw(t, "hi"), Lo: rapid.Uint64().Draw(t, "lo")}
}

func TestApportionProperties(t *testing.T) {
	ids := []string{"L-0001", "L-0002", "L-0003", "L-0004", lease.House}
	rapid.Check(t, func(t *rapid.T) {
		sat := rapid.Int64Range(1, lease.MaxSat).Draw(t, "sat")
		var weights []Weight
		total := new(big.Int)
		for _, id := range ids[:rapid.IntRange(0, len(ids)).Draw(t, "leases")] {
			w := drawWork(t)
			if rapid.Bool().Draw(t, "small") {
				w.Hi, w.Lo = 0, w.Lo%4
			}
			weights = append(weights, Weight{id, w})
			total.Add(total, w.Big())
		}
		parts := Apportion(sat, weights)
		if !slices.IsSortedFunc(parts, func(a, b lease.Part) int { return cmp.Compare(a.Lease, b.Lease) }) {
			t.Fatalf("%v is not sorted", parts)
		}
		var sum int64
		got := make(map[string]int64)
		for _, p := range parts {
			if p.Sat <= 0 {
				t.Fatalf("%v has an empty part", parts)
			}
			sum += p.Sat
			got[p.Lease] = p.Sat
		}
		if sum != sat {
			t.Fatalf("%v sums to %d, want %d", parts, sum, sat)
		}
		for _, w := range weights {
			if total.Sign() == 0 {
				break
			}
			// Within one satoshi of the exact part.
			exact := w.Work.Big()
			floor := exact.Mul(exact, big.NewInt(sat)).Div(exact, total).Int64()
			if d := got[w.Lease] - floor; d < 0 || d > 1 {
				t.Fatalf("%s gets %d, its exact part is %d and a bit", w.Lease, got[w.Lease], floor)
			}
			for _, v := range weights {
				if w.Work.Cmp(v.Work) > 0 && got[w.Lease] < got[v.Lease] {
					t.Fatalf("%s has more work than %s and gets less: %v", w.Lease, v.Lease, parts)
				}
			}
		}
		// The order of the weights is of no matter.
		shuffled := rapid.Permutation(weights).Draw(t, "shuffled")
		if again := Apportion(sat, shuffled); !reflect.DeepEqual(again, parts) {
			t.Fatalf("%v in another order gives %v, not %v", shuffled, again, parts)
		}
	})
}
