package miner

import (
	"fmt"
	"math/big"
	"slices"
)

// Target is the largest hash that counts as a hit: a 256-bit number, stored
// little-endian like Hash.
type Target [32]byte

// MaxTarget is 2^256-1, which every hash meets.
var MaxTarget = func() (t Target) {
	for i := range t {
		t[i] = 0xff
	}
	return t
}()

// DifficultyOne is the target of difficulty 1: 0xffff·2^208.
var DifficultyOne = func() (t Target) {
	t[26], t[27] = 0xff, 0xff
	return t
}()

// Cmp orders targets as 256-bit numbers: -1, 0 or +1. A smaller target is
// harder.
func (t Target) Cmp(u Target) int { return cmpLE((*[32]byte)(&t), (*[32]byte)(&u)) }

// Big returns the target as a number.
func (t Target) Big() *big.Int {
	slices.Reverse(t[:])
	return new(big.Int).SetBytes(t[:])
}

// TargetFromBig takes a number in [0, 2^256); larger ones become MaxTarget,
// negative ones zero.
func TargetFromBig(n *big.Int) Target {
	if n.Sign() <= 0 {
		return Target{}
	}
	if n.BitLen() > 256 {
		return MaxTarget
	}
	var t Target
	n.FillBytes(t[:])
	slices.Reverse(t[:])
	return t
}

// Work returns the expected number of hashes of one hit,
// floor(2^256/(T+1)) (GetBlockProof of Bitcoin Core). It fits 128 bits for
// every target of at least 2^128-1; harder targets give MaxWork.
func (t Target) Work() Work {
	n := t.Big()
	n.Add(n, big.NewInt(1))
	n.Quo(two256, n)
	w, ok := WorkFromBig(n)
	if !ok {
		return MaxWork
	}
	return w
}

// TargetForWork returns the largest target whose work is at least w; w = 0
// gives MaxTarget.
func TargetForWork(w Work) Target {
	if w.IsZero() {
		return MaxTarget
	}
	n := new(big.Int).Quo(two256, w.Big())
	return TargetFromBig(n.Sub(n, big.NewInt(1)))
}

// String writes 64 hexadecimal digits, most significant byte first.
func (t Target) String() string { return Hash(t).String() }

// ParseTarget reads what String writes.
func ParseTarget(s string) (Target, error) {
	h, err := ParseHash(s)
	if err != nil {
		return Target{}, fmt.Errorf("target: %w", err)
	}
	return Target(h), nil
}

// Bits is a target in the compact form of block headers: an exponent byte and
// 23 bits of mantissa below a sign bit that must be clear.
type Bits uint32

// Target expands the compact form. Negative, zero and overflowing forms are
// errors.
func (b Bits) Target() (Target, error) {
	size, mant := uint(b>>24), int64(b&0x007fffff)
	if b&0x00800000 != 0 && mant != 0 {
		return Target{}, fmt.Errorf("bits %08x: negative target", uint32(b))
	}
	n := big.NewInt(mant)
	if size <= 3 {
		n.Rsh(n, 8*(3-size))
	} else {
		n.Lsh(n, 8*(size-3))
	}
	if n.Sign() == 0 {
		return Target{}, fmt.Errorf("bits %08x: zero target", uint32(b))
	}
	if n.BitLen() > 256 {
		return Target{}, fmt.Errorf("bits %08x: target above 2^256", uint32(b))
	}
	return TargetFromBig(n), nil
}

// Bits returns the compact form of t, rounded down to its 23 bits.
func (t Target) Bits() Bits {
	n := t.Big()
	size := uint(n.BitLen()+7) / 8
	var mant uint64
	if size <= 3 {
		mant = n.Uint64() << (8 * (3 - size))
	} else {
		mant = new(big.Int).Rsh(n, 8*(size-3)).Uint64()
	}
	if mant&0x00800000 != 0 {
		mant >>= 8
		size++
	}
	return Bits(uint32(size)<<24 | uint32(mant))
}

var two256 = new(big.Int).Lsh(big.NewInt(1), 256)
