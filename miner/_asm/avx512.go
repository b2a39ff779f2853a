package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 kernel hashes one header a lane, 16 lanes a register, in two
// streams. The nonces of a group (16 a stream) are expanded once into the
// message schedule of the header's second block, with the round constants
// added, and all rolled versions use it: the versions differ in the midstate
// only. T. Hanke, "AsicBoost: A Speedup for Bitcoin Mining", 2016,
// https://arxiv.org/abs/1604.00575.
//
// What does not depend on the nonce is computed in Go before (the records and
// sums below). The second hash ends at round 60, whose e decides: it becomes
// the last word of the digest three rounds later.

const (
	streams = 2
	vector  = 64 // bytes of a register
	rounds  = 64
)

// The kernel's memory, in bytes; kernel_avx512_amd64.go has it in words.
const (
	scheduleSize = rounds * vector        // of a stream: row t is K[t]+W[t] of the header, row 3 is W[3]
	digestsAt    = streams * scheduleSize // of each stream: row t is W[t] of the digest
	sumsAt       = 2 * digestsAt          // the nonce-independent part of W[t], t = 0 … 63
	zeroAt       = sumsAt + 4*rounds      // the bits that a candidate has clear
	recordsAt    = zeroAt + vector
)

// A version's record, in bytes. The state is that before round 4 for the word
// W[3] = 0; a4 and e4 have W[3] added to them. k4 … k6 are the constants of
// rounds 4 to 6 with their h added, which is constant.
const (
	recA4, recE4               = 0, 4
	recA3, recA2, recA1        = 8, 12, 16
	recE3, recE2               = 20, 24
	recK4                      = 28 // k5, k6 follow
	recMid                     = 40 // eight words
	recordSize                 = 128
	imm3Xor, immChoose, immMaj = 0x96, 0xca, 0xe8 // VPTERNLOGD: x^y^z, x?y:z, majority
)

var (
	words      = RDI // the kernel's memory
	masks      = RSI // result: 32 bits a version
	consts     = RDX // the middle of the table below
	digests    = R15 // rows of the second hash
	kPtr       = RAX // into K[t]
	rowPtr     = RBX // into the schedule
	record     = R8  // of the version
	rowCount   = R9  // loop counter of the schedule
	versions   = R10
	versionsUp = R11 // versions left
	groups     = R12 // groups left
	nonce      = R13 // of the next 16 lanes
	found      = RCX // all masks or-ed
)

var sums [rounds]uint32 // of the digest

// Offsets in the table of constants.
var (
	constK      int // K[t]
	constSum    int // second hash: see digestSums
	constIV     int
	constFirst  int // second hash: K[t] + h of rounds 1 to 3, at index t
	constRoundE int // second hash: e after round 0, less W[0]
	constRoundA int // second hash: a after round 0, less W[0]
	constLanes  int // 0 … 15
	constBytes  int // the mask of bytes 1 and 3
)

