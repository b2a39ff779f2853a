//go:build !purego

#include "textflag.h"
#include "sha2_arm64.h"

// The armv8-sha2 kernel: see sha2_arm64.h for how it hashes four nonces side by
// side. Quad 0 of the header is done with in the version's record. The rest of
// its schedule depends on the nonce alone, so it is made once for all versions.
// Of the last quad of the digest only round 60 counts: its e is h in the end,
// the deciding word, and SHA256H2 alone gives it.

// The kernel's memory, in bytes; kernel_sha2_arm64.go has it in words.
#define headKW	0 // K + W of the header, quads 4 to 15 of each way
#define nonces	768 // of each way: bytes swapped, 0, 0, 0
#define iv	832 // initial hash value
#define digestW	864 // W of the digest, quads 2 and 3
#define zero	896 // the bits that a candidate has clear, four times
#define laneBit	912 // 1, 2, 4, 8
#define headW	928 // W of the header, quads 0 to 3, for nonce 0
#define headK	992 // K + W of the header, quads 1 to 3
#define headS	1040 // W[t-16] + σ0(W[t-15]) of the header, quads 5 and 6
#define digestK	1072 // K + W of the digest, quads 2 and 3
#define digestS	1104 // W[t-16] + σ0(W[t-15]) of the digest, quad 6
#define iv7	1120 // the last word of iv, four times
#define records	1152 // of a version: before round 4 for W[3] = 0, and midstate

#define mem	R0 // words
#define mask	R1 // of the next version
#define first	R2 // nonce of the group
#define all	R3 // versions
#define todo	R4 // groups
#define found	R5
#define record	R6
#define left	R7 // versions of the group
#define kw	R8
#define tmp	R9

// KNOWN does four rounds whose K + W is the same for all ways.
#define KNOWN(place) \
	FMOVQ	place(mem), F24	\
	ROUNDS(V24, V24, V24, V24)

// SAME begins a quad with what is the same for all ways.
#define SAME(place, w0, w1, w2, w3) \
	FMOVQ	place(mem), F31	\
	VMOV	V31.B16, w0.B16	\
	VMOV	V31.B16, w1.B16	\
	VMOV	V31.B16, w2.B16	\
	VMOV	V31.B16, w3.B16

#define STORE4	VST1.P	[V24.S4, V25.S4, V26.S4, V27.S4], 64(kw)

// NONCE begins way i: its nonce, bytes swapped, is W[3] in q0, and alone in n.
#define NONCE(i, q0, n) \
	ADDW	$i, first, tmp	\
	REVW	tmp, tmp	\
	VMOV	V31.B16, q0.B16	\
	VMOV	tmp, q0.S[3]	\
	FMOVS	tmp, n

// func scanSHA2(words, masks *uint32, nonce uint32, versions, groups int) uint32
TEXT ·scanSHA2(SB), NOSPLIT, $0-44
	MOVD	words+0(FP), mem
	MOVD	masks+8(FP), mask
	MOVWU	nonce+16(FP), first
	MOVD	versions+24(FP), all
	MOVD	groups+32(FP), todo
	MOVD	$·sha256K(SB), ks
	MOVD	$0, found

group:
	// The header's message schedule.
	FMOVQ	headW(mem), F31
	NONCE(0, V0, F24)
	NONCE(1, V4, F25)
	NONCE(2, V8, F26)
	NONCE(3, V12, F27)
	ADD	$nonces, mem, kw
	VST1	[V24.S4, V25.S4, V26.S4, V27.S4], (kw)
	ADD	$headKW, mem, kw
	SAME(headW+16, V1, V5, V9, V13)
	SAME(headW+32, V2, V6, V10, V14)
	SAME(headW+48, V3, V7, V11, V15)
	EXPAND0(4)
	STORE4
	SAME(headS, V1, V5, V9, V13)
	SIGMA1_1
	ADDK1(5)
	STORE4
	SAME(headS+16, V2, V6, V10, V14)
	SIGMA1_2
	ADDK2(6)
	STORE4
	EXPAND3(7)
	STORE4
	EXPAND0(8)
	STORE4
	EXPAND1(9)
	STORE4
	EXPAND2(10)
	STORE4
	EXPAND3(11)
	STORE4
	EXPAND0(12)
	STORE4
	EXPAND1(13)
	STORE4
	EXPAND2(14)
	STORE4
	EXPAND3(15)
	STORE4
	ADD	$records, mem, record
	MOVD	all, left

