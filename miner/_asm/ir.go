package main

import (
	. "github.com/mmcloughlin/avo/operand"
)

// A vector kernel is written as a program: operations on values, each of which
// is set once and has no register yet, and on places in memory. Three steps
// make assembly of it: schedule orders the operations so that the processor
// always finds some that are ready (schedule.go), allocate gives the values
// registers (allocate.go), and emit writes the instructions (emit.go). All
// three are deterministic.

// opcode is what an operation does, lane by lane, on words of 32 bits.
type opcode int

const (
	opMove opcode = iota
	opLoad
	opBroadcast // one word of memory in all lanes
	opStore
	opAdd
	opXor
	opAnd
	opRor // by a constant, as are the shifts
	opShr
	opShl
	opTernary  // the function of three bits whose truth table is the constant
	opTestZero // sets a bit of the mask register for each lane where x & y = 0
)

// source is where an operation takes a word from: a value or a place.
type source interface{ isSource() }

// value is the result of an operation, or an input of the program.
type value struct {
	set  *op // nil for an input
	reg  int
	last int // index of the last operation that uses it, while allocating
}

// place is an operand in memory.
type place struct {
	mem       Mem
	broadcast bool // one word, used in all lanes
	cell      any  // identity of what the program writes there; nil: constant
}

func (*value) isSource() {}
func (*place) isSource() {}

// op is one operation. Its place, if any, is its last source or, of a store,
// the destination.
type op struct {
	code  opcode
	dst   *value // nil: none
	src   []*value
	place *place
	imm   int

	// The rest is the scheduler's.
	index    int
	needs    []edge
	feeds    []edge
	priority int // cycles from it to the end
	cycle    int // -1: not placed yet
}

// edge is a dependency and the cycles it takes.
type edge struct {
	op      *op
	latency int
}

// unit tells which resources of the processor an operation takes.
func (o *op) unit() unit {
	switch o.code {
	case opLoad, opBroadcast:
		return unitLoad
	case opStore:
		return unitStore
	case opTestZero:
		return unitOther
	case opRor, opShr, opShl:
		return unitShift
	}
	return unitALU
}

type unit int

const (
	unitALU unit = iota
	unitShift
	unitLoad
	unitStore
	unitOther
)

// counts reports whether the operation takes one of the vector units, whose
// number is the limit of a kernel's speed.
func (u unit) counts() bool { return u == unitALU || u == unitShift }

// program collects operations. A lean one is for instructions that neither
// rotate, nor compute functions of three words, nor broadcast an operand.
type program struct {
	ops  []*op
	lean bool
}

// do appends an operation. At most the last source is a place.
func (p *program) do(code opcode, imm int, sources ...source) *value {
	o := &op{code: code, imm: imm, dst: new(value)}
	for i, s := range sources {
		switch s := s.(type) {
		case *value:
			o.src = append(o.src, s)
		case *place:
			if i != len(sources)-1 {
				panic("only the last source may be in memory")
			}
			o.place = s
		}
	}
	o.dst.set = o
	p.ops = append(p.ops, o)
	return o.dst
}

// load brings a source into a register.
func (p *program) load(s source) *value {
	switch s := s.(type) {
	case *place:
		if s.broadcast {
			return p.do(opBroadcast, 0, s)
		}
		return p.do(opLoad, 0, s)
	case *value:
		return s
	}
	panic("no source")
}

// store writes a value to memory.
func (p *program) store(v *value, to *place) {
	p.ops = append(p.ops, &op{code: opStore, src: []*value{v}, place: to})
}

// testZero sets the mask register where v and the word have no bit in common.
func (p *program) testZero(v *value, word *place) {
	p.ops = append(p.ops, &op{code: opTestZero, src: []*value{v}, place: word})
}

// op is an operation on two sources that commutes.
func (p *program) op(code opcode, x, y source) *value {
	if _, ok := y.(*value); ok { // a place comes last
		x, y = y, x
	}
	if m, ok := y.(*place); ok && m.broadcast && p.lean {
		y = p.load(y)
	}
	return p.do(code, 0, p.load(x), y)
}

// add returns the sum of two sources.
func (p *program) add(x, y source) *value { return p.op(opAdd, x, y) }