func avx512() {
	t := newTable("avx512Consts")
	constK = t.add(k[:]...)
	sums = digestSums()
	constSum = t.add(sums[:]...)
	constIV = t.add(iv[:]...)
	constFirst = t.add(0, k[1]+iv[6], k[2]+iv[5], k[3]+iv[4])
	t1 := iv[7] + bigSigma1(iv[4]) + (iv[4]&iv[5] ^ ^iv[4]&iv[6]) + k[0]
	constRoundE = t.add(iv[3] + t1)
	constRoundA = t.add(t1 + bigSigma0(iv[0]) + (iv[0]&iv[1] ^ iv[0]&iv[2] ^ iv[1]&iv[2]))
	constBytes = t.add(0xff00ff00)
	t.add(make([]uint32, 15-(t.words+15)%16)...)
	constLanes = t.add(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)

	TEXT("scanAVX512", 4 /* NOSPLIT */, "func(words, masks *uint32, nonce uint32, versions, groups int) uint32")
	Pragma("noescape")
	Doc("scanAVX512 scans groups of 32 nonces for all versions and sets a mask",
		"for each, as Kernel.scan does. words is the kernel's memory.")
	Load(Param("words"), words)
	Load(Param("masks"), masks)
	Load(Param("nonce"), nonce.As32())
	Load(Param("versions"), versions)
	Load(Param("groups"), groups)
	LEAQ(t.mem.Offset(constMiddle), consts)
	LEAQ(at(words, digestsAt), digests)
	XORL(found.As32(), found.As32())

	Label("group")
	MOVQ(words, rowPtr)
	MOVL(U32(streams), rowCount.As32())
	Label("schedule")
	headerSchedule()
	ADDL(U8(16), nonce.As32())
	ADDQ(U32(scheduleSize), rowPtr)
	DECL(rowCount.As32())
	JNZ(LabelRef("schedule"))

	LEAQ(Mem{Base: words, Disp: recordsAt}, record)
	MOVQ(versions, versionsUp)
	Label("version")
	var ss [streams]*stream
	for i := range ss {
		ss[i] = newStream(i)
	}
	firstHash(ss)
	secondHash(ss)
	ADDQ(U32(recordSize), record)
	DECQ(versionsUp)
	JNZ(LabelRef("version"))
	DECQ(groups)
	JNZ(LabelRef("group"))

	VZEROUPPER()
	Store(found.As32(), ReturnIndex(0))
	RET()
}

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

// zmm returns the n registers from the given one on.
func zmm(from, n int) (regs []VecPhysical) {
	all := []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
	return all[from : from+n]
}

// constant is a place in the table. Displacements of -128 … 127 words fit in a
// byte of the instruction.
func constant(offset int) Mem { return at(consts, offset-constMiddle) }

const constMiddle = 512

func at(base Register, offset int) Mem { return Mem{Base: base, Disp: offset} }

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

// stream is one of the interleaved computations of 16 lanes.
type stream struct {
	index int
	state [8]VecPhysical // a … h
	tmp   []VecPhysical
	loop  int // the round at rowPtr and kPtr; 0 outside of the second hash's loop
	ops   []func()
}

func newStream(i int) *stream {
	regs := zmm(16*i, 16)
	return &stream{index: i, state: [8]VecPhysical(regs), tmp: regs[8:]}
}

// do adds an instruction to the stream.
func (s *stream) do(op func()) { s.ops = append(s.ops, op) }

// row is the place of K[t]+W[t] of the header, t from base on.
func (s *stream) row(base Register, t int) Mem { return at(base, s.index*scheduleSize+t*vector) }

// word is the place of W[t] of the digest, and roundK that of K[t].
func (s *stream) word(t int) Mem {
	if s.loop != 0 {
		return s.row(rowPtr, t-s.loop)
	}
	return s.row(digests, t)
}

func (s *stream) roundK(t int) Mem {
	if s.loop != 0 {
		return at(kPtr, 4*(t-s.loop))
	}
	return constant(constK + 4*t)
}

// flush emits what the streams have to do.
func flush(ss [streams]*stream) {
	var ops [][]func()
	for _, s := range ss {
		ops = append(ops, s.ops)
		s.ops = nil
	}
	weave(ops...)
}

// xorRotated sets dst to the exclusive or of three rotations of x.
func (s *stream) xorRotated(x, dst, r1, r2 VecPhysical, n [3]int) {
	s.do(func() { VPRORD(U8(n[0]), x, dst) })
	s.do(func() { VPRORD(U8(n[1]), x, r1) })
	s.do(func() { VPRORD(U8(n[2]), x, r2) })
	s.do(func() { VPTERNLOGD(U8(imm3Xor), r2, r1, dst) })
}

// select3 sets dst to a bitwise function of three words.
func (s *stream) select3(imm int, x, y, z, dst VecPhysical) {
	s.do(func() { VMOVDQA64(x, dst) })
	s.do(func() { VPTERNLOGD(U8(imm), z, y, dst) })
}

// roundParts says what a round may leave out.
type roundParts struct {
	d     *Mem // d as a scalar in memory, for it is a constant; nil: in its register
	onlyE bool // a is not needed any more
}

