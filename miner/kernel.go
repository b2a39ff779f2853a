package miner

import (
	"fmt"
	"strings"
	"sync"
)

// Kernel is one implementation of the scan: the inner loop over nonces and
// rolled versions.
type Kernel struct {
	Name  string // stable, for configuration and banners: "generic", "avx512"
	Lanes int    // nonces hashed side by side, at most 32
	Needs string // what the processor must offer, for people; "" for nothing

	// supported says why this machine cannot run the kernel; nil is yes.
	supported func() error
	// words and record are the size of the kernel's memory in a scanner: 32-bit
	// words in all, and more of them for each version.
	words, record int
	// buffer computes midstates; nil for plain Go.
	buffer *MultiBuffer
	// load fills that memory; nil for nothing to do.
	load func(s *Scanner)
	// scan hashes groups × Lanes nonces of every version and sets the masks of
	// the scanner, group by group, version by version: bit i for lane i, set
	// when the deciding word has all bits of s.zero clear. It returns the masks
	// or-ed. Nonces beyond 2^32-1 may be anything. 1 ≤ groups ≤ s.maxGroups.
	// That is one call; it makes up to calls ≥ 1 of them, one after the other,
	// until one has candidates or s.interrupted says to stop, and returns how
	// many it made. The masks are those of the last one. It may make fewer.
	scan func(s *Scanner, nonce uint32, groups, calls int) (found uint32, made int)

	test struct {
		once sync.Once
		err  error
	}
}

// Kernels returns the kernels compiled into the program, the plainest first,
// whether or not this machine can run them.
func Kernels() []*Kernel {
	return append([]*Kernel{newGeneric(), newStdlib()}, assemblyKernels()...)
}

// KernelByName returns the kernel of that name, which need not be Supported.
// The error of an unknown name lists the known ones.
func KernelByName(name string) (*Kernel, error) {
	var names []string
	for _, k := range Kernels() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return nil, fmt.Errorf("kernel %.40q: unknown; this build has %s", name, strings.Join(names, ", "))
}

// Supported reports why this processor and operating system cannot run the
// kernel, or nil if they can.
func (k *Kernel) Supported() error {
	if k.supported == nil {
		return nil
	}
	if err := k.supported(); err != nil {
		return fmt.Errorf("kernel %s: %w", k.Name, err)
	}
	return nil
}
