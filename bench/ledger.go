package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
)

// LedgerConfig says how to measure metering, settling and booking. Its zero
// value works.
type LedgerConfig struct {
	Leases   int               // whose hours are settled; 0: 1000
	Shares   int               // metered, in rounds of a fifth; 0: 500 000
	Folder   string            // for the databases, which are removed; empty: that for temporary files
	Program  Program           // what measures; its Go version is filled in
	Progress func(line string) // nil: silent
}

// Limits of LedgerConfig.
const (
	MaxLedgerLeases = 5_000
	MaxLedgerShares = 100_000_000
)

// Sizes of the experiments.
const (
	ledgerRounds  = 5       // of metering and settling, of which the median counts
	ledgerBatch   = 1000    // shares that become durable together
	meteredLeases = 50      // that metered shares are of
	ledgerSources = 200     // machines
	perLease      = 10      // machines that work for a lease in a settled hour
	splitShares   = 100_000 // in the window of TIDES
	splitRounds   = 21
	ledgerBlocks  = 10 // booked as found and as mature
)

// ledgerBegin is when the measured hours begin: 2026-11-20 10:00 UTC.
const ledgerBegin = 1_795_168_800_000

// defaults fills in what is not given, and checks the rest.
func (c *LedgerConfig) defaults() error {
	c.Leases, c.Shares = cmp.Or(c.Leases, 1000), cmp.Or(c.Shares, 500_000)
	switch {
	case c.Leases < 1 || c.Leases > MaxLedgerLeases:
		return fmt.Errorf("%d leases: want 1 to %d", c.Leases, MaxLedgerLeases)
	case c.Shares < 1 || c.Shares > MaxLedgerShares:
		return fmt.Errorf("%d shares: want 1 to %d", c.Shares, MaxLedgerShares)
	}
	return nil
}

// ledgerBench is one measurement.
type ledgerBench struct {
	cfg    LedgerConfig
	res    *LedgerResults
	folder string
}

// Ledger measures what a node does with shares once they are judged: metering
// them into SQLite, settling hours, splitting rewards and booking them.
func Ledger(ctx context.Context, cfg LedgerConfig) (*LedgerResults, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(cfg.Folder, "hashlease-bench-")
	if err != nil {
		return nil, fmt.Errorf("folder for the databases: %w", err)
	}
	defer os.RemoveAll(folder)
	b := &ledgerBench{cfg: cfg, folder: folder, res: &LedgerResults{
		Schema: LedgerSchema, Time: time.Now().UTC().Format(time.RFC3339), Program: cfg.Program, Machine: machine(os.DirFS("/")), Load: readLoad(),
		Leases: cfg.Leases, Shares: cfg.Shares, Batch: min(ledgerBatch, cfg.Shares), Sources: ledgerSources,
	}}
	b.res.Program.Go = runtime.Version()
	for _, part := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"a split by TIDES", b.split}, {"metering", b.meter}, {"settling and booking", b.settle},
	} {
		if err := part.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", part.what, err)
		}
	}
	b.res.sum()
	return b.res, nil
}

// open opens a database in the folder; close it.
func (b *ledgerBench) open(ctx context.Context, name string) (*sqlite.Store, error) {
	return sqlite.Open(ctx, filepath.Join(b.folder, name))
}

// round is how long something took, by both clocks. Without the processor's,
// its time is the wall clock's.
type round struct{ wall, cpu time.Duration }

// timed measures what f takes, by the clock of the wall and that of the
// processors.
func timed(f func() error) (round, error) {
	runtime.GC() // of what was before
	cpu, start := processTime(), time.Now()
	err := f()
	r := round{time.Since(start), processTime() - cpu}
	if r.cpu <= 0 {
		r.cpu = r.wall
	}
	return r, err
}

// medians are the middle ones, each by itself.
func medians(rounds []round) round {
	middle := func(of func(r round) time.Duration) time.Duration {
		all := make([]time.Duration, len(rounds))
		for i, r := range rounds {
			all[i] = of(r)
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return round{middle(func(r round) time.Duration { return r.wall }), middle(func(r round) time.Duration { return r.cpu })}
}

// closing closes a store that is not used any more.
func closing(s *sqlite.Store, err *error) { *err = errors.Join(*err, s.Close()) }

// ledgerHour is the hour that the measured ones begin with.
const ledgerHour = ledgerBegin / lease.MsPerHour
