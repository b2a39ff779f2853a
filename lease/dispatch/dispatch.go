package dispatch

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// Config says what a Dispatcher works with. Store, Key and Terms must be given,
// and Node, HousePool or both.
type Config struct {
	Store        lease.Store
	Node         solo.Node          // the coin node; nil: none
	HousePool    *lease.Pool        // where the house works, and leases without a pool; nil: on Node's templates
	Coin         string             // of the books, where there is no Node
	Upstream     string             // how to show the node to people
	Key          ed25519.PrivateKey // the provider's
	Terms        lease.TermsHash    // the house's, stored already
	Kernel       *miner.Kernel      // nil: the fastest
	Threads      int                // 0: one a processor
	DutyPercent  int                // 0: 100
	HouseProofMs int64              // milliseconds of house hashing per expected receipt; 0: lease.DefaultProofMs
	Log          *slog.Logger       // nil: silent
	Now          func() time.Time   // nil: time.Now

	// Stratum makes a server for rigs, with these limits and vardiff; the rest
	// of it is the Dispatcher's. nil: none.
	Stratum     *stratum.ServerConfig
	UnknownRigs bool                   // machines that nobody added may work, for the house
	PoolAllow   func(netip.Addr) error // which addresses tenants' pools may have; nil: public ones
	Billing     Biller                 // nil: nothing is settled
	CapacityHps uint64                 // what the threads were measured to make; the store is told that and what rigs make. 0: it is not told
}

// Dispatcher runs a node: one engine, one source of templates, one store.
type Dispatcher struct {
	Config
	params  solo.Params
	terms   lease.Terms
	house   lease.Lease // the pseudo-lease of the provider's own account
	engine  *miner.Engine
	feed    *feed
	started time.Time // of Run; under status.mu
	run     int64     // number of this run in the store

	window window
	jobs   jobMaker
	commit committer
	settle settler
	status status
	rigs   rigs
	pools  pools

	headers headerKeeper
	clock   clock
	outages outages
	budgets atomic.Int64 // one more than the version of the leases whose budgets were looked at
}

// New prepares a node and waits until its coin node answers. Nothing is
// hashed before Run.
func New(ctx context.Context, cfg Config) (*Dispatcher, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.HouseProofMs == 0 {
		cfg.HouseProofMs = lease.DefaultProofMs
	}
	d := &Dispatcher{Config: cfg}
	var err error
	if d.params, err = cfg.params(ctx); err != nil {
		return nil, err
	}
	if d.terms, err = cfg.Store.Terms(ctx, cfg.Terms); err != nil {
		return nil, fmt.Errorf("terms of the house: %w", err)
	}
	if err := d.checkTerms(ctx); err != nil {
		return nil, err
	}
	provider := cfg.Key.Public().(ed25519.PublicKey)
	d.house = lease.Lease{ID: lease.House, Tenant: lease.House, ProofMs: cfg.HouseProofMs, Terms: cfg.Terms}
	d.house.Tag = lease.NewTag(lease.TagInput{Provider: provider, Lease: lease.House, Tenant: provider, Terms: cfg.Terms})
	d.feed = newFeed(cfg.Now)
	d.engine, err = miner.NewEngine(miner.EngineConfig{
		Kernel: cfg.Kernel, Threads: cfg.Threads, DutyPercent: cfg.DutyPercent,
		Feeder: d.feed, Pin: true, Idle: true,
	})
	if err != nil {
		return nil, err
	}
	d.feed.place = d.engine.Place
	d.pools = pools{open: make(map[string]*upstream), own: make(map[string]bool), said: make(map[string]lease.Upstream)}
	if err := d.openServer(); err != nil {
		return nil, err
	}
	d.settle.wake = make(chan struct{}, 1)
	d.settle.missing = make(map[miner.Hash]time.Time)
	d.settle.candidates = make(chan candidate, maxCandidates)
	d.headers.tips = make(chan chainTip, tipsWaiting)
	return d, nil
}

// params are those of the coin, as its node tells them where there is one.
func (c *Config) params(ctx context.Context) (solo.Params, error) {
	switch {
	case c.Node != nil:
		p, err := c.Node.Params(ctx)
		if err != nil {
			return p, fmt.Errorf("coin node: %w", err)
		}
		return p, nil
	case c.HousePool == nil:
		return solo.Params{}, errors.New("neither a coin node nor a pool of the house: there is nothing to work on")
	}
	return solo.Params{Coin: c.Coin}, nil
}

