package main

import (
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The general registers of the vector kernels, as far as they agree.
var (
	words      = RDI // the kernel's memory
	masks      = RSI // result: 32 bits for each version of each group
	consts     = RDX // the table of constants
	record     = R8  // of the version
	versionsUp = R11 // versions left in the group
	found      = RCX // all masks or-ed
)

func at(base Register, offset int) Mem { return Mem{Base: base, Disp: offset} }
