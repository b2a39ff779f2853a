package main

import (
	"testing"

	"github.com/hashlease/hashlease/miner"
)

func TestParsePoolWork(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "17": "17", "1.25PH": "1250000000000000", "1.25 P": "1250000000000000", "3kH": "3000", "3K": "3000",
		"1D": "4295032833", "1.5 kD": "6442549249500", "0.1D": "429503283", "0.0004k": "0",
		"340282366920938463463374607431768211455": miner.MaxWork.String(),
	} {
		if got, err := parsePoolWork(text); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	for _, bad := range []string{
		"", "H", "D", "k", "-1", "1.", ".5", "1e9", "1 2", "0x10", "1DD", "1HD", "∞",
		"340282366920938463463374607431768211456", "1000000000000000000000000000000000000000", "999999999999999999999999999999999E", "1.0000000000000000001",
	} {
		if got, err := parsePoolWork(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
