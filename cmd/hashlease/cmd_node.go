package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/transport"
)

func runNode(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "node", "[flags]",
		"Runs the provider's node. Without any flag it mines a private sandbox coin, and a\n"+
			"fresh data directory gets two demo tenants with a lease each. --json prints the\n"+
			"summary at the end as JSON.")
	runFor := f.Duration("run-for", 0, "stop after this `DURATION`; 0 is never")
	var rpcURLs list
	f.Var(&rpcURLs, "coin-rpc", "JSON-RPC `URL` of a coin node; several for nodes of one network")
	payout := f.String("payout-address", "", "the `ADDRESS` that blocks pay, or script:HEX; needed with --coin-rpc")
	threads := f.Int("threads", 0, "hashing threads `N`; 0 is one per processor")
	duty := f.Int("duty", 100, "`PERCENT` of the time that threads hash")
	kernel := f.String("kernel", "", "hashing kernel by `NAME`; empty is the fastest, as \"hashlease kernels\" tells")
	demo := f.Bool("demo", false, "make the demo tenants in a fresh directory on the sandbox coin (the default)")
	noDemo := f.Bool("no-demo", false, "make no demo tenants")
	logFormat := f.String("log-format", "text", "`FORM` of the log: text or json")
	setStratum := f.stratumFlag()
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *demo && *noDemo {
		return f.usage("--demo and --no-demo exclude each other")
	}
	if *runFor < 0 {
		return f.usage("--run-for %v: want a positive duration", *runFor)
	}
	cfg, err := f.load(func(c *config) {
		if f.given("coin-rpc") {
			c.Coin.RPC = rpcURLs
		}
		if f.given("payout-address") {
			c.Coin.Payout = *payout
		}
		if f.given("threads") {
			c.Node.Threads = *threads
		}
		if f.given("duty") {
			c.Node.Duty = *duty
		}
		if f.given("kernel") {
			c.Node.Kernel = *kernel
		}
		if f.given("log-format") {
			c.Node.LogFormat = *logFormat
		}
		c.Node.Demo = (c.Node.Demo || *demo) && !*noDemo
		setStratum(c)
	})
	if err != nil {
		return err
	}
	n, err := openNode(ctx, e, &cfg)
	if err != nil {
		return err
	}
	err = n.run(ctx, *runFor, *f.json)
	return errors.Join(err, n.close())
}

// node is a provider with everything that hashes, settles and reports.
type node struct {
	*provider
	e        *env
	cfg      *config
	screen   *screen
	log      *slog.Logger
	unlock   func()
	coin     solo.Node   // nil: none
	pool     *lease.Pool // the house's; nil: none
	params   solo.Params
	upstream string
	kernel   *miner.Kernel
	terms    lease.TermsHash
	before   int // blocks that earlier runs found
	settler  *billing.Settler
	dispatch *dispatch.Dispatcher
	port     *transport.Listener // for rigs; nil: none

	keeper    *logkeeper.Keeper // of the log
	unlockLog func()
	portal    portalPort
}

// openNode brings up all parts of a node. What it opened before an error is
// closed again.
func openNode(ctx context.Context, e *env, cfg *config) (_ *node, err error) {
	p, err := openProvider(ctx, cfg.Node.Data, true)
	if err != nil {
		return nil, err
	}
	p.logCfg = cfg.Log
	n := &node{provider: p, e: e, cfg: cfg, screen: newScreen(e.stderr, e.term)}
	n.log = n.screen.logger(cfg.Node.LogFormat)
	defer func() {
		if err != nil {
			err = errors.Join(err, n.close())
		}
	}()
	if n.unlock, err = p.lock(); err != nil {
		return nil, err
	}
	if err := n.openLog(ctx); err != nil {
		return nil, err
	}
	choice, err := e.chooseKernel(ctx, cfg.Node.Kernel)
	if err != nil {
		return nil, err
	}
	n.kernel = choice.Kernel
	for _, line := range choice.banner() {
		n.say(line)
	}
	if err := n.openCoin(ctx); err != nil {
		return nil, err
	}
	_, old, err := p.readHouse()
	if err != nil {
		return nil, err
	}
	if n.terms, err = p.settleHouse(ctx, cfg, n.params.Coin, n.params.Network, n.keepable(), e.nowMs()); err != nil {
		return nil, err
	}
	capacity, err := p.measureCapacity(ctx, n.kernel, cfg.Node.Threads, cfg.Node.Duty)
	if err != nil {
		return nil, err
	}
	n.say(fmt.Sprintf("%s of hash rate with %s at %d %%, of which %d %% may be leased",
		formatRate(capacity), plural(n.threads(), "thread"), cfg.Node.Duty, limitPercent))
	n.settler = &billing.Settler{Store: p.store, MaxHours: 24}
	if cfg.sandbox() && cfg.Node.Demo {
		if err := n.makeDemo(ctx, !old, capacity); err != nil {
			return nil, err
		}
	}
	if _, _, err := p.retention(ctx, &cfg.Receipts); err != nil {
		return nil, err
	}
	if err := errors.Join(n.warnClock(ctx), n.warnOversold(ctx, capacity)); err != nil {
		return nil, err
	}
	counts, err := p.store.CountBlocks(ctx)
	if err != nil {
		return nil, err
	}
	n.before = sumBlocks(counts)
	n.say(fmt.Sprintf("data in %s, provider key %x", p.dir, p.public()))
	server, err := cfg.Stratum.server()
	if err != nil {
		return nil, err
	}
	n.dispatch, err = dispatch.New(ctx, dispatch.Config{
		Store: p.store, Node: n.coin, HousePool: n.pool, Coin: n.params.Coin, Upstream: n.upstream, Key: p.key, Terms: n.terms,
		Kernel: n.kernel, Threads: n.threads(), DutyPercent: cfg.Node.Duty,
		HouseProofMs: cfg.Node.HouseProofMs, Log: n.log, Now: e.now,
		Stratum: server, UnknownRigs: cfg.Stratum.UnknownRigs == unknownHouse, CapacityHps: capacity,
		PoolAllow: cfg.Pools.allow(), Billing: n.settler,
	})
	if err != nil {
		return nil, err
	}
	if err := n.openPort(ctx); err != nil {
		return nil, err
	}
	return n, n.openPortal(ctx)
}

