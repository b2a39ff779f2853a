package main

// hash is the work of SHA-256 in one stream of lanes: the state, its rounds
// and its message schedule, as operations of a program.
//
// Each new a and e is stored in a ring of four rows, so that registers hold
// the young words of the state only; the older ones are operands in memory.
type hash struct {
	program
	state  [8]word            // a … h
	bc     *value             // lean: b ^ c, which was a ^ b in the round before
	turn   int                // of the rings of a and e
	row    func(i int) *place // of the rings: a 0 … 3, e 4 … 7
	w      func(t int) *place // of W[t]
	before func(i int) *place // of the state before the block; of the multi-buffer only
}

// word is a word of the state: in a register, in memory, or both.
type word struct {
	v *value
	p *place
}

func (w word) source() source {
	if w.v != nil {
		return w.v
	}
	return w.p
}

// old lists the words that are used from memory: d and h, and of lean programs
// b, c, f and g too.
func (h *hash) old() []int {
	if h.lean {
		return []int{1, 2, 3, 5, 6, 7}
	}
	return []int{3, 7}
}

// young lists the words that stay in registers from one stretch of rounds to
// the next.
func (h *hash) young() []int {
	if h.lean {
		return []int{0, 4}
	}
	return []int{0, 1, 2, 4, 5, 6}
}

// carried are the values of the young words and, in a lean program, b ^ c.
func (h *hash) carried() (vs []**value) {
	for _, i := range h.young() {
		vs = append(vs, &h.state[i].v)
	}
	if h.lean {
		vs = append(vs, &h.bc)
	}
	return vs
}

// forget drops the registers of old words that are in memory.
func (h *hash) forget() {
	for _, i := range h.old() {
		if h.state[i].p != nil {
			h.state[i].v = nil
		}
	}
}

// xorRotated returns the exclusive or of the rotations of x by n bits; a
// negative n is a shift.
func (h *hash) xorRotated(x *value, ns [3]int) *value {
	var parts [3]*value
	var all *value
	for i, n := range ns {
		switch {
		case n < 0:
			parts[i] = h.do(opShr, -n, x)
		case h.lean:
			parts[i] = h.do(opXor, 0, h.do(opShr, n, x), h.do(opShl, 32-n, x))
		default:
			parts[i] = h.do(opRor, n, x)
		}
		if h.lean && i > 0 {
			all = h.do(opXor, 0, all, parts[i])
		} else {
			all = parts[i]
		}
	}
	if h.lean {
		return all
	}
	return h.do(opTernary, imm3Xor, parts[0], parts[1], parts[2])
}

// choose is Ch(e, f, g).
func (h *hash) choose() *value {
	e, f, g := h.state[4].v, h.state[5].source(), h.state[6].source()
	if h.lean {
		return h.op(opXor, h.op(opAnd, h.op(opXor, f, g), e), g)
	}
	return h.do(opTernary, immChoose, e, h.load(f), g)
}

// majority is Maj(a, b, c).
func (h *hash) majority() *value {
	a, b, c := h.state[0].v, h.state[1].source(), h.state[2].source()
	if h.lean {
		ab, bc := h.op(opXor, a, b), h.bc
		h.bc = ab
		return h.op(opXor, h.op(opAnd, ab, bc), b)
	}
	return h.do(opTernary, immMaj, a, h.load(b), c)
}

// begin sets the state before a round.
func (h *hash) begin(state [8]word) {
	h.state, h.turn = state, 0
	if h.lean {
		h.bc = h.op(opXor, state[1].source(), state[2].source())
	}
}

// keep stores a and e of the state, which are the values before the first
// round, in the rows that the fourth round will overwrite.
func (h *hash) keep() {
	for _, i := range []int{0, 4} {
		h.state[i].p = h.row(i + 3)
		h.store(h.state[i].v, h.state[i].p)
	}
}

// round does a round, given h + K + W: T1 = h + K + W + Ch + Σ1, e = d + T1,
// a = T1 + Maj + Σ0. Rounds that nothing but e is needed of may leave out a.
func (h *hash) round(hkw source, onlyE bool) {
	s1 := h.xorRotated(h.state[4].v, [3]int{6, 11, 25})
	if onlyE {
		x := h.add(hkw, h.state[3].source())
		h.shift(nil, h.add(h.add(x, h.choose()), s1))
		return
	}
	t1 := h.add(h.add(h.choose(), hkw), s1)
	e := h.add(t1, h.state[3].source())
	s0 := h.xorRotated(h.state[0].v, [3]int{2, 13, 22})
	a := h.add(h.add(t1, h.majority()), s0)
	h.shift(a, e)
}

// shift makes the results of a round the next state and stores them.
func (h *hash) shift(a, e *value) {
	s := &h.state
	*s = [8]word{{v: a}, s[0], s[1], s[2], {v: e}, s[4], s[5], s[6]}
	i := h.turn % 4
	h.turn++
	if a != nil {
		s[0].p = h.row(i)
		h.store(a, s[0].p)
	}
	if a != nil || h.lean {
		s[4].p = h.row(4 + i)
		h.store(e, s[4].p)
	}
	if a == nil {
		h.bc = nil
	}
	h.forget()
}

// expand returns W[t]: the sum of its terms that are not known, and of what
// the known ones sum up to, nil for nothing. The result is stored as long as
// a word until the last one depends on it.
func (h *hash) expand(t, last int, known func(t int) bool, sum *place) *value {
	var acc source
	plus := func(x source) {
		if acc == nil {
			acc = x
		} else {
			acc = h.add(acc, x)
		}
	}
	for i, u := range scheduleTerms(t) {
		if i == 3 && sum != nil && acc != nil { // the youngest word comes last
			plus(sum)
			sum = nil
		}
		switch {
		case known(u.t):
		case u.rots[0] == 0:
			plus(h.w(u.t))
		default:
			plus(h.xorRotated(h.load(h.w(u.t)), u.rots))
		}
	}
	if sum != nil {
		plus(sum)
	}
	w := acc.(*value)
	if t <= last-2 {
		h.store(w, h.w(t))
	}
	return w
}

// allUnknown is for messages of which nothing is known.
func allUnknown(int) bool { return false }
