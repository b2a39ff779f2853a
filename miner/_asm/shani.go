package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The SHA-NI kernel hashes four nonces side by side with the SHA extensions:
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

// The kernel's memory, in bytes; kernel_shani_amd64.go has it in words.
const (
	waySize      = 4 * quad       // of a way: the last four quads
	tailAt       = ways * waySize // W[0] … W[2] of the header's second block, 0
	shaZeroAt    = tailAt + quad  // the bits that a candidate has clear, four times
	shaRecordsAt = shaZeroAt + quad
)

// A version's record, in bytes: the state before round 4 for the word W[3] = 0
// and the midstate, each as ABEF, CDGH.
const (
	recABEF, recCDGH       = 0, 16
	recMidABEF, recMidCDGH = 32, 48
	shaRecordSize          = 64
)

// Offsets in the table of constants.
var (
	shaK       int // K[t]
	shaHeadK   int // K[t] + W[t], quads 1 to 3 of the header's second block
	shaDigestK int // K[t] + W[t], quads 2 and 3 of the digest's block
	shaHeadW   int // quads 1 to 3 of the header's second block
	shaDigestW int // quads 2 and 3 of the digest's block
	shaABEF    int // initial hash value
	shaCDGH    int
	shaIV7     int // four times
)

func shaNI() {
	t := newTable("shaniConsts")
	head := [16]uint32{4: padding, 15: headerBits}
	digest := [16]uint32{8: padding, 15: digestBits}
	withK := func(w [16]uint32) []uint32 {
		for i := range w {
			w[i] += k[i]
		}
		return w[:]
	}
	shaK = t.add(k[:]...)
	shaHeadK = t.add(withK(head)[4:]...)
	shaDigestK = t.add(withK(digest)[8:]...)
	shaHeadW = t.add(head[4:]...)
	shaDigestW = t.add(digest[8:]...)
	shaABEF = t.add(iv[5], iv[4], iv[1], iv[0])
	shaCDGH = t.add(iv[7], iv[6], iv[3], iv[2])
	shaIV7 = t.add(iv[7], iv[7], iv[7], iv[7])

	TEXT("scanSHANI", 4 /* NOSPLIT */, "func(words, masks *uint32, nonce uint32, versions, groups int) uint32")
	Pragma("noescape")
	Doc("scanSHANI scans groups of 4 nonces for all versions and sets a mask for",
		"each, as Kernel.scan does. words is the kernel's memory.")
	Load(Param("words"), words)
	Load(Param("masks"), masks)
	Load(Param("nonce"), nonce.As32())
	Load(Param("versions"), versions)
	Load(Param("groups"), groups)
	LEAQ(t.mem, consts)
	XORL(found.As32(), found.As32())

	Label("group")
	LEAQ(at(words, shaRecordsAt), record)
	MOVQ(versions, versionsUp)
	Label("version")
	var ws [ways]*way
	for i := range ws {
		ws[i] = newWay(i)
	}
	headerRounds(ws)
	digestRounds(ws)
	ADDQ(U8(shaRecordSize), record)
	DECQ(versionsUp)
	JNZ(LabelRef("version"))
	ADDL(U8(ways), nonce.As32())
	DECQ(groups)
	JNZ(LabelRef("group"))
	Store(found.As32(), ReturnIndex(0))
	RET()
}

// way is the computation of one nonce.
type way struct {
	index      int
	abef, cdgh VecPhysical
	quad       VecPhysical // the quad of message words at work
	ops        []func()
}

func newWay(i int) *way {
	regs := []VecPhysical{X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12}[3*i:]
	return &way{index: i, abef: regs[0], cdgh: regs[1], quad: regs[2]}
}

var (
	roundWords = X0 // K + W of the next two rounds, as SHA256RNDS2 wants it
	scratch    = [ways]VecPhysical{X13, X14, X15, X13}
)

// words4 is the place of quad i of the way, i modulo 4.
func (w *way) words4(i int) Mem { return at(words, w.index*waySize+i%4*quad) }

// do adds a step to the way. A step sets what it uses of X0 and scratch.
func (w *way) do(op func()) { w.ops = append(w.ops, op) }

func flushWays(ws [ways]*way) {
	var ops [][]func()
	for _, w := range ws {
		ops = append(ops, w.ops)
		w.ops = nil
	}
	weave(ops...)
}

