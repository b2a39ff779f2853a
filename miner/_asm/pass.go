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

// order mixes the stages, schedules them and allocates registers.
func (t *tuning) order(stages []*stage) ([]inst, error) {
	var in, live []*value
	var out outs
	for i, s := range stages[1:] {
		for j, v := range s.in {
			v.reg = i*len(carried) + j
			in = append(in, v)
			last := stages[i].out[j]
			out = append(out, outs{{last, v.reg}}...)
			live = append(live, last)
		}
	}
	var free []int
	for r := range t.registers {
		free = append(free, r)
	}
	mixed := mix(stages, t.skews)
	for limit := t.registers; limit > 18; limit-- {
		insts, err := allocate(t.schedule(mixed, in, live, limit), in, out, free)
		if !errors.Is(err, errRegisters) {
			report(insts)
			return insts, err
		}
	}
	return nil, errRegisters
}

// mix merges the stages by how far each operation is in its stage.
func mix(stages []*stage, skews []float64) (mixed []*op) {
	type placed struct {
		at    float64
		stage int
		op    *op
	}
	var all []placed
	for i, s := range stages {
		total := vectorOps(s.ops)
		n := 0
		for _, o := range s.ops {
			if o.unit().counts() {
				n++
			}
			all = append(all, placed{float64(n)/float64(total) + skews[i], i, o})
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.stage, b.stage))
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
