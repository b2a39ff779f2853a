package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// VerifyConfig says how to measure statements: the hashing of receipts, a month
// of them, its paper, and the log. Its zero value but for Check works.
type VerifyConfig struct {
	Receipts int               // of the month; 0: 500 000
	Jobs     int               // that they are of, at least one a block; 0: 43 200, about one a minute
	Days     int               // of the month; 0: 31
	Leaves   int               // of the log, a round, a multiple of 1000; 0: 20 000
	Folder   string            // for the database and the bundle, which are removed; empty: that for temporary files
	Program  Program           // what measures; its Go version is filled in
	Progress func(line string) // nil: silent

	// Check verifies a bundle as VerifyFile does, in a process that does nothing
	// else, so that its memory can be told.
	Check func(ctx context.Context, file string) (VerifyRun, error)
}

// Limits of VerifyConfig.
const (
	MaxVerifyReceipts = 10_000_000
	MaxVerifyJobs     = 1_000_000
	MinVerifyJobs     = 31 * blocksPerDay // of 31 days
)

// blocksPerDay is how often the chain goes on.
const blocksPerDay = 24 * 60 * 60 / monthBlock

// Sizes of the experiments.
const (
	verifyBranches = 12 // of each job: a block of 4096 transactions
	hashedReceipts = 1 << 16
	hashedRounds   = 7
	renderRounds   = 5
	logRounds      = 5
	logBatch       = 1000 // leaves that become durable together
)

// defaults fills in what is not given, and checks the rest.
func (c *VerifyConfig) defaults() error {
	c.Receipts, c.Jobs, c.Days = cmp.Or(c.Receipts, 500_000), cmp.Or(c.Jobs, 43_200), cmp.Or(c.Days, 31)
	c.Leaves = cmp.Or(c.Leaves, 20*logBatch)
	switch {
	case c.Check == nil:
		return errors.New("nothing to verify bundles with")
	case c.Receipts < 1 || c.Receipts > MaxVerifyReceipts:
		return fmt.Errorf("%d receipts: want 1 to %d", c.Receipts, MaxVerifyReceipts)
	case c.Leaves < logBatch || c.Leaves%logBatch != 0:
		return fmt.Errorf("%d leaves: want a multiple of %d", c.Leaves, logBatch)
	case c.Days < 1 || c.Days > 31:
		return fmt.Errorf("a month of %d days: want 1 to 31", c.Days)
	case c.Jobs < c.Days*blocksPerDay || c.Jobs > min(MaxVerifyJobs, c.Receipts):
		return fmt.Errorf("%d jobs: want %d to %d, one a block at least, and not more than receipts", c.Jobs, c.Days*blocksPerDay, min(MaxVerifyJobs, c.Receipts))
	}
	return nil
}

// verifyBench is one measurement.
type verifyBench struct {
	cfg    VerifyConfig
	res    *VerifyResults
	folder string
}

// Verify measures what it takes to check a statement, and to make one.
func Verify(ctx context.Context, cfg VerifyConfig) (*VerifyResults, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string) {}
	}
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(cfg.Folder, "hashlease-bench-")
	if err != nil {
		return nil, fmt.Errorf("folder for the bundle: %w", err)
	}
	defer os.RemoveAll(folder)
	b := &verifyBench{cfg: cfg, folder: folder, res: &VerifyResults{
		Schema: VerifySchema, Time: time.Now().UTC().Format(time.RFC3339), Program: cfg.Program, Machine: machine(os.DirFS("/")), Load: readLoad(),
		Receipts: cfg.Receipts, Jobs: cfg.Jobs, Branches: verifyBranches,
	}}
	b.res.Program.Go = runtime.Version()
	for _, part := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"hashing receipts", b.hash}, {"the log", b.log}, {"a month", b.month},
	} {
		if err := part.run(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", part.what, err)
		}
	}
	b.res.sum()
	return b.res, nil
}

func (b *verifyBench) file(name string) string { return filepath.Join(b.folder, name) }
