package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// A double hash is the work on one item: 16 nonces of one version, from round
// 4 of the header's second block to round 60 of the digest's, whose e decides:
// it becomes the last word of the digest three rounds later. It is cut into
// stages of about equal length, which run at the same time on consecutive
// items: see pass.go.

// point is a round of one of the two hashes.
type point struct{ hash, t int }

func (p point) before(q point) bool { return p.hash < q.hash || p.hash == q.hash && p.t < q.t }

// ring is the memory of one item, in rows of a vector: the last 16 W, and the
// last four a and e. A word of the state is used from a register as long as it
// is one of a, b, c, e, f, g; as d and h it comes from memory, so that a stage
// needs six registers only.
const (
	ringA    = 16
	ringE    = 20
	ringRows = 24
)

// carried are the words of the state that go from stage to stage in registers.
var carried = []int{0, 1, 2, 4, 5, 6}

// word is a word of the state: in a register, in memory, or both.
type word struct {
	v   *value
	row int // of the ring; 0: not in memory
}

// stage is a stretch of a double hash.
type stage struct {
	program
	index   int
	in, out []*value // carried, in this order
}

// doubleHash builds the stages.
type doubleHash struct {
	m      *memory
	cuts   []point
	shared bool // K + W of the header come from the shared table
	*stage
	stages []*stage
	state  [8]word // a … h
	turn   int     // of the rings of a and e
}

// memory tells where things are; the stage tells whose.
type memory struct {
	ring   []Mem               // of each stage's item
	record func(stage int) Mem // of the item's version
	table  []Mem               // K + W of the header, by stage
	nonces Mem                 // W[3] of the header, for stage 0
	header func(t int) Mem     // sums of W[t] of the header; for t = 16 and 17, of K[t] + W[t]
	zero   Mem                 // the bits that a candidate has clear
	consts *constants
}

func buildDoubleHash(m *memory, cuts []point, shared bool) []*stage {
	d := &doubleHash{m: m, cuts: cuts, shared: shared, stage: &stage{}}
	d.stages = []*stage{d.stage}
	d.first()
	d.second()
	return d.stages
}

// at begins the next stage if it is due before the round.
func (d *doubleHash) at(hash, t int) {
	if len(d.cuts) < len(d.stages) || (point{hash, t}).before(d.cuts[len(d.stages)-1]) {
		return
	}
	next := &stage{index: len(d.stages)}
	for _, i := range carried {
		d.out = append(d.out, d.state[i].v)
		d.state[i].v = new(value)
		next.in = append(next.in, d.state[i].v)
	}
	for _, i := range []int{3, 7} {
		if d.state[i].row == 0 {
			panic("d and h are not in memory at the cut")
		}
		d.state[i].v = nil
	}
	d.stage = next
	d.stages = append(d.stages, next)
}

// row is a row of the ring.
func (d *doubleHash) row(i int) *place {
	type cell struct{ stage, row int }
	return &place{mem: d.m.ring[d.index].Offset(i * vector), cell: cell{d.index, i}}
}

func (d *doubleHash) w(t int) *place { return d.row(t % 16) }

// rec is a word of the version's record.
func (d *doubleHash) rec(offset int) *place {
	return &place{mem: d.m.record(d.index).Offset(offset), broadcast: true}
}

func broadcast(m Mem) *place { return &place{mem: m, broadcast: true} }

// get returns a word of the state, preferably from memory.
func (d *doubleHash) get(i int) source {
	if d.state[i].row != 0 {
		return d.row(d.state[i].row)
	}
	return d.state[i].v
}

// shift makes the results of a round the next state and stores them.
func (d *doubleHash) shift(a, e *value) {
	s := &d.state
	*s = [8]word{{v: a}, s[0], s[1], s[2], {v: e}, s[4], s[5], s[6]}
	if a == nil {
		return // no round after needs them as d or h
	}
	s[0].row, s[4].row = ringA+d.turn%4, ringE+d.turn%4
	d.turn++
	d.store(a, d.row(s[0].row))
	d.store(e, d.row(s[4].row))
}

func (d *doubleHash) rotations(x *value, n [3]int) *value {
	return d.do(opTernary, imm3Xor, d.do(opRor, n[0], x), d.do(opRor, n[1], x), d.do(opRor, n[2], x))
}

func (d *doubleHash) bigSigma0(a *value) *value { return d.rotations(a, [3]int{2, 13, 22}) }
func (d *doubleHash) bigSigma1(e *value) *value { return d.rotations(e, [3]int{6, 11, 25}) }

func (d *doubleHash) choose() *value {
	return d.do(opTernary, immChoose, d.state[4].v, d.state[5].v, d.state[6].v)
}

func (d *doubleHash) majority() *value {
	return d.do(opTernary, immMaj, d.state[0].v, d.state[1].v, d.state[2].v)
}

// round does a round, given h + K + W: T1 = h + K + W + Ch + Σ1, e = d + T1,
// a = T1 + Maj + Σ0.
func (d *doubleHash) round(hkw *value) {
	d.roundOf(hkw, d.choose, d.majority, d.get(3))
}

func (d *doubleHash) roundOf(hkw source, choose, majority func() *value, dWord source) {
	s1 := d.bigSigma1(d.state[4].v)
	t1 := d.add(d.add(choose(), hkw), s1)
	e := d.add(t1, dWord)
	s0 := d.bigSigma0(d.state[0].v)
	a := d.add(d.add(t1, majority()), s0)
	d.shift(a, e)
}

