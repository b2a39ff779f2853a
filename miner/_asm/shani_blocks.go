package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// shaNIBlocks writes the primitive of the multi-buffer SHA-256. While it runs,
// the states in memory are in the order of the instruction.
func shaNIBlocks() {
	var (
		states  = RSI
		data    = R8 // of the first way
		stride  = R9
		stride3 = R10 // three times stride
		n       = RCX // blocks left
	)
	t := newTable("blocksConsts")
	kAt := t.add(k[:]...)
	swapAt := t.add(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)

	TEXT("blocksSHANI", 4 /* NOSPLIT */, "func(states *uint32, data *byte, stride, n int)")
	Pragma("noescape")
	Doc("blocksSHANI takes 4 states through n blocks each, as MultiBuffer.blocks does.")
	frame := AllocLocal(ways*4*quad + quad)
	LEAQ(frame.Offset(quad-1), shaRing)
	ANDQ(I8(-quad), shaRing)
	Load(Param("states"), states)
	Load(Param("data"), data)
	Load(Param("stride"), stride)
	Load(Param("n"), n)
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	LEAQ(t.mem, shaConsts)

	ws := newWays(0, 4)
	half := func(w *way, i int) Mem { return disp(states, 2*quad*w.index+quad*i) }
	blocks := [ways]Mem{
		{Base: data},
		{Base: data, Index: stride, Scale: 1},
		{Base: data, Index: stride, Scale: 2},
		{Base: data, Index: stride3, Scale: 1},
	}

	kw := func(i int) Mem { return disp(shaConsts, kAt+quad*i) }

	Comment("A B C D, E F G H to ABEF, CDGH")
	for _, w := range ws {
		tmp := w.sum
		w.do(ops{
			func() { MOVOU(half(w, 0), w.abef) },
			func() { MOVOU(half(w, 1), tmp) },
			func() { MOVOA(w.abef, w.cdgh) },
			func() { PUNPCKLQDQ(tmp, w.abef) },          // A B E F, lowest first
			func() { PUNPCKHQDQ(tmp, w.cdgh) },          // C D G H
			func() { PSHUFD(U8(0x1b), w.abef, w.abef) }, // F E B A
			func() { PSHUFD(U8(0x1b), w.cdgh, w.cdgh) }, // H G D C
			func() { MOVOU(w.abef, half(w, 0)) },
			func() { MOVOU(w.cdgh, half(w, 1)) },
		})
	}
	flushWays(ws)

	Label("block")
	for _, w := range ws {
		for i := range 4 {
			var first ops // the rounds of quad 3 come with the expansion of 4
			if i < 3 {
				first = w.scheduled(kw(i))
			}
			w.do(append(ops{
				func() { MOVOU(blocks[w.index].Offset(quad*i), w.quad) },
				func() { PSHUFB(disp(shaConsts, swapAt), w.quad) },
				w.keep(i),
			}, first...))
		}
		for i := 3; i < 15; i++ {
			w.do(merge(w.scheduled(kw(i)), w.expand(i+1, nil, true)))
		}
		w.do(w.scheduled(kw(15)))
		for i, x := range []VecPhysical{w.abef, w.cdgh} {
			w.do(ops{
				func() { MOVOU(half(w, i), roundWords) },
				func() { PADDL(roundWords, x) },
				func() { MOVOU(x, half(w, i)) },
			})
		}
	}
	flushWays(ws)
	ADDQ(U8(4*quad), data)
	DECQ(n)
	JNZ(LabelRef("block"))

	Comment("And back")
	for _, w := range ws {
		tmp := w.sum
		w.do(ops{
			func() { PSHUFD(U8(0x1b), w.abef, w.abef) }, // A B E F
			func() { PSHUFD(U8(0x1b), w.cdgh, w.cdgh) }, // C D G H
			func() { MOVOA(w.abef, tmp) },
			func() { PUNPCKLQDQ(w.cdgh, w.abef) }, // A B C D
			func() { PUNPCKHQDQ(w.cdgh, tmp) },    // E F G H
			func() { MOVOU(w.abef, half(w, 0)) },
			func() { MOVOU(tmp, half(w, 1)) },
		})
	}
	flushWays(ws)
	RET()
}