// round does a round on the stream, whose register of h holds h + K[t] + W[t]:
// T1 = h + K + W + Ch + Σ1, e = d + T1, a = T1 + Maj + Σ0.
func (s *stream) round(p roundParts) {
	a, b, c, d, e, f, g, h := s.state[0], s.state[1], s.state[2], s.state[3], s.state[4], s.state[5], s.state[6], s.state[7]
	t := s.tmp
	s.select3(immChoose, e, f, g, t[0])
	s.xorRotated(e, t[1], t[2], t[3], [3]int{6, 11, 25})
	s.do(func() { VPADDD(t[0], h, h) })
	s.do(func() { VPADDD(t[1], h, h) })
	if p.d != nil {
		s.do(func() { VPADDD_BCST(*p.d, h, d) })
	} else {
		s.do(func() { VPADDD(h, d, d) })
	}
	if !p.onlyE {
		s.select3(immMaj, a, b, c, t[4])
		s.xorRotated(a, t[5], t[6], t[7], [3]int{2, 13, 22})
		s.do(func() { VPADDD(t[4], h, h) })
		s.do(func() { VPADDD(t[5], h, h) })
	}
	s.state = [8]VecPhysical{h, a, b, c, d, e, f, g}
}

// digest adds the midstate, stores the words of the digest and does round 0
// of the second hash.
func (s *stream) digest() {
	for i, x := range s.state {
		s.do(func() { VPADDD_BCST(at(record, recMid+4*i), x, x) })
		s.do(func() { VMOVDQA64(x, s.word(i)) })
	}
	w0, e := s.state[0], s.state[4]
	s.do(func() { VPADDD_BCST(constant(constRoundE), w0, e) })
	s.do(func() { VPADDD_BCST(constant(constRoundA), w0, w0) })
	for _, i := range []int{0, 1, 4, 5} { // b, c, f, g
		x := s.state[i+1]
		s.do(func() { VPBROADCASTD(constant(constIV+4*i), x) })
	}
}

// digestWord computes W[t] of the digest's block, stores it, and adds it and
// K[t] to h. The youngest term comes last.
func (s *stream) digestWord(t int, h VecPhysical) {
	r := s.tmp
	kt := s.roundK(t)
	s.do(func() { VPADDD_BCST(kt, h, h) })
	var acc VecPhysical
	for i, u := range scheduleTerms(t) {
		if digestKnown(u.t) {
			continue
		}
		x, w := r[2*i], s.word(u.t)
		switch {
		case u.rots[0] != 0:
			s.do(func() { VPRORD(U8(u.rots[0]), w, x) })
			s.do(func() { VPRORD(U8(u.rots[1]), w, r[1]) })
			s.do(func() { VPSRLD(U8(u.rots[2]), w, r[3]) })
			s.do(func() { VPTERNLOGD(U8(imm3Xor), r[3], r[1], x) })
			if acc != nil {
				y := acc
				s.do(func() { VPADDD(y, x, x) })
			}
			acc = x
		case acc == nil:
			s.do(func() { VMOVDQA64(w, x) })
			acc = x
		default:
			y := acc
			s.do(func() { VPADDD(w, y, x) })
			acc = x
		}
	}
	if sums[t] != 0 {
		s.do(func() { VPADDD_BCST(constant(constSum+4*t), acc, acc) })
	}
	if t <= 58 { // the last one another depends on
		w := s.word(t)
		s.do(func() { VMOVDQA64(acc, w) })
	}
	s.do(func() { VPADDD(acc, h, h) })
}

