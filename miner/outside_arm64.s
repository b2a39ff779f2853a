//go:build !purego

#include "textflag.h"

// func peek(word *uint64) uint64
TEXT ·peek(SB), NOSPLIT, $0-16
	MOVD word+0(FP), R0
	LDAR (R0), R0
	MOVD R0, ret+8(FP)
	RET
