package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The vector primitives of the multi-buffer SHA-256 hash a message a lane, in
// two streams. Messages and states lie in memory one lane after the other;
// they are transposed on the way in and out, four words at a time.

// vectors are what the primitives need to know of the instructions.
type vectors struct {
	name    string // of the functions, behind blocks and same
	lanes   int    // of a register
	lean    bool
	tune    tuning
	emit    func([]inst)
	reg     func(i int) VecPhysical
	quarter func(i int) VecPhysical // the low 128 bits of register i
	move    func(...Op)             // aligned
	swap    func(mask, x Op, dst Op)
	// insert sets, and extract stores, 128 bits of a register.
	insert  func(part uint8, m, r Op)
	extract func(part uint8, r, m Op)
	mask    func(m, r Op) // loads 128 bits into all of them
}

var avx512Vectors = vectors{
	name: "AVX512", lanes: 16,
	tune:    tuning{machine: zen5, skews: []float64{0, 0}},
	emit:    emitAVX512,
	reg:     func(i int) VecPhysical { return zmm(i, 1)[0] },
	quarter: func(i int) VecPhysical { return zmm(i, 1)[0].(Vec).AsX().(VecPhysical) },
	move:    VMOVDQA64,
	swap:    func(mask, x, dst Op) { VPSHUFB(mask, x, dst) },
	insert:  func(part uint8, m, r Op) { VINSERTI32X4(U8(part), m, r, r) },
	extract: func(part uint8, r, m Op) { VEXTRACTI32X4(U8(part), r, m) },
	mask:    func(m, r Op) { VBROADCASTI32X4(m, r) },
}

var avx2Vectors = vectors{
	name: "AVX2", lanes: 8, lean: true,
	tune:    tuning{machine: haswell, skews: []float64{0, 0}},
	emit:    emitAVX2,
	reg:     ymm,
	quarter: func(i int) VecPhysical { return ymm(i).(Vec).AsX().(VecPhysical) },
	move:    func(ops ...Op) { VMOVDQU(ops[0], ops[1]) },
	swap:    func(mask, x, dst Op) { VPSHUFB(mask, x, dst) },
	insert:  func(part uint8, m, r Op) { VINSERTI128(U8(part), m, r, r) },
	extract: func(part uint8, r, m Op) { VEXTRACTI128(U8(part), r, m) },
	mask:    func(m, r Op) { VBROADCASTI128(m, r) },
}

const (
	blockStreams = 2
	blockRows    = 32 // of a stream: a ring of 16 W, the rings of a and e, the state before the block
	blockState   = 16
	blockBefore  = 24
)

// The general registers of the primitives.
var (
	bStates = RDI
	bData   = RSI
	bStride = RDX
	bBlocks = RCX // left
	bK      = RAX // K[t] or K[t] + W[t]
	bFrame  = RBX // rows
	bLoop   = R9
	bConsts = R15
	bLanes  = [4]Register{R8, R10, R11, R12} // addresses of lanes 0 … 3
	bFour   = R13                            // four lanes on, in bytes
	bTwelve = R14
)

