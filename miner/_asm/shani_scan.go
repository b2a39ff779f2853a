package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The scanning kernels hash a header of four nonces, a way each. The message
// schedule of the header depends on the nonce, not on the rolled version: for
// many versions it is computed once, and the rounds of the first hash have
// their words from memory. Otherwise each hash computes it by itself, in the
// gaps of the rounds.

// The kernels' memory, in bytes; kernel_shani_amd64.go has it in words.
const (
	shaSlots     = lastStored + 1
	shaArea      = ways * shaSlots * quad
	shaHeaders   = 0                        // quads of the header's second block
	shaDigests   = shaHeaders + shaArea     // quads of the digest's block; 2 and 3 are its padding
	shaFixedAt   = shaDigests + shaArea     // what is known of quads 4, 5 and 7 of the header's second block
	shaZeroAt    = shaFixedAt + 3*quad      // the bits that a candidate has clear, four times
	shaNoncesAt  = shaZeroAt + quad         // of a way: 0, nonce, 0, nonce, bytes swapped
	shaRowsAt    = shaNoncesAt + ways*quad  // of a way: K + W of quads 4 … 15 of the header
	shaRecordsAt = shaRowsAt + ways*shaRows // of the versions
	shaRows      = 12 * quad
)

// A version's record, in bytes: the state before round 4 for the word W[3] = 0
// and the midstate, each as ABEF, CDGH.
const (
	recABEF, recCDGH       = 0, 16
	recMidABEF, recMidCDGH = 32, 48
	shaRecordSize          = 64
)

// Roles of the general registers.
var (
	shaMasks      = RSI // result: 32 bits a version
	shaRecord     = R8  // of the version
	shaVersions   = R10
	shaVersionsUp = R11 // versions left
	shaGroups     = R12 // groups left
	shaNonce      = R13 // of the first way
	shaFound      = RCX // all masks or-ed
)

// scanConsts are offsets in the table of constants.
type scanConsts struct {
	table   *table
	k       int // K[t]
	headK   int // K[t] + W[t], quads 1 to 3 of the header's second block
	digestK int // K[t] + W[t], quads 2 and 3 of the digest's block
	padding int // quad 3 of the digest's block
	sum6    int // what is known of quad 6 of the digest's block
	zero    int
	abef    int // initial hash value
	cdgh    int
	iv7     int // four times
}

func newScanConsts() *scanConsts {
	t := newTable("shaniConsts")
	withK := func(from int, w ...uint32) []uint32 {
		for i := range w {
			w[i] += k[from+i]
		}
		return w
	}
	return &scanConsts{
		table:   t,
		k:       t.add(k[:]...),
		headK:   t.add(withK(4, padding, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, headerBits)...),
		digestK: t.add(withK(8, padding, 0, 0, 0, 0, 0, 0, digestBits)...),
		padding: t.add(0, 0, 0, digestBits),
		sum6:    t.add(padding, 0, 0, 0),
		zero:    t.add(0, 0, 0, 0),
		abef:    t.add(iv[5], iv[4], iv[1], iv[0]),
		cdgh:    t.add(iv[7], iv[6], iv[3], iv[2]),
		iv7:     t.add(iv[7], iv[7], iv[7], iv[7]),
	}
}

func (c *scanConsts) at(offset int) Mem { return disp(shaConsts, offset) }

// shaNI writes the kernels for few and for many versions.
func shaNI() {
	c := newScanConsts()
	c.kernel("scanSHANI", "whose message schedules are computed hash by hash", false)
	c.kernel("scanSHANIRoll", "which share the message schedules of the first hash", true)
}

func (c *scanConsts) kernel(name, how string, roll bool) {
	TEXT(name, 4 /* NOSPLIT */, "func(words, masks *uint32, nonce uint32, versions, groups int) uint32")
	Pragma("noescape")
	Doc(name+" scans groups of 4 nonces for all versions, "+how+",",
		"and sets a mask for each, as Kernel.scan does. words is the kernel's memory.")
	Load(Param("words"), shaRing)
	Load(Param("masks"), shaMasks)
	Load(Param("nonce"), shaNonce.As32())
	Load(Param("versions"), shaVersions)
	Load(Param("groups"), shaGroups)
	LEAQ(c.table.mem, shaConsts)
	XORL(shaFound.As32(), shaFound.As32())

	Label("group")
	if roll {
		Comment("The message schedules")
		ws := newWays(shaHeaders, shaSlots)
		for _, w := range ws {
			w.do(append(w.nonce(),
				func() { PSHUFD(U8(0b01_10_01_10), w.quad, w.sum) },
				func() { MOVOA(w.sum, w.nonces()) }))
			for i := 4; i < 16; i++ {
				w.do(append(c.headerWords(w, i), w.row(c.at(c.k+quad*i), i)...))
			}
		}
		flushWays(ws)
	}
	LEAQ(disp(shaRing, shaRecordsAt), shaRecord)
	MOVQ(shaVersions, shaVersionsUp)

	Label("version")
	ws := newWays(shaHeaders, shaSlots)
	for _, w := range ws {
		if roll {
			c.rolledRounds(w)
		} else {
			c.headerRounds(w)
		}
		c.digestRounds(w)
	}
	flushWays(ws)
	c.decide(ws)
	ADDQ(U8(shaRecordSize), shaRecord)
	DECQ(shaVersionsUp)
	JNZ(LabelRef("version"))
	ADDL(U8(ways), shaNonce.As32())
	DECQ(shaGroups)
	JNZ(LabelRef("group"))
	Store(shaFound.As32(), ReturnIndex(0))
	RET()
}

func (w *way) nonces() Mem { return disp(shaRing, shaNoncesAt+quad*w.index) }

func (w *way) rowAt(i int) Mem { return disp(shaRing, shaRowsAt+w.index*shaRows+(i-4)*quad) }

// row stores K + W of quad i.
func (w *way) row(k Mem, i int) ops {
	return ops{
		func() { MOVOU(k, roundWords) },
		func() { PADDL(w.quad, roundWords) },
		func() { MOVOA(roundWords, w.rowAt(i)) },
	}
}

// nonce sets w.quad to σ0(W[3]), W[3], 0, 0, lowest first: W[3] is the nonce with
// its bytes swapped.
func (w *way) nonce() ops {
	word, sigma, part := RAX, RBX, R9
	return ops{
		func() { LEAL(disp(shaNonce, w.index), word.As32()) },
		func() { BSWAPL(word.As32()) },
		func() { MOVL(word.As32(), sigma.As32()) },
		func() { RORL(U8(7), sigma.As32()) },
		func() { MOVL(word.As32(), part.As32()) },
		func() { RORL(U8(18), part.As32()) },
		func() { XORL(part.As32(), sigma.As32()) },
		func() { MOVL(word.As32(), part.As32()) },
		func() { SHRL(U8(3), part.As32()) },
		func() { XORL(part.As32(), sigma.As32()) },
		func() { SHLQ(U8(32), word) },
		func() { ORQ(sigma, word) },
		func() { MOVQ(word, w.quad) },
	}
}
