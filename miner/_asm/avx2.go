package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX2 kernel hashes one header a lane, 8 lanes a register, in two
// streams: a group is 16 nonces. As in the rolled AVX-512 kernel, the schedule
// of a group is expanded once for all versions.
//
// There are no rotations and no functions of three words, so a hash takes
// twice the operations, and sixteen registers only. The program of a whole
// double hash would not fit in the cache of decoded instructions of any
// processor, so the streams are in step and most rounds are in loops.

const (
	yStreams = 2
	yTimes   = 4
	yVector  = 32 // bytes of a register
)

// The kernel's memory, in bytes; kernel_avx2_amd64.go has it in words.
const (
	yStateSize = 8 * yVector      // of a stream: the last four a and e
	yRowsSize  = rounds * yVector // of a stream: row t is W[t] of the digest, and W[t] of the header before
	yRows      = yStreams * yStateSize
	yTables    = yRows + yStreams*yRowsSize // of a stream: row t is K[t] + W[t] of the header, row 3 is W[3]
	yHeader    = yTables + yStreams*yRowsSize
	yZero      = yHeader + 4*rounds // the bits that a candidate has clear, in all lanes
	yRecords   = yZero + yVector
)

// haswell plans for processors that have three vector units, of which one or
// two shift, and loads in plenty.
var haswell = machine{registers: 16, width: 3, shifts: 2, latency: 2, forward: 6, window: 16, near: 12}

var (
	yDigest  = R15 // the rows of W
	yRow     = RBX // the rows of a loop
	yK       = RAX // K[t] of a loop
	yLoop    = R9  // iterations left
	yGroups  = R12
	yVersion = R10
	yNonce   = R13
)

// y2 writes the kernel.
type y2 struct {
	c       *constants
	tune    tuning
	streams [yStreams]*yStream
}

func avx2() {
	c := newConstants("avx2Consts", consts)
	y := &y2{c: c, tune: tuning{machine: haswell, skews: []float64{0, 0}}}
	for i := range y.streams {
		y.streams[i] = newYStream(c, i)
	}
	TEXT("scanAVX2", 4 /* NOSPLIT */, "func(words, masks *uint32, nonce uint32, versions, groups int) uint32")
	Pragma("noescape")
	Doc("scanAVX2 scans groups of 16 nonces for all versions and sets a mask for",
		"each, as Kernel.scan does. words is the kernel's memory.")
	Load(Param("words"), words)
	Load(Param("masks"), masks)
	Load(Param("nonce"), yNonce.As32())
	Load(Param("versions"), yVersion)
	Load(Param("groups"), yGroups)
	c.point()
	LEAQ(at(words, yRows), yDigest)
	XORL(found.As32(), found.As32())

	Label("group")
	y.headerSchedule()
	ADDL(U8(16), yNonce.As32())
	LEAQ(at(words, yRecords), record)
	MOVQ(yVersion, versionsUp)

	Label("version")
	y.firstHash()
	y.secondHash()
	ADDQ(U32(recordSize), record)
	DECQ(versionsUp)
	JNZ(LabelRef("version"))
	DECQ(yGroups)
	JNZ(LabelRef("group"))
	VZEROUPPER()
	Store(found.As32(), ReturnIndex(0))
	RET()
}

// section writes a stretch of both streams, which begins and ends with the
// carried words in their registers.
func (y *y2) section(of func(s *yStream)) {
	var streams [][]*op
	var in []*value
	var out outs
	for _, s := range y.streams {
		s.ops = nil
		for i, v := range s.carried() {
			if *v != nil {
				*v = &value{reg: s.reg(i)}
				in = append(in, *v)
			}
		}
		of(s)
		for i, v := range s.carried() {
			if *v != nil {
				out = append(out, outs{{*v, s.reg(i)}}...)
			}
		}
		streams = append(streams, s.ops)
	}
	insts, err := y.tune.order(streams, in, out, registers(0, y.tune.registers))
	if err != nil {
		panic(err)
	}
	emitAVX2(insts)
}

// loop writes a section of n rounds that is run several times.
func (y *y2) loop(label string, times int, of func(s *yStream)) {
	MOVL(U32(times), yLoop.As32())
	Label(label)
	y.section(of)
}

func again(label string) {
	DECL(yLoop.As32())
	JNZ(LabelRef(label))
}

