package reward

import (
	"math/big"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

func TestJobValue(t *testing.T) {
	// The genesis block: difficulty 1, 50 BTC.
	v, err := JobValue(0x1d00ffff, 5_000_000_000, 0)
	if err != nil || v != (lease.Earns{Network: miner.Hashes(4_295_032_833), Sat: 5_000_000_000}) {
		t.Fatalf("%+v, %v", v, err)
	}
	if got, want := Value(v, miner.Hashes(4_295_032_833)), big.NewRat(5_000_000_000, 1); got.Cmp(want) != 0 {
		t.Errorf("a block is worth %s sat, want %s", got, want)
	}
	if got, want := Value(v, miner.Hashes(3)), big.NewRat(15_000_000_000, 4_295_032_833); got.Cmp(want) != 0 {
		t.Errorf("three hashes are worth %s sat, want %s", got, want)
	}
	if got := Value(lease.Earns{}, miner.Hashes(3)); got.Sign() != 0 {
		t.Errorf("without a job three hashes are worth %s", got)
	}
	// Regtest: work 2.
	if v, err := JobValue(0x207fffff); err != nil || v != (lease.Earns{Network: miner.Hashes(2)}) {
		t.Errorf("no outputs: %+v, %v", v, err)
	}
	for _, bad := range []struct {
		bits    miner.Bits
		outputs []int64
	}{
		{0, nil}, {0x1d80ffff, nil}, {0xff00ffff, nil},
		{0x1d00ffff, []int64{-1}}, {0x1d00ffff, []int64{5, -1}},
		{0x1d00ffff, []int64{lease.MaxSat, 1}}, {0x1d00ffff, []int64{1, 1<<63 - 1}},
	} {
		if v, err := JobValue(bad.bits, bad.outputs...); err == nil {
			t.Errorf("bits %x, outputs %v: %+v", uint32(bad.bits), bad.outputs, v)
		}
	}
}

func TestWorth(t *testing.T) {
	tests := []struct {
		name   string
		feePPM int64
		groups []Group
		want   int64
	}{
		{"nothing", 0, nil, 0},
		{"floored once, at the end", 0, []Group{group(1, 3, 1), group(4, 6, 1)}, 1},
		{"with a fee", 20_000, []Group{group(1, 2, 100)}, 49},
		{"a hair less", 1, []Group{group(1, 2, 100)}, 49},
	}
	for _, tt := range tests {
		if got, err := Worth(tt.feePPM, tt.groups...); err != nil || got != tt.want {
			t.Errorf("%s: %d (%v), want %d", tt.name, got, err, tt.want)
		}
	}
	for _, bad := range []struct {
		feePPM int64
		group  Group
	}{
		{-1, group(1, 1, 1)}, {million + 1, group(1, 1, 1)}, {0, group(1, 0, 1)}, {0, group(1, 1, -1)},
		{0, group(2, 1, lease.MaxSat)}, {0, Group{miner.MaxWork, miner.Hashes(1), lease.MaxSat}},
	} {
		if got, err := Worth(bad.feePPM, bad.group); err == nil {
			t.Errorf("%+v: %d", bad, got)
		}
	}
}
