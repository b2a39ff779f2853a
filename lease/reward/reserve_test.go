package reward

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"pgregory.net/rapid"
)

func TestReserve(t *testing.T) {
	// ln(10^6/δ), to 30 digits, from published tables: ln 2, ln 10 and ln 1.25.
	tests := []struct {
		reward, fee, delta int64
		ln                 string
	}{
		{312_500_000, 20_000, 1000, "6.907755278982137052053974364053"},
		{1, 20_000, 1000, "6.907755278982137052053974364053"},
		{lease.MaxSat / 400, 20_000, 1000, "6.907755278982137052053974364053"},
		{5_000_000_000, 1_000_000, 500_000, "0.693147180559945309417232121458"},
		{5_000_000_000, 10_000, 1, "13.815510557964274104107948728106"},
		{5_000_000_000, 10_000, 800_000, "0.223143551314209755766295090310"},
	}
	for _, tt := range tests {
		ln, _ := new(big.Rat).SetString(tt.ln)
		r := ln.Mul(ln, big.NewRat(tt.reward, 2*tt.fee))
		r.Mul(r, big.NewRat(million, 1))
		want := new(big.Int).Quo(r.Num(), r.Denom()).Int64() + 1
		if got, err := Reserve(tt.reward, tt.fee, tt.delta); err != nil || got != want {
			t.Errorf("Reserve(%d, %d, %d) = %d (%v), want %d", tt.reward, tt.fee, tt.delta, got, err, want)
		}
	}
	// The known case: a fee of 2 % and one chance in a thousand are 173 blocks.
	if got, err := Reserve(1_000_000, 20_000, 1000); err != nil || got != 172_693_882 {
		t.Errorf("%d (%v), want 172.693882 blocks", got, err)
	}
}

func TestReserveRefuses(t *testing.T) {
	for _, bad := range [][3]int64{
		{0, 20_000, 1000}, {-1, 20_000, 1000}, {lease.MaxSat + 1, 20_000, 1000},
		{100, -1, 1000}, {100, million + 1, 1000},
		{100, 20_000, 0}, {100, 20_000, -1}, {100, 20_000, million}, {100, 20_000, million + 1},
		{lease.MaxSat, 1, 1},
	} {
		if got, err := Reserve(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("Reserve%v = %d", bad, got)
		}
	}
	if _, err := Reserve(100, 0, 1000); err == nil || !strings.Contains(err.Error(), "fee") {
		t.Errorf("without a fee: %v", err)
	}
}

func TestCheckReserve(t *testing.T) {
	const needed = 53_966_838_118
	if err := CheckReserve(needed, 312_500_000, 20_000, 1000); err != nil {
		t.Error(err)
	}
	err := CheckReserve(needed-1, 312_500_000, 20_000, 1000)
	var short *ReserveError
	if !errors.As(err, &short) || short.NeededSat != needed || short.StatedSat != needed-1 || !strings.Contains(err.Error(), "53966838118 sat") {
		t.Errorf("a satoshi less: %v", err)
	}
	if err := CheckReserve(lease.MaxSat, 312_500_000, 0, 1000); err == nil || errors.As(err, &short) {
		t.Errorf("without a fee: %v", err)
	}
}

// The bounds of the logarithm hold: the exponential of the lower one is not
// above the number, that of the upper one not below, and they are close.
func TestLogBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		delta := rapid.Int64Range(1, million-1).Draw(t, "delta")
		lo, hi := logBounds(million, delta, 128)
		if d := new(big.Int).Sub(hi, lo); d.Sign() < 0 || d.BitLen() > 16 {
			t.Fatalf("bounds %v apart", d)
		}
		// The same numbers at twice the precision lie within.
		finerLo, finerHi := logBounds(million, delta, 256)
		if lo.Lsh(lo, 128).Cmp(finerLo) > 0 || hi.Lsh(hi, 128).Cmp(finerHi) < 0 {
			t.Fatalf("finer bounds of ln(10^6/%d) are not within", delta)
		}
		number := new(big.Rat).SetFrac64(million, delta)
		if exp(finerLo, 256, false).Cmp(number) > 0 || exp(finerHi, 256, true).Cmp(number) < 0 {
			t.Fatalf("ln(10^6/%d) is not within its bounds", delta)
		}
	})
}

// exp is e^(x/2^prec) by its series for x/2^prec below 14, rounded down or up
// to within 2^-200.
func exp(x *big.Int, prec uint, up bool) *big.Rat {
	const fine = 600
	one := new(big.Int).Lsh(big.NewInt(1), fine)
	sum, term := new(big.Int).Set(one), new(big.Int).Set(one)
	const terms = 400
	for i := int64(1); i < terms; i++ {
		term.Mul(term, x)
		term.Rsh(term, prec)
		term.Quo(term, big.NewInt(i))
		sum.Add(sum, term)
	}
	if up { // each term lost less than 2^-500, and so did the tail
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(1), fine-200))
	}
	return new(big.Rat).SetFrac(sum, one)
}