// headerSchedule computes the tables of the group.
func (y *y2) headerSchedule() {
	Comment("W[3]: the nonces, bytes swapped")
	mask, x, t1, t2 := Y0, Y1, Y2, Y3
	VPBROADCASTD(y.c.mem(y.c.bytesAt), mask)
	for i := range y.streams {
		VMOVD(yNonce.As32(), x.AsX())
		VPBROADCASTD(x.AsX(), x)
		VPADDD(y.c.mem(y.c.lanesAt+i*yVector), x, x)
		VPSLLD(U8(8), x, t1) // rotations by 8 to either side
		VPSRLD(U8(24), x, t2)
		VPOR(t1, t2, t1)
		VPSRLD(U8(8), x, t2)
		VPSLLD(U8(24), x, x)
		VPOR(t2, x, x)
		VPAND(mask, x, x)
		VPANDN(t1, mask, t1)
		VPOR(t1, x, x)
		VMOVDQU(x, at(words, yRows+i*yRowsSize+3*yVector))
		VMOVDQU(x, at(words, yTables+i*yRowsSize+3*yVector))
	}
	Comment("K + W of the header")
	y.section(func(s *yStream) {
		for t := 18; t < 34; t++ {
			s.headerWord(t)
		}
	})
	LEAQ(at(yDigest, 34*yVector), yRow)
	LEAQ(y.c.mem(y.c.kAt+4*34), yK)
	y.loop("headerWords", 2, func(s *yStream) {
		s.loop = 34
		for t := 34; t < 49; t++ {
			s.headerWord(t)
		}
		s.loop = 0
	})
	ADDQ(U32(15*yVector), yRow)
	ADDQ(U8(4*15), yK)
	again("headerWords")
}

// firstHash does rounds 4 to 63 of the header's second block.
func (y *y2) firstHash() {
	Comment("First hash")
	y.section(func(s *yStream) {
		s.start()
		for t := 4; t < 8; t++ {
			s.headerRound(t)
		}
	})
	LEAQ(at(words, yTables+8*yVector), yRow)
	y.loop("rounds", (rounds-8)/yTimes, func(s *yStream) {
		s.loop = 8
		for t := range yTimes {
			s.headerRound(8 + t)
		}
		s.loop = 0
	})
	ADDQ(U32(yTimes*yVector), yRow)
	again("rounds")
}

// secondHash does rounds 0 to 60 of the digest's block and sets the masks.
func (y *y2) secondHash() {
	Comment("Second hash")
	y.section(func(s *yStream) {
		s.digest(s.c, s.rec)
		s.keep()
		for t := 1; t < 8; t++ {
			s.digestRound(t)
		}
	})
	Comment("Rounds 8 to 15")
	LEAQ(y.c.mem(y.c.sumsAt), yK)
	y.loop("paddingRounds", 8/yTimes, func(s *yStream) {
		s.loop = 8
		for t := range yTimes {
			s.digestRound(8 + t)
		}
		s.loop = 0
	})
	ADDQ(U8(4*yTimes), yK)
	again("paddingRounds")
	Comment("Rounds 16 to 55")
	LEAQ(at(yDigest, 16*yVector), yRow)
	LEAQ(y.c.mem(y.c.kAt+4*16), yK)
	y.loop("digestRounds", (56-16)/yTimes, func(s *yStream) {
		s.loop = 16
		for t := range yTimes {
			s.digestRound(16 + t)
		}
		s.loop = 0
	})
	ADDQ(U32(yTimes*yVector), yRow)
	ADDQ(U8(4*yTimes), yK)
	again("digestRounds")

	Comment("The last rounds")
	y.section(func(s *yStream) {
		for t := 56; t <= 60; t++ {
			s.digestRound(t)
		}
		e := s.state[4].v
		e = s.op(opAnd, e, &place{mem: at(words, yZero)}) // the initial hash value was in K
		s.state[0], s.state[4].v, s.bc = word{}, e, nil
	})
	VPXOR(Y15, Y15, Y15)
	for i, s := range y.streams {
		e := ymm(s.reg(1))
		VPCMPEQD(e, Y15, e)
		VMOVMSKPS(e, []GPPhysical{EAX, EBX}[i])
	}
	SHLL(U8(8), EBX)
	ORL(EBX, EAX)
	MOVL(EAX, Mem{Base: masks})
	ORL(EAX, found.As32())
	ADDQ(U8(4), masks)
}

func ymm(i int) VecPhysical {
	return []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}[i]
}
