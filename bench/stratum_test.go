package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// inProcess runs the server in this process.
func inProcess(t *testing.T) func(context.Context) (*StratumProcess, error) {
	procs := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	return func(ctx context.Context) (*StratumProcess, error) {
		orders, in := io.Pipe()
		out, reports := io.Pipe()
		done := make(chan error, 1)
		go func() {
			err := ServeStratum(ctx, orders, reports)
			reports.CloseWithError(io.EOF)
			orders.CloseWithError(io.ErrClosedPipe)
			done <- err
		}()
		return &StratumProcess{In: in, Out: out, Wait: func() error { return <-done }}, nil
	}
}

func smallStratum(t *testing.T) StratumConfig {
	return StratumConfig{Connections: 24, Rate: 1000, Time: 30 * time.Millisecond, Start: inProcess(t)}
}

func TestStratum(t *testing.T) {
	var lines []string
	cfg := smallStratum(t)
	cfg.Progress = func(line string) { lines = append(lines, line) }
	r, err := Stratum(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*SubmitRun{"submit": r.Submit, "folded": r.Folded, "durable": r.Durable} {
		if s == nil || s.Sent == 0 || s.Accepted != s.Sent || s.Lost != 0 || len(s.Refused) != 0 || s.Rounds == 0 || s.Slowest > s.Fastest {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if r.Durable.Stored != r.Durable.Sent || r.Submit.Stored != 0 {
		t.Errorf("%d of %d shares stored, %d without a store", r.Durable.Stored, r.Durable.Sent, r.Submit.Stored)
	}
	for name, p := range map[string]*PacedRun{"latency": r.Latency, "hashing": r.Hashing} {
		if p == nil || p.Sent != 30 || p.Accepted != 30 || p.Connections != 24 || p.Verdict.Count != 30 || p.Late.Count != 30 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := r.Stale; p.Sent != 30 || p.Lost != 0 || p.Accepted+p.Refused["stale"] != 30 || *r.FalseStale != 0 {
		t.Errorf("stale: %+v", p)
	}
	if i := r.Idle; i.Connections != 24 {
		t.Errorf("idle: %+v", i)
	}
	if n := r.Notify; n.Connections != 24 || n.Missed != 0 || n.FirstLast.Count != notifyRounds || n.FirstLast.Max > n.Last.Max {
		t.Errorf("notify: %+v", n)
	}
	if s := r.Storm; s.Connections != 24 || s.Lost != 0 || *r.StormLost != 0 || s.Job.Count != 24 {
		t.Errorf("storm: %+v", s)
	}
	if h := r.HashRate; len(h.Alone) != hashingRounds || len(h.WithRigs) != hashingRounds || h.Connections != 24 || h.Kernel == "" {
		t.Errorf("hashing: %+v", h)
	}
	if len(lines) != len(stratumExperiments())+1 {
		t.Errorf("%d lines of progress: %q", len(lines), lines)
	}
	if len(r.Goals) < 8 {
		t.Errorf("goals: %+v", r.Goals)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"replies_per_s", "cpu_us_per_submit", "cpu_us_per_submit_12_branches", "p50_ms", "p99_ms",
		"bytes_per_conn", "notify_first_last_ms", "storm_lost", "false_stale", "schema", "machine"} {
		if !strings.Contains(string(b), `"`+key+`":`) {
			t.Errorf("no key %s in %s", key, b)
		}
	}
}

// TestStratumURL measures a server that takes no orders.
func TestStratumURL(t *testing.T) {
	b := &stratumBench{cfg: smallStratum(t)}
	link, err := b.serve(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer link.close()
	r, err := Stratum(t.Context(), StratumConfig{
		Connections: 5, Rate: 1000, Time: 20 * time.Millisecond, URL: "stratum+tcp://" + link.address, User: "someone", Password: "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Submit.Accepted != r.Submit.Sent || r.Latency.Accepted != 20 || r.Latency.Connections != 5 || *r.StormLost != 0 || r.Storm.Connections != 5 {
		t.Errorf("%+v %+v %+v", r.Submit, r.Latency, r.Storm)
	}
	if r.RepliesPerSec == nil || r.CPUPerSubmit != nil || r.BytesPerConn != nil || r.FalseStale != nil || r.HashRate != nil {
		t.Error("what cannot be known of another server is given, or what can is not")
	}
}

// TestMill checks the shares of a mill with the judge of shares.
func TestMill(t *testing.T) {
	job := &stratum.Job{ID: "a", PrevHash: tipHash(3), Coinb1: []byte{1}, Coinb2: []byte{2}, Branches: make([]miner.Hash, 3), Version: jobVersion, Bits: jobBits, Time: 5}
	sub := &stratum.Subscription{Extranonce1: []byte{9, 9}, Extranonce2Size: 3}
	d, err := miner.ParseDifficulty(benchDifficulty)
	if err != nil {
		t.Fatal(err)
	}
	m := newMill("me", job, sub, d.PoolTarget())
	issue := &stratum.Issue{Job: *job, Extranonce1: sub.Extranonce1, Extranonce2Size: 3, Target: d.PoolTarget(), MinTime: 5, MaxTime: 5}
	var seen stratum.Seen
	for n := range 200 {
		if n%3 == 0 {
			m.turn()
		}
		msg, err := stratum.ParseMessage(m.next(nil, uint64(n)))
		if err != nil {
			t.Fatal(err)
		}
		var s stratum.Submit
		if err := s.Parse(msg.Params); err != nil {
			t.Fatal(err)
		}
		_, hash, err := issue.Check(s.Share)
		if err != nil || !seen.Add(hash) || s.User != "me" || s.JobID != "a" || m.tip != 3 {
			t.Fatalf("share %d: %v, %+v", n, err, s)
		}
	}
	if hard := newMill("me", job, sub, miner.DifficultyOne); !hard.blind {
		t.Error("shares of difficulty 1 are looked for")
	}
}

func TestStratumErrors(t *testing.T) {
	start := func(context.Context) (*StratumProcess, error) { return nil, errors.New("none to be had") }
	for want, cfg := range map[string]StratumConfig{
		"no server":      {},
		"connections":    {Start: start, Connections: MaxStratumConnections + 1},
		"submits":        {Start: start, Rate: -1},
		"measurements":   {Start: start, Time: time.Hour},
		`"fast"`:         {Start: start, Only: []string{"fast"}},
		"needs orders":   {URL: "stratum+tcp://127.0.0.1:1", Only: []string{"stale"}},
		"none to be had": {Start: start},
	} {
		if _, err := Stratum(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestServeStratum gives orders that make no sense.
func TestServeStratum(t *testing.T) {
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	var out strings.Builder
	in := `{"do":"usage"}{"do":"start"}{"do":"start"}{"do":"dance"}{"do":"publish","branches":99}{"do":"usage"}`
	if err := ServeStratum(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"to start", "", `unknown order "start"`, `unknown order "dance"`, "99 branches", ""} {
		var r stratumReport
		line := strings.Split(out.String(), "\n")[i]
		if err := json.Unmarshal([]byte(line), &r); err != nil || !strings.Contains(r.Error, want) || (want == "") != (r.Error == "") {
			t.Errorf("report %d: %s, %v", i, line, err)
		}
	}
	if err := ServeStratum(t.Context(), strings.NewReader("what"), io.Discard); err == nil {
		t.Error("no error for what is no order")
	}
}

func TestLocalStratum(t *testing.T) {
	for url, want := range map[string]bool{
		"stratum+tcp://127.0.0.1:3333": true, "stratum+tcp://localhost:1": true, "ws://[::1]:80/x": true, "stratum+tcp://127.7.7.7:1": true,
		"stratum+tcp://192.0.2.1:3333": false, "stratum+tcp://localhost.example:1": false, "stratum+tcp://pool.example:3333": false, "": false, "%": false,
	} {
		if LocalStratum(url) != want {
			t.Errorf("%q: want %v", url, want)
		}
	}
}

func TestHashLoss(t *testing.T) {
	of := func(r HashRound) float64 { return r.HpsCPU * r.Free }
	alone := []HashRound{{HpsCPU: 100, Free: 1}, {HpsCPU: 200, Free: 1}, {HpsCPU: 90, Free: 1}}
	with := []HashRound{{HpsCPU: 100, Free: 0.98}, {HpsCPU: 300, Free: 1}, {HpsCPU: 10, Free: 1}}
	if got := loss(alone, with, of); got == nil || *got < 1.99 || *got > 2.01 {
		t.Errorf("%v, want 2", got)
	}
	if loss([]HashRound{{}}, with, of) != nil {
		t.Error("a loss of no rate")
	}
}
