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

// ringRows is the memory of one item, in rows of a vector: the last 16 W, then
// the last four a and e.
const ringRows = 24

// stage is a stretch of a double hash.
type stage struct {
	ops     []*op
	in, out []*value // carried from stage to stage in registers
}

// doubleHash builds the stages.
type doubleHash struct {
	hash
	m      *memory
	cuts   []point
	shared bool // K + W of the header come from the shared table
	header bool // at work on the first hash
	stages []*stage
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
	d := &doubleHash{m: m, cuts: cuts, shared: shared, stages: []*stage{{}}}
	type cell struct{ stage, row int }
	ring := func(i int) *place {
		n := d.number()
		return &place{mem: m.ring[n].Offset(i * vector), cell: cell{n, i}}
	}
	d.row = func(i int) *place { return ring(16 + i) }
	d.w = func(t int) *place {
		if d.header && t == 3 {
			return &place{mem: m.nonces}
		}
		return ring(t % 16)
	}
	d.first()
	d.second()
	d.end()
	return d.stages
}

// number is that of the stage under construction.
func (d *doubleHash) number() int { return len(d.stages) - 1 }

// end finishes the stage.
func (d *doubleHash) end() {
	d.stages[d.number()].ops, d.ops = d.ops, nil
}

// at begins the next stage if it is due before the round.
func (d *doubleHash) at(hash, t int) {
	if n := d.number(); n == len(d.cuts) || (point{hash, t}).before(d.cuts[n]) {
		return
	}
	d.end()
	last, next := d.stages[d.number()], &stage{}
	d.stages = append(d.stages, next)
	for _, v := range d.carried() {
		last.out = append(last.out, *v)
		*v = new(value)
		next.in = append(next.in, *v)
	}
	for i := range d.state { // the same rows, of this stage's ring
		if p := d.state[i].p; p != nil {
			row := (d.turn - 1 - i%4) % 4
			d.state[i].p = d.row(row + i/4*4)
		}
	}
	for _, i := range d.old() {
		if d.state[i].p == nil {
			panic("old words are not in memory at the cut")
		}
	}
}

// rec is a word of the version's record.
func (d *doubleHash) rec(offset int) *place { return broadcast(d.m.record(d.number()).Offset(offset)) }

func broadcast(m Mem) *place { return &place{mem: m, broadcast: true} }

// first does rounds 4 to 63 of the header's second block.
func (d *doubleHash) first() {
	d.header = true
	w3 := d.load(d.w(3))
	d.begin([8]word{
		{v: d.add(w3, d.rec(recA4))}, {p: d.rec(recA3)}, {p: d.rec(recA2)}, {p: d.rec(recA1)},
		{v: d.add(w3, d.rec(recE4))}, {p: d.rec(recE3)}, {p: d.rec(recE2)},
	})
	for t := 4; t < rounds; t++ {
		d.at(1, t)
		if t < 7 {
			d.round(d.rec(recK4+4*(t-4)), false) // h is constant, and in it
		} else {
			d.round(d.headerWord(t), false)
		}
	}
}

// headerWord returns h + K[t] + W[t].
func (d *doubleHash) headerWord(t int) *value {
	h := d.load(d.state[7].source())
	switch {
	case d.shared:
		return d.add(h, &place{mem: d.m.table[d.number()].Offset(t * vector)})
	case t == 16 || t == 17:
		return d.add(h, broadcast(d.m.header(t)))
	}
	hk := d.add(h, d.m.consts.headerK(t))
	if t < 16 {
		return hk
	}
	var sum *place
	if headerSum(t) {
		sum = broadcast(d.m.header(t))
	}
	return d.add(hk, d.expand(t, rounds-1, headerKnown, sum))
}

// second does rounds 0 to 60 of the digest's block and the test.
func (d *doubleHash) second() {
	d.at(2, 0)
	d.header = false
	d.digest(d.m.consts, d.rec)
	for t := 1; t <= 60; t++ {
		d.at(2, t)
		d.round(d.digestWord(t), t > 56) // a of round 56 is d of round 60
	}
	d.testZero(d.state[4].v, broadcast(d.m.zero)) // the initial hash value was in K
}

// digest adds the midstate, stores the words of the digest and does round 0
// of the second hash, most of which is constant.
func (h *hash) digest(c *constants, rec func(offset int) *place) {
	var a, e *value
	for i, s := range h.state {
		w := h.add(s.source(), rec(recMid+4*i))
		h.store(w, h.w(i))
		if i == 0 {
			e, a = h.add(w, c.roundE()), h.add(w, c.roundA())
		}
	}
	h.begin([8]word{{v: a}, {p: c.iv(0)}, {p: c.iv(1)}, {p: c.iv(2)}, {v: e}, {p: c.iv(4)}, {p: c.iv(5)}})
}

// digestWord returns h + K[t] + W[t] of round t of the second hash.
func (d *doubleHash) digestWord(t int) *value {
	c := d.m.consts
	switch {
	case t < 4: // h is constant, and in it
		return d.add(d.w(t), c.firstK(t))
	case t < 8:
		return d.add(d.add(d.state[7].source(), c.k(t)), d.w(t))
	case t < 16:
		return d.add(d.state[7].source(), c.digestSum(t))
	}
	w := d.expand(t, 60, digestKnown, c.digestSumAt(t))
	k := c.k(t)
	if t == 60 { // with the last word of the initial hash value
		k = c.lastK()
	}
	return d.add(d.add(d.state[7].source(), k), w)
}
