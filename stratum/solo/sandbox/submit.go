package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/blockchain"
	"github.com/btcsuite/btcd/btcutil/v2"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// Submit judges a block and adds it to the chain, on whatever branch: blocks
// on a longer branch reorganise the chain. It returns nil for a block that is
// there already. A block that was taken is durable. The errors are
// solo.ErrRejected, or a failure of the files.
func (n *Node) Submit(_ context.Context, raw []byte) error {
	if len(raw) > maxBlockBytes {
		return solo.ErrRejected{Reason: fmt.Sprintf("block of %d bytes, at most %d", len(raw), maxBlockBytes)}
	}
	block, err := btcutil.NewBlockFromBytes(raw)
	if err != nil {
		return solo.ErrRejected{Reason: "block cannot be decoded: " + err.Error()}
	}
	if size := block.MsgBlock().SerializeSize(); size != len(raw) {
		return solo.ErrRejected{Reason: fmt.Sprintf("%d bytes after the block", len(raw)-size)}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.usable(); err != nil {
		return err
	}
	chain := n.cache.chain
	if reason, ok := n.refused[miner.Hash(*block.Hash())]; ok {
		return solo.ErrRejected{Reason: reason}
	}
	if have, err := chain.HaveBlock(block.Hash()); have || err != nil {
		return err
	}
	// What costs nothing to refuse never reaches the log.
	if have, err := chain.HaveBlock(&block.MsgBlock().Header.PrevBlock); err != nil {
		return err
	} else if !have {
		return solo.ErrRejected{Reason: fmt.Sprintf("previous block %v is unknown", block.MsgBlock().Header.PrevBlock)}
	}
	if err := blockchain.CheckBlockSanity(block, n.params.PowLimit, n.clock); err != nil {
		return solo.ErrRejected{Reason: err.Error()}
	}
	return n.take(block, raw)
}

// take makes a block durable and gives it to the chain. n.mu is held.
func (n *Node) take(block *btcutil.Block, raw []byte) error {
	before, tip := n.log.size, n.cache.chain.BestSnapshot().Hash
	if err := n.log.append(raw); err != nil {
		return n.fail(err)
	}
	_, _, err := n.cache.chain.ProcessBlock(block, blockchain.BFNone)
	var rule blockchain.RuleError
	switch {
	case errors.As(err, &rule):
		if err := n.log.truncate(before); err != nil {
			return n.fail(err)
		}
		if len(n.refused) < maxRefused {
			n.refused[miner.Hash(*block.Hash())] = rule.Description
		}
		return solo.ErrRejected{Reason: rule.Description}
	case err != nil:
		// The block is in the log: the next start rebuilds the chain with it.
		return n.fail(err)
	}
	n.clock.raise(block.MsgBlock().Header.Timestamp)
	if n.cache.chain.BestSnapshot().Hash != tip {
		close(n.news)
		n.news = make(chan struct{})
	}
	return nil
}

// fail takes the coin out of service: what its files hold is only known after
// they were opened anew. n.mu is held.
func (n *Node) fail(err error) error {
	n.broken = fmt.Errorf("sandbox coin in %s stopped, restart it once its files can be written: %w", n.dir, err)
	return n.broken
}
