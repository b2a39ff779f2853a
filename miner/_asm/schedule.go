package main

import (
	"cmp"
	"slices"
)

// A machine is what the scheduler knows of the processor, and how it goes
// about its task.
type machine struct {
	registers int // vector registers that programs may use
	width     int // vector operations a cycle
	shifts    int // of them shifts and rotations
	latency   int // cycles of a vector operation, as planned
	forward   int // cycles from a store to a load of the same cell
	window    int // how far an operation may be moved up, in operations
	near      int // loads are not moved further from their use than that
}

// zen5 is measured: four vector operations a cycle, of which two shifts. The
// latency is two, but planning for three keeps more operations in flight and
// gives better code. Some two hundred other plans, wider and narrower ones and
// such that break ties at random, were not faster by more than the noise.
var zen5 = machine{registers: 32, width: 4, shifts: 2, latency: 3, forward: 6, window: 20, near: 12}

// schedule returns the operations in an order in which a processor that runs
// them one after the other rarely waits: cycle by cycle, it picks what is
// ready within the window, most urgent first, as long as no more than limit
// values are alive. out are the values needed at the end.
func (m *machine) schedule(ops []*op, in, out []*value, limit int) []*op {
	m.connect(ops)
	uses := make(map[*value]int)
	for _, o := range ops {
		for _, v := range distinct(o.src) {
			uses[v]++
		}
	}
	for _, v := range out {
		uses[v]++
	}
	live := 0
	for _, v := range in {
		if uses[v] > 0 {
			live++
		}
	}
	growth := func(o *op) (n int) { // of the number of values alive
		for _, v := range distinct(o.src) {
			if uses[v] == 1 {
				n--
			}
		}
		if o.dst != nil {
			n++
		}
		return n
	}

	left := slices.Clone(ops)
	done := make([]*op, 0, len(ops))
	for cycle := 0; len(left) > 0; cycle++ {
		slots, shifts := m.width, m.shifts
		first := left[0]
		near := left[:min(m.near, len(left))]
		window := slices.Clone(left[:min(m.window, len(left))])
		slices.SortStableFunc(window, func(a, b *op) int { return cmp.Compare(b.priority, a.priority) })
		var picked []*op
		for _, o := range window {
			if slots == 0 {
				break
			}
			u := o.unit()
			switch {
			case !o.ready(cycle),
				u == unitLoad && o != first && !o.feedsOneOf(near),
				u == unitShift && shifts == 0:
				continue
			}
			n := growth(o)
			if n > 0 && live+n > limit && o != first {
				continue
			}
			live += n
			for _, v := range distinct(o.src) {
				uses[v]--
			}
			o.cycle = cycle
			picked = append(picked, o)
			if u.counts() {
				slots--
			}
			if u == unitShift {
				shifts--
			}
		}
		if len(picked) == 0 {
			continue
		}
		left = slices.DeleteFunc(left, func(o *op) bool { return o.cycle >= 0 })
		slices.SortFunc(picked, func(a, b *op) int { return cmp.Compare(a.index, b.index) })
		done = append(done, picked...)
	}
	return done
}

// ready reports whether all that the operation needs is there at the cycle.
func (o *op) ready(cycle int) bool {
	for _, e := range o.needs {
		if e.op.cycle < 0 || e.op.cycle+e.latency > cycle {
			return false
		}
	}
	return true
}

func (o *op) feedsOneOf(ops []*op) bool {
	return slices.ContainsFunc(o.feeds, func(e edge) bool { return slices.Contains(ops, e.op) })
}

// connect finds the dependencies, through values and memory cells, and how
// urgent each operation is: the cycles from it to the end.
func (m *machine) connect(ops []*op) {
	inProgram := make(map[*op]bool)
	writer := make(map[any]*op)
	readers := make(map[any][]*op)
	for i, o := range ops {
		o.index, o.needs, o.feeds, o.cycle = i, nil, nil, -1
		for _, v := range o.src {
			if v.set != nil && inProgram[v.set] {
				o.need(v.set, m.latencyOf(v.set))
			}
		}
		if p := o.place; p != nil && p.cell != nil {
			w := writer[p.cell]
			if o.code != opStore {
				if w != nil {
					o.need(w, m.forward)
				}
				readers[p.cell] = append(readers[p.cell], o)
			} else {
				for _, r := range readers[p.cell] {
					o.need(r, 0)
				}
				if w != nil {
					o.need(w, 0)
				}
				writer[p.cell], readers[p.cell] = o, nil
			}
		}
		inProgram[o] = true
	}
	for _, o := range slices.Backward(ops) {
		o.priority = 0
		for _, e := range o.feeds {
			o.priority = max(o.priority, e.op.priority+e.latency)
		}
	}
}

func (o *op) need(other *op, latency int) {
	o.needs = append(o.needs, edge{other, latency})
	other.feeds = append(other.feeds, edge{o, latency})
}

func (m *machine) latencyOf(o *op) int {
	switch o.unit() {
	case unitALU, unitShift:
		return m.latency
	case unitOther:
		return 1
	}
	return 0
}

// distinct returns the values without repetitions.
func distinct(vs []*value) []*value {
	if len(vs) < 2 {
		return vs
	}
	var ds []*value
	for _, v := range vs {
		if !slices.Contains(ds, v) {
			ds = append(ds, v)
		}
	}
	return ds
}
