//go:build !purego

#include "textflag.h"

// func peek(word *uint64) uint64
TEXT ·peek(SB), NOSPLIT, $0-16
	MOVQ word+0(FP), AX
	MOVQ (AX), AX
	MOVQ AX, ret+8(FP)
	RET
