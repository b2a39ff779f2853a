package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// kernelChoice is the kernel to hash with here, and how that was found out.
type kernelChoice struct {
	*miner.Choice
	file     string    // where choices are remembered; "" for nowhere
	measured time.Time // when it was remembered; zero if it was not
	note     string    // why it could not be remembered
}

// chooseKernel returns the kernel of that name, or the fastest one when the
// name is empty. What is fastest on this processor is measured once, with
// kernels that run here for the first time tested in a process of their own,
// and then remembered.
func (e *env) chooseKernel(ctx context.Context, name string) (*kernelChoice, error) {
	return e.selectKernel(ctx, name, false)
}

// selectKernel is chooseKernel, which on demand forgets what is remembered.
func (e *env) selectKernel(ctx context.Context, name string, anew bool) (*kernelChoice, error) {
	memory := e.openKernelMemory()
	kc := &kernelChoice{file: memory.file, note: memory.note}
	s := miner.Selection{
		Force: name,
		Try:   func(k *miner.Kernel) error { return e.tryKernel(ctx, k.Name) },
	}
	if !anew {
		s.Known, kc.measured = memory.recall()
	}
	var err error
	switch kc.Choice, err = miner.Choose(s); {
	case ctx.Err() != nil:
		return nil, ctx.Err() // the trials were cut short, their verdict is void
	case errors.Is(err, miner.ErrSelfTest):
		return nil, &coded{code: exitSelfTest, err: err}
	case err != nil:
		return nil, usage("%w", err)
	}
	if !kc.Known {
		kc.measured = time.Time{}
	}
	if !kc.Known && !kc.Forced {
		if err := memory.remember(kc.All, e.now()); err != nil {
			kc.note = err.Error()
		}
	}
	return kc, nil
}

// banner says in a few lines what was chosen, and why nothing else was.
func (kc *kernelChoice) banner() []string {
	chosen := kc.Chosen()
	line := "kernel " + kc.Kernel.Name
	if chosen.Hps > 0 {
		line += ": " + formatRate(uint64(chosen.Hps)) + " a thread"
	}
	line += ", " + kc.Why(chosen)
	if !kc.measured.IsZero() && chosen.Hps > 0 {
		line += " (measured on " + kc.measured.UTC().Format(time.DateOnly) + ")"
	}
	lines := []string{line}
	others := slices.Clone(kc.All)
	slices.SortStableFunc(others, func(a, b miner.Measurement) int { return int(b.Hps/1e3) - int(a.Hps/1e3) })
	var usable []string
	for _, m := range others {
		if !m.Chosen && m.Err == nil && m.Hps > 0 {
			usable = append(usable, fmt.Sprintf("%s %.3g", m.Kernel.Name, m.Hps/1e6))
		}
	}
	switch {
	case len(usable) > 0 && kc.Forced:
		lines = append(lines, "  others: "+strings.Join(usable, ", ")+" MH/s")
	case len(usable) > 0:
		lines = append(lines, "  slower: "+strings.Join(usable, ", ")+" MH/s")
	}
	var missing []string
	for _, m := range kc.All {
		switch {
		case m.Err == nil:
		case m.Kernel.Supported() != nil:
			missing = append(missing, fmt.Sprintf("%s (%s)", m.Kernel.Name, m.Kernel.Needs))
		default:
			lines = append(lines, fmt.Sprintf("  not used: %s %s", m.Kernel.Name, kc.Why(m)))
		}
	}
	if len(missing) > 0 {
		lines = append(lines, "  not here: "+strings.Join(missing, ", "))
	}
	return lines
}
