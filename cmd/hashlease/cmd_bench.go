package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/hashlease/hashlease/bench"
	"github.com/hashlease/hashlease/miner"
)

func runBench(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench", "[--json] [-o FILE] [--threads N] [--time DURATION]",
		"Measures the hash rate of every kernel, with one thread and with all.")
	asJSON := f.Bool("json", false, "print JSON")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	threads := f.Int("threads", 0, "threads `N` of the second measurement; 0 is one per processor")
	slice := f.Duration("time", 200*time.Millisecond, "the `DURATION` of one measurement, of which a kernel gets six")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	if len(pos) == 1 && pos[0] != "-" { // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	}
	if *threads < 0 || *threads > miner.MaxThreads {
		return f.usage("--threads %d: want 0 to %d", *threads, miner.MaxThreads)
	}
	if *slice < time.Millisecond || *slice > time.Minute {
		return f.usage("--time %v: want 1ms to 1m", *slice)
	}
	cfg := bench.KernelsConfig{Threads: *threads, Time: *slice, Progress: e.progress}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.NumCPU()
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(cfg.Threads)))
	res, err := bench.Kernels(ctx, cfg)
	e.progress("")
	if err != nil {
		return err
	}
	if *out != "" {
		b, err := json.MarshalIndent(res, "", "  ")
		if err != nil {
			return err
		}
		if err := e.save(*out, append(b, '\n')); err != nil || *out == "-" {
			return err
		}
	}
	if *asJSON {
		return writeJSON(e.stdout, res)
	}
	_, err = fmt.Fprint(e.stdout, benchTable(res))
	return err
}

// benchTable lays the figures out for people.
func benchTable(r *bench.KernelResults) string {
	rows := [][]string{{"KERNEL", "LANES", "1 THREAD", strconv.Itoa(r.Threads) + " THREADS", "OF STDLIB", ""}}
	for _, k := range r.Kernels {
		row := []string{k.Name, strconv.Itoa(k.Lanes), "-", "-", "-", k.Error}
		if k.Error == "" {
			row[2], row[3], row[4] = formatRate(k.HpsOne), formatRate(k.HpsAll), fmt.Sprintf("%.2f x", k.Ratio)
		}
		if k.Name == r.Best {
			row[5] = "fastest"
		}
		rows = append(rows, row)
	}
	return r.CPU + "\n" + table(rows, rows[0][1:5]...)
}

// progress shows a passing line on a terminal; an empty one ends it.
func (e *env) progress(line string) {
	if e.term.redraw {
		fmt.Fprintf(e.stderr, "\r\x1b[K%s", line)
	}
}
