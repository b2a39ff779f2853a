package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/hashlease/hashlease/bench"
	"github.com/hashlease/hashlease/miner"
)

func runBenchEngine(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench engine", "[--json] [-o FILE] [flags]",
		"Measures what stands between a kernel's rate and a node's: how all threads scale,\n"+
			"how soon they hash a new job and how long they pause for it, and how the garbage\n"+
			"collector, goroutines and shares get on beside them.")
	asJSON := f.Bool("json", false, "print JSON")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	kernel := f.String("kernel", "", "hashing kernel by `NAME`; empty is the fastest")
	threads := f.Int("threads", 0, "hashing threads `N`; 0 is one per processor")
	versions := f.Int("versions", 0, "rolled versions `N` of a job; 0 is as many as real jobs have, 1 is none")
	kicks := f.Int("kicks", 1000, "new jobs `N` to measure")
	submits := f.Int("submits", 1000, "shares `N` to send, idle and under load each")
	slice := f.Duration("time", 500*time.Millisecond, "the `DURATION` of one measurement of the rate, of which there are ten")
	pos, err := f.parse(args, 0, 1)
	switch {
	case err != nil:
		return err
	case len(pos) == 1 && (pos[0] != "-" || !*asJSON): // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	case *threads < 0 || *threads > miner.MaxThreads:
		return f.usage("--threads %d: want 0 to %d", *threads, miner.MaxThreads)
	case *versions < 0 || *versions > bench.MaxJobVersions:
		return f.usage("--versions %d: want 0 to %d", *versions, bench.MaxJobVersions)
	case *kicks < 1 || *kicks > bench.MaxKicks:
		return f.usage("--kicks %d: want 1 to %d", *kicks, bench.MaxKicks)
	case *submits < 1 || *submits > bench.MaxSubmits:
		return f.usage("--submits %d: want 1 to %d", *submits, bench.MaxSubmits)
	case *slice < time.Millisecond || *slice > time.Minute:
		return f.usage("--time %v: want 1ms to 1m", *slice)
	}
	v := version()
	cfg := bench.EngineConfig{
		Threads: cmp.Or(*threads, runtime.NumCPU()), Versions: *versions, Kicks: *kicks, Submits: *submits, Time: *slice,
		Program:  bench.Program{Version: v.Version, Revision: v.Revision, Modified: v.Modified},
		Progress: e.progress,
	}
	choice, err := e.chooseKernel(ctx, *kernel)
	if err != nil {
		return err
	}
	cfg.Kernel = choice.Kernel
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(cfg.Threads)))
	res, err := bench.Engine(ctx, cfg)
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
	_, err = fmt.Fprint(e.stdout, engineTables(res))
	return err
}

// engineTables lays the figures out for people.
func engineTables(r *bench.EngineResults) string {
	load := "unknown load"
	if r.Load != nil {
		load = fmt.Sprintf("load %.2f before", r.Load.Average1)
	}
	s := r.Scaling
	head := fmt.Sprintf("%s\nkernel %s, %s, %s, GOMAXPROCS %d, %s\n\n", r.Machine.CPU, r.Kernel,
		plural(r.Threads, "thread"), plural(r.Versions, "version"), r.GoMaxProcs, load)
	rates := [][]string{
		{"HASH RATE", "1 THREAD", strconv.Itoa(r.Threads) + " THREADS", "RATIO"},
		{"by processor time", formatRate(s.HpsOneCPU), formatRate(s.HpsAllCPU), fmt.Sprintf("%.2f x", s.CPU)},
		{"by the wall clock", formatRate(s.HpsOne), formatRate(s.HpsAll), fmt.Sprintf("%.2f x", s.Wall)},
	}
	rows := [][]string{{"LATENCY", "COUNT", "MEDIAN", "99 %", "LONGEST"}}
	for _, l := range []struct {
		name string
		bench.Latency
	}{
		{"new job, until the last thread hashes it", r.Kick},
		{"new job, thread without hashing", r.Gap},
		{"  of which its own doing", r.GapOwn},
		{"garbage collection pause, idle", r.GCPause.Idle},
		{"garbage collection pause, hashing", r.GCPause.Full},
		{"goroutine waits to run, idle", r.GoroutineIn.Idle},
		{"goroutine waits to run, hashing", r.GoroutineIn.Full},
		{"share's verdict, idle", r.Submit.Idle},
		{"share's verdict, hashing", r.Submit.Full},
	} {
		rows = append(rows, []string{l.name, strconv.FormatUint(l.Count, 10), formatNs(l.P50), formatNs(l.P99), formatNs(l.Max)})
	}
	return head + table(rates, rates[0][1:]...) +
		fmt.Sprintf("the threads had their processors %.1f %% of the time\n\n", 100*s.Present) +
		table(rows, rows[0][1:]...) + "\n" + goalTable(r.Goals, s.Present < 0.97)
}

// formatNs writes a duration with three digits.
func formatNs(ns int64) string {
	d, unit := time.Duration(ns), time.Duration(1)
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}
