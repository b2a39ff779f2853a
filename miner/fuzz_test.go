package miner

import (
	"math/big"
	"strings"
	"testing"
)

func FuzzParseDifficulty(f *testing.F) {
	for _, s := range []string{"1", "0.00015", "1.5E-4", "16e0", "1024.0", "1e40", "1e-40", "-0", "1/2", "1e+5", "9.9.9", "1e0x1", "00012.500"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDifficulty(s)
		if err != nil {
			return
		}
		// An independent reading of what was accepted, which may only be plain
		// decimal.
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Sign() <= 0 || d.rat().Cmp(want) != 0 || strings.ContainsAny(s, "/xX_pP") {
			t.Fatalf("%q parsed as %v", s, d.rat())
		}
		if d.WorkerTarget().Cmp(d.PoolTarget()) < 0 {
			t.Errorf("%q: the worker's target is harder than the pool's", s)
		}
		if len(d.String()) > 100 {
			t.Errorf("%q prints as %d characters", s, len(d.String()))
		}
	})
}

func FuzzBits(f *testing.F) {
	for _, b := range []uint32{0, 0x1d00ffff, 0x207fffff, 0x03123456, 0x04923456, 0x2100ffff, 0x23000001, 0xff7fffff} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b uint32) {
		target, err := Bits(b).Target()
		if err != nil {
			return
		}
		if target == (Target{}) {
			t.Fatalf("bits %08x are a zero target", b)
		}
		// The compact form has several spellings of a number, of which Bits
		// gives one, and that one gives the same number.
		again, err := target.Bits().Target()
		if err != nil || again != target {
			t.Fatalf("bits %08x: target %v, again %v, %v", b, target, again, err)
		}
		if target.Work().IsZero() {
			t.Errorf("bits %08x are no work", b)
		}
	})
}

func FuzzParseHex(f *testing.F) {
	f.Add("00000000ffff0000000000000000000000000000000000000000000000000000")
	f.Add(strings.Repeat("0g", 80))
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := ParseHash(s); err == nil && h.String() != strings.ToLower(s) {
			t.Errorf("hash %q reads as %v", s, h)
		}
		if h, err := ParseHeader(s); err == nil && h.String() != strings.ToLower(s) {
			t.Errorf("header %q reads as %v", s, h)
		}
		if w, err := ParseWork(s); err == nil && w.String() != strings.TrimLeft(s, "0") && !w.IsZero() {
			t.Errorf("work %q reads as %v", s, w)
		}
	})
}
