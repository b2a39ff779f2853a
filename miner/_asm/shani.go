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
// Of what the processor does beside the rounds, on a Zen 5, stores of vector
// registers and the instructions that move words within them cost most: they
// compete for the same units.
//
// The state is held as the instruction wants it, two registers of four words,
// highest first: ABEF and CDGH.

const (
	ways = 4
	quad = 16 // bytes of a register
)

// lastStored is the last quad that another one needs from memory; 14 is still
// in a register when 15 is computed.
const lastStored = 13

// Registers that all of the code uses alike.
var (
	shaRing   = RDI // the ways' quads
	shaConsts = RDX // the table of constants

	roundWords = X0 // K + W of the next two rounds, as SHA256RNDS2 wants it
	wayState   = [ways][2]VecPhysical{{X1, X2}, {X4, X5}, {X7, X8}, {X10, X11}}
	wayQuad    = [ways]VecPhysical{X3, X6, X9, X12}
	waySum     = [ways]VecPhysical{X13, X14, X13, X14}
	olderWords = X15 // W[t-7]
)

func disp(base Register, offset int) Mem { return Mem{Base: base, Disp: offset} }

// ops are instructions of one way, to be emitted in this order.
type ops []func()

// way is the computation of one message.
type way struct {
	index      int
	abef, cdgh VecPhysical
	quad       VecPhysical // the last quad of message words
	sum        VecPhysical // the next one, while it is computed
	area       int         // where the quads are, from shaRing
	slots      int         // quads there is room for: quad i is at i modulo slots
	steps      []ops
}

// newWays returns ways with their quads at an offset from shaRing.
func newWays(area, slots int) (ws [ways]*way) {
	for i := range ws {
		ws[i] = &way{index: i, abef: wayState[i][0], cdgh: wayState[i][1], quad: wayQuad[i], sum: waySum[i], area: area, slots: slots}
	}
	return ws
}

// words is the place of quad i of the way.
func (w *way) words(i int) Mem {
	return disp(shaRing, w.area+(w.index*w.slots+i%w.slots)*quad)
}

// do adds a step to the way: instructions that set what they use of
// roundWords, the way's sum and older.
func (w *way) do(step ops) { w.steps = append(w.steps, step) }

// flushWays emits the ways' steps in turn, every second way one step behind:
// so it has rounds to do while the others pass from one hash to the next,
// which takes long.
func flushWays(ws [ways]*way) {
	for i := 0; ; i++ {
		more := false
		for _, w := range ws {
			at := i - w.index%2
			if at < len(w.steps) {
				more = true
				if at >= 0 {
					w.steps[at].emit()
				}
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

func (o ops) emit() {
	for _, op := range o {
		op()
	}
}

// order is how instructions of four rounds (R) and of the expansion of the
// next quad (E) take turns, the best of some dozens that were measured. The
// quad is used by the second R and replaced by a late E.
const order = "RRREEEEREREEE"

// merge returns the instructions of rounds and of an expansion in order.
func merge(rounds, expansion ops) (all ops) {
	for _, c := range order {
		from := &rounds
		if c == 'E' {
			from = &expansion
		}
		if len(*from) > 0 {
			all = append(all, (*from)[0])
			*from = (*from)[1:]
		}
	}
	return append(append(all, rounds...), expansion...)
}

// known are four rounds whose K + W is in memory. Loading the last two words
// is cheaper than moving them down.
func (w *way) known(kw Mem) ops {
	return ops{
		func() { MOVOU(kw, roundWords) },
		func() { SHA256RNDS2(roundWords, w.abef, w.cdgh) },
		func() { MOVQ(kw.Offset(8), roundWords) },
		func() { SHA256RNDS2(roundWords, w.cdgh, w.abef) },
	}
}

// scheduled are four rounds with the words in w.quad, and their K.
func (w *way) scheduled(k Mem) ops {
	return ops{
		func() { MOVOU(k, roundWords) },
		func() { PADDL(w.quad, roundWords) },
		func() { SHA256RNDS2(roundWords, w.abef, w.cdgh) },
		func() { PSHUFD(U8(0x0e), roundWords, roundWords) },
		func() { SHA256RNDS2(roundWords, w.cdgh, w.abef) },
	}
}

// expand computes quad i of the message schedule from the four before it, into
// w.quad. fixed is what is known beforehand of W[t-16] + σ0(W[t-15]), in
// memory, nil for nothing; older says whether W[t-7] is to be added.
func (w *way) expand(i int, fixed *Mem, older bool) (all ops) {
	first, second, before := w.words(i-4), w.words(i-3), w.words(i-2)
	if fixed != nil {
		all = append(all, func() { MOVOU(*fixed, w.sum) })
	} else {
		all = append(all,
			func() { MOVOA(first, w.sum) },
			func() { SHA256MSG1(second, w.sum) })
	}
	if older {
		all = append(all,
			func() { MOVOA(w.quad, olderWords) },
			func() { PALIGNR(U8(4), before, olderWords) },
			func() { PADDL(olderWords, w.sum) })
	}
	all = append(all,
		func() { SHA256MSG2(w.quad, w.sum) }, // σ1(W[t-2])
		func() { MOVOA(w.sum, w.quad) })
	if i <= lastStored {
		all = append(all, w.keep(i))
	}
	return all
}

// keep stores quad i.
func (w *way) keep(i int) func() {
	at := w.words(i)
	return func() { MOVOA(w.quad, at) }
}
