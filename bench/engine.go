package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// EngineSchema names the layout of EngineResults.
const EngineSchema = "hashlease-bench-engine/1"

// EngineConfig says how to measure the engine. Its zero value works. The
// process should have a GOMAXPROCS of miner.GoMaxProcs(Threads).
type EngineConfig struct {
	Kernel   *miner.Kernel     // nil: the fastest
	Threads  int               // 0: one for each processor
	Versions int               // rolled versions of a job; 0: as many as real jobs have
	Kicks    int               // new jobs to measure; 0: 1000
	Submits  int               // shares to send, idle and under load each; 0: 1000
	Time     time.Duration     // of one measurement of rates, of which there are ten, and twice that for the garbage collector; 0: 500 ms
	Normal   bool              // threads of normal priority, not of the lowest as a node's are
	Program  Program           // what measures; its Go version is filled in
	Progress func(line string) // nil: silent
}

// Limits of EngineConfig.
const (
	MaxJobVersions = 4096
	MaxKicks       = 1_000_000
	MaxSubmits     = 1_000_000
)

// defaults fills in what is not given, and checks the rest.
func (c *EngineConfig) defaults() error {
	for _, p := range []struct {
		name         string
		value        *int
		usual, limit int
	}{
		{"threads", &c.Threads, runtime.NumCPU(), miner.MaxThreads},
		{"versions", &c.Versions, rolled, MaxJobVersions},
		{"kicks", &c.Kicks, 1000, MaxKicks},
		{"submits", &c.Submits, 1000, MaxSubmits},
	} {
		*p.value = cmp.Or(*p.value, p.usual)
		if *p.value < 1 || *p.value > p.limit {
			return fmt.Errorf("%d %s: want 1 to %d", *p.value, p.name, p.limit)
		}
	}
	c.Time = cmp.Or(c.Time, 500*time.Millisecond)
	if c.Time < time.Millisecond || c.Time > time.Minute {
		return fmt.Errorf("measurements of %v: want 1ms to 1m", c.Time)
	}
	return nil
}

// EngineResults are the figures of the engine on one machine: all that stands
// between the kernel's rate and that of a node, and what a node's other work
// suffers from hashing.
type EngineResults struct {
	Schema     string  `json:"schema"`
	Time       string  `json:"time"` // RFC 3339, UTC
	Program    Program `json:"program"`
	Machine    Machine `json:"machine"`
	Kernel     string  `json:"kernel"`
	Threads    int     `json:"threads"`
	Versions   int     `json:"versions"`
	GoMaxProcs int     `json:"gomaxprocs"`
	Load       *Load   `json:"load,omitempty"` // before the measurement; nil where it is not known
	Scaling    Scaling `json:"scaling"`

	Kick   Latency `json:"kick"`    // from a new job until the last thread hashes it
	Gap    Latency `json:"gap"`     // of one thread between the old job and the new
	GapOwn Latency `json:"gap_own"` // the part of it that the thread itself took, not the machine's other work

	GCPause     IdleAndFull `json:"gc_pause"`      // all goroutines stop
	GoroutineIn IdleAndFull `json:"goroutine_in"`  // from runnable to running
	Submit      IdleAndFull `json:"submit_answer"` // from a submit to its verdict over the loopback

	Goals []Goal `json:"goals"`
}

// Scaling compares all threads with one. The rates by processor time are
// those that neighbours on the machine do not change.
type Scaling struct {
	HpsOne    uint64  `json:"hps_1thread"`     // by the wall clock
	HpsAll    uint64  `json:"hps_all"`         //
	HpsOneCPU uint64  `json:"hps_1thread_cpu"` // by processor time
	HpsAllCPU uint64  `json:"hps_all_cpu"`     //
	Wall      float64 `json:"wall"`            // HpsAll over HpsOne
	CPU       float64 `json:"cpu"`             // HpsAllCPU over HpsOneCPU
	Present   float64 `json:"present"`         // the part of the wall time that the threads together were hashing
}

// IdleAndFull is a latency without hashing threads, and with all of them.
type IdleAndFull struct {
	Idle Latency `json:"idle"`
	Full Latency `json:"full"`
}

// Engine measures an engine as a node runs it, with its threads pinned. It fails if ctx ends or the kernel does not pass its self-test.
func Engine(ctx context.Context, cfg EngineConfig) (*EngineResults, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	res := &EngineResults{
		Schema: EngineSchema, Time: time.Now().UTC().Format(time.RFC3339), Program: cfg.Program, Machine: machine(os.DirFS("/")),
		Threads: cfg.Threads, Versions: cfg.Versions, GoMaxProcs: runtime.GOMAXPROCS(0), Load: readLoad(),
	}
	res.Program.Go = runtime.Version()
	m := &engineMeter{cfg: cfg, res: res, source: newJobSource(cfg.Threads, cfg.Versions), kicks: newKickMeter(cfg.Threads)}
	var err error
	m.engine, err = miner.NewEngine(miner.EngineConfig{
		Kernel: cfg.Kernel, Threads: cfg.Threads, Feeder: m.source, Pin: true, Idle: !cfg.Normal, OnSwitch: m.kicks.switched,
	})
	if err != nil {
		return nil, err
	}
	defer m.engine.Stop()
	res.Kernel = m.engine.Kernel().Name
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"scaling", m.scaling}, {"new jobs", m.newJobs}, {"garbage collector", m.collector}, {"shares", m.submits},
	} {
		cfg.Progress("measuring: " + part.name)
		if err := part.run(ctx); err != nil {
			return nil, err
		}
	}
	res.Goals = res.goals()
	return res, nil
}
