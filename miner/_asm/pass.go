package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
)

// A pass is the body of a kernel's loop. One double hash alone is a chain of
// operations that wait for one another; several in step all want the same
// units at the same time. So each pass runs one stage of several items, which
// are at different phases: stage 0 of item i, stage 1 of item i-1, and so on,
// mixed operation by operation. At the end of a pass the state of each stage
// is where the next stage expects it, and the rings are passed on.

// tuning are the choices of a pass that measurements made.
type tuning struct {
	machine
	cuts  []point
	skews []float64 // of each stage, in parts of a pass: how far it lags
}

// passOf mixes the stages into the body of the loop.
func (t *tuning) passOf(stages []*stage) ([]inst, error) {
	var in []*value
	var out outs
	var streams [][]*op
	for i, s := range stages {
		streams = append(streams, s.ops)
		for j, v := range s.in {
			v.reg = (i-1)*len(s.in) + j
			in = append(in, v)
			out = append(out, outs{{stages[i-1].out[j], v.reg}}...)
		}
	}
	return t.order(streams, in, out, registers(0, t.registers))
}

// order mixes streams of operations, schedules them and allocates registers.
// The streams begin with the values of in, in their registers, and end with
// those of out. free are the registers they may use.
func (t *tuning) order(streams [][]*op, in []*value, out outs, free []int) ([]inst, error) {
	var live []*value
	for _, o := range out {
		live = append(live, o.value)
	}
	mixed := mix(streams, t.skews)
	for limit := len(free); limit > len(free)/2; limit-- {
		insts, err := allocate(t.schedule(mixed, in, live, limit), in, out, free)
		if !errors.Is(err, errRegisters) {
			report(insts)
			return insts, err
		}
	}
	return nil, errRegisters
}

// registers numbers n registers from the given one on.
func registers(from, n int) (rs []int) {
	for r := range n {
		rs = append(rs, from+r)
	}
	return rs
}

// mix merges streams by how far each operation is in its stream, as a part of
// its vector operations. skews lets streams lag, or lead.
func mix(streams [][]*op, skews []float64) (mixed []*op) {
	type placed struct {
		at     float64
		stream int
		op     *op
	}
	var all []placed
	for i, ops := range streams {
		total := vectorOps(ops)
		n := 0
		for _, o := range ops {
			if o.unit().counts() {
				n++
			}
			all = append(all, placed{float64(n)/float64(total) + skews[i], i, o})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.stream, b.stream))
	})
	for _, p := range all {
		mixed = append(mixed, p.op)
	}
	return mixed
}

// vectorOps counts the operations that take a vector unit.
func vectorOps(ops []*op) (n int) {
	for _, o := range ops {
		if o.unit().counts() {
			n++
		}
	}
	return n
}

// report tells the person who runs the generator what the pass is made of.
func report(insts []inst) {
	alu, moves := 0, 0
	for i := range insts {
		switch {
		case insts[i].code == opMove:
			moves++
		case (&op{code: insts[i].code}).unit().counts():
			alu++
		}
	}
	fmt.Fprintf(os.Stderr, "%d instructions, of which %d on vector units and %d moves\n", len(insts), alu, moves)
}
