package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// digestSums returns what is the same for all digests: K[t] + W[t] for
// t = 8 … 15, and the part of W[t] for t = 16 … 60.
func digestSums() (sums [rounds]uint32) {
	w := [rounds]uint32{8: padding, 15: digestBits}
	for t := 8; t < 16; t++ {
		sums[t] = k[t] + w[t]
	}
	for t := 16; t < rounds; t++ {
		for _, u := range scheduleTerms(t) {
			if digestKnown(u.t) {
				sums[t] += u.of(w[u.t])
			}
		}
	}
	return sums
}

// digestKnown and headerKnown tell which W[t] do not depend on the digest, and
// on the nonce; headerZero which are zero.
func digestKnown(t int) bool { return 8 <= t && t < 16 }
func headerKnown(t int) bool { return t != 3 && t < 18 }
func headerZero(t int) bool  { return 5 <= t && t < 15 }

// term is one of the four terms of W[t].
type term struct {
	t    int    // of W[t-2], W[t-7], W[t-15] or W[t-16]
	rots [3]int // two rotations and a shift; zeros for the word itself
	of   func(uint32) uint32
}

// scheduleTerms returns the terms of W[t], the youngest at the end.
func scheduleTerms(t int) [4]term {
	word := func(x uint32) uint32 { return x }
	return [4]term{
		{t - 16, [3]int{}, word},
		{t - 15, [3]int{7, 18, 3}, smallSigma0},
		{t - 7, [3]int{}, word},
		{t - 2, [3]int{17, 19, 10}, smallSigma1},
	}
}

// headerSchedule computes the rows of the schedule at rowPtr for 16 nonces
// from nonce on. The last 16 W are in registers.
func headerSchedule() {
	ring, tmp := zmm(0, 16), zmm(16, 16)
	Comment("W[3]: the nonces, bytes swapped")
	VPBROADCASTD(nonce.As32(), tmp[0])
	VPADDD(constant(constLanes), tmp[0], tmp[0])
	VPBROADCASTD(constant(constBytes), tmp[1])
	VPRORD(U8(8), tmp[0], tmp[2])
	VPROLD(U8(8), tmp[0], ring[3])
	VPTERNLOGD(U8(immChoose), ring[3], tmp[2], tmp[1])
	VMOVDQA64(tmp[1], ring[3])
	VMOVDQA64(ring[3], at(rowPtr, 3*vector))

	for t := 18; t < rounds; t++ {
		Comment(fmt.Sprintf("W[%d]", t))
		r := tmp[(t%2)*8:] // taking turns, for the eye; the processor renames
		fixed := false
		var acc VecPhysical
		for _, u := range scheduleTerms(t) {
			if headerKnown(u.t) {
				fixed = fixed || !headerZero(u.t)
				continue
			}
			x := ring[u.t%16]
			if u.rots[0] != 0 {
				VPRORD(U8(u.rots[0]), x, r[1])
				VPRORD(U8(u.rots[1]), x, r[2])
				VPSRLD(U8(u.rots[2]), x, r[3])
				VPTERNLOGD(U8(imm3Xor), r[3], r[2], r[1])
				x = r[1]
			}
			if acc == nil {
				VMOVDQA64(x, r[0])
				acc = r[0]
			} else {
				VPADDD(x, acc, acc)
			}
		}
		if fixed {
			VPADDD_BCST(at(words, sumsAt+4*t), acc, acc)
		}
		VMOVDQA64(acc, ring[t%16])
		VPADDD_BCST(constant(constK+4*t), acc, r[1])
		VMOVDQA64(r[1], at(rowPtr, t*vector))
	}
}
