package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 kernels hash one header a lane, 16 lanes a register: a group is
// 16 nonces, an item is a group and a version. There are two:
//
//   - plain expands the header's message schedule within each item.
//   - rolled expands it once a group, and adds the round constants, for all
//     versions, which differ in the midstate only: T. Hanke, "AsicBoost: A
//     Speedup for Bitcoin Mining", 2016, https://arxiv.org/abs/1604.00575.
//
// Items follow one another without a break, version by version and group by
// group; each pass completes the item that began as many passes ago as there
// are stages less one.

// The kernels' memory, in bytes; kernel_avx512_amd64.go has it in words.
const (
	zRings   = 0
	zNonces  = zRings + stages*ringRows*vector // W[3]: the nonces of the group, bytes swapped
	zCount   = zNonces + vector                // the nonces
	zHeader  = zCount + vector                 // sums of W[t] that do not depend on the nonce, t = 0 … 63
	zZero    = zHeader + 4*rounds              // the bits that a candidate has clear
	zTables  = zZero + vector                  // rolled: two tables of K[t] + W[t], for the group and the one before
	zRecords = zTables + 2*rounds*vector

	stages   = 3
	lag      = stages - 1
	zPadding = lag * recordSize // before the records: copies of the last ones
)

// A version's record, in bytes. The state is that before round 4 for the word
// W[3] = 0; a4 and e4 have W[3] added to them. k4 … k6 are the constants of
// rounds 4 to 6 with their h added, which is constant.
const (
	recA4, recE4        = 0, 4
	recA3, recA2, recA1 = 8, 12, 16
	recE3, recE2        = 20, 24
	recK4               = 28 // k5, k6 follow
	recMid              = 40 // eight words
	recordSize          = 128
)

// The registers besides the common ones.
var (
	passes = R12 // passes left
	rings  = [stages]Register{R13, R15, RBX}
	tables = [2]Register{R14, R9} // rolled: of the group of stage 0, and of stage 1
)

// The cuts and skews are the best of those measured on a Zen 5.
var (
	rolledTuning = tuning{machine: zen5, cuts: []point{{1, 50}, {2, 30}}, skews: []float64{0.01, 0.005, -0.005}}
	plainTuning  = tuning{machine: zen5, cuts: []point{{1, 45}, {2, 18}}, skews: []float64{0, 0, 0}}
)

func avx512() {
	c := newConstants("avx512Consts", consts)
	avx512Scan("scanAVX512", c, plainTuning, false)
	avx512Scan("scanAVX512Roll", c, rolledTuning, true)
}

