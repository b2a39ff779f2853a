// SHA-256 of four messages side by side with the SHA256 instructions of ARMv8
// (Arm Architecture Reference Manual, DDI 0487). Four rounds are a SHA256H and a
// SHA256H2, which wait for those of the four rounds before: they take four to
// six cycles, and one begins each cycle or every other, so it takes three or
// four ways to keep the unit busy. Four fill the 32 registers exactly.
//
// A quad is four words in a row: W[4i] … W[4i+3] of the message schedule, or K
// of four rounds.
//
//	V0  … V15	message quads: way 0, quads 0 to 3 of the last four; way 1 …
//	V16 … V19	a, b, c, d of ways 0 to 3
//	V20 … V23	e, f, g, h of ways 0 to 3
//	V24 … V27	K + W of the ways' next four rounds, or scratch
//	V28 … V30	a, b, c, d before these rounds
//	V31		K, or scratch

#define ks	R10 // the table of K

// ROUNDS does four rounds of each way, with K + W in k0 … k3. Way 3 waits with
// its copy until way 0 is done with V28.
#define ROUNDS(k0, k1, k2, k3) \
	VMOV	V16.B16, V28.B16	\
	VMOV	V17.B16, V29.B16	\
	VMOV	V18.B16, V30.B16	\
	SHA256H	k0.S4, V20, V16	\
	SHA256H	k1.S4, V21, V17	\
	SHA256H	k2.S4, V22, V18	\
	SHA256H2	k0.S4, V28, V20	\
	VMOV	V19.B16, V28.B16	\
	SHA256H2	k1.S4, V29, V21	\
	SHA256H	k3.S4, V23, V19	\
	SHA256H2	k2.S4, V30, V22	\
	SHA256H2	k3.S4, V28, V23

// ADDK sets V24 … V27 to K of quad i plus the words in w0 … w3.
#define ADDK(i, w0, w1, w2, w3) \
	FMOVQ	(16*i)(ks), F31	\
	VADD	V31.S4, w0.S4, V24.S4	\
	VADD	V31.S4, w1.S4, V25.S4	\
	VADD	V31.S4, w2.S4, V26.S4	\
	VADD	V31.S4, w3.S4, V27.S4

#define ADDK0(i)	ADDK(i, V0, V4, V8, V12)
#define ADDK1(i)	ADDK(i, V1, V5, V9, V13)
#define ADDK2(i)	ADDK(i, V2, V6, V10, V14)
#define ADDK3(i)	ADDK(i, V3, V7, V11, V15)

// SIGMA0 begins the next quad in place of the oldest, w: it adds σ0(W[t-15]),
// three of which are of w itself and one of v, the quad after it.
#define SIGMA0(w0, v0, w1, v1, w2, v2, w3, v3) \
	SHA256SU0	v0.S4, w0.S4	\
	SHA256SU0	v1.S4, w1.S4	\
	SHA256SU0	v2.S4, w2.S4	\
	SHA256SU0	v3.S4, w3.S4

// SIGMA1_0 completes quad 0 of each way, from the two before it; and so on.
#define SIGMA1_0 \
	SHA256SU1	V3.S4, V2.S4, V0.S4	\
	SHA256SU1	V7.S4, V6.S4, V4.S4	\
	SHA256SU1	V11.S4, V10.S4, V8.S4	\
	SHA256SU1	V15.S4, V14.S4, V12.S4

#define SIGMA1_1 \
	SHA256SU1	V0.S4, V3.S4, V1.S4	\
	SHA256SU1	V4.S4, V7.S4, V5.S4	\
	SHA256SU1	V8.S4, V11.S4, V9.S4	\
	SHA256SU1	V12.S4, V15.S4, V13.S4

#define SIGMA1_2 \
	SHA256SU1	V1.S4, V0.S4, V2.S4	\
	SHA256SU1	V5.S4, V4.S4, V6.S4	\
	SHA256SU1	V9.S4, V8.S4, V10.S4	\
	SHA256SU1	V13.S4, V12.S4, V14.S4

#define SIGMA1_3 \
	SHA256SU1	V2.S4, V1.S4, V3.S4	\
	SHA256SU1	V6.S4, V5.S4, V7.S4	\
	SHA256SU1	V10.S4, V9.S4, V11.S4	\
	SHA256SU1	V14.S4, V13.S4, V15.S4

// EXPAND0 makes the next quad 0 of each way, and K + W of it as quad i; and so
// on.
#define EXPAND0(i) \
	SIGMA0(V0, V1, V4, V5, V8, V9, V12, V13)	\
	SIGMA1_0	\
	ADDK0(i)

#define EXPAND1(i) \
	SIGMA0(V1, V2, V5, V6, V9, V10, V13, V14)	\
	SIGMA1_1	\
	ADDK1(i)

#define EXPAND2(i) \
	SIGMA0(V2, V3, V6, V7, V10, V11, V14, V15)	\
	SIGMA1_2	\
	ADDK2(i)

#define EXPAND3(i) \
	SIGMA0(V3, V0, V7, V4, V11, V8, V15, V12)	\
	SIGMA1_3	\
	ADDK3(i)

#define ROUNDS4	ROUNDS(V24, V25, V26, V27)
