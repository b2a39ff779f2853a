package statement

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// rewards reads blocks and balances until both are of one moment, and adds
// the lease's lines.
func (b *builder) rewards() error {
	balances, err := b.balances()
	if err != nil {
		return err
	}
	var blocks []lease.Block
	for try := 1; ; try++ {
		blocks, err = b.Store.Blocks(b.ctx, lease.Adopted, lease.Mature, lease.Orphaned)
		if err != nil {
			return fmt.Errorf("blocks: %w", err)
		}
		before := balances
		if balances, err = b.balances(); err != nil {
			return err
		}
		if balances == before {
			break
		}
		if try == maxTries {
			return fmt.Errorf("the books keep changing: try again")
		}
	}
	var sums receipt.Balances
	for i := range blocks {
		sat, err := b.reward(&blocks[i])
		if err != nil {
			return fmt.Errorf("block %s: %w", blocks[i].Hash, err)
		}
		switch blocks[i].State {
		case lease.Adopted:
			sums.Pending += sat
		case lease.Mature:
			sums.Available += sat
		}
	}
	if sums != balances {
		return fmt.Errorf("its books have %d sat pending and %d available, but its blocks make %d and %d: nothing is signed until they agree",
			balances.Pending, balances.Available, sums.Pending, sums.Available)
	}
	if n := len(b.bundle.Blocks); b.lease.Pool != nil && (n > 0 || balances != receipt.Balances{}) {
		return fmt.Errorf("its work goes to a pool, but it shares in %d blocks of the house: nothing is signed with that", n)
	}
	b.bundle.Statement.Balances = balances
	return nil
}

// reward adds the lease's line of a block, if it has a part of it, and
// returns the part in satoshi.
func (b *builder) reward(k *lease.Block) (int64, error) {
	var sat int64
	index, err := b.template(k.Template, func(t *receipt.Template) bool {
		sat = t.Share(b.lease.ID)
		return sat > 0
	})
	if err != nil || index < 0 {
		return 0, err
	}
	j, err := b.Store.Job(b.ctx, k.Job)
	if err != nil {
		return 0, fmt.Errorf("job %d: %w", k.Job, err)
	}
	b.bundle.Blocks = append(b.bundle.Blocks, receipt.Block{
		Template: index, Tag: receipt.B16(j.Tag), Extranonce: k.Extranonce, Time: k.Time,
		Nonce: receipt.U32(k.Nonce), VersionBits: receipt.U32(k.VersionBits), Hash: receipt.U256(k.Hash), Height: k.Height,
	})
	s := &b.bundle.Statement
	s.Rewards = append(s.Rewards, receipt.Reward{
		Block: receipt.U256(k.Hash), Height: k.Height, State: k.State, Sat: sat, Template: index,
	})
	return sat, nil
}

// balances sums what the ledger owes the lease: the credit of the liability
// accounts that end in pending and available.
func (b *builder) balances() (sum receipt.Balances, err error) {
	all, err := b.Store.Balances(b.ctx)
	if err != nil {
		return sum, fmt.Errorf("balances: %w", err)
	}
	for _, a := range all {
		if a.Lease != b.lease.ID || !strings.HasPrefix(a.Account, "liab:") {
			continue
		}
		switch a.Account[strings.LastIndexByte(a.Account, ':')+1:] {
		case "pending":
			sum.Pending -= a.Sat
		case "available":
			sum.Available -= a.Sat
		}
	}
	return sum, nil
}
