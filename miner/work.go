package miner

import (
	"fmt"
	"math/big"
	"math/bits"
)

// Work is an expected number of hashes: an unsigned 128-bit integer.
type Work struct{ Hi, Lo uint64 }

// MaxWork is 2^128-1.
var MaxWork = Work{^uint64(0), ^uint64(0)}

// Hashes returns the work of n hashes.
func Hashes(n uint64) Work { return Work{Lo: n} }

// Add returns w+v, or MaxWork when the sum does not fit.
func (w Work) Add(v Work) Work {
	lo, c := bits.Add64(w.Lo, v.Lo, 0)
	hi, c := bits.Add64(w.Hi, v.Hi, c)
	if c != 0 {
		return MaxWork
	}
	return Work{hi, lo}
}

// Sub returns w-v, or zero when v is larger.
func (w Work) Sub(v Work) Work {
	lo, b := bits.Sub64(w.Lo, v.Lo, 0)
	hi, b := bits.Sub64(w.Hi, v.Hi, b)
	if b != 0 {
		return Work{}
	}
	return Work{hi, lo}
}

// Mul returns w·n, or MaxWork when the product does not fit.
func (w Work) Mul(n uint64) Work {
	over, hi := bits.Mul64(w.Hi, n)
	carry, lo := bits.Mul64(w.Lo, n)
	hi, c := bits.Add64(hi, carry, 0)
	if over != 0 || c != 0 {
		return MaxWork
	}
	return Work{hi, lo}
}

// Cmp orders amounts of work: -1, 0 or +1.
func (w Work) Cmp(v Work) int {
	switch {
	case w == v:
		return 0
	case w.Hi < v.Hi || w.Hi == v.Hi && w.Lo < v.Lo:
		return -1
	}
	return 1
}

// IsZero reports whether w is no work at all.
func (w Work) IsZero() bool { return w == Work{} }

// Big returns the work as a number.
func (w Work) Big() *big.Int {
	n := new(big.Int).SetUint64(w.Hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w.Lo))
}

// WorkFromBig reports false when n is negative or needs more than 128 bits.
func WorkFromBig(n *big.Int) (Work, bool) {
	if n.Sign() < 0 || n.BitLen() > 128 {
		return Work{}, false
	}
	hi := new(big.Int).Rsh(n, 64).Uint64()
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64()
	return Work{hi, lo}, true
}

// Float64 returns the nearest float64, for estimates and display only.
func (w Work) Float64() float64 { return float64(w.Hi)*0x1p64 + float64(w.Lo) }

// String writes the work in decimal.
func (w Work) String() string { return w.Big().String() }

// ParseWork reads a decimal number below 2^128 without sign.
func ParseWork(s string) (Work, error) {
	if len(s) == 0 || len(s) > 39 {
		return Work{}, fmt.Errorf("work %.60q: want 1 to 39 decimal digits", s)
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return Work{}, fmt.Errorf("work %.60q: want decimal digits only", s)
		}
	}
	n, _ := new(big.Int).SetString(s, 10)
	w, ok := WorkFromBig(n)
	if !ok {
		return Work{}, fmt.Errorf("work %q: above 2^128-1", s)
	}
	return w, nil
}