// blocks writes both primitives.
func (v *vectors) blocks() {
	t := newTable("blocks" + v.name + "Consts")
	kAt := t.add(k[:]...)
	swapAt := t.add(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f)

	TEXT("blocks"+v.name, 0, "func(states *uint32, data *byte, stride, n int)")
	Pragma("noescape")
	Doc("blocks" + v.name + " takes the states through n blocks each, as MultiBuffer.blocks does.")
	v.frame()
	LEAQ(t.mem, bConsts)
	Load(Param("data"), bData)
	Load(Param("stride"), bStride)
	Load(Param("n"), bBlocks)
	v.loadStates()

	Label("block")
	v.mask(at(bConsts, swapAt), v.reg(15))
	v.lanesFrom(bData, bStride)
	for i := range blockStreams {
		for q := range 4 {
			v.transposeIn(16*q, true, func(w int) Mem { return v.rowMem(i, 4*q+w) })
		}
		if i+1 < blockStreams {
			v.nextLanes()
		}
	}
	LEAQ(at(bConsts, kAt), bK)
	v.section(true, func(h *hash) {
		for t := range 16 {
			h.round(h.add(h.add(h.state[7].source(), broadcast(at(bK, 4*t))), h.w(t)), false)
		}
	})
	MOVL(U32(3), bLoop.As32())
	Label("rounds")
	ADDQ(U8(4*16), bK)
	v.section(false, func(h *hash) {
		for t := range 16 {
			w := h.expand(16+t, rounds, allUnknown, nil)
			h.round(h.add(h.add(h.state[7].source(), broadcast(at(bK, 4*t))), w), false)
		}
	})
	DECL(bLoop.As32())
	JNZ(LabelRef("rounds"))
	v.section(false, (*hash).feedForward)
	ADDQ(U8(64), bData)
	DECQ(bBlocks)
	JNZ(LabelRef("block"))
	v.storeStates()
	VZEROUPPER()
	RET()

	TEXT("same"+v.name, 0, "func(states *uint32, kw *[64]uint32)")
	Pragma("noescape")
	Doc("same" + v.name + " takes the states through one block that they have in common, as MultiBuffer.same does.")
	v.frame()
	v.loadStates()
	Load(Param("kw"), bK)
	MOVL(U32(4), bLoop.As32())
	v.section(true, func(*hash) {})
	Label("rounds")
	v.section(false, func(h *hash) {
		for t := range 16 {
			h.round(h.add(h.state[7].source(), broadcast(at(bK, 4*t))), false)
		}
	})
	ADDQ(U8(4*16), bK)
	DECL(bLoop.As32())
	JNZ(LabelRef("rounds"))
	v.section(false, (*hash).feedForward)
	v.storeStates()
	VZEROUPPER()
	RET()
}

func (v *vectors) bytes() int { return 4 * v.lanes }

// frame points bFrame to aligned rows on the stack.
func (v *vectors) frame() {
	frame := AllocLocal(blockStreams*blockRows*v.bytes() + v.bytes())
	LEAQ(frame.Offset(v.bytes()-1), bFrame)
	ANDQ(I8(-v.bytes()), bFrame)
}

func (v *vectors) rowMem(stream, row int) Mem {
	return at(bFrame, (stream*blockRows+row)*v.bytes())
}

// section writes a stretch of both streams. The words that are carried in
// registers are loaded before the first one.
func (v *vectors) section(first bool, of func(h *hash)) {
	var streams [][]*op
	var in []*value
	var out outs
	for i := range blockStreams {
		h := v.stream(i)
		if first {
			for _, j := range h.young() {
				h.state[j].v = h.load(h.state[j].p)
			}
			h.begin(h.state)
		} else {
			for j, c := range h.carried() {
				*c = &value{reg: i*len(h.carried()) + j}
				in = append(in, *c)
			}
		}
		of(h)
		for j, c := range h.carried() {
			if *c != nil {
				out = append(out, outs{{*c, i*len(h.carried()) + j}}...)
			}
		}
		streams = append(streams, h.ops)
	}
	insts, err := v.tune.order(streams, in, out, registers(0, v.tune.registers))
	if err != nil {
		panic(err)
	}
	v.emit(insts)
}

// stream returns a stream whose state is in the rows, as it is after every
// fourth round.
func (v *vectors) stream(i int) *hash {
	h := &hash{}
	h.lean = v.lean
	type cell struct{ stream, row int }
	row := func(r int) *place { return &place{mem: v.rowMem(i, r), cell: cell{i, r}} }
	h.row = func(r int) *place { return row(blockState + r) }
	h.w = func(t int) *place { return row(t % 16) }
	for j := range h.state {
		h.state[j].p = h.row(stateRow(j))
	}
	h.before = func(j int) *place { return row(blockBefore + j) }
	return h
}

// stateRow is the row of a word of the state after every fourth round.
func stateRow(word int) int { return word/4*4 + 3 - word%4 }

// feedForward adds the state before the block, and makes the sum the next one.
func (h *hash) feedForward() {
	for i := range h.state {
		sum := h.add(h.state[i].source(), h.before(i))
		h.store(sum, h.before(i))
		h.store(sum, h.row(stateRow(i)))
	}
	for _, c := range h.carried() {
		*c = nil
	}
}

