package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

func runMine(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "mine", "-o URL -u USER [-p PASSWORD] [flags]",
		"Mines for a Stratum pool: stratum+tcp://, stratum+ssl://, ws:// or wss://. With\n"+
			"several -o the first one that works is used; -u and -p are then given once for\n"+
			"all, or once for each.")
	var urls, users, passwords repeated
	f.Var(&urls, "o", "the pool's `URL`; again for the pools to fall back to")
	f.Var(&users, "u", "the `USER` or worker name at the pool")
	f.Var(&passwords, "p", "the `PASSWORD` at the pool (default x)")
	threads := f.Int("t", 0, "hashing threads `N`; 0 is one per processor")
	caFile := f.String("tls-ca", "", "PEM `FILE` of authorities to trust besides the system's")
	kernel := f.String("kernel", "", "hashing kernel by `NAME`; empty is the fastest, as \"hashlease kernels\" tells")
	runFor := f.Duration("run-for", 0, "stop after this `DURATION`; 0 is never")
	suggest := f.String("suggest-difficulty", "", "`DIFFICULTY` to suggest to the pool")
	logFormat := f.String("log-format", "text", "`FORM` of the log: text or json")
	asJSON := f.Bool("json", false, "print the summary at the end as JSON")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	switch {
	case len(urls) == 0:
		return f.usage("-o is missing: which pool?")
	case len(users) == 0:
		return f.usage("-u is missing: which user at the pool?")
	case *threads < 0 || *threads > miner.MaxThreads:
		return f.usage("-t %d: want 0 to %d", *threads, miner.MaxThreads)
	case *logFormat != "text" && *logFormat != "json":
		return f.usage("--log-format %q: want text or json", *logFormat)
	case *runFor < 0:
		return f.usage("--run-for %v: want a positive duration", *runFor)
	}
	m := &poolMiner{e: e, screen: newScreen(e.stderr, e.term)}
	m.log = m.screen.logger(*logFormat)
	cfg := stratum.ClientConfig{Agent: "hashlease/" + version().Version, Logger: m.log}
	var err error
	if cfg.Pools, err = pools(urls, users, passwords); err != nil {
		return err
	}
	if *suggest != "" {
		d, err := miner.ParseDifficulty(*suggest)
		if err != nil {
			return usage("--suggest-difficulty: %w", err)
		}
		cfg.Suggest = &d
	}
	if *caFile != "" {
		if cfg.CA, err = os.ReadFile(*caFile); err != nil {
			return &coded{code: exitUsage, err: fmt.Errorf("--tls-ca: %w", err)}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(cfg.CA) { // or an empty file would mean none was named
			return usage("--tls-ca %s: no certificate in it; want PEM, beginning with -----BEGIN CERTIFICATE-----", *caFile)
		}
	}
	if err := m.open(ctx, cfg, *kernel, *threads); err != nil {
		return err
	}
	return m.run(ctx, *runFor, *asJSON)
}

// repeated is a flag that may be given several times. Unlike a list it has
// no separator: passwords hold commas.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, " ") }

func (r *repeated) Set(s string) error {
	*r = append(*r, s)
	return nil
}

// pools pairs URLs with users and passwords, of which one serves for all.
func pools(urls, users, passwords []string) ([]stratum.Pool, error) {
	if len(passwords) == 0 {
		passwords = []string{"x"}
	}
	pick := func(name string, values []string, i int) (string, error) {
		switch len(values) {
		case 1:
			return values[0], nil
		case len(urls):
			return values[i], nil
		}
		return "", usage("%d times %s for %d pools: give it once for all, or once for each", len(values), name, len(urls))
	}
	var all []stratum.Pool
	for i, url := range urls {
		user, err := pick("-u", users, i)
		if err != nil {
			return nil, err
		}
		password, err := pick("-p", passwords, i)
		if err != nil {
			return nil, err
		}
		all = append(all, stratum.Pool{URL: url, User: user, Password: password})
	}
	return all, nil
}

// poolMiner is an engine that works for a pool.
type poolMiner struct {
	e      *env
	screen *screen
	log    *slog.Logger
	client *stratum.Client
	worker *stratum.Worker
	engine *miner.Engine
	mined  time.Duration // once it is over
	last   string        // address of the pool then; "" for none
}

func (m *poolMiner) open(ctx context.Context, cfg stratum.ClientConfig, kernel string, threads int) (err error) {
	if m.client, err = stratum.NewClient(cfg); err != nil {
		return usage("%w", err)
	}
	choice, err := m.e.chooseKernel(ctx, kernel)
	if err != nil {
		return err
	}
	for _, line := range choice.banner() {
		m.log.Info(line)
	}
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(threads)))
	m.worker = stratum.NewWorker(m.client, func() { m.engine.Kick() })
	m.engine, err = miner.NewEngine(miner.EngineConfig{Kernel: choice.Kernel, Threads: threads, Feeder: m.worker, Pin: true, Idle: true})
	return err
}

// run mines until ctx ends or runFor is over, and prints the summary.
func (m *poolMiner) run(ctx context.Context, runFor time.Duration, asJSON bool) error {
	work := ctx
	if runFor > 0 {
		var cancel context.CancelFunc
		work, cancel = context.WithTimeout(ctx, runFor)
		defer cancel()
	}
	started := time.Now()
	m.log.Info("starting", "kernel", m.engine.Kernel().Name, "threads", m.engine.Threads())

	// The connection outlives the work by the time the last shares take.
	connected, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	ended := make(chan error, 1)
	go func() { ended <- m.client.Run(connected, m.worker) }()
	m.engine.Start()
	for _, note := range m.engine.Notes() {
		m.log.Warn(note)
	}
	m.watch(work)
	m.engine.Stop()
	m.mined, m.last = time.Since(started), m.client.Stats().Pool
	m.settle()
	hangUp()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	m.screen.clear()
	if err := m.printSummary(asJSON); err != nil {
		return err
	}
	if context.Cause(ctx) == errInterrupted {
		return &coded{code: exitInterrupted}
	}
	if s := m.client.Stats(); s.Connects == 0 {
		return fmt.Errorf("no pool gave work: %s", cmp.Or(s.LastError, "none answered in time"))
	}
	return nil
}

// settleTime is how long the last shares may take to be answered.
const settleTime = 2 * time.Second

// settle waits until every share found has its verdict.
func (m *poolMiner) settle() {
	deadline := time.After(settleTime)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		s := m.client.Stats()
		known := s.Accepted + s.RejectedTotal() + s.Unanswered
		for _, n := range s.Unsent {
			known += n
		}
		if known >= m.worker.Stats().Found {
			return
		}
		select {
		case <-deadline:
			return
		case <-tick.C:
		}
	}
}
