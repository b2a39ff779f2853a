package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// emitAVX2 writes the instructions with the 256-bit registers.
func emitAVX2(insts []inst) {
	for i := range insts {
		in := &insts[i]
		r := func(i int) VecPhysical { return ymm(in.src[i]) }
		var dst VecPhysical
		if in.dst >= 0 {
			dst = ymm(in.dst)
		}
		var last Op // the last source
		if in.place != nil {
			last = in.place.mem
		} else {
			last = r(len(in.src) - 1)
		}
		switch in.code {
		case opMove, opLoad:
			VMOVDQU(last, dst)
		case opBroadcast:
			VPBROADCASTD(last, dst)
		case opStore:
			VMOVDQU(r(0), last)
		case opAdd:
			VPADDD(last, r(0), dst)
		case opXor:
			VPXOR(last, r(0), dst)
		case opAnd:
			VPAND(last, r(0), dst)
		case opShr:
			VPSRLD(U8(in.imm), last, dst)
		case opShl:
			VPSLLD(U8(in.imm), last, dst)
		default:
			panic(fmt.Sprintf("no AVX2 instruction for operation %d", in.code))
		}
	}
}