// first does rounds 4 to 63 of the header's second block.
func (d *doubleHash) first() {
	n := &place{mem: d.m.nonces}
	w3 := d.load(n)
	d.state = [8]word{
		0: {v: d.add(w3, d.rec(recA4))}, 1: {v: d.load(d.rec(recA3))}, 2: {v: d.load(d.rec(recA2))},
		4: {v: d.add(w3, d.rec(recE4))}, 5: {v: d.load(d.rec(recE3))}, 6: {v: d.load(d.rec(recE2))},
	}
	for t, constD := range []int{4: recA1, recA2, recA3} {
		if t >= 4 {
			d.roundOf(d.rec(recK4+4*(t-4)), d.choose, d.majority, d.rec(constD))
		}
	}
	for t := 7; t < rounds; t++ {
		d.at(1, t)
		d.round(d.headerWord(t))
	}
}

// headerWord returns h + K[t] + W[t].
func (d *doubleHash) headerWord(t int) *value {
	h := d.get(7)
	if d.shared {
		kw := &place{mem: d.m.table[d.index].Offset(t * vector)}
		return d.add(d.load(h), kw)
	}
	if t == 16 || t == 17 {
		return d.add(d.load(h), broadcast(d.m.header(t)))
	}
	hk := d.add(d.load(h), d.m.consts.headerK(t))
	if t < 16 {
		return hk
	}
	var c *place
	if headerSum(t) {
		c = broadcast(d.m.header(t))
	}
	w := d.expand(t, headerKnown, c, func(t int) *place {
		if t == 3 {
			return &place{mem: d.m.nonces}
		}
		return d.w(t)
	})
	if t <= 61 { // the last one another depends on
		d.store(w, d.w(t))
	}
	return d.add(hk, w)
}

// expand sums the terms of W[t] that are not known and the place c of the sum
// of those that are.
func (d *doubleHash) expand(t int, known func(t int) bool, c *place, at func(t int) *place) *value {
	var acc source
	plus := func(x source) {
		if acc == nil {
			acc = x
		} else {
			acc = d.add(acc, x)
		}
	}
	for i, u := range scheduleTerms(t) {
		if i == 3 && c != nil && acc != nil {
			plus(c)
			c = nil
		}
		switch {
		case known(u.t):
		case u.rots[0] == 0:
			plus(at(u.t))
		default:
			x := d.load(at(u.t))
			plus(d.do(opTernary, imm3Xor, d.do(opRor, u.rots[0], x), d.do(opRor, u.rots[1], x), d.do(opShr, u.rots[2], x)))
		}
	}
	if c != nil {
		plus(c)
	}
	return acc.(*value)
}

// second does rounds 0 to 60 of the digest's block and the test.
func (d *doubleHash) second() {
	c := d.m.consts
	d.at(2, 0)
	first := d.state
	var a, e *value
	for i, s := range first {
		w := d.add(d.load(d.inRegister(s)), d.rec(recMid+4*i))
		d.store(w, d.w(i))
		if i == 0 { // what is constant of round 0 is in the record
			e, a = d.add(w, c.roundE()), d.add(w, c.roundA())
		}
	}
	d.state = [8]word{{v: a}, {}, {}, {}, {v: e}, {}, {}, {}}
	for t := 1; t <= 60; t++ {
		d.at(2, t)
		d.digestRound(t)
	}
	d.testZero(d.add(d.state[4].v, c.iv(7)), broadcast(d.m.zero))
}

// inRegister returns the word from a register if it is in one.
func (d *doubleHash) inRegister(s word) source {
	if s.v != nil {
		return s.v
	}
	return d.row(s.row)
}

// digestRound does round t, 1 … 60, of the second hash. In the first three
// most of the state is constant.
func (d *doubleHash) digestRound(t int) {
	c := d.m.consts
	a, b, e, f := d.state[0].v, d.state[1].v, d.state[4].v, d.state[5].v
	switch {
	case t < 4:
		choose, majority := d.choose, d.majority
		switch t {
		case 1:
			choose = func() *value { return d.do(opTernary, immChoose, e, d.load(c.iv(4)), c.iv(5)) }
			majority = func() *value { return d.do(opTernary, immMaj, a, d.load(c.iv(0)), c.iv(1)) }
		case 2:
			choose = func() *value { return d.do(opTernary, immChoose, e, f, c.iv(4)) }
			majority = func() *value { return d.do(opTernary, immMaj, a, b, c.iv(0)) }
		}
		d.roundOf(d.add(d.load(d.w(t)), c.firstK(t)), choose, majority, c.iv(3-t))
	case t < 8:
		d.round(d.sum(d.load(d.get(7)), c.k(t), d.w(t)))
	case t < 16:
		d.round(d.add(d.load(d.get(7)), c.digestSum(t)))
	default:
		w := d.expand(t, digestKnown, c.digestSumAt(t), d.w)
		if t <= 58 { // the last one another depends on
			d.store(w, d.w(t))
		}
		hkw := d.add(d.add(d.load(d.get(7)), c.k(t)), w)
		if t <= 56 { // a of round 56 is d of round 60
			d.round(hkw)
			break
		}
		x := d.add(hkw, d.get(3))
		d.shift(nil, d.add(d.add(x, d.choose()), d.bigSigma1(e)))
	}
}