version:
	// The header, from round 4 on. The nonce is in a and e.
	ADD	$nonces, mem, kw
	VLD1	(kw), [V0.S4, V1.S4, V2.S4, V3.S4]
	FLDPQ	0(record), (F24, F25)
	VADD	V24.S4, V0.S4, V16.S4
	VADD	V24.S4, V1.S4, V17.S4
	VADD	V24.S4, V2.S4, V18.S4
	VADD	V24.S4, V3.S4, V19.S4
	VADD	V25.S4, V0.S4, V20.S4
	VADD	V25.S4, V1.S4, V21.S4
	VADD	V25.S4, V2.S4, V22.S4
	VADD	V25.S4, V3.S4, V23.S4
	KNOWN(headK)
	KNOWN(headK+16)
	KNOWN(headK+32)
	ADD	$headKW, mem, kw
	MOVD	$3, tmp

rounds16:
	VLD1.P	64(kw), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P	64(kw), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P	64(kw), [V8.S4, V9.S4, V10.S4, V11.S4]
	VLD1.P	64(kw), [V12.S4, V13.S4, V14.S4, V15.S4]
	ROUNDS(V0, V1, V2, V3)
	ROUNDS(V4, V5, V6, V7)
	ROUNDS(V8, V9, V10, V11)
	ROUNDS(V12, V13, V14, V15)
	SUB	$1, tmp
	CBNZ	tmp, rounds16

	// The digest is quads 0 and 1 of the second hash.
	FLDPQ	32(record), (F24, F25)
	VADD	V24.S4, V16.S4, V0.S4
	VADD	V24.S4, V17.S4, V4.S4
	VADD	V24.S4, V18.S4, V8.S4
	VADD	V24.S4, V19.S4, V12.S4
	VADD	V25.S4, V20.S4, V1.S4
	VADD	V25.S4, V21.S4, V5.S4
	VADD	V25.S4, V22.S4, V9.S4
	VADD	V25.S4, V23.S4, V13.S4
	FLDPQ	digestW(mem), (F2, F3)
	FLDPQ	digestW(mem), (F6, F7)
	FLDPQ	digestW(mem), (F10, F11)
	FLDPQ	digestW(mem), (F14, F15)
	FLDPQ	iv(mem), (F16, F20)
	FLDPQ	iv(mem), (F17, F21)
	FLDPQ	iv(mem), (F18, F22)
	FLDPQ	iv(mem), (F19, F23)
	ADDK0(0)
	ROUNDS4
	ADDK1(1)
	ROUNDS4
	KNOWN(digestK)
	KNOWN(digestK+16)
	EXPAND0(4)
	ROUNDS4
	EXPAND1(5)
	ROUNDS4
	SAME(digestS, V2, V6, V10, V14)
	SIGMA1_2
	ADDK2(6)
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
	SHA256H2	V24.S4, V16, V20
	SHA256H2	V25.S4, V17, V21
	SHA256H2	V26.S4, V18, V22
	SHA256H2	V27.S4, V19, V23

	// A lane that has none of the bits of zero set is a candidate.
	VZIP2	V21.S4, V20.S4, V24.S4
	VZIP2	V23.S4, V22.S4, V25.S4
	VZIP2	V25.D2, V24.D2, V24.D2
	FMOVQ	iv7(mem), F26
	VADD	V26.S4, V24.S4, V24.S4
	FLDPQ	zero(mem), (F26, F27) // and laneBit
	VCMTST	V26.S4, V24.S4, V24.S4
	VAND	V27.B16, V24.B16, V24.B16
	VADDV	V24.S4, V24
	FMOVS	F24, tmp
	EOR	$15, tmp
	MOVW.P	tmp, 4(mask)
	ORR	tmp, found
	ADD	$64, record
	SUB	$1, left
	CBNZ	left, version
	ADDW	$4, first
	SUB	$1, todo
	CBNZ	todo, group
	MOVW	found, ret+40(FP)
	RET
