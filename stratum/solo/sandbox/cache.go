package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/database"
	_ "github.com/btcsuite/btcd/database/ffldb" // the driver of openCache
)

// utxoCacheSize bounds btcd's cache of unspent outputs, in bytes.
const utxoCacheSize = 16 << 20

// cache is btcd's chain over its database, rebuilt from the block log
// whenever there is a doubt.
type cache struct {
	db    database.DB
	chain *blockchain.BlockChain
}

func cacheDir(dir string) string  { return filepath.Join(dir, "cache") }
func cleanFile(dir string) string { return filepath.Join(dir, "clean") }

// cleanMark is what a Close leaves behind: the log's size and the tip that
// the cache held for it.
func cleanMark(logSize int64, c *cache) []byte {
	best := c.chain.BestSnapshot()
	return fmt.Appendf(nil, "log %d tip %v height %d\n", logSize, best.Hash, best.Height)
}

// openCache opens the database of an earlier run, or a new one.
func openCache(dir string, params *chaincfg.Params, clk *clock, create bool) (c *cache, err error) {
	defer func() { // a damaged database must be an error, whatever it does to its reader
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("chain cache: %v", r)
		}
	}()
	open := database.Open
	if create {
		open = database.Create
	}
	db, err := open("ffldb", cacheDir(dir), params.Net)
	if err != nil {
		return nil, err
	}
	chain, err := blockchain.New(&blockchain.Config{
		DB: db, UtxoCacheMaxSize: utxoCacheSize, ChainParams: params, TimeSource: clk,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &cache{db, chain}, nil
}

// reuseCache opens the cache that the last Close left for a log of the given
// size, nil when there is none to be trusted. The mark is used up.
func reuseCache(dir string, logSize int64, params *chaincfg.Params, clk *clock) (*cache, error) {
	mark, err := os.ReadFile(cleanFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = errors.Join(os.Remove(cleanFile(dir)), syncDir(dir))
	}
	if err != nil {
		return nil, err
	}
	c, err := openCache(dir, params, clk, false)
	if err != nil {
		return nil, nil // rebuilt instead
	}
	best := c.chain.BestSnapshot()
	tip, err := c.chain.HeaderByHash(&best.Hash)
	if err != nil || !bytes.Equal(mark, cleanMark(logSize, c)) {
		return nil, c.db.Close()
	}
	clk.raise(tip.Timestamp)
	return c, nil
}

// rebuildCache makes a new, empty cache.
func rebuildCache(dir string, params *chaincfg.Params, clk *clock) (*cache, error) {
	if err := os.RemoveAll(cacheDir(dir)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cacheDir(dir), 0o700); err != nil {
		return nil, err
	}
	return openCache(dir, params, clk, true)
}

// replay gives a block of the log to the chain. Blocks that the rules refuse
// stay out, as when they were submitted; other errors are failures.
func (c *cache) replay(clk *clock, raw []byte) error {
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return nil // whole by its checksum and yet no block: never taken
	}
	clk.raise(block.MsgBlock().Header.Timestamp)
	_, _, err = c.chain.ProcessBlock(block, blockchain.BFNone)
	var rule blockchain.RuleError
	if err != nil && !errors.As(err, &rule) {
		return fmt.Errorf("block %v: %w", block.Hash(), err)
	}
	return nil
}

// close writes everything out; keep says that the next start may trust it.
func (c *cache) close(dir string, logSize int64, keep bool) error {
	flushErr := c.chain.FlushUtxoCache(blockchain.FlushRequired)
	mark := cleanMark(logSize, c)
	if err := errors.Join(flushErr, c.db.Close()); err != nil || !keep {
		return err
	}
	return writeDurably(dir, cleanFile(dir), mark)
}

// writeDurably replaces a file in dir by the given content, whole or not at
// all.
func writeDurably(dir, name string, content []byte) error {
	f, err := os.CreateTemp(dir, "new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}
