package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/miner/rapl"
)

// Limits of a benchmark, and of its document.
const (
	MaxKernelRounds   = 99
	MaxKernelVersions = 4096
	maxTime           = time.Minute
)

// KernelsConfig says how to measure kernels. Its zero value works.
type KernelsConfig struct {
	Kernels  []string          // names; none: all. The standard library is always measured too
	Threads  int               // of the measurement with all threads, up to miner.MaxThreads; 0: one for each processor
	Versions int               // rolled versions of a header, up to MaxKernelVersions; 0: as real jobs have; 1: no rolling
	Rounds   int               // up to MaxKernelRounds; 0: 7
	Time     time.Duration     // of one measurement, of which a kernel gets two a round; at most a minute; 0: 200 ms
	Seed     string            // 64 hexadecimal digits that the headers follow from; "": random
	Program  Program           // what measures; its Go version is filled in
	Root     fs.FS             // where the machine describes itself; nil: its root directory
	Progress func(line string) // nil: silent
}

// defaults checks the configuration and fills in what is not given.
func (c *KernelsConfig) defaults() error {
	for _, p := range []struct {
		name         string
		value        *int
		usual, limit int
	}{
		{"threads", &c.Threads, runtime.NumCPU(), miner.MaxThreads},
		{"versions", &c.Versions, rolled, MaxKernelVersions},
		{"rounds", &c.Rounds, usualRounds, MaxKernelRounds},
	} {
		if *p.value == 0 {
			*p.value = p.usual
		}
		if *p.value < 1 || *p.value > p.limit {
			return fmt.Errorf("%d %s: want 1 to %d", *p.value, p.name, p.limit)
		}
	}
	if c.Time == 0 {
		c.Time = 200 * time.Millisecond
	}
	if c.Time < time.Millisecond || c.Time > maxTime {
		return fmt.Errorf("time of %v: want %v to %v", c.Time, time.Millisecond, maxTime)
	}
	if c.Seed == "" {
		var b [seedSize]byte
		rand.Read(b[:])
		c.Seed = hex.EncodeToString(b[:])
	}
	if err := CheckSeed(c.Seed); err != nil {
		return err
	}
	for _, name := range c.Kernels {
		if _, err := miner.KernelByName(name); err != nil {
			return err
		}
	}
	if c.Root == nil {
		c.Root = os.DirFS("/")
	}
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	c.Program.Go = runtime.Version()
	return nil
}

// usualRounds is as many as benchstat wants, and an odd number.
const usualRounds = 7

const seedSize = 32

// CheckSeed wants a seed in the one way to write it: 64 hexadecimal digits in
// lower case.
func CheckSeed(s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != seedSize || hex.EncodeToString(b) != s {
		return fmt.Errorf("seed %.80q: want %d hexadecimal digits in lower case", s, 2*seedSize)
	}
	return nil
}

// Kernels tests and measures kernels. Those that this machine cannot run are
// listed with the reason. It fails if ctx ends or no kernel works.
func Kernels(ctx context.Context, cfg KernelsConfig) (*KernelResults, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	b := newBenchmark(cfg)
	for round := range cfg.Rounds {
		order := b.entries
		if round%2 == 1 { // so that a steady drift does not favour those at the end
			order = slices.Clone(order)
			slices.Reverse(order)
		}
		for _, e := range order {
			if err := b.measure(ctx, e, round); err != nil {
				return nil, err
			}
		}
	}
	return b.results()
}

// benchmark is a run of Kernels.
type benchmark struct {
	cfg      KernelsConfig
	res      *KernelResults
	versions []uint32
	cpus     []int
	meter    *rapl.Meter // nil: no figures of energy
	entries  []*entry    // those that are measured
	steal    uint64      // at the start

	done, todo int // measurements
	start      time.Time
}

// entry is one kernel in it.
type entry struct {
	kernel *miner.Kernel
	result *KernelResult
	hits   [2][]hit
}

