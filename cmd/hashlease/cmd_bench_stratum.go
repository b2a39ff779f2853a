package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashlease/hashlease/bench"
)

// stratumServerVerb is the command of bench that serves bench stratum in a
// process of its own. People have no use for it.
const stratumServerVerb = "stratum-server"

func runBenchStratum(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench stratum", "[--connections N] [--rate R] [--for T] [--only NAMES] [--json] [-o FILE] [--url URL --user U --password P]",
		"Measures the Stratum server, in a process of its own, with a load generator on\n"+
			"the same machine: replies on one pipelined connection and what they cost the\n"+
			"server, verdicts at a certain rate with and without hashing, memory of idle\n"+
			"connections, new blocks, connect storms, and the hash rate beside many rigs.\n"+
			"It takes about two minutes and stays on the loopback. With --url it measures\n"+
			"another server as far as a worker can.")
	asJSON := f.Bool("json", false, "print JSON")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	connections := f.Int("connections", 0, "idle connections `N`, and the most of any experiment; 0 is what the limit of open files allows, at most 50000")
	rate := f.Int("rate", 5000, "submits `R` a second where they are paced")
	slice := f.Duration("for", 5*time.Second, "the `DURATION` of one measurement, of which there are some ten")
	var only list
	f.Var(&only, "only", "only the experiments `NAMES`: "+strings.Join(bench.StratumExperiments(), ", "))
	url := f.String("url", "", "the `URL` of another server, such as stratum+tcp://127.0.0.1:3333")
	user := f.String("user", "bench", "user `NAME` at that server")
	password := f.String("password", "x", "`PASSWORD` at that server")
	remote := f.Bool("remote", false, "the server of --url is on another machine, and its operator wants the load")
	pos, err := f.parse(args, 0, 1)
	switch {
	case err != nil:
		return err
	case len(pos) == 1 && (pos[0] != "-" || !*asJSON): // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	case *connections < 0 || *connections > bench.MaxStratumConnections:
		return f.usage("--connections %d: want 0 to %d", *connections, bench.MaxStratumConnections)
	case *rate < 1 || *rate > bench.MaxStratumRate:
		return f.usage("--rate %d: want 1 to %d", *rate, bench.MaxStratumRate)
	case *slice < time.Millisecond || *slice > bench.MaxStratumTime:
		return f.usage("--for %v: want 1ms to %v", *slice, bench.MaxStratumTime)
	case *url == "" && (f.given("user") || f.given("password") || *remote):
		return f.usage("--user, --password and --remote are for --url")
	case *url != "" && !*remote && !bench.LocalStratum(*url):
		return withHint(f.usage("--url %s: not this machine", *url), "if its operator wants to be flooded, say so with --remote")
	}
	v := version()
	cfg := bench.StratumConfig{
		Connections: *connections, Rate: *rate, Time: *slice, Only: only, URL: *url, User: *user, Password: *password,
		Start:    e.startStratumServer,
		Program:  bench.Program{Version: v.Version, Revision: v.Revision, Modified: v.Modified},
		Progress: e.progress,
	}
	if err := cfg.Check(); err != nil {
		return f.usage("%w", err)
	}
	res, err := bench.Stratum(ctx, cfg)
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
	_, err = fmt.Fprint(e.stdout, stratumTables(res))
	return err
}

// startStratumServer runs the server that is measured in another process, so
// that its processor time and memory are its own.
func (e *env) startStratumServer(ctx context.Context) (*bench.StratumProcess, error) {
	if e.self == nil {
		return nil, errors.New("this program cannot be started once more")
	}
	cmd := e.self(ctx, "bench", stratumServerVerb)
	cmd.Stderr = e.stderr
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &bench.StratumProcess{In: in, Out: out, Wait: cmd.Wait}, nil
}

// runStratumServer is the other side of startStratumServer.
func runStratumServer(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 {
		return usage("hashlease bench %s is for hashlease bench stratum alone", stratumServerVerb)
	}
	return bench.ServeStratum(ctx, e.stdin, e.stdout)
}

