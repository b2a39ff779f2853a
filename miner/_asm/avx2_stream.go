package main

import (
	. "github.com/mmcloughlin/avo/reg"
)

// yStream is one of the two computations of 8 lanes.
type yStream struct {
	hash
	c     *constants
	index int
	loop  int // the round at yRow and yK; 0 outside of loops
}

func newYStream(c *constants, index int) *yStream {
	s := &yStream{c: c, index: index}
	s.lean = true
	type cell struct {
		what string
		row  int
	}
	type streamCell struct {
		stream int
		cell
	}
	at := func(base Register, offset int, what string, row int) *place {
		return &place{mem: at(base, offset+row*yVector), cell: streamCell{index, cell{what, row}}}
	}
	s.row = func(i int) *place { return at(words, index*yStateSize, "state", i) }
	s.w = func(t int) *place {
		if s.loop != 0 {
			return at(yRow, index*yRowsSize-s.loop*yVector, "w", t)
		}
		return at(yDigest, index*yRowsSize, "w", t)
	}
	return s
}

// reg is the register of the i-th carried word.
func (s *yStream) reg(i int) int { return s.index*len(s.carried()) + i }

// kw is the place of K[t] + W[t] of the header.
func (s *yStream) kw(t int) *place {
	if s.loop != 0 {
		return &place{mem: at(yRow, s.index*yRowsSize+(t-s.loop)*yVector)}
	}
	return &place{mem: at(words, yTables+s.index*yRowsSize+t*yVector)}
}

func (s *yStream) k(t int) *place {
	if s.loop != 0 {
		return broadcast(at(yK, 4*(t-s.loop)))
	}
	return s.c.k(t)
}

func (s *yStream) rec(offset int) *place { return broadcast(at(record, offset)) }

// start sets the state before round 4.
func (s *yStream) start() {
	w3 := s.load(s.kw(3))
	s.begin([8]word{
		{v: s.add(w3, s.rec(recA4))}, {p: s.rec(recA3)}, {p: s.rec(recA2)}, {p: s.rec(recA1)},
		{v: s.add(w3, s.rec(recE4))}, {p: s.rec(recE3)}, {p: s.rec(recE2)},
	})
	s.keep()
}

// headerRound does round t, 4 … 63, of the first hash. Before round 7, h is
// constant and in the record with K and W.
func (s *yStream) headerRound(t int) {
	if t < 7 {
		s.round(s.rec(recK4+4*(t-4)), false)
		return
	}
	s.round(s.add(s.state[7].source(), s.kw(t)), false)
}

// headerWord computes W[t] of the header and K[t] + W[t].
func (s *yStream) headerWord(t int) {
	var sum *place
	if headerSum(t) {
		sum = broadcast(at(words, yHeader+4*t))
	}
	w := s.expand(t, rounds-1, headerKnown, sum)
	base, offset := Register(words), yTables
	if s.loop != 0 {
		base, offset = yRow, yTables-yRows-s.loop*yVector
	}
	s.store(s.add(w, s.k(t)), &place{mem: at(base, offset+s.index*yRowsSize+t*yVector)})
}

// digestRound does round t, 1 … 60, of the second hash. In the first three h
// is constant, and after round 56 a is not needed any more.
func (s *yStream) digestRound(t int) {
	var hkw *value
	h := s.state[7].source()
	switch {
	case t < 4:
		hkw = s.add(s.w(t), s.c.firstK(t))
	case t < 8:
		hkw = s.add(s.add(h, s.c.k(t)), s.w(t))
	case t < 16:
		hkw = s.add(h, s.k(t)) // with W[t]
	default:
		w := s.expand(t, 60, allUnknown, nil)
		k := s.k(t)
		if t == 60 { // with the last word of the initial hash value
			k = s.c.lastK()
		}
		hkw = s.add(s.add(h, k), w)
	}
	s.round(hkw, t > 56)
}
