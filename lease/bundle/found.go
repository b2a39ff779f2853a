package bundle

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
)

// solvable is the target of networks whose blocks are looked for among receipts:
// those of easier ones, or of this one, are no rare luck, and a node need not
// submit every one of them.
func (v *verifier) solvable() miner.Target {
	if v.Options.solvable != (miner.Target{}) {
		return v.Options.solvable
	}
	return mainTarget()
}

// network is the target that makes a receipt on a job a block of the house's;
// false: none does, or it is not looked for.
func (v *verifier) network(t *receipt.Template) (miner.Target, bool) {
	if t == nil || t.IsPool() {
		return miner.Target{}, false
	}
	target, err := miner.Bits(t.Bits).Target()
	return target, err == nil && target.Cmp(v.solvable()) < 0
}

// blockLogged reports whether a leaf that was read so far tells of a block.
func (h *hashing) blockLogged(hash miner.Hash) bool {
	if h.blocks == nil {
		h.blocks = make(map[receipt.U256]bool)
	}
	for ; h.blocksSeen < len(h.v.kept); h.blocksSeen++ {
		if l := &h.v.kept[h.blocksSeen]; l.kind == translog.KindBlock {
			if d, _, err := leaf.Read[leaf.Block](l.body, translog.KindBlock); err == nil {
				h.blocks[d.Hash] = true
			}
		}
	}
	return h.blocks[receipt.U256(hash)]
}

// errHidden is said of a receipt that is a block no leaf tells of.
func errHidden(hash miner.Hash) error {
	return fmt.Errorf("a hidden block: the receipt %v is one of the network, and no leaf before its batch tells of it", hash)
}

// checkFound checks that blocks which the lease's receipts are were logged, and
// that those which are its own by the terms were booked once they were in the
// chain. Of others that nothing was booked for it says so.
func (v *verifier) checkFound() error {
	if v.hashed.solved != nil {
		return v.hashed.solved
	}
	f := v.facts
	rewarded := make(map[receipt.U256]bool, len(f.s.Rewards))
	for i := range f.s.Rewards {
		rewarded[f.s.Rewards[i].Block] = true
	}
	latest := make(map[receipt.U256]*blockAt)
	var order []*blockAt
	for i := range f.blocks {
		b := &f.blocks[i]
		if b.Lease != f.s.Lease || rewarded[b.Hash] || f.earlyBlock(b) {
			continue
		}
		if latest[b.Hash] == nil {
			order = append(order, b)
		}
		latest[b.Hash] = b
	}
	if len(order) > 0 && f.terms == nil {
		return errNoTerms
	}
	for i, b := range order {
		b = latest[b.Hash]
		inChain := b.State == lease.Adopted || b.State == lease.Mature
		if inChain && f.s.Pool == nil && f.terms.Scheme == lease.SchemeSolo {
			return fmt.Errorf("block %s, of leaf %d, is the lease's and %s, and nothing is booked for it", miner.Hash(b.Hash), b.index, b.State)
		}
		if i < maxNamedBlocks {
			v.word(fmt.Sprintf("why nothing is booked here for the block %s of height %d, which the lease's work found: the log has it as %s; look into the next statement, and for it on the chain", miner.Hash(b.Hash), b.Height, b.State))
		}
	}
	if n := len(order) - maxNamedBlocks; n > 0 {
		v.word(fmt.Sprintf("why nothing is booked here for %d more blocks that the lease's work found", n))
	}
	return nil
}

// earlyBlock reports whether a block that a leaf tells of is of before the period,
// by what it says, and not in the chain yet: it is there for checkBlocks.
func (f *facts) earlyBlock(b *blockAt) bool {
	return (b.State == lease.Candidate || b.State == lease.Rejected) && int64(b.Time)*1000 < f.s.Period.FromMs-lease.MsPerHour && !f.fromStart()
}

// maxNamedBlocks is of how many blocks that nothing was booked for a report tells
// by name.
const maxNamedBlocks = 20

// errRefused is said of a block of the chain that the log has as none.
var errRefused = errors.New("it is in the chain, but the log says that it never entered it")