// stratumTables lays the figures out for people.
func stratumTables(r *bench.StratumResults) string {
	load := "unknown load"
	if r.Load != nil {
		load = fmt.Sprintf("load %.2f before", r.Load.Average1)
	}
	server := "our own server"
	if r.URL != "" {
		server = r.URL
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s\n%s, the load generator on the same machine\n\n",
		r.Machine.CPU, plural(r.Machine.Processors, "processor"), load, server)
	rows := [][]string{{"MEASUREMENT", "SIZE", "FIGURE", "MORE"}}
	row := func(name, size, figure, more string) { rows = append(rows, []string{name, size, figure, more}) }
	for _, s := range []struct {
		name string
		run  *bench.SubmitRun
		rate *float64
	}{
		{"pipelined submits", r.Submit, r.RepliesPerSec},
		{"  12 branches folded", r.Folded, nil},
		{"  each share stored", r.Durable, r.RepliesDurable},
	} {
		if s.run == nil {
			continue
		}
		figure := fmt.Sprintf("%.0f to %.0f /s", s.run.Slowest, s.run.Fastest)
		if s.rate != nil {
			figure = fmt.Sprintf("%.0f /s", *s.rate)
		}
		row(s.name, plural(int(s.run.Sent), "submit"), figure, costOf(s.run.CPUNs, s.run.Sent)+repliesText(&s.run.Replies))
	}
	for _, p := range []struct {
		name string
		run  *bench.PacedRun
	}{{"verdicts", r.Latency}, {"verdicts, hashing", r.Hashing}, {"verdicts, new blocks", r.Stale}} {
		if p.run == nil {
			continue
		}
		l := p.run.Verdict
		row(p.name, fmt.Sprintf("%d at %d/s", p.run.Connections, r.Rate), formatNs(l.P50)+", 99 % "+formatNs(l.P99),
			"longest "+formatNs(l.Max)+", "+costOf(p.run.CPUNs, p.run.Sent)+repliesText(&p.run.Replies))
	}
	if i := r.Idle; i != nil {
		row("idle connections", fmt.Sprint(i.Connections), perConnection(r.BytesPerConn), fmt.Sprintf("%.0f bytes without garbage", i.BytesAfterGC))
	}
	if n := r.Notify; n != nil {
		row("new block, first to last", fmt.Sprint(n.Connections), formatNs(n.FirstLast.P50),
			fmt.Sprintf("longest %s, server %.1f us each, %d missed", formatNs(n.FirstLast.Max), n.PerNotify, n.Missed))
	}
	if s := r.Storm; s != nil {
		more := fmt.Sprintf("job in %s, 99 %% %s", formatNs(s.Job.P50), formatNs(s.Job.P99))
		if s.FirstError != "" {
			more += ", " + harmless(s.FirstError)
		}
		row("connect storm", fmt.Sprintf("%d in %s", s.Connections, formatNs(s.WallNs)), fmt.Sprintf("%d lost", s.Lost), more)
	}
	if h := r.HashRate; h != nil && r.HashLossPercent != nil && r.HashLossWall != nil {
		row("hash rate lost to rigs", fmt.Sprintf("%d at %d/s", h.Connections, h.Rate), fmt.Sprintf("%.2f %%", *r.HashLossPercent),
			fmt.Sprintf("by the wall clock %.2f %%; %s, %s", *r.HashLossWall, h.Kernel, plural(h.Threads, "thread")))
	}
	b.WriteString(table(rows, "SIZE", "FIGURE"))
	if len(r.Goals) == 0 {
		return b.String()
	}
	return b.String() + "\n" + goalTable(r.Goals, busyBefore(r.Load))
}

// costOf is processor time of the server, where that is known.
func costOf(ns int64, submits uint64) string {
	if ns == 0 || submits == 0 {
		return "server unknown"
	}
	return fmt.Sprintf("server %.2f us each", float64(ns)/1e3/float64(submits))
}

// repliesText tells of verdicts other than yes.
func repliesText(r *bench.Replies) string {
	var b strings.Builder
	refused := uint64(0)
	for _, n := range r.Refused {
		refused += n
	}
	if refused > 0 {
		fmt.Fprintf(&b, ", %d refused", refused)
	}
	if r.Lost > 0 {
		fmt.Fprintf(&b, ", %d without verdict", r.Lost)
	}
	return b.String()
}

func perConnection(bytes *float64) string {
	if bytes == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f bytes each", *bytes)
}
