package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/hashlease/hashlease/bench"
	"github.com/hashlease/hashlease/miner"
)

// benchVerbs are what bench measures besides kernels, which it measures when
// no verb is given, and what it does with the files.
func benchVerbs() []command {
	return []command{
		{name: "kernels", brief: "measure the hash rate of every kernel, as bench alone does", run: runBenchKernels},
		{name: "engine", brief: "measure new jobs, pauses and shares beside hashing threads", run: runBenchEngine},
		{name: "stratum", brief: "measure the Stratum server under load", run: runBenchStratum},
		{name: "ledger", brief: "measure metering, settling and booking", run: runBenchLedger},
		{name: "verify", brief: "measure the check of statements, and the log", run: runBenchVerify},
		{name: "check", brief: "tell whether the hashes of a file of bench were made", run: runBenchCheck},
		{name: "compare", brief: "set two files of bench against each other", run: runBenchCompare},
	}
}

func runBench(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case stratumServerVerb:
			return runStratumServer(ctx, e, args[1:])
		case verifyFileVerb:
			return runBenchVerifyFile(ctx, e, args[1:])
		}
		var names []string
		for _, v := range benchVerbs() {
			if v.name == args[0] {
				return v.run(ctx, e, args[1:])
			}
			names = append(names, v.name)
		}
		if near := nearest(args[0], names); near != "" {
			return withHint(usage("hashlease bench has no command %q", args[0]), "did you mean %q?", "hashlease bench "+near)
		}
	}
	return measureKernels(ctx, e, "bench", args)
}

func runBenchKernels(ctx context.Context, e *env, args []string) error {
	return measureKernels(ctx, e, "bench kernels", args)
}

// benchAbout is the help of bench.
func benchAbout() string {
	var b strings.Builder
	b.WriteString("Measures the hash rate of every kernel, with one thread and with all, in rounds\n" +
		"that take turns, and prints the median. A rate is by the wall clock; cycles and\n" +
		"the ratio are by the thread's processor time, which other programs change less.\n" +
		"The JSON document has the hits that were found, so that the work can be checked.\n\nCommands:\n")
	for _, v := range benchVerbs() {
		fmt.Fprintf(&b, "  bench %-8s %s\n", v.name, v.brief)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func measureKernels(ctx context.Context, e *env, name string, args []string) error {
	f := newFlags(e, name, "[--kernel NAME] [--threads N] [--time DURATION] [--json] [-o FILE] [flags]", benchAbout())
	var kernels list
	f.Var(&kernels, "kernel", "measure this kernel by `NAME`, and stdlib for the ratio; again or with commas for more")
	threads := f.Int("threads", 0, "threads `N` of the second measurement; 0 is one per processor")
	slice := f.Duration("time", 200*time.Millisecond, "the `DURATION` of one measurement, of which a kernel gets two a round")
	rounds := f.Int("rounds", 7, "rounds `N`, of which the median counts")
	versions := f.Int("versions", 0, "rolled versions `N` of a header; 0 is as real jobs have, 1 is no rolling")
	seed := f.String("seed", "", "64 hexadecimal digits `HEX` that the headers follow from (default random)")
	asJSON := f.Bool("json", false, "print the JSON document")
	asText := f.Bool("benchfmt", false, "print in the format of Go's benchmarks, for benchstat")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	svg := f.String("svg", "", "the `FILE` for a bar chart")
	pos, err := f.parse(args, 0, 1)
	switch {
	case err != nil:
		return err
	case len(pos) == 1 && (pos[0] != "-" || !*asJSON): // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	case *asJSON && *asText:
		return f.usage("--json and --benchfmt: want one of them on standard output; -o FILE is JSON too")
	case *out == "-" && (*asText || *svg == "-") || *svg == "-" && (*asText || *asJSON):
		return f.usage("standard output takes one form only: want a file for the others")
	case *threads < 0 || *threads > miner.MaxThreads:
		return f.usage("--threads %d: want 0 to %d", *threads, miner.MaxThreads)
	case *slice < time.Millisecond || *slice > time.Minute:
		return f.usage("--time %v: want 1ms to 1m", *slice)
	case *rounds < 1 || *rounds > bench.MaxKernelRounds:
		return f.usage("--rounds %d: want 1 to %d", *rounds, bench.MaxKernelRounds)
	case *versions < 0 || *versions > bench.MaxKernelVersions:
		return f.usage("--versions %d: want 0 to %d", *versions, bench.MaxKernelVersions)
	}
	for _, k := range kernels {
		if _, err := miner.KernelByName(k); err != nil {
			return f.usage("--kernel: %w", err)
		}
	}
	if *seed != "" {
		if err := bench.CheckSeed(*seed); err != nil {
			return f.usage("--seed: %w", err)
		}
	}
	v := version()
	cfg := bench.KernelsConfig{
		Kernels: kernels, Threads: cmp.Or(*threads, runtime.NumCPU()), Versions: *versions, Rounds: *rounds, Time: *slice, Seed: *seed,
		Program:  bench.Program{Version: v.Version, Revision: v.Revision, Modified: v.Modified},
		Progress: e.progress,
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(cfg.Threads)))
	res, err := bench.Kernels(ctx, cfg)
	e.progress("")
	if err != nil {
		return err
	}
	if *svg != "" {
		if err := e.save(*svg, res.SVG()); err != nil || *svg == "-" {
			return err
		}
	}
	if done, err := e.saveJSON(*out, res); done || err != nil {
		return err
	}
	switch {
	case *asJSON:
		return writeJSON(e.stdout, res)
	case *asText:
		_, err = e.stdout.Write(res.Benchfmt())
		return err
	}
	_, err = fmt.Fprint(e.stdout, benchTable(res))
	return err
}

// progress shows a passing line on a terminal; an empty one ends it.
func (e *env) progress(line string) {
	if e.term.redraw {
		fmt.Fprintf(e.stderr, "\r\x1b[K%s", line)
	}
}
