package reward

import (
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

func TestBlocks(t *testing.T) {
	const max64 = ^uint64(0)
	blocks := func(n uint64) miner.Work { return miner.Work{Hi: n << 32} }
	tests := []struct{ work, network, want miner.Work }{
		{miner.Hashes(1), miner.Work{}, miner.Work{}},
		{miner.Work{}, miner.Hashes(1), miner.Work{}},
		{miner.Hashes(1), miner.Hashes(2), miner.Work{Hi: 1 << 31}},
		{miner.Hashes(1), miner.Hashes(3), miner.Work{Hi: 0x55555555, Lo: 0x5555555555555555}},
		{miner.Hashes(2), miner.Hashes(2), blocks(1)},
		{miner.Hashes(7), miner.Hashes(2), miner.Work{Hi: 7 << 31}},
		{miner.Hashes(1), miner.Work{Hi: 1}, miner.Work{Lo: 1 << 32}},
		{miner.Hashes(1), miner.Work{Hi: 1, Lo: 1}, miner.Work{Lo: 1<<32 - 1}},
		{miner.Hashes(1 << 20), miner.Work{Hi: 1 << 15}, miner.Work{Lo: 1 << 37}}, // a processor's share, on Bitcoin
		{miner.Hashes(1), miner.Work{Hi: 1 << 15}, miner.Work{Lo: 1 << 17}},
		{miner.Work{Hi: 1 << 40}, miner.Hashes(2), blocks(1000)},
		{miner.Hashes(2000), miner.Hashes(2), blocks(1000)},
		{miner.MaxWork, miner.MaxWork, blocks(1)},
		{miner.Work{Hi: max64, Lo: max64 - 1}, miner.MaxWork, miner.Work{Hi: 1<<32 - 1, Lo: max64}},
		{miner.Work{Hi: 1 << 63}, miner.Work{Hi: 1 << 63, Lo: max64}, miner.Work{Hi: 1<<32 - 1, Lo: max64 - 1<<33 + 1}},
	}
	for _, tt := range tests {
		if got := Blocks(tt.work, tt.network); got != tt.want {
			t.Errorf("Blocks(%v, %v) = %x, want %x", tt.work, tt.network, got, tt.want)
		}
	}
}

// anyWork has any number of digits, with runs of ones and zeros, where
// divisions go wrong.
func anyWork(t *rapid.T, name string) miner.Work {
	n := rapid.IntRange(0, 128).Draw(t, name+" bits")
	v := new(big.Int).Lsh(big.NewInt(1), uint(n))
	v.Add(v, big.NewInt(rapid.Int64Range(-3, 3).Draw(t, name+" near")))
	if rapid.Bool().Draw(t, name+" any") {
		v = miner.Work{Hi: rapid.Uint64().Draw(t, name+" hi"), Lo: rapid.Uint64().Draw(t, name+" lo")}.Big()
		v.Rsh(v, uint(128-n))
	}
	w, ok := miner.WorkFromBig(v)
	if !ok {
		return miner.MaxWork
	}
	return w
}

func TestBlocksIsTheFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		work, network := anyWork(t, "work"), anyWork(t, "network")
		if network.IsZero() {
			return
		}
		n := new(big.Int).Lsh(work.Big(), fineBits)
		n.Quo(n, network.Big())
		most := wholeBlocks(maxBlocks)
		want, ok := miner.WorkFromBig(n)
		if !ok || want.Cmp(most) > 0 {
			want = most
		}
		if got := Blocks(work, network); got != want {
			t.Fatalf("Blocks(%v, %v) = %x, want %x", work, network, got, want)
		}
	})
}