// Run hashes until ctx is done. It returns nil once everything found by then
// is committed, and an error when it could not go on.
func (d *Dispatcher) Run(ctx context.Context) error {
	started := d.Now()
	d.status.mu.Lock()
	d.started = started
	d.status.mu.Unlock()
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), miner.GoMaxProcs(d.engine.Threads())))
	if err := d.begin(ctx, started); err != nil {
		if ctx.Err() != nil {
			return nil // nothing was found yet
		}
		return err
	}
	// A block that cannot be settled now must not keep the tenants from their
	// hash rate.
	if d.Node != nil {
		if err := d.settleAll(ctx); err != nil && ctx.Err() == nil {
			d.Log.Error("blocks are not settled, trying again later", "err", err)
		}
	}
	work, stopWork := context.WithCancelCause(ctx)
	defer stopWork(nil)
	var following, committing, settling sync.WaitGroup
	if d.HousePool != nil {
		if err := d.openHousePool(work); err != nil {
			return err
		}
	} else {
		following.Go(func() {
			err := solo.Follow(work, d.Node, d.Log, func(t *solo.Template, tipChanged bool) error {
				return d.newTemplate(work, t, tipChanged)
			})
			stopWork(err)
		})
	}
	following.Go(func() { stopWork(d.watchContracts(work)) })
	following.Go(func() { d.bill(work) })
	following.Go(func() { d.keepContracts(work) })
	following.Go(func() { d.keepHeaders(work) })
	if d.rigs.server != nil {
		following.Go(func() { d.rigLoop(work) })
	}

	// Commits go on until the last hash is accounted for, and the settling of
	// blocks beyond the last commit, which may have found one.
	commits, endCommits := context.WithCancel(context.WithoutCancel(ctx))
	defer endCommits()
	blocks, endBlocks := context.WithCancel(context.WithoutCancel(ctx))
	defer endBlocks()
	var commitErr error
	committing.Go(func() {
		if commitErr = d.commitLoop(commits); commitErr != nil {
			stopWork(commitErr)
		}
	})
	if d.Node != nil {
		settling.Go(func() { d.settleLoop(blocks) })
	}

	d.engine.Start()
	<-work.Done()
	d.engine.Stop()
	if d.rigs.server != nil {
		d.rigs.server.Close()
	}
	following.Wait()
	endCommits()
	committing.Wait()
	d.pools.await()
	d.closePools()
	if commitErr == nil {
		commitErr = d.commitVerdicts(context.WithoutCancel(ctx))
	}
	endBlocks()
	settling.Wait()
	d.settleLast(context.WithoutCancel(ctx))

	// Trouble counts even if ctx was done before it was told.
	if cause := context.Cause(work); !errors.Is(cause, context.Cause(ctx)) {
		return cause
	}
	return commitErr
}

// begin begins a run, and takes up the contracts where the last one left them.
func (d *Dispatcher) begin(ctx context.Context, started time.Time) error {
	heartbeat, err := d.Store.Heartbeat(ctx)
	if err != nil {
		return fmt.Errorf("the last run: %w", err)
	}
	d.clock.last.Store(heartbeat)
	if err := d.endOldOutages(ctx, heartbeat); err != nil {
		return err
	}
	d.seeBudgets(ctx)
	if d.run, err = d.Store.BeginRun(ctx, started.UnixMilli()); err != nil {
		return fmt.Errorf("starting a run: %w", err)
	}
	// Before work is handed out: the log says at which destinations tags count.
	if err := d.Store.SetHousePool(ctx, d.HousePool != nil); err != nil {
		return fmt.Errorf("destinations of the leases: %w", err)
	}
	return nil
}

// networkWork is the work of one block of the template.
func networkWork(t *solo.Template) (miner.Target, miner.Work, error) {
	target, err := t.Bits.Target()
	if err != nil {
		return target, miner.Work{}, fmt.Errorf("template at height %d: %w", t.Height, err)
	}
	return target, target.Work(), nil
}
