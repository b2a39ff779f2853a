package bundle

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// edgeMs is how near the ends of the period a block may be another period's, in
// milliseconds: its time is set before it is found.
const edgeMs = 10 * 60 * 1000

// checkBlocks looks for blocks of the lease on the chain that no leaf tells of,
// and whether the headers are the chain's.
func (v *verifier) checkBlocks() {
	switch {
	case v.Chain == nil:
		v.skip("chain", "that no block of the lease's was left out, and that the headers are the chain's: give a coin node to ask")
	case v.d.files[fileHeaders] == nil && slices.ContainsFunc(v.jobs, func(j jobLeaf) bool { return !j.pool }):
		v.report("chain", errors.New("there are no headers in the bundle, but jobs on blocks of the house: a node that makes these sees the chain, and without its headers nobody knows where to look for hidden blocks"), "")
	case v.d.files[fileHeaders] == nil:
		v.skip("chain", "that no block of the lease's was left out: without headers in the bundle nobody knows which to look at")
	default:
		n, found, err := v.scanChain()
		v.report("chain", err, "%d headers are those of your coin node; %d blocks there have the lease's tag, all of them with a leaf", n, found)
	}
}

// scanChain compares every header with the chain, and every coinbase with the
// tag.
func (v *verifier) scanChain() (n, found int64, err error) {
	known := make(map[miner.Hash]lease.BlockState)
	for _, l := range v.ofKind(translog.KindBlock) {
		b, _, err := leaf.Read[leaf.Block](l.body, translog.KindBlock)
		if err != nil {
			return 0, 0, fmt.Errorf("leaf %d: %w", l.index, err)
		}
		known[miner.Hash(b.Hash)] = b.State
	}
	edge, first := int64(-1), v.s.Period.FromMs+edgeMs
	if v.gather().fromStart() {
		first -= 2 * edgeMs // there is no period before in which it could be
	}
	from, err := v.eachHeader(func(height int64, h *miner.Header) error {
		hash, coinbase, err := v.Chain.Coinbase(v.ctx, height)
		switch {
		case errors.Is(err, lease.ErrNotFound):
			return errors.New("your coin node's chain ends before it: the headers here are not the chain's, or the node is behind")
		case err != nil:
			return fmt.Errorf("asking the coin node: %w", err)
		case hash != h.Hash():
			return fmt.Errorf("it is %v on the chain, and %v in the bundle", hash, h.Hash())
		}
		if n++; !v.tagged(coinbase) {
			return nil
		}
		at, p := int64(h.Time())*1000, &v.s.Period
		switch {
		case known[hash] == lease.Rejected:
			return errRefused
		case known[hash] != "":
			found++
		case at >= first && at < p.ToMs-edgeMs:
			return fmt.Errorf("a hidden block: the coinbase of %v has the lease's tag, and no leaf here tells of it", hash)
		default:
			edge = height
		}
		return nil
	})
	if err == nil {
		err = v.scanBeyond(from+n, known)
	}
	if err == nil && edge >= 0 {
		v.word(fmt.Sprintf("in which period the block of height %d is, which has the lease's tag: it is near the end of this one, look into the other's bundle", edge))
	}
	return n, found, err
}

// beyondBlocks is how many blocks behind the last header are looked at.
const beyondBlocks = 144

// scanBeyond looks for blocks of the lease's from a height on, behind the headers:
// a provider who wants to hide one may have left its header out. Of which period
// they are, nobody can tell here.
func (v *verifier) scanBeyond(from int64, known map[miner.Hash]lease.BlockState) error {
	for height := from; height < from+beyondBlocks; height++ {
		hash, coinbase, err := v.Chain.Coinbase(v.ctx, height)
		switch {
		case errors.Is(err, lease.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("asking the coin node: %w", err)
		case v.tagged(coinbase) && known[hash] == "":
			v.word(fmt.Sprintf("in which period the block of height %d is, which has the lease's tag and whose header is not here: no leaf here tells of it, look into the next bundle", height))
		}
	}
	return nil
}

// tagged tells whether a coinbase has the lease's tag in the place of the
// house's.
func (v *verifier) tagged(coinbase []byte) bool {
	c, err := work.ParseCoinbase(coinbase)
	if err != nil {
		return false
	}
	tag, err := receipt.FindTag(c.ScriptSig)
	return err == nil && receipt.B16(tag) == v.s.Tag
}