// lanesFrom points the lane registers to the first lanes.
func (v *vectors) lanesFrom(first, stride Register) {
	MOVQ(first, bLanes[0])
	for i := 1; i < len(bLanes); i++ {
		LEAQ(Mem{Base: bLanes[i-1], Index: stride, Scale: 1}, bLanes[i])
	}
	MOVQ(stride, bFour)
	SHLQ(U8(2), bFour)
	LEAQ(Mem{Base: bFour, Index: bFour, Scale: 2}, bTwelve)
}

// nextLanes points them to those of the next stream.
func (v *vectors) nextLanes() {
	scale := uint8(v.lanes / 4)
	for _, r := range bLanes {
		LEAQ(Mem{Base: r, Index: bFour, Scale: scale}, r)
	}
}

// lane is the place of 128 bits of lane i + 4·part.
func (v *vectors) lane(i, part, offset int) Mem {
	m := Mem{Base: bLanes[i], Disp: offset}
	switch part {
	case 1, 2:
		m.Index, m.Scale = bFour, uint8(part)
	case 3:
		m.Index, m.Scale = bTwelve, 1
	}
	return m
}

// transposeIn loads four words of all lanes, at an offset in bytes, and stores
// them a vector a word. Big-endian words are swapped with the mask in register
// 15. It uses registers 0 to 7.
func (v *vectors) transposeIn(offset int, bigEndian bool, to func(w int) Mem) {
	for i := range 4 {
		VMOVDQU(v.lane(i, 0, offset), v.quarter(i))
		for part := 1; part < v.lanes/4; part++ {
			v.insert(uint8(part), v.lane(i, part, offset), v.reg(i))
		}
		if bigEndian {
			v.swap(v.reg(15), v.reg(i), v.reg(i))
		}
	}
	v.transpose()
	for w := range 4 {
		v.move(v.reg(w), to(w))
	}
}

// transposeOut is the inverse.
func (v *vectors) transposeOut(offset int, from func(w int) Mem) {
	for w := range 4 {
		v.move(from(w), v.reg(w))
	}
	v.transpose()
	for i := range 4 {
		VMOVDQU(v.quarter(i), v.lane(i, 0, offset))
		for part := 1; part < v.lanes/4; part++ {
			v.extract(uint8(part), v.reg(i), v.lane(i, part, offset))
		}
	}
}

// transpose exchanges rows and columns of each 128-bit part of registers 0 to
// 3, by way of 4 to 7.
func (v *vectors) transpose() {
	r := v.reg
	VPUNPCKLDQ(r(1), r(0), r(4))
	VPUNPCKHDQ(r(1), r(0), r(5))
	VPUNPCKLDQ(r(3), r(2), r(6))
	VPUNPCKHDQ(r(3), r(2), r(7))
	VPUNPCKLQDQ(r(6), r(4), r(0))
	VPUNPCKHQDQ(r(6), r(4), r(1))
	VPUNPCKLQDQ(r(7), r(5), r(2))
	VPUNPCKHQDQ(r(7), r(5), r(3))
}

// loadStates transposes the states to the rows, to both places.
func (v *vectors) loadStates() {
	Load(Param("states"), bStates)
	v.stateLanes()
	for i := range blockStreams {
		for half := range 2 {
			v.transposeIn(16*half, false, func(w int) Mem { return v.rowMem(i, blockBefore+4*half+w) })
			for w := range 4 {
				v.move(v.reg(w), v.rowMem(i, blockState+stateRow(4*half+w)))
			}
		}
		if i+1 < blockStreams {
			v.nextLanes()
		}
	}
}

// storeStates transposes the states back.
func (v *vectors) storeStates() {
	v.stateLanes()
	for i := range blockStreams {
		for half := range 2 {
			v.transposeOut(16*half, func(w int) Mem { return v.rowMem(i, blockBefore+4*half+w) })
		}
		if i+1 < blockStreams {
			v.nextLanes()
		}
	}
}

// stateLanes points the lane registers to the states, of 32 bytes each.
func (v *vectors) stateLanes() {
	MOVL(U32(32), bLoop.As32())
	v.lanesFrom(bStates, bLoop)
}
