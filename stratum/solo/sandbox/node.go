package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/chainhash/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// refresh is the age at which Wait replaces a template.
const refresh = 30 * time.Second

// maxRefused bounds how many refused blocks are remembered.
const maxRefused = 1000

// Config says where and by which clock a sandbox coin lives.
type Config struct {
	Dir    string           // all its files; created when missing
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: silent

	// Easiest is the easiest target, also that of the first blocks; zero
	// means DefaultBits. A directory keeps the one it was made with.
	Easiest miner.Bits
}

// Node is the sandbox coin: chain, judge and source of templates. It
// implements solo.Node and is safe for concurrent use.
type Node struct {
	dir    string
	now    func() time.Time
	params *chaincfg.Params
	forms  solo.AddressForms
	clock  *clock
	lock   *os.File

	mu      sync.Mutex // guards what follows and every change of the chain
	log     *blockLog
	cache   *cache
	refused map[miner.Hash]string // why, for blocks that are in the cache but not in the log
	broken  error                 // set when log or database failed
	closed  bool
	news    chan struct{} // closed and replaced when the tip changes
}

var _ solo.Node = (*Node)(nil)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("sandbox coin is closed")

// Open opens the coin in cfg.Dir, a new one when there is none. Where the
// last process did not close it, the chain is rebuilt from the block log.
func Open(cfg Config) (*Node, error) {
	params, err := chainParams(cmp.Or(cfg.Easiest, DefaultBits))
	if err != nil {
		return nil, err
	}
	log := cfg.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	forms, _ := solo.FormsOf("sandbox", "sandbox")
	n := &Node{dir: cfg.Dir, now: cfg.Now, params: params, forms: forms,
		refused: make(map[miner.Hash]string), news: make(chan struct{})}
	if n.now == nil {
		n.now = time.Now
	}
	n.clock = &clock{now: n.now}
	if err := n.open(log); err != nil {
		if n.log != nil {
			n.log.f.Close()
		}
		if n.lock != nil {
			n.lock.Close()
		}
		return nil, fmt.Errorf("sandbox coin in %s: %w", cfg.Dir, err)
	}
	return n, nil
}

// open gets the lock, the log and a cache that matches it.
func (n *Node) open(log *slog.Logger) (err error) {
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		return err
	}
	if n.lock, err = lockDir(n.dir); err != nil {
		return err
	}
	var cut int64
	if n.log, cut, err = openLog(n.dir, miner.Hash(*n.params.GenesisHash)); err != nil {
		return err
	}
	if cut > 0 {
		log.Warn("sandbox block log ended in a torn record, which was cut off", "bytes", cut)
	}
	if n.cache, err = reuseCache(n.dir, n.log.size, n.params, n.clock); n.cache != nil || err != nil {
		return err
	}
	start := time.Now()
	if n.cache, err = rebuildCache(n.dir, n.params, n.clock); err != nil {
		return err
	}
	_, err = n.log.each(func(block []byte) error { return n.cache.replay(n.clock, block) })
	if err != nil {
		return errors.Join(err, n.cache.db.Close())
	}
	if height := n.cache.chain.BestSnapshot().Height; height > 0 {
		log.Info("sandbox chain rebuilt from its block log", "height", height, "took", time.Since(start).Round(time.Millisecond))
	}
	return nil
}

// Close writes the chain out and frees the directory.
func (n *Node) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil
	}
	n.closed = true
	close(n.news)
	keep := n.broken == nil && len(n.refused) == 0
	return errors.Join(n.cache.close(n.dir, n.log.size, keep), n.log.f.Close(), n.lock.Close())
}

// usable returns why the node cannot work, nil when it can. n.mu is held.
func (n *Node) usable() error {
	if n.closed {
		return ErrClosed
	}
	return n.broken
}

// Params returns the facts of the coin.
func (n *Node) Params(context.Context) (solo.Params, error) {
	return solo.Params{Coin: "sandbox", Network: "sandbox", Maturity: Maturity}, nil
}

// AddressScript returns the script that pays an address; see the package
// comment for its forms.
func (n *Node) AddressScript(address string) ([]byte, error) { return n.forms.Script(address) }

// Tip returns hash and height of the best block.
func (n *Node) Tip(context.Context) (miner.Hash, int64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return miner.Hash{}, 0, err
	}
	best := n.cache.chain.BestSnapshot()
	return miner.Hash(best.Hash), int64(best.Height), nil
}

// Locate says where a block stands. The height is the block's own where it is
// on the chain, else the given one.
func (n *Node) Locate(_ context.Context, hash miner.Hash, height int64) (solo.Place, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return solo.Place{}, err
	}
	place := solo.Place{Height: height}
	if _, refused := n.refused[hash]; refused {
		return place, nil
	}
	h := chainhash.Hash(hash)
	have, err := n.cache.chain.HaveBlock(&h)
	if err != nil {
		return solo.Place{}, err
	}
	if place.Known = have; !have || !n.cache.chain.MainChainHasBlock(&h) {
		return place, nil
	}
	at, err := n.cache.chain.BlockHeightByHash(&h)
	if err != nil {
		return solo.Place{}, err
	}
	place.OnChain, place.Height = true, int64(at)
	place.Confirmations = int64(n.cache.chain.BestSnapshot().Height-at) + 1
	return place, nil
}
