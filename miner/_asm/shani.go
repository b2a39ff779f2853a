package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The SHA-NI code hashes four messages side by side with the SHA extensions:
// S. Gulley et al., "New Instructions Supporting the Secure Hash Algorithm on
// Intel Architecture Processors", 2013. SHA256RNDS2 does two rounds, one every
// two cycles at best, with a latency of four: the four ways fill the gaps. The
// message words do not fit in registers, so they live in memory, 16 bytes (a
// quad: W[4i] … W[4i+3]) an operand. Only SSE encodings are used, for small
// processors have these instructions without AVX.
//
// The state is held as the instruction wants it, two registers of four words,
// highest first: ABEF and CDGH.

const (
	ways = 4
	quad = 16 // bytes of a register
)

// A way's part of the memory, in bytes: the last four quads, quad i at i
// modulo 4.
const waySize = 4 * quad

// Registers that all of the code uses alike.
var (
	shaRing   = RDI // the ways' quads
	shaConsts = RDX // the table of constants

	roundWords = X0 // K + W of the next two rounds, as SHA256RNDS2 wants it
	wayState   = [ways][2]VecPhysical{{X1, X2}, {X4, X5}, {X7, X8}, {X10, X11}}
	wayQuad    = [ways]VecPhysical{X3, X6, X9, X12}
	scratch    = [ways]VecPhysical{X13, X14, X15, X13}
)

func disp(base Register, offset int) Mem { return Mem{Base: base, Disp: offset} }

// way is the computation of one message.
type way struct {
	index      int
	abef, cdgh VecPhysical
	quad       VecPhysical // the quad of message words at work
	steps      []func()
}

func newWays() (ws [ways]*way) {
	for i := range ws {
		ws[i] = &way{index: i, abef: wayState[i][0], cdgh: wayState[i][1], quad: wayQuad[i]}
	}
	return ws
}

// words4 is the place of quad i of the way.
func (w *way) words4(i int) Mem { return disp(shaRing, w.index*waySize+i%4*quad) }

// do adds a step to the way. A step sets what it uses of X0 and scratch.
func (w *way) do(step func()) { w.steps = append(w.steps, step) }

// flushWays emits the ways' steps in turn.
func flushWays(ws [ways]*way) {
	for i := 0; ; i++ {
		more := false
		for _, w := range ws {
			if i < len(w.steps) {
				w.steps[i]()
				more = true
			}
		}
		if !more {
			break
		}
	}
	for _, w := range ws {
		w.steps = nil
	}
}

// rounds does four rounds, with the K + W that load puts into roundWords. The
// last two can be left out.
func (w *way) rounds(load func(), all bool) {
	w.do(func() {
		load()
		SHA256RNDS2(roundWords, w.abef, w.cdgh)
		if all {
			PSHUFD(U8(0x0e), roundWords, roundWords)
			SHA256RNDS2(roundWords, w.cdgh, w.abef)
		}
	})
}

// scheduled does four rounds with the words in w.quad, and their K.
func (w *way) scheduled(k Mem, all bool) {
	w.rounds(func() {
		MOVOU(k, roundWords)
		PADDL(w.quad, roundWords)
	}, all)
}

// expand computes quad i of the message schedule from the four before it, of
// which the last is in w.quad. The last quad that another depends on is 13;
// 14 is still in w.quad when 15 is computed.
func (w *way) expand(i int) {
	tmp := scratch[w.index]
	w.do(func() {
		MOVOA(w.words4(i), tmp)
		SHA256MSG1(w.words4(i+1), tmp) // W[t-16] + σ0(W[t-15])
		MOVOA(w.quad, roundWords)
		PALIGNR(U8(4), w.words4(i+2), roundWords) // W[t-7]
		PADDL(roundWords, tmp)
		SHA256MSG2(w.quad, tmp) // σ1(W[t-2])
		MOVOA(tmp, w.quad)
		if i < 14 {
			MOVOA(w.quad, w.words4(i))
		}
	})
}
