package main

import (
	"errors"
	"slices"
)

// inst is an operation with registers. A ternary operation overwrites its
// first source.
type inst struct {
	code  opcode
	dst   int // -1: none
	src   []int
	place *place
	imm   int
}

var errRegisters = errors.New("more values alive than registers")

// outs are values that must be in given registers at the end of the program.
type outs []struct {
	value *value
	reg   int
}

// allocate gives the values registers, first come, first served, in the order
// of the operations. The inputs are where their reg says. free are the
// registers it may use besides those of the inputs.
func allocate(ops []*op, in []*value, out outs, free []int) ([]inst, error) {
	a := allocator{free: slices.Clone(free), wish: make(map[*value]int)}
	for _, v := range in {
		v.last = -1
	}
	for i, o := range ops {
		for _, v := range o.src {
			v.last = i
		}
		if o.dst != nil {
			o.dst.last = i
		}
	}
	for _, o := range out {
		o.value.last = len(ops)
		a.wish[o.value] = o.reg
	}
	for _, v := range in {
		a.take(v.reg)
		if v.last < 0 {
			a.free = append(a.free, v.reg)
		}
	}
	for i, o := range ops {
		if err := a.place(i, o); err != nil {
			return nil, err
		}
	}
	return a.insts, a.moveOut(out)
}

type allocator struct {
	free  []int
	wish  map[*value]int
	insts []inst
}

// take removes the register from the free ones, if it is among them.
func (a *allocator) take(reg int) {
	a.free = slices.DeleteFunc(a.free, func(r int) bool { return r == reg })
}

// next takes the register that has been free for longest.
func (a *allocator) next() (int, error) {
	if len(a.free) == 0 {
		return 0, errRegisters
	}
	r := a.free[0]
	a.free = a.free[1:]
	return r, nil
}

// place gives the result of operation i a register and frees those of sources
// that are not needed any more.
func (a *allocator) place(i int, o *op) (err error) {
	var dying []*value
	for _, v := range distinct(o.src) {
		if v.last == i {
			dying = append(dying, v)
		}
	}
	in := inst{code: o.code, dst: -1, place: o.place, imm: o.imm}
	src := o.src
	switch {
	case o.dst == nil:
	case o.code == opTernary:
		if in.dst, src, in.imm, err = a.placeTernary(o, dying); err != nil {
			return err
		}
	default:
		wish, wished := a.wish[o.dst]
		wished = wished && (slices.Contains(a.free, wish) || slices.ContainsFunc(dying, func(v *value) bool { return v.reg == wish }))
		switch {
		case wished:
			in.dst = wish
		case len(dying) > 0:
			in.dst = dying[0].reg
		default:
			if in.dst, err = a.next(); err != nil {
				return err
			}
		}
	}
	for _, v := range src {
		in.src = append(in.src, v.reg)
	}
	if o.code == opTernary {
		in.src[0] = in.dst
	}
	for _, v := range dying {
		if v.reg != in.dst {
			a.free = append(a.free, v.reg)
		}
	}
	a.take(in.dst)
	if o.dst != nil {
		o.dst.reg = in.dst
		if o.dst.last == i {
			a.free = append(a.free, in.dst)
		}
	}
	a.insts = append(a.insts, in)
	return nil
}

// placeTernary chooses the source to be overwritten, a dying one if there is
// one, and permutes the truth table so that it comes first.
func (a *allocator) placeTernary(o *op, dying []*value) (dst int, src []*value, imm int, err error) {
	src, imm = slices.Clone(o.src), o.imm
	victim := -1
	for j, v := range src {
		if slices.Contains(dying, v) && (o.place == nil || j == 0) {
			victim = j
			break
		}
	}
	if victim >= 0 {
		order := []int{victim}
		for j := range 3 {
			if j != victim {
				order = append(order, j)
			}
		}
		src = slices.Insert(slices.Delete(src, victim, victim+1), 0, o.src[victim])
		return src[0].reg, src, permuteTable(imm, [3]int(order)), nil
	}
	if dst, err = a.next(); err != nil {
		return 0, nil, 0, err
	}
	a.insts = append(a.insts, inst{code: opMove, dst: dst, src: []int{src[0].reg}})
	return dst, src, imm, nil
}

// permuteTable returns the truth table of the function whose source i is
// source order[i] of the given one.
func permuteTable(table int, order [3]int) (permuted int) {
	for row := range 8 {
		was := 0
		for i, o := range order {
			was |= row >> (2 - i) & 1 << (2 - o)
		}
		permuted |= table >> was & 1 << row
	}
	return permuted
}

// moveOut brings the outputs to their registers, all at once.
func (a *allocator) moveOut(out outs) error {
	moves := make(map[int]int) // destination by source
	for _, o := range out {
		if o.value.reg != o.reg {
			moves[o.value.reg] = o.reg
		}
	}
	move := func(from, to int) { a.insts = append(a.insts, inst{code: opMove, dst: to, src: []int{from}}) }
	for len(moves) > 0 {
		from, cycle := -1, true
		for _, s := range sortedKeys(moves) {
			if _, blocked := moves[moves[s]]; !blocked {
				from, cycle = s, false
				break
			}
			from = s
		}
		if !cycle {
			move(from, moves[from])
			delete(moves, from)
			continue
		}
		i := slices.IndexFunc(a.free, func(r int) bool { return !slices.Contains(values(moves), r) })
		if i < 0 {
			return errRegisters
		}
		move(from, a.free[i])
		moves[a.free[i]] = moves[from]
		delete(moves, from)
	}
	return nil
}

func sortedKeys(m map[int]int) (keys []int) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func values(m map[int]int) (vs []int) {
	for _, v := range m {
		vs = append(vs, v)
	}
	return vs
}