// rounds does four rounds, with K + W in the register or memory of kw. The
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

// known does four rounds whose K + W is in the table.
func (w *way) known(offset int) {
	w.rounds(func() { MOVOU(at(consts, offset), roundWords) }, true)
}

// scheduled does the four rounds of quad i with its words in w.quad.
func (w *way) scheduled(i int, all bool) {
	w.rounds(func() {
		MOVOU(at(consts, shaK+quad*i), roundWords)
		PADDL(w.quad, roundWords)
	}, all)
}

// expand computes quad i of the message schedule from the four before it, of
// which the last is in w.quad.
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
		if i < 15 {
			MOVOA(w.quad, w.words4(i))
		}
	})
}

// headerRounds does rounds 4 to 63 of the header's second block.
func headerRounds(ws [ways]*way) {
	Comment("The nonce, bytes swapped, is W[3], and is in a and e before round 4")
	for _, w := range ws {
		tmp := scratch[w.index]
		w.do(func() {
			if w.index == 0 {
				MOVL(nonce.As32(), EAX)
			} else {
				LEAL(at(nonce, w.index), EAX)
			}
			BSWAPL(EAX)
			MOVD(EAX, tmp)
			PSHUFD(U8(0b00_01_00_01), tmp, w.abef)
			PADDL(at(record, recABEF), w.abef)
			PSHUFD(U8(0b00_01_01_01), tmp, tmp)
			PADDL(at(words, tailAt), tmp)
			MOVOA(tmp, w.words4(0))
			MOVOU(at(record, recCDGH), w.cdgh)
		})
		for i := 1; i < 4; i++ {
			w.do(func() {
				MOVOU(at(consts, shaHeadW+quad*(i-1)), w.quad)
				MOVOA(w.quad, w.words4(i))
			})
		}
		for i := 1; i < 4; i++ {
			w.known(shaHeadK + quad*(i-1))
		}
		for i := 4; i < 16; i++ {
			w.expand(i)
			w.scheduled(i, true)
		}
	}
	flushWays(ws)
}

// digestRounds does rounds 0 to 61 of the digest's block and sets the masks.
func digestRounds(ws [ways]*way) {
	Comment("The digest")
	for _, w := range ws {
		tmp := scratch[w.index]
		w.do(func() {
			PADDL(at(record, recMidABEF), w.abef)
			PADDL(at(record, recMidCDGH), w.cdgh)
			PSHUFD(U8(0x1b), w.abef, w.quad) // A B E F, lowest first
			PSHUFD(U8(0x1b), w.cdgh, tmp)    // C D G H
			MOVOA(w.quad, roundWords)
			PUNPCKLQDQ(tmp, roundWords) // A B C D
			MOVOA(roundWords, w.words4(0))
			PUNPCKHQDQ(tmp, w.quad) // E F G H
			MOVOA(w.quad, w.words4(1))
			MOVOU(at(consts, shaABEF), w.abef)
			MOVOU(at(consts, shaCDGH), w.cdgh)
		})
		w.rounds(func() {
			MOVOU(at(consts, shaK), roundWords)
			PADDL(w.words4(0), roundWords)
		}, true)
		w.scheduled(1, true)
		for i := 2; i < 4; i++ {
			w.do(func() {
				MOVOU(at(consts, shaDigestW+quad*(i-2)), w.quad)
				MOVOA(w.quad, w.words4(i))
			})
			w.known(shaDigestK + quad*(i-2))
		}
		for i := 4; i < 16; i++ {
			w.expand(i)
			w.scheduled(i, i < 15)
		}
	}
	flushWays(ws)

	Comment("Two rounds after round 59, f is the e of round 60, which decides")
	f := [ways]VecPhysical{}
	for i, w := range ws {
		f[i] = w.cdgh // now ABEF
	}
	PUNPCKLLQ(f[1], f[0])
	PUNPCKLLQ(f[3], f[2])
	PUNPCKLQDQ(f[2], f[0])
	PADDL(at(consts, shaIV7), f[0])
	PAND(at(words, shaZeroAt), f[0])
	PXOR(f[1], f[1])
	PCMPEQL(f[1], f[0])
	MOVMSKPS(f[0], EAX)
	MOVL(EAX, Mem{Base: masks})
	ORL(EAX, found.As32())
	ADDQ(U8(4), masks)
}
