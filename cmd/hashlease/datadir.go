package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/hashlease/hashlease/bench"
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// dataFlags are the flags of every command on a data directory.
type dataFlags struct {
	*flags
	data   *string
	config *string
	json   *bool
}

func newDataFlags(e *env, name, synopsis, about string) *dataFlags {
	f := newFlags(e, name, synopsis, about)
	return &dataFlags{
		flags:  f,
		data:   f.String("data", "", "the data `DIR` (default hashlease-data, unless configured)"),
		config: f.String("config", "", "the configuration `FILE`"),
		json:   f.Bool("json", false, "print JSON"),
	}
}

// load returns the configuration with the flags in it; more sets flags that
// are the command's own.
func (f *dataFlags) load(more ...func(*config)) (config, error) {
	cfg, from, err := loadConfig(f.e, *f.config)
	if err != nil {
		return cfg, err
	}
	cfg.Stratum.explicit = from["stratum.listen"] != fromDefault
	cfg.Portal.explicit = from["portal.listen"] != fromDefault
	if f.given("data") {
		cfg.Node.Data = *f.data
	}
	for _, set := range more {
		set(&cfg)
	}
	if err := cfg.validate(); err != nil {
		return cfg, usage("%w", err)
	}
	f.e.warnStray(&cfg)
	return cfg, nil
}

// open loads the configuration and opens the data directory.
func (f *dataFlags) open(ctx context.Context, create bool) (*provider, config, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, cfg, err
	}
	p, err := openProvider(ctx, cfg.Node.Data, create)
	if err != nil {
		return nil, cfg, err
	}
	p.logCfg = cfg.Log
	return p, cfg, nil
}

// newestTerms returns the house's terms for a new lease. A directory that
// never saw a node gets them as the node would make them.
func (p *provider) newestTerms(ctx context.Context, e *env, cfg *config) (lease.TermsHash, error) {
	r, ok, err := p.readHouse()
	if err != nil {
		return lease.TermsHash{}, err
	}
	if ok {
		return lease.ParseTermsHash(r.Terms)
	}
	if cfg.sandbox() {
		return p.settleHouse(ctx, cfg, sandboxCoin, sandboxCoin, p.keepableHere(e, cfg, sandboxCoin, sandboxCoin), e.nowMs())
	}
	if len(cfg.Coin.RPC) == 0 {
		coin, network := cfg.Coin.named()
		return p.settleHouse(ctx, cfg, coin, network, anyTerms, e.nowMs())
	}
	coin, err := dialCoin(cfg, logger(e.stderr, cfg.Node.LogFormat, slog.LevelWarn))
	if err != nil {
		return lease.TermsHash{}, err
	}
	params, err := coin.Params(ctx)
	if err != nil {
		return lease.TermsHash{}, err
	}
	return p.settleHouse(ctx, cfg, params.Coin, params.Network, keepable(coin), e.nowMs())
}

// The node's whole hash rate is measured in some short rounds, of which the
// best counts: other programs only ever make it less.
const (
	capacityRounds = 3
	capacityTime   = 100 * time.Millisecond
)

// measureCapacity finds the hash rate of all threads together and stores it.
func (p *provider) measureCapacity(ctx context.Context, k *miner.Kernel, threads, duty int) (uint64, error) {
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(threads)))
	var hps uint64
	for range capacityRounds {
		round, err := bench.Throughput(ctx, k, threads, capacityTime)
		if err != nil {
			return 0, fmt.Errorf("measuring the hash rate: %w", err)
		}
		hps = max(hps, round)
	}
	hps = hps / 100 * uint64(duty)
	return hps, p.store.SetCapacity(ctx, hps)
}
