package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
