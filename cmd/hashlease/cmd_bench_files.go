package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/bench"
	"github.com/hashlease/hashlease/miner"
)

func runBenchCheck(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench check", "FILE [--seed HEX] [--full] [--json]",
		"Tells whether a JSON document of bench is genuine: hashes the headers of the hits\n"+
			"in it again, compares their number and their hashes with what the claimed work\n"+
			"gives, and computes every figure anew. The exit code is 3 if it is not genuine.\n"+
			"It says what cannot be proven: which machine it was, and how fast.")
	seed := f.String("seed", "", "the seed `HEX` that was asked for")
	full := f.Bool("full", false, "hash every header again, which takes as long as the benchmark took")
	asJSON := f.Bool("json", false, "print the report as JSON")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *seed != "" {
		if err := bench.CheckSeed(*seed); err != nil {
			return f.usage("--seed: %w", err)
		}
	}
	document, err := readBounded(pos[0], bench.MaxKernelsBytes)
	if err != nil {
		return err
	}
	r, err := bench.CheckKernels(ctx, document, bench.CheckOptions{Seed: *seed, Full: *full, Progress: e.progress})
	e.progress("")
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(e.stdout, r)
	} else {
		_, err = fmt.Fprint(e.stdout, checkText(r))
	}
	if err == nil && !r.Genuine {
		err = &coded{code: exitUnverified}
	}
	return err
}

// checkText writes the outcome of a check for people.
func checkText(r *bench.CheckReport) string {
	var b strings.Builder
	line := func(format string, args ...any) { b.WriteString(harmless(fmt.Sprintf(format, args...)) + "\n") }
	failed := 0
	for _, c := range r.Checks {
		mark := "✓"
		if !c.OK {
			mark = "✗"
			failed++
		}
		line("%s %-8s  %s", mark, c.Name, c.Detail)
	}
	for _, u := range r.Unproven {
		line("– not proven: %s", u)
	}
	switch {
	case !r.Genuine:
		line("NOT GENUINE: %d of %d checks failed", failed, len(r.Checks))
	case r.Rehashed > 0:
		line("GENUINE: all %s were hashed again; seed %s", formatHashes(miner.Hashes(r.Rehashed)), r.Seed)
	default:
		line("GENUINE: the hits are those of %s ± %s, %s are claimed; seed %s",
			formatHashes(miner.Hashes(r.Proven)), formatHashes(miner.Hashes(r.ProvenSD)), formatHashes(miner.Hashes(r.Hashes)), r.Seed)
	}
	return b.String()
}

func runBenchCompare(_ context.Context, e *env, args []string) error {
	f := newFlags(e, "bench compare", "A B [--json]",
		"Sets two JSON documents of bench against each other: the rate of B over that of A\n"+
			"for each kernel, by processor time. A ~ marks rates whose rounds, the middle half\n"+
			"of each, overlap: there may be no difference.")
	asJSON := f.Bool("json", false, "print JSON")
	pos, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	var both [2]*bench.KernelResults
	for i, name := range pos {
		document, err := readBounded(name, bench.MaxKernelsBytes)
		if err != nil {
			return err
		}
		if both[i], err = bench.ParseKernels(document); err != nil {
			return withHint(fmt.Errorf("%s: %w", name, err), "files for compare are made with: hashlease bench -o FILE")
		}
	}
	c := bench.CompareKernels(both[0], both[1])
	if *asJSON {
		return writeJSON(e.stdout, c)
	}
	_, err = fmt.Fprint(e.stdout, compareText(c))
	return err
}

// compareText lays a comparison out for people.
func compareText(c *bench.Comparison) string {
	var b strings.Builder
	for _, d := range c.Differences {
		fmt.Fprintf(&b, "not the same %s: %s, then %s\n", d.What, orNone(d.A), orNone(d.B))
	}
	rows := [][]string{{"KERNEL", "1 THREAD A", "B", "B/A", "", "ALL A", "B", "B/A", ""}}
	for _, k := range c.Kernels {
		row := []string{k.Name}
		for _, r := range []bench.RateComparison{k.One, k.All} {
			mark := ""
			if r.Noise {
				mark = "~"
			}
			row = append(row, formatRate(r.A), formatRate(r.B), fmt.Sprintf("%.3f", r.Ratio), mark)
		}
		rows = append(rows, row)
	}
	b.WriteString(table(rows, rows[0][1:]...))
	for _, only := range []struct {
		where string
		names []string
	}{{"A", c.OnlyA}, {"B", c.OnlyB}} {
		if len(only.names) > 0 {
			fmt.Fprintf(&b, "only in %s: %s\n", only.where, strings.Join(only.names, ", "))
		}
	}
	return b.String()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
