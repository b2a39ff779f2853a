package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// headerWords computes quad i of the header's second block, from 4 on, into
// w.quad, which for quad 4 is as nonce sets it. That quad is W[16], W[17], which do
// not depend on the nonce, W[18] by σ0(W[3]) and W[19] by W[3].
func (c *scanConsts) headerWords(w *way, i int) ops {
	fixed := func(n int) *Mem { m := disp(shaRing, shaFixedAt+n*quad); return &m }
	zero := c.at(c.zero)
	switch i {
	case 4:
		return ops{
			func() { PSLLDQ(U8(8), w.quad) },
			func() { PADDL(*fixed(0), w.quad) },
			w.keep(4),
		}
	case 5:
		return w.expand(i, fixed(1), false)
	case 6:
		return w.expand(i, &zero, true)
	case 7:
		return w.expand(i, fixed(2), true)
	}
	return w.expand(i, nil, true)
}

// headerRounds does rounds 4 to 63 of the header's second block.
func (c *scanConsts) headerRounds(w *way) {
	w.do(append(w.nonce(),
		func() { PSHUFD(U8(0b01_10_01_10), w.quad, w.abef) },
		func() { PADDL(disp(shaRecord, recABEF), w.abef) },
		func() { MOVOU(disp(shaRecord, recCDGH), w.cdgh) }))
	for i := 1; i < 16; i++ {
		var rounds, next ops
		if i < 4 {
			rounds = w.known(c.at(c.headK + quad*(i-1)))
		} else {
			rounds = w.scheduled(c.at(c.k + quad*i))
		}
		if 3 <= i && i < 15 {
			next = c.headerWords(w, i+1)
		}
		w.do(merge(rounds, next))
	}
}

// rolledRounds is headerRounds with the message schedule from memory.
func (c *scanConsts) rolledRounds(w *way) {
	w.do(ops{
		func() { MOVOA(w.nonces(), w.abef) },
		func() { PADDL(disp(shaRecord, recABEF), w.abef) },
		func() { MOVOU(disp(shaRecord, recCDGH), w.cdgh) },
	})
	for i := 1; i < 16; i++ {
		kw := c.at(c.headK + quad*(i-1))
		if i >= 4 {
			kw = w.rowAt(i)
		}
		four := w.known(kw)
		w.do(four[:2])
		w.do(four[2:])
	}
}

// digestRounds does rounds 0 to 61 of the digest's block.
func (c *scanConsts) digestRounds(w *way) {
	w.area = shaDigests
	abcd, efgh := w.words(0), w.words(1)
	w.do(ops{
		func() { PADDL(disp(shaRecord, recMidABEF), w.abef) },
		func() { PADDL(disp(shaRecord, recMidCDGH), w.cdgh) },
		func() { PSHUFD(U8(0x1b), w.abef, w.quad) }, // A B E F, lowest first
		func() { PSHUFD(U8(0x1b), w.cdgh, w.sum) },  // C D G H
		func() { MOVOA(w.quad, roundWords) },
		func() { PUNPCKLQDQ(w.sum, roundWords) }, // A B C D
		func() { MOVOA(roundWords, abcd) },
		func() { PUNPCKHQDQ(w.sum, w.quad) }, // E F G H
		func() { MOVOA(w.quad, efgh) },
		func() { MOVOU(c.at(c.abef), w.abef) },
		func() { MOVOU(c.at(c.cdgh), w.cdgh) },
		func() { PADDL(c.at(c.k), roundWords) },
		func() { SHA256RNDS2(roundWords, w.abef, w.cdgh) },
		func() { PSHUFD(U8(0x0e), roundWords, roundWords) },
		func() { SHA256RNDS2(roundWords, w.cdgh, w.abef) },
	})
	w.do(w.scheduled(c.at(c.k + quad)))
	w.do(append(w.known(c.at(c.digestK)), func() { MOVOU(c.at(c.padding), w.quad) }))
	sum6 := c.at(c.sum6)
	for i := 3; i < 16; i++ {
		var rounds, next ops
		switch i {
		case 3:
			rounds = w.known(c.at(c.digestK + quad))
			next = w.expand(4, nil, false) // W[9] … W[12] are zero
		case 5:
			rounds = w.scheduled(c.at(c.k + quad*i))
			next = w.expand(6, &sum6, true)
		case 15:
			rounds = w.scheduled(c.at(c.k + quad*i))[:3] // up to round 61
		default:
			rounds = w.scheduled(c.at(c.k + quad*i))
			next = w.expand(i+1, nil, true)
		}
		w.do(merge(rounds, next))
	}
}

// decide sets the mask of the version.
func (c *scanConsts) decide(ws [ways]*way) {
	Comment("Two rounds after round 59, f is the e of round 60, which decides")
	f := [ways]VecPhysical{}
	for i, w := range ws {
		f[i] = w.cdgh // now ABEF
	}
	PUNPCKLLQ(f[1], f[0])
	PUNPCKLLQ(f[3], f[2])
	PUNPCKLQDQ(f[2], f[0])
	PADDL(c.at(c.iv7), f[0])
	PAND(disp(shaRing, shaZeroAt), f[0])
	PXOR(f[1], f[1])
	PCMPEQL(f[1], f[0])
	MOVMSKPS(f[0], EAX)
	MOVL(EAX, Mem{Base: shaMasks})
	ORL(EAX, shaFound.As32())
	ADDQ(U8(4), shaMasks)
}
