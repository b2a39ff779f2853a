package miner

import (
	"fmt"
	"runtime"
	"time"
)

// Measurement is what Best learned about one kernel.
type Measurement struct {
	Kernel *Kernel
	Hps    float64 // headers a second of one thread; 0 when Err is set
	Err    error   // why the kernel cannot be used: not supported here, or self-test failed
	Chosen bool
}

// String says what became of the kernel, for a banner.
func (m Measurement) String() string {
	switch {
	case m.Err != nil:
		return m.Err.Error()
	case m.Chosen:
		return fmt.Sprintf("kernel %s: %.2f MH/s per thread, chosen", m.Kernel.Name, m.Hps/1e6)
	}
	return fmt.Sprintf("kernel %s: %.2f MH/s per thread", m.Kernel.Name, m.Hps/1e6)
}

// Measure returns the headers a second that one thread hashes with the kernel,
// in the processor time of the thread where the system tells it, so that
// neighbours do not count. It takes about d, which is at least a millisecond.
// The kernel must be Supported.
func Measure(k *Kernel, d time.Duration) (hps float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	h, _, _ := knownBlocks[0].header()
	s := k.NewScanner(&h, nil, DifficultyOne)
	d = max(d, time.Millisecond)
	lanes := uint32(k.Lanes)
	count := lanes
	for nonce, hashed, start := uint32(0), uint64(0), threadTime(); ; {
		_, n := s.Scan(nonce, count)
		nonce += n
		hashed += uint64(n)
		t := threadTime() - start
		if t >= d {
			return float64(hashed) / t.Seconds()
		}
		if t < d/8 && count < 1<<20 {
			count *= 2 // until a call is a good part of the time
		}
	}
}

// Best tests and measures every kernel and returns the fastest of those that
// passed, with what it learned about all of them. Each takes about perKernel,
// of which 100 ms is the most. The kernel is nil only if even plain Go failed
// its self-test: the machine computes wrongly.
func Best(perKernel time.Duration) (*Kernel, []Measurement) {
	return best(Kernels(), perKernel)
}

func best(kernels []*Kernel, perKernel time.Duration) (*Kernel, []Measurement) {
	const rounds = 2 // interleaved, so that a disturbance hits more than one kernel
	slice := min(perKernel, 100*time.Millisecond) / rounds
	all := make([]Measurement, len(kernels))
	for i, k := range kernels {
		all[i] = Measurement{Kernel: k, Err: SelfTest(k)}
	}
	for range rounds {
		for i := range all {
			if all[i].Err == nil {
				all[i].Hps = max(all[i].Hps, Measure(all[i].Kernel, slice))
			}
		}
	}
	var fastest *Measurement
	for i := range all {
		if m := &all[i]; m.Err == nil && (fastest == nil || m.Hps > fastest.Hps) {
			fastest = m
		}
	}
	if fastest == nil {
		return nil, all
	}
	fastest.Chosen = true
	return fastest.Kernel, all
}