func avx512Scan(name string, c *constants, t tuning, shared bool) {
	TEXT(name, 4 /* NOSPLIT */, "func(words, masks *uint32, nonce uint32, versions, groups int) uint32")
	Pragma("noescape")
	Doc(name+" scans groups of 16 nonces for all versions and sets a mask for",
		"each, as Kernel.scan does. words is the kernel's memory.")
	Load(Param("words"), words)
	Load(Param("masks"), masks)
	Load(Param("nonce"), RAX.As32())
	Load(Param("versions"), versionsUp)
	Load(Param("groups"), passes)
	firstMask, err := Param("masks").Resolve()
	if err != nil {
		panic(err)
	}
	c.point()
	XORL(found.As32(), found.As32())
	IMULQ(versionsUp, passes)
	ADDQ(U8(lag), passes)
	SUBQ(U8(4*lag), masks)
	for i, r := range rings {
		LEAQ(Mem{Base: words, Disp: zRings + i*ringRows*vector}, r)
	}
	if shared {
		LEAQ(Mem{Base: words, Disp: zTables}, tables[0])
		MOVQ(tables[0], tables[1])
	}
	LEAQ(Mem{Base: words, Disp: zRecords + zPadding}, record)
	tmp := zmm(20, 1)[0]
	VPBROADCASTD(RAX.As32(), tmp)
	VPADDD(c.mem(c.lanesAt), tmp, tmp)
	avx512Group(c, t, shared)

	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(64)}})
	Label(name + "Pass")
	avx512Pass(c, t, shared)
	MOVQ(rings[2], RAX)
	MOVQ(rings[1], rings[2])
	MOVQ(rings[0], rings[1])
	MOVQ(RAX, rings[0])
	if shared {
		MOVQ(tables[0], tables[1])
	}
	CMPQ(masks, firstMask.Addr)
	JB(LabelRef(name + "NoMask")) // of no item yet
	KMOVW(K1, EAX)
	MOVL(EAX, Mem{Base: masks})
	ORL(EAX, found.As32())
	Label(name + "NoMask")
	ADDQ(U8(4), masks)
	ADDQ(U32(recordSize), record)
	DECQ(passes)
	JZ(LabelRef(name + "Done"))
	DECQ(versionsUp)
	JNZ(LabelRef(name + "Pass"))

	Comment("The next group")
	Load(Param("versions"), versionsUp)
	LEAQ(Mem{Base: words, Disp: zRecords + zPadding}, record)
	if shared {
		LEAQ(Mem{Base: words, Disp: 2*zTables + rounds*vector, Index: words, Scale: 1}, RAX)
		SUBQ(tables[0], RAX)
		MOVQ(RAX, tables[0])
	}
	VPBROADCASTD(c.mem(c.sixteenAt), tmp)
	VPADDD(Mem{Base: words, Disp: zCount}, tmp, tmp)
	avx512Group(c, t, shared)
	JMP(LabelRef(name + "Pass"))

	Label(name + "Done")
	VZEROUPPER()
	Store(found.As32(), ReturnIndex(0))
	RET()
}

// avx512Pass writes the body of the loop.
func avx512Pass(c *constants, t tuning, shared bool) {
	m := &memory{
		record: func(stage int) Mem { return at(record, -stage*recordSize) },
		nonces: at(words, zNonces),
		header: func(t int) Mem { return at(words, zHeader+4*t) },
		zero:   at(words, zZero),
		consts: c,
	}
	for _, r := range rings {
		m.ring = append(m.ring, at(r, 0))
	}
	for _, r := range tables {
		m.table = append(m.table, at(r, 0))
	}
	insts, err := t.passOf(buildDoubleHash(m, t.cuts, shared))
	if err != nil {
		panic(err)
	}
	emitAVX512(insts)
}

// avx512Group begins a group: its nonces are in Z20. The state of the stages
// stays in its registers.
func avx512Group(c *constants, t tuning, shared bool) {
	state := lag * len(new(hash).carried())
	r := zmm(state, t.registers-state)
	nonces, mask, swapped := r[8], r[9], r[10] // Z20 and two others
	VMOVDQU32(nonces, Mem{Base: words, Disp: zCount})
	VPBROADCASTD(c.mem(c.bytesAt), mask)
	VPROLD(U8(8), nonces, swapped)
	VPRORD(U8(8), nonces, nonces)
	VPTERNLOGD(U8(immChoose), swapped, nonces, mask)
	VMOVDQA64(mask, Mem{Base: words, Disp: zNonces})
	if !shared {
		return
	}

	Comment("K + W of the header")
	var p hash
	p.w = func(t int) *place { // stage 0 has not begun to use its ring
		if t == 3 {
			return &place{mem: at(words, zNonces)}
		}
		return &place{mem: at(rings[0], t%16*vector), cell: t % 16}
	}
	for t := 18; t < rounds; t++ {
		var sum *place
		if headerSum(t) {
			sum = broadcast(at(words, zHeader+4*t))
		}
		w := p.expand(t, rounds-1, headerKnown, sum)
		p.store(p.add(w, c.k(t)), &place{mem: at(tables[0], t*vector)})
	}
	one := tuning{machine: t.machine, skews: []float64{0}}
	insts, err := one.order([][]*op{p.ops}, nil, nil, registers(state, len(r)))
	if err != nil {
		panic(err)
	}
	emitAVX512(insts)
}
