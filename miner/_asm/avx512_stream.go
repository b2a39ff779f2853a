package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