func newBenchmark(cfg KernelsConfig) *benchmark {
	b := &benchmark{
		cfg:      cfg,
		versions: rolledVersions(cfg.Versions),
		cpus:     miner.Processors(),
		steal:    stealTicks(cfg.Root),
		start:    time.Now(),
	}
	b.res = &KernelResults{
		Schema: KernelsSchema, Program: cfg.Program, Start: stamp(b.start), Machine: machine(cfg.Root),
		Threads: cfg.Threads, Versions: len(b.versions), Rounds: cfg.Rounds, TimeMs: cfg.Time.Milliseconds(),
		Pinned: true, Seed: cfg.Seed,
	}
	meter, err := rapl.Open(cfg.Root)
	if err != nil {
		b.res.Machine.Energy = printable(err.Error())
	}
	b.meter = meter
	for _, k := range miner.Kernels() {
		if len(cfg.Kernels) > 0 && k.Name != yardstick && !slices.Contains(cfg.Kernels, k.Name) {
			continue
		}
		r := KernelResult{Name: k.Name, Lanes: k.Lanes}
		if err := miner.SelfTest(k); err != nil {
			r.Error = printable(err.Error())
		}
		b.res.Kernels = append(b.res.Kernels, r)
	}
	for i := range b.res.Kernels {
		r := &b.res.Kernels[i]
		if r.Error != "" {
			continue
		}
		k, _ := miner.KernelByName(r.Name) // it was there a moment ago
		hps := miner.Measure(k, min(cfg.Time, 5*time.Millisecond))
		r.ZeroBits = zeroBitsFor(uint64(hps * cfg.Time.Seconds() * float64(cfg.Rounds)))
		r.One, r.All = new(Phase), new(Phase)
		b.entries = append(b.entries, &entry{kernel: k, result: r})
	}
	b.todo = 2 * cfg.Rounds * len(b.entries)
	return b
}

// measure does one round of one kernel: with one thread, then with all.
func (b *benchmark) measure(ctx context.Context, e *entry, round int) error {
	for i, phase := range []phaseName{oneThread, allThreads} {
		b.progress(round, e.kernel.Name)
		s := &scan{
			kernel: e.kernel, versions: b.versions, target: targetOf(e.result.ZeroBits), cpus: b.cpus, time: b.cfg.Time,
			work:    work{b.cfg.Seed, e.kernel.Name, phase, round},
			threads: 1, clock: true,
		}
		into := e.result.One
		if phase == allThreads {
			s.threads, s.clock, into = b.cfg.Threads, false, e.result.All
		}
		var energy [2]rapl.Energy
		turn := 0
		out, err := s.run(ctx, func() { energy[turn], turn = b.energy(), turn+1 })
		if err != nil {
			return fmt.Errorf("kernel %s: %w", e.kernel.Name, err)
		}
		into.Rounds = append(into.Rounds, Round{
			Nonces: out.nonces, WallNs: max(1, out.wall.Nanoseconds()), CPUNs: max(1, out.cpu.Nanoseconds()), ClockHz: out.clockHz,
			PackageUJ: energy[1].PackageUJ - energy[0].PackageUJ, DRAMUJ: energy[1].DRAMUJ - energy[0].DRAMUJ,
		})
		e.hits[i] = append(e.hits[i], out.hits...)
		b.res.Pinned = b.res.Pinned && out.pinned
		b.done++
	}
	return nil
}

// energy reads the counters. Once they fail there are no figures of energy.
func (b *benchmark) energy() (e rapl.Energy) {
	if b.meter == nil {
		return e
	}
	e, err := b.meter.Read()
	if err != nil {
		b.meter, b.res.Machine.Energy = nil, printable(err.Error())
	}
	return e
}

// progress tells what is measured, and how long it all may still take.
func (b *benchmark) progress(round int, kernel string) {
	each := b.cfg.Time + warmTime
	if b.done > 0 {
		each = time.Since(b.start) / time.Duration(b.done)
	}
	left := (each * time.Duration(b.todo-b.done)).Round(time.Second)
	b.cfg.Progress(fmt.Sprintf("round %d of %d: %s, %v left", round+1, b.cfg.Rounds, kernel, left))
}

// results closes the document.
func (b *benchmark) results() (*KernelResults, error) {
	r := b.res
	if len(b.entries) == 0 {
		return nil, errors.New("no kernel works: " + r.Kernels[0].Error)
	}
	for _, e := range b.entries {
		for i, phase := range []*Phase{e.result.One, e.result.All} {
			p := prover{b.cfg.Seed, e.kernel.Name, []phaseName{oneThread, allThreads}[i], b.versions}
			p.evidence(phase, e.hits[i])
			if b.meter == nil { // they may have failed on the way
				for j := range phase.Rounds {
					phase.Rounds[j].PackageUJ, phase.Rounds[j].DRAMUJ = 0, 0
				}
			}
		}
	}
	if now := stealTicks(b.cfg.Root); now > b.steal {
		r.Machine.StealTicks = now - b.steal
	}
	r.End = stamp(time.Now())
	r.settle()
	return r, nil
}

// stamp writes a time to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