// firstHash does rounds 4 to 63 of the header's second block.
func firstHash(ss [streams]*stream) {
	Comment("First hash, rounds 4 to 7")
	for _, s := range ss {
		a, b, c, e, f, g := s.state[0], s.state[1], s.state[2], s.state[4], s.state[5], s.state[6]
		s.do(func() { VMOVDQA64(s.row(words, 3), s.tmp[0]) })
		s.do(func() { VPADDD_BCST(at(record, recA4), s.tmp[0], a) })
		s.do(func() { VPADDD_BCST(at(record, recE4), s.tmp[0], e) })
		s.do(func() { VPBROADCASTD(at(record, recA3), b) })
		s.do(func() { VPBROADCASTD(at(record, recA2), c) })
		s.do(func() { VPBROADCASTD(at(record, recE3), f) })
		s.do(func() { VPBROADCASTD(at(record, recE2), g) })
		constD := [3]Mem{at(record, recA1), at(record, recA2), at(record, recA3)}
		for i := range constD {
			x := s.state[7]
			s.do(func() { VPBROADCASTD(at(record, recK4+4*i), x) })
			s.round(roundParts{d: &constD[i]})
		}
		x := s.state[7]
		s.do(func() { VPADDD(s.row(words, 7), x, x) })
		s.round(roundParts{})
	}
	flush(ss)

	Comment("Rounds 8 to 63")
	LEAQ(at(words, 8*vector), rowPtr)
	MOVL(U32((rounds-8)/8), rowCount.As32())
	Label("rounds")
	for _, s := range ss {
		for t := range 8 {
			h := s.state[7]
			s.do(func() { VPADDD(s.row(rowPtr, t), h, h) })
			s.round(roundParts{})
		}
	}
	flush(ss)
	ADDQ(U32(8*vector), rowPtr)
	DECL(rowCount.As32())
	JNZ(LabelRef("rounds"))
}

// secondHash does rounds 0 to 60 of the digest's block and sets the masks.
func secondHash(ss [streams]*stream) {
	const loopStart, loopRounds, loopEnd = 32, 8, 56
	Comment("Second hash")
	for _, s := range ss {
		s.digest()
		for t := 1; t < loopStart; t++ {
			s.digestRound(t)
		}
	}
	flush(ss)

	Comment(fmt.Sprintf("Rounds %d to %d", loopStart, loopEnd-1))
	LEAQ(at(digests, loopStart*vector), rowPtr)
	LEAQ(constant(constK+4*loopStart), kPtr)
	MOVL(U32((loopEnd-loopStart)/loopRounds), rowCount.As32())
	Label("digestRounds")
	for _, s := range ss {
		s.loop = loopStart
		for t := range loopRounds {
			s.digestRound(loopStart + t)
		}
		s.loop = 0
	}
	flush(ss)
	ADDQ(U32(loopRounds*vector), rowPtr)
	ADDQ(U8(4*loopRounds), kPtr)
	DECL(rowCount.As32())
	JNZ(LabelRef("digestRounds"))

	Comment("The last rounds")
	for _, s := range ss {
		for t := loopEnd; t <= 60; t++ {
			s.digestRound(t)
		}
		e := s.state[4]
		mask := []OpmaskPhysical{K1, K2}[s.index]
		s.do(func() { VPADDD_BCST(constant(constIV+4*7), e, e) })
		s.do(func() { VPTESTNMD_BCST(at(words, zeroAt), e, mask) })
	}
	flush(ss)
	KMOVW(K1, EAX)
	KMOVW(K2, EBX)
	SHLL(U8(16), EBX)
	ORL(EBX, EAX)
	MOVL(EAX, Mem{Base: masks})
	ORL(EAX, found.As32())
	ADDQ(U8(4), masks)
}

// digestRound does round t, 1 … 60, of the second hash.
func (s *stream) digestRound(t int) {
	h := s.state[7]
	p := roundParts{onlyE: t >= 57} // a of round 56 is d of round 60
	switch {
	case t < 4:
		s.do(func() { VPBROADCASTD(constant(constFirst+4*t), h) })
		s.do(func() { VPADDD(s.word(t), h, h) })
		d := constant(constIV + 4*(3-t))
		p.d = &d
	case t < 8:
		s.do(func() { VPADDD_BCST(s.roundK(t), h, h) })
		s.do(func() { VPADDD(s.word(t), h, h) })
	case t < 16:
		s.do(func() { VPADDD_BCST(constant(constSum+4*t), h, h) })
	default:
		s.digestWord(t, h)
	}
	s.round(p)
}
