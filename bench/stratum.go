package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// StratumConfig says how to measure a Stratum server. Only Start or URL must
// be given.
type StratumConfig struct {
	Connections int           // idle ones; 0: as many as the limit of open files allows, at most 50 000. Experiments with fewer stay below it
	Rate        int           // submits a second where they are paced; 0: 5000
	Time        time.Duration // of one measurement; 0: 5 s
	Only        []string      // names of StratumExperiments; none: all that the server allows

	// Start begins a process that runs ServeStratum. Each experiment has one
	// of its own.
	Start func(ctx context.Context) (*StratumProcess, error)

	// URL is another server to measure instead, as a worker sees it, with a
	// login that it takes.
	URL, User, Password string

	Program  Program           // what measures; its Go version is filled in
	Progress func(line string) // nil: silent

	patience time.Duration // for an answer; 0: 10 s
}

// Limits of StratumConfig.
const (
	MaxStratumConnections = 60_000 // an extranonce1 has two bytes
	MaxStratumRate        = 100_000
	MaxStratumTime        = 5 * time.Minute
)

// Sizes of the experiments, unless less was asked for.
const (
	idleConnections   = 50_000
	pacedConnections  = 100
	crowdConnections  = 1_000  // of a block change under load, and beside hashing
	notifyConnections = 10_000 // hear of a new block
	stormConnections  = 10_000
	stormRate         = 1_000 // connects a second
	filesKept         = 1_000 // open files that are not a worker's
)

// experiment is one part of the measurement.
type experiment struct {
	name  string
	about string
	any   bool // can be done to any server
	run   func(b *stratumBench, ctx context.Context) error
}

func stratumExperiments() []experiment {
	return []experiment{
		{"submit", "submits on one pipelined connection", true, (*stratumBench).submit},
		{"durable", "the same, each share stored", false, (*stratumBench).durable},
		{"latency", "verdicts of paced submits", true, (*stratumBench).latency},
		{"stale", "new blocks while submits come in", false, (*stratumBench).stale},
		{"idle", "memory of idle connections", false, (*stratumBench).idle},
		{"notify", "a new block for all connections", false, (*stratumBench).notify},
		{"storm", "all workers connect at once", true, (*stratumBench).storm},
		{"hashing", "hash rate beside connected rigs", false, (*stratumBench).hashing},
	}
}

// StratumExperiments lists the names that StratumConfig.Only may have.
func StratumExperiments() (names []string) {
	for _, e := range stratumExperiments() {
		names = append(names, e.name)
	}
	return names
}

// Check returns what Stratum would refuse.
func (c StratumConfig) Check() error { return c.defaults() }

// defaults fills in what is not given, and checks the rest.
func (c *StratumConfig) defaults() error {
	free := maxFiles() - filesKept
	c.Connections = cmp.Or(c.Connections, max(min(idleConnections, free), 1))
	c.Rate = cmp.Or(c.Rate, 5000)
	c.Time = cmp.Or(c.Time, 5*time.Second)
	c.patience = cmp.Or(c.patience, 10*time.Second)
	switch {
	case c.URL == "" && c.Start == nil:
		return fmt.Errorf("no server to measure: neither a process nor a URL is given")
	case c.Connections < 1 || c.Connections > MaxStratumConnections:
		return fmt.Errorf("%d connections: want 1 to %d", c.Connections, MaxStratumConnections)
	case c.Connections > max(free, 1):
		return fmt.Errorf("%d connections: the limit of open files allows %d; raise it (ulimit -n)", c.Connections, free)
	case c.Rate < 1 || c.Rate > MaxStratumRate:
		return fmt.Errorf("%d submits a second: want 1 to %d", c.Rate, MaxStratumRate)
	case c.Time < time.Millisecond || c.Time > MaxStratumTime:
		return fmt.Errorf("measurements of %v: want 1ms to %v", c.Time, MaxStratumTime)
	}
	for _, name := range c.Only {
		i := slices.IndexFunc(stratumExperiments(), func(e experiment) bool { return e.name == name })
		if i < 0 {
			return fmt.Errorf("experiment %q: want one of %s", name, strings.Join(StratumExperiments(), ", "))
		}
		if c.URL != "" && !stratumExperiments()[i].any {
			return fmt.Errorf("experiment %q: it needs orders to the server, which only our own takes", name)
		}
	}
	return nil
}

// stratumBench is one measurement.
type stratumBench struct {
	cfg StratumConfig
	res *StratumResults
}

// Stratum measures a Stratum server with a load generator in this process.
func Stratum(ctx context.Context, cfg StratumConfig) (*StratumResults, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	b := &stratumBench{cfg: cfg, res: &StratumResults{
		Schema: StratumSchema, Time: time.Now().UTC().Format(time.RFC3339), Program: cfg.Program,
		Machine: machine(os.DirFS("/")), Load: readLoad(), URL: cfg.URL,
		OpenFiles: maxFiles(), Rate: cfg.Rate, TimeMs: cfg.Time.Milliseconds(),
	}}
	b.res.Program.Go = runtime.Version()
	for _, e := range stratumExperiments() {
		if len(cfg.Only) > 0 && !slices.Contains(cfg.Only, e.name) || cfg.URL != "" && !e.any {
			continue
		}
		cfg.Progress("measuring: " + e.about)
		if err := e.run(b, ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
	}
	b.res.Goals = b.res.goals()
	return b.res, nil
}
