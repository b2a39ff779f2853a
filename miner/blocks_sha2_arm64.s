//go:build !purego

#include "textflag.h"
#include "sha2_arm64.h"

#define hs	R0 // the states: a … h of each way
#define m0	R1 // the next block of way 0, and so on
#define m1	R2
#define m2	R3
#define m3	R4
#define left	R5 // blocks

// QUADS loads the 16 words of a way's block.
#define QUADS(m, q0, q1, q2, q3) \
	VLD1.P	64(m), [q0.B16, q1.B16, q2.B16, q3.B16]	\
	VREV32	q0.B16, q0.B16	\
	VREV32	q1.B16, q1.B16	\
	VREV32	q2.B16, q2.B16	\
	VREV32	q3.B16, q3.B16

// ADDSTATE adds the state before the block, and keeps the sum as the next.
#define ADDSTATE(place, abcd, efgh, fabcd, fefgh) \
	FLDPQ	place(hs), (F24, F25)	\
	VADD	V24.S4, abcd.S4, abcd.S4	\
	VADD	V25.S4, efgh.S4, efgh.S4	\
	FSTPQ	(fabcd, fefgh), place(hs)

// func blocksSHA2(states *uint32, data *byte, stride, n int)
TEXT ·blocksSHA2(SB), NOSPLIT, $0-32
	MOVD	states+0(FP), hs
	MOVD	data+8(FP), m0
	MOVD	stride+16(FP), left
	ADD	left, m0, m1
	ADD	left, m1, m2
	ADD	left, m2, m3
	MOVD	n+24(FP), left
	MOVD	$·sha256K(SB), ks
	FLDPQ	0(hs), (F16, F20)
	FLDPQ	32(hs), (F17, F21)
	FLDPQ	64(hs), (F18, F22)
	FLDPQ	96(hs), (F19, F23)

block:
	QUADS(m0, V0, V1, V2, V3)
	QUADS(m1, V4, V5, V6, V7)
	QUADS(m2, V8, V9, V10, V11)
	QUADS(m3, V12, V13, V14, V15)
	ADDK0(0)
	ROUNDS4
	ADDK1(1)
	ROUNDS4
	ADDK2(2)
	ROUNDS4
	ADDK3(3)
	ROUNDS4
	EXPAND0(4)
	ROUNDS4
	EXPAND1(5)
	ROUNDS4
	EXPAND2(6)
	ROUNDS4
	EXPAND3(7)
	ROUNDS4
	EXPAND0(8)
	ROUNDS4
	EXPAND1(9)
	ROUNDS4
	EXPAND2(10)
	ROUNDS4
	EXPAND3(11)
	ROUNDS4
	EXPAND0(12)
	ROUNDS4
	EXPAND1(13)
	ROUNDS4
	EXPAND2(14)
	ROUNDS4
	EXPAND3(15)
	ROUNDS4
	ADDSTATE(0, V16, V20, F16, F20)
	ADDSTATE(32, V17, V21, F17, F21)
	ADDSTATE(64, V18, V22, F18, F22)
	ADDSTATE(96, V19, V23, F19, F23)
	SUB	$1, left
	CBNZ	left, block
	RET
