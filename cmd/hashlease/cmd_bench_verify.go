package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashlease/hashlease/bench"
)

// verifyFileVerb verifies one bundle for "bench verify", in a process of its own.
// People use "hashlease verify".
const verifyFileVerb = "verify-file"

func runBenchVerify(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench verify", "[--receipts N] [--jobs N] [--folder DIR] [--json] [-o FILE]",
		"Measures what a statement takes: hashing receipts on one core, the worst case, in which\n"+
			"each has an extranonce of its own; verifying a month of receipts, and the memory for\n"+
			"that, in a process of its own; drawing its statement; and leaves that become durable\n"+
			"in the log. The month is made first, of real hashes: it takes about a minute, and a\n"+
			"few hundred megabytes below --folder, which are removed.")
	asJSON := f.Bool("json", false, "print JSON")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	receipts := f.Int("receipts", 500_000, "receipts `N` of the month")
	jobs := f.Int("jobs", 43_200, "jobs `N` that they are of")
	folder := f.String("folder", "", "a `DIR` to write below (default that for temporary files)")
	pos, err := f.parse(args, 0, 1)
	switch {
	case err != nil:
		return err
	case len(pos) == 1 && (pos[0] != "-" || !*asJSON): // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	case *receipts < bench.MinVerifyJobs || *receipts > bench.MaxVerifyReceipts:
		return f.usage("--receipts %d: want %d to %d", *receipts, bench.MinVerifyJobs, bench.MaxVerifyReceipts)
	case *jobs < bench.MinVerifyJobs || *jobs > min(bench.MaxVerifyJobs, *receipts):
		return f.usage("--jobs %d: want %d to %d, one a block at least, and not more than receipts", *jobs, bench.MinVerifyJobs, min(bench.MaxVerifyJobs, *receipts))
	}
	v := version()
	res, err := bench.Verify(ctx, bench.VerifyConfig{
		Receipts: *receipts, Jobs: *jobs, Folder: *folder,
		Program:  bench.Program{Version: v.Version, Revision: v.Revision, Modified: v.Modified},
		Progress: e.progress, Check: verifyElsewhere,
	})
	e.progress("")
	if err != nil {
		return err
	}
	if done, err := e.saveJSON(*out, res); done || err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(e.stdout, res)
	}
	_, err = fmt.Fprint(e.stdout, verifyTables(res))
	return err
}

// runBenchVerifyFile verifies one bundle and prints what it took.
func runBenchVerifyFile(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench "+verifyFileVerb, "BUNDLE", "Verifies one bundle, and prints what that took.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	run, err := bench.VerifyFile(ctx, pos[0])
	if err != nil {
		return err
	}
	return writeJSON(e.stdout, run)
}

// verifyElsewhere runs this program again to verify one bundle.
func verifyElsewhere(ctx context.Context, file string) (run bench.VerifyRun, err error) {
	self, err := os.Executable()
	if err != nil {
		return run, err
	}
	var failed bytes.Buffer
	c := exec.CommandContext(ctx, self, "bench", verifyFileVerb, file)
	c.Stderr = &failed
	text, err := c.Output()
	if err != nil {
		return run, fmt.Errorf("%w: %s", err, harmless(failed.String()))
	}
	return run, json.Unmarshal(text, &run)
}

// verifyTables lays the figures out for people.
func verifyTables(r *bench.VerifyResults) string {
	rows := [][]string{
		{"MEASUREMENT", "SIZE", "RESULT"},
		{"receipts hashed by one core", fmt.Sprintf("%d branches", r.Branches), fmt.Sprintf("%.0f /s", r.ReceiptsPerSecCore)},
		{"leaves of the log made durable", fmt.Sprintf("%d leaves a round", r.Log.Size), fmt.Sprintf("%.0f /s", r.LogLeavesPerSec)},
		{"receipts sealed", plural(r.Receipts, "receipt"), fmt.Sprintf("%.2f s, %.1f bytes each", r.SealSec, r.StoredBytes)},
		{"statement and bundle made", plural(r.Jobs, "job"), fmt.Sprintf("%.2f s, %.1f MB", r.BuildSec, float64(r.BundleBytes)/1e6)},
		{"month verified", plural(r.Receipts, "receipt"), fmt.Sprintf("%.2f s, %.2f s of processors, %.0f MB", r.MonthSec, float64(r.Month.CPUNs)/1e9, float64(r.MonthPeakBytes)/1e6)},
		{"statement as a page", plural(r.HTML.Size, "hour"), formatNs(r.HTML.WallNs)},
		{"statement as PDF", plural(r.PDF.Size, "hour"), formatNs(r.PDF.WallNs)},
	}
	return benchHead(&r.Machine, r.Load) + table(rows, rows[0][1:]...) + "\n" + goalTable(r.Goals, busyBefore(r.Load))
}
