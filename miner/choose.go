package miner

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Selection says how Choose goes about it. Its zero value measures all
// kernels and takes the fastest.
type Selection struct {
	Force string // name of the kernel to take, whatever others can do

	// Known are the measurements of an earlier Choice on this processor by this
	// program. If they are complete, nothing is measured again; the chosen
	// kernel is tested nevertheless.
	Known []Measurement

	// Try, if not nil, tests a kernel that is about to run here for the first
	// time where a crash does no harm, such as in another process. An error
	// means not to use the kernel. It is not asked about kernels that need
	// nothing of the processor, nor about those Known to work.
	Try func(k *Kernel) error

	Time time.Duration // of measuring each kernel, at most 100 ms; 0: 50 ms
}

// Choice is the kernel to use here, and why it is that one.
type Choice struct {
	Kernel *Kernel
	Forced bool          // as Selection.Force said
	Known  bool          // the figures are those of Selection.Known
	All    []Measurement // of all kernels compiled in, the plainest first
}

// Measurement is what a Choice knows about one kernel.
type Measurement struct {
	Kernel *Kernel
	Hps    float64 // headers a second of one thread; 0: not measured
	Err    error   // why the kernel cannot be used: not supported here, or self-test failed
	Chosen bool
}

// Best returns the fastest kernel of those that pass their self-test, with
// what it learned about all of them. Each takes about perKernel, of which
// 100 ms is the most. The kernel is nil only if even plain Go failed its
// self-test: the machine computes wrongly.
func Best(perKernel time.Duration) (*Kernel, []Measurement) {
	c, all := choose(Kernels(), Selection{Time: perKernel})
	if c == nil {
		return nil, all
	}
	return c.Kernel, c.All
}

// Choose returns the kernel to use on this machine. It fails with an error
// that wraps ErrSelfTest if the forced kernel, or every kernel, fails its
// self-test, and with another one if there is no kernel of the forced name or
// this machine cannot run it.
func Choose(s Selection) (*Choice, error) {
	if s.Force != "" {
		if _, err := KernelByName(s.Force); err != nil {
			return nil, err // which lists the names
		}
		return force(Kernels(), s)
	}
	c, all := choose(Kernels(), s)
	if c == nil {
		return nil, fmt.Errorf("no kernel works, this machine computes wrongly: %w", all[0].Err)
	}
	return c, nil
}

// force chooses by name.
func force(kernels []*Kernel, s Selection) (*Choice, error) {
	all := survey(kernels, s.Known)
	i := slices.IndexFunc(all, func(m Measurement) bool { return m.Kernel.Name == s.Force })
	if i < 0 {
		return nil, fmt.Errorf("kernel %.40q: unknown", s.Force)
	}
	k := all[i].Kernel
	err := k.Supported()
	if err == nil {
		err = s.test(&all[i])
	}
	if err != nil {
		return nil, err
	}
	all[i].Err, all[i].Chosen = nil, true
	return &Choice{Kernel: k, Forced: true, Known: len(s.Known) > 0, All: all}, nil
}

// survey lists the kernels with what is known about each.
func survey(kernels []*Kernel, known []Measurement) []Measurement {
	all := make([]Measurement, len(kernels))
	for i, k := range kernels {
		all[i] = Measurement{Kernel: k, Err: k.Supported()}
		for _, m := range known {
			if m.Kernel.Name == k.Name && all[i].Err == nil {
				all[i].Hps, all[i].Err = m.Hps, m.Err
			}
		}
	}
	return all
}

// test tests a kernel that is supported: elsewhere, unless it is known to
// work, then here.
func (s *Selection) test(m *Measurement) error {
	if s.Try != nil && m.Hps == 0 && m.Kernel.supported != nil {
		if err := s.Try(m.Kernel); err != nil {
			return fmt.Errorf("kernel %s %w: %w", m.Kernel.Name, ErrSelfTest, err)
		}
	}
	return SelfTest(m.Kernel)
}

// choose takes the fastest. The choice is nil when no kernel can be used.
func choose(kernels []*Kernel, s Selection) (*Choice, []Measurement) {
	all := survey(kernels, s.Known)
	incomplete := func(m Measurement) bool { return m.Err == nil && m.Hps <= 0 }
	if !slices.ContainsFunc(all, incomplete) {
		if best := fastest(all); best != nil && SelfTest(best.Kernel) == nil {
			best.Chosen = true
			return &Choice{Kernel: best.Kernel, Known: true, All: all}, all
		}
	}
	all = survey(kernels, nil)
	for i := range all {
		if all[i].Err == nil {
			all[i].Err = s.test(&all[i])
		}
	}
	if s.Time <= 0 {
		s.Time = 50 * time.Millisecond
	}
	const rounds = 2 // interleaved, so that a disturbance hits more than one kernel
	slice := min(s.Time, 100*time.Millisecond) / rounds
	for range rounds {
		for i := range all {
			if all[i].Err == nil {
				all[i].Hps = max(all[i].Hps, Measure(all[i].Kernel, slice))
			}
		}
	}
	best := fastest(all)
	if best == nil {
		return nil, all
	}
	best.Chosen = true
	return &Choice{Kernel: best.Kernel, All: all}, all
}

// fastest returns the fastest of the kernels without an error, nil if there
// is none.
func fastest(all []Measurement) (best *Measurement) {
	for i := range all {
		if m := &all[i]; m.Err == nil && (best == nil || m.Hps > best.Hps) {
			best = m
		}
	}
	return best
}

// Chosen is what is known about the kernel of the choice.
func (c *Choice) Chosen() Measurement {
	for _, m := range c.All {
		if m.Chosen {
			return m
		}
	}
	return Measurement{Kernel: c.Kernel}
}

// Why says for people why a kernel of All was chosen, or was not.
func (c *Choice) Why(m Measurement) string {
	chosen := c.Chosen()
	switch {
	case m.Chosen && c.Forced:
		return "chosen by name"
	case m.Chosen:
		return "the fastest"
	case m.Err != nil:
		why := strings.TrimPrefix(m.Err.Error(), "kernel "+m.Kernel.Name)
		return strings.TrimLeft(why, ": ")
	case m.Hps > 0 && m.Hps <= chosen.Hps:
		return fmt.Sprintf("slower: %.1f MH/s against %.1f", m.Hps/1e6, chosen.Hps/1e6)
	}
	return "another was chosen by name"
}
