package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// constants is the table of the vector kernels' constants, each one word that
// is broadcast, and the register that points to its middle: displacements of
// -128 … 127 words fit in a byte of the instruction.
type constants struct {
	table  *table
	base   Register
	middle int

	kAt, headerAt, ivAt, firstAt, sumsAt, roundEAt, roundAAt, lastAt int
	bytesAt, lanesAt, sixteenAt                                      int

	sums [rounds]uint32
}

// The functions of three bits as truth tables: x^y^z, x?y:z, and the majority.
const (
	imm3Xor   = 0x96
	immChoose = 0xca
	immMaj    = 0xe8
)

const vector = 64 // bytes of a register

func newConstants(name string, base Register) *constants {
	t := newTable(name)
	c := &constants{table: t, base: base, sums: digestSums()}
	c.kAt = t.add(k[:]...)
	c.headerAt = t.add(k[15] + headerBits)
	c.ivAt = t.add(iv[:]...)
	c.firstAt = t.add(0, k[1]+iv[6], k[2]+iv[5], k[3]+iv[4])
	t1 := iv[7] + bigSigma1(iv[4]) + (iv[4]&iv[5] ^ ^iv[4]&iv[6]) + k[0]
	c.roundEAt = t.add(iv[3] + t1)
	c.roundAAt = t.add(t1 + bigSigma0(iv[0]) + (iv[0]&iv[1] ^ iv[0]&iv[2] ^ iv[1]&iv[2]))
	c.lastAt = t.add(k[60] + iv[7])
	c.bytesAt = t.add(0xff00ff00)
	c.sixteenAt = t.add(16)
	c.sumsAt = t.add(c.sums[8:32]...) // beyond, all is known or nothing
	c.lanesAt = t.add(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
	c.middle = 512
	return c
}

// point sets the base register.
func (c *constants) point() { LEAQ(c.table.mem.Offset(c.middle), c.base) }

func (c *constants) mem(offset int) Mem { return Mem{Base: c.base, Disp: offset - c.middle} }

func (c *constants) at(offset int) *place { return broadcast(c.mem(offset)) }

// k is K[t].
func (c *constants) k(t int) *place { return c.at(c.kAt + 4*t) }

// headerK is K[t] + W[t] of the header for t = 7 … 15, K[t] beyond.
func (c *constants) headerK(t int) *place {
	if t == 15 {
		return c.at(c.headerAt)
	}
	return c.k(t)
}

// iv is a word of the initial hash value.
func (c *constants) iv(i int) *place { return c.at(c.ivAt + 4*i) }

// firstK is K[t] + h of rounds 1 to 3 of the second hash.
func (c *constants) firstK(t int) *place { return c.at(c.firstAt + 4*t) }

// lastK is K[60] + the last word of the initial hash value, which is to be
// added to e of round 60.
func (c *constants) lastK() *place { return c.at(c.lastAt) }

// roundE and roundA are e and a after round 0 of the second hash, less W[0].
func (c *constants) roundE() *place { return c.at(c.roundEAt) }
func (c *constants) roundA() *place { return c.at(c.roundAAt) }

// digestSum is what is constant of K[t] + W[t], t = 8 … 15, and of W[t],
// t = 16 … 31, of the second hash.
func (c *constants) digestSum(t int) *place { return c.at(c.sumsAt + 4*(t-8)) }

// digestSumAt is digestSum for t = 16 … 60; nil if nothing is constant.
func (c *constants) digestSumAt(t int) *place {
	if c.sums[t] == 0 {
		return nil
	}
	return c.digestSum(t)
}
