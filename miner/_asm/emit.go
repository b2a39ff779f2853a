package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// emitAVX512 writes the instructions with the 512-bit registers and encodings.
func emitAVX512(insts []inst) {
	for i := range insts {
		in := &insts[i]
		r := func(i int) VecPhysical { return zmm(in.src[i], 1)[0] }
		var dst VecPhysical
		if in.dst >= 0 {
			dst = zmm(in.dst, 1)[0]
		}
		imm := U8(in.imm)
		broadcast := in.place != nil && in.place.broadcast
		var last Op // the last source
		if in.place != nil {
			last = in.place.mem
		} else {
			last = r(len(in.src) - 1)
		}
		switch in.code {
		case opMove, opLoad:
			VMOVDQA64(last, dst)
		case opBroadcast:
			VPBROADCASTD(last, dst)
		case opStore:
			VMOVDQA64(r(0), last)
		case opAdd:
			if broadcast {
				VPADDD_BCST(last, r(0), dst)
			} else {
				VPADDD(last, r(0), dst)
			}
		case opRor:
			VPRORD(imm, last, dst)
		case opShr:
			VPSRLD(imm, last, dst)
		case opTernary:
			if broadcast {
				VPTERNLOGD_BCST(imm, last, r(1), dst)
			} else {
				VPTERNLOGD(imm, last, r(1), dst)
			}
		case opTestZero:
			VPTESTNMD_BCST(last, r(0), K1)
		default:
			panic(fmt.Sprintf("no AVX-512 instruction for operation %d", in.code))
		}
	}
}

// zmm returns the n registers from the given one on.
func zmm(from, n int) []VecPhysical {
	all := []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
	return all[from : from+n]
}
