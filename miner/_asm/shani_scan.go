package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The kernel's memory, in bytes; kernel_shani_amd64.go has it in words.
const (
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

// Roles of the general registers.
var (
	shaMasks      = RSI // result: 32 bits a version
	shaRecord     = R8  // of the version
	shaVersions   = R10
	shaVersionsUp = R11 // versions left
	shaGroups     = R12 // groups left
	shaNonce      = R13 // of the first way
	shaFound      = RCX // all masks or-ed
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
	Load(Param("words"), shaRing)
	Load(Param("masks"), shaMasks)
	Load(Param("nonce"), shaNonce.As32())
	Load(Param("versions"), shaVersions)
	Load(Param("groups"), shaGroups)
	LEAQ(t.mem, shaConsts)
	XORL(shaFound.As32(), shaFound.As32())

	Label("group")
	LEAQ(disp(shaRing, shaRecordsAt), shaRecord)
	MOVQ(shaVersions, shaVersionsUp)
	Label("version")
	ws := newWays()
	headerRounds(ws)
	digestRounds(ws)
	ADDQ(U8(shaRecordSize), shaRecord)
	DECQ(shaVersionsUp)
	JNZ(LabelRef("version"))
	ADDL(U8(ways), shaNonce.As32())
	DECQ(shaGroups)
	JNZ(LabelRef("group"))
	Store(shaFound.As32(), ReturnIndex(0))
	RET()
}

// known does four rounds whose K + W is in the table.
func (w *way) known(offset int) {
	w.rounds(func() { MOVOU(disp(shaConsts, offset), roundWords) }, true)
}

// headerRounds does rounds 4 to 63 of the header's second block.
func headerRounds(ws [ways]*way) {
	Comment("The nonce, bytes swapped, is W[3], and is in a and e before round 4")
	for _, w := range ws {
		tmp := scratch[w.index]
		w.do(func() {
			if w.index == 0 {
				MOVL(shaNonce.As32(), EAX)
			} else {
				LEAL(disp(shaNonce, w.index), EAX)
			}
			BSWAPL(EAX)
			MOVD(EAX, tmp)
			PSHUFD(U8(0b00_01_00_01), tmp, w.abef)
			PADDL(disp(shaRecord, recABEF), w.abef)
			PSHUFD(U8(0b00_01_01_01), tmp, tmp)
			PADDL(disp(shaRing, tailAt), tmp)
			MOVOA(tmp, w.words4(0))
			MOVOU(disp(shaRecord, recCDGH), w.cdgh)
		})
		for i := 1; i < 4; i++ {
			w.do(func() {
				MOVOU(disp(shaConsts, shaHeadW+quad*(i-1)), w.quad)
				MOVOA(w.quad, w.words4(i))
			})
		}
		for i := 1; i < 4; i++ {
			w.known(shaHeadK + quad*(i-1))
		}
		for i := 4; i < 16; i++ {
			w.expand(i)
			w.scheduled(disp(shaConsts, shaK+quad*i), true)
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
			PADDL(disp(shaRecord, recMidABEF), w.abef)
			PADDL(disp(shaRecord, recMidCDGH), w.cdgh)
			PSHUFD(U8(0x1b), w.abef, w.quad) // A B E F, lowest first
			PSHUFD(U8(0x1b), w.cdgh, tmp)    // C D G H
			MOVOA(w.quad, roundWords)
			PUNPCKLQDQ(tmp, roundWords) // A B C D
			MOVOA(roundWords, w.words4(0))
			PUNPCKHQDQ(tmp, w.quad) // E F G H
			MOVOA(w.quad, w.words4(1))
			MOVOU(disp(shaConsts, shaABEF), w.abef)
			MOVOU(disp(shaConsts, shaCDGH), w.cdgh)
		})
		w.rounds(func() {
			MOVOU(disp(shaConsts, shaK), roundWords)
			PADDL(w.words4(0), roundWords)
		}, true)
		w.scheduled(disp(shaConsts, shaK+quad), true)
		for i := 2; i < 4; i++ {
			w.do(func() {
				MOVOU(disp(shaConsts, shaDigestW+quad*(i-2)), w.quad)
				MOVOA(w.quad, w.words4(i))
			})
			w.known(shaDigestK + quad*(i-2))
		}
		for i := 4; i < 16; i++ {
			w.expand(i)
			w.scheduled(disp(shaConsts, shaK+quad*i), i < 15)
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
	PADDL(disp(shaConsts, shaIV7), f[0])
	PAND(disp(shaRing, shaZeroAt), f[0])
	PXOR(f[1], f[1])
	PCMPEQL(f[1], f[0])
	MOVMSKPS(f[0], EAX)
	MOVL(EAX, Mem{Base: shaMasks})
	ORL(EAX, shaFound.As32())
	ADDQ(U8(4), shaMasks)
}