// openCoin connects to the coin node or opens the one inside.
func (n *node) openCoin(ctx context.Context) (err error) {
	switch {
	case n.cfg.sandbox():
		coin, err := n.openSandbox(n.e, n.log)
		if err != nil {
			return err // n.coin stays nil, not a pointer that is nil: close asks
		}
		n.coin, n.upstream = coin, "inside the node"
	case len(n.cfg.Coin.RPC) == 0:
		return n.openPool(nil)
	default:
		if n.coin, err = dialCoin(n.cfg, n.log); err != nil {
			return err
		}
		n.upstream = withoutUser(n.cfg.Coin.RPC[0])
	}
	if n.params, err = n.coin.Params(ctx); err != nil {
		return err
	}
	name := coinName(n.params.Coin, n.params.Network)
	if c := &n.cfg.Coin; c.Name != "" {
		if coin, network := c.named(); coin != n.params.Coin || network != n.params.Network {
			return usage("coin.rpc is a node of %s, but coin.name and coin.network say %s", name, coinName(coin, network))
		}
	}
	if len(n.cfg.House.Pool) > 0 {
		return n.openPool(&n.params)
	}
	if n.cfg.sandbox() {
		n.say("coin " + name + ": private and worth nothing, for trying things out")
	} else {
		n.say("coin " + name + " from " + n.upstream)
	}
	return nil
}

// openPool says where the house works: at the provider's pool, whatever coin
// node there is besides.
func (n *node) openPool(params *solo.Params) error {
	pool, err := n.cfg.House.pool()
	if err != nil {
		return err
	}
	node := "no coin node is needed"
	if params == nil {
		n.params.Coin, n.params.Network = n.cfg.Coin.named()
	} else {
		node = "templates of " + n.upstream + " are not used, it settles blocks of before"
	}
	n.pool, n.upstream = pool, pool.URLs[0]
	n.say(fmt.Sprintf("coin %s: the house and leases without a pool mine at %s as %s; %s",
		coinName(n.params.Coin, n.params.Network), strings.Join(pool.URLs, ", or "), pool.User, node))
	return nil
}

// withoutUser takes user name and password out of an address.
func withoutUser(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		scheme, rest = "", url
	} else {
		scheme += "://"
	}
	return scheme + rest[strings.LastIndexByte(rest, '@')+1:]
}

func (n *node) threads() int {
	if n.cfg.Node.Threads > 0 {
		return n.cfg.Node.Threads
	}
	return runtime.NumCPU()
}

// say prints a line about the start.
func (n *node) say(line string) {
	if n.cfg.Node.LogFormat == "json" {
		n.log.Info(line)
		return
	}
	fmt.Fprintln(n.screen, line)
}

// close gives up everything the node holds, the last opened first.
func (n *node) close() error {
	var errs []error
	if n.port != nil {
		if err := n.port.Close(); !errors.Is(err, net.ErrClosed) { // serving has closed it
			errs = append(errs, err)
		}
	}
	if l := n.portal.listener; l != nil {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if n.dispatch != nil {
		n.dispatch.Close()
	}
	if c, ok := n.coin.(io.Closer); ok {
		errs = append(errs, c.Close())
	}
	for _, unlock := range []func(){n.unlockLog, n.unlock} {
		if unlock != nil {
			unlock()
		}
	}
	return errors.Join(append(errs, n.provider.close())...)
}

// run hashes until ctx ends or runFor is over, and prints the summary.
func (n *node) run(ctx context.Context, runFor time.Duration, asJSON bool) error {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	if runFor > 0 {
		// No deadline: the end of the run is not that of somebody's patience.
		defer time.AfterFunc(runFor, cancel).Stop()
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		n.watch(work)
	}()
	serving := n.serveRigs(work)
	paying := n.payTenants(work)
	keeping := n.keepLog(work)
	portal := n.servePortal(work)
	receipts := n.keepReceipts(work)
	err := n.dispatch.Run(work)
	if work.Err() != nil && errors.Is(err, work.Err()) {
		err = nil // stopped while it began is stopped
	}
	cancel()
	<-watched
	<-serving
	<-paying
	<-keeping
	<-portal
	<-receipts
	n.sealRest(ctx)
	n.keeper.Finish(ctx)
	n.screen.clear()
	if err != nil {
		return err
	}
	if err := n.printSummary(context.WithoutCancel(ctx), asJSON); err != nil {
		return err
	}
	if context.Cause(ctx) == errInterrupted {
		return &coded{code: exitInterrupted}
	}
	return nil
}
