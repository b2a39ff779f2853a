package main

import (
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
	recA4, recE4        = 0, 4
	recA3, recA2, recA1 = 8, 12, 16
	recE3, recE2        = 20, 24
	recK4               = 28 // k5, k6 follow
	recMid              = 40 // eight words
	recordSize          = 128
)

// The functions of three bits that VPTERNLOGD computes: x^y^z, x?y:z, and the
// majority.
const (
	imm3Xor   = 0x96
	immChoose = 0xca
	immMaj    = 0xe8
)

var (
	words      = RDI // the kernel's memory
	masks      = RSI // result: 32 bits a version
	consts     = RDX // the middle of the table below
	digests    = R15 // rows of the second hash
	kPtr       = RAX // into K[t]
	rowPtr     = RBX // into the rows of a loop
	record     = R8  // of the version
	rowCount   = R9  // counter of a loop over rows
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
