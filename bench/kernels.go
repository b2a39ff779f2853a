package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/klauspost/cpuid/v2"

	"github.com/hashlease/hashlease/miner"
)

// KernelsSchema names the layout of KernelResults.
const KernelsSchema = "hashlease-bench-kernels/1"

// yardstick is the kernel that ratios refer to.
const yardstick = "stdlib"

// rounds is how often each kernel is measured; the median counts.
const rounds = 3

// KernelsConfig says how to measure kernels. Its zero value works.
type KernelsConfig struct {
	Threads  int               // of the measurement with all threads; 0: one for each processor
	Time     time.Duration     // of one measurement, of which a kernel gets six; 0: 200 ms
	Progress func(line string) // nil: silent
}

// KernelResults are the rates of all kernels on one machine.
type KernelResults struct {
	Schema   string         `json:"schema"`
	Time     string         `json:"time"` // RFC 3339, UTC
	CPU      string         `json:"cpu"`
	Platform string         `json:"platform"` // GOOS/GOARCH
	Go       string         `json:"go"`
	Threads  int            `json:"threads"` // of hps_all
	Kernels  []KernelResult `json:"kernels"`
	Best     string         `json:"best"` // the fastest with all threads
}

// KernelResult is the rate of one kernel.
type KernelResult struct {
	Name   string  `json:"name"`
	Lanes  int     `json:"lanes"`
	HpsOne uint64  `json:"hps_1thread"`  // H/s of one thread
	HpsAll uint64  `json:"hps_all"`      // H/s of all threads together
	Ratio  float64 `json:"ratio_stdlib"` // HpsOne over that of the standard library
	Error  string  `json:"error,omitempty"`
}

// Kernels tests and measures every kernel. Those that this machine cannot run
// are listed with the reason. It fails if ctx ends or no kernel works.
func Kernels(ctx context.Context, cfg KernelsConfig) (*KernelResults, error) {
	if cfg.Threads == 0 {
		cfg.Threads = runtime.NumCPU()
	}
	if cfg.Time == 0 {
		cfg.Time = 200 * time.Millisecond
	}
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	kernels := miner.Kernels()
	one := make([][]uint64, len(kernels))
	all := make([][]uint64, len(kernels))
	res := &KernelResults{
		Schema: KernelsSchema, Time: time.Now().UTC().Format(time.RFC3339),
		CPU: cpuid.CPU.BrandName, Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Threads: cfg.Threads,
	}
	for _, k := range kernels {
		r := KernelResult{Name: k.Name, Lanes: k.Lanes}
		if err := miner.SelfTest(k); err != nil {
			r.Error = err.Error()
		}
		res.Kernels = append(res.Kernels, r)
	}
	for round := range rounds {
		for i, k := range kernels {
			if res.Kernels[i].Error != "" {
				continue
			}
			cfg.Progress(fmt.Sprintf("round %d of %d: %s", round+1, rounds, k.Name))
			single, err := Throughput(ctx, k, 1, cfg.Time)
			if err != nil {
				return nil, fmt.Errorf("kernel %s: %w", k.Name, err)
			}
			together, err := Throughput(ctx, k, cfg.Threads, cfg.Time)
			if err != nil {
				return nil, fmt.Errorf("kernel %s: %w", k.Name, err)
			}
			one[i], all[i] = append(one[i], single), append(all[i], together)
		}
	}
	res.settle(one, all)
	if res.Best == "" {
		return nil, fmt.Errorf("no kernel works: %s", res.Kernels[0].Error)
	}
	return res, nil
}

// settle takes the medians, and from them the ratios and the best.
func (r *KernelResults) settle(one, all [][]uint64) {
	var unit, most uint64
	for i := range r.Kernels {
		k := &r.Kernels[i]
		k.HpsOne, k.HpsAll = median(one[i]), median(all[i])
		if k.Name == yardstick {
			unit = k.HpsOne
		}
		if k.HpsAll > most {
			r.Best, most = k.Name, k.HpsAll
		}
	}
	for i := range r.Kernels {
		if unit > 0 {
			r.Kernels[i].Ratio = math.Round(100*float64(r.Kernels[i].HpsOne)/float64(unit)) / 100
		}
	}
}

func median(v []uint64) uint64 {
	if len(v) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(v))[len(v)/2]
}
