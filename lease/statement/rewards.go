package statement

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
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
		pending, available, err := b.reward(&blocks[i])
		if err != nil {
			return fmt.Errorf("block %s: %w", blocks[i].Hash, err)
		}
		sums.Pending += pending
		sums.Available += available
	}
	if sums.Pending != balances.Pending {
		return fmt.Errorf("its books have %d sat pending, but its blocks make %d: nothing is signed until they agree", balances.Pending, sums.Pending)
	}
	if n := len(b.bundle.Blocks); b.lease.Pool != nil && n > 0 {
		return fmt.Errorf("its work goes to a pool, but it shares in %d blocks of the house: nothing is signed with that", n)
	}
	balances.Other = balances.Available - sums.Available
	b.bundle.Statement.Balances = balances
	return nil
}

// reward adds the lease's line of a block, if it has a part of it, and returns
// what it makes of the balances, in satoshi.
func (b *builder) reward(k *lease.Block) (pending, available int64, err error) {
	line := receipt.Reward{Block: receipt.U256(k.Hash), Height: k.Height, State: k.State}
	line.Template, err = b.template(k.Template, func(t *receipt.Template) bool {
		line.Sat, line.Direct = t.Share(b.lease.ID), t.DirectShare(b.lease.ID)
		return line.Sat > 0
	})
	if err != nil || line.Template < 0 {
		return 0, 0, err
	}
	j, err := b.Store.Job(b.ctx, k.Job)
	if err != nil {
		return 0, 0, fmt.Errorf("job %d: %w", k.Job, err)
	}
	if line.Kept, err = b.kept(k); err != nil {
		return 0, 0, err
	}
	pending, available = line.Books()
	if err := b.agree(k, pending, available-line.Kept); err != nil {
		return 0, 0, err
	}
	b.bundle.Blocks = append(b.bundle.Blocks, receipt.Block{
		Template: line.Template, Tag: receipt.B16(j.Tag), Extranonce: k.Extranonce, Time: k.Time,
		Nonce: receipt.U32(k.Nonce), VersionBits: receipt.U32(k.VersionBits), Hash: receipt.U256(k.Hash), Height: k.Height,
	})
	b.bundle.Statement.Rewards = append(b.bundle.Statement.Rewards, line)
	return pending, available, nil
}

// kept is what the lease had of a block when that left the chain, and keeps,
// in satoshi.
func (b *builder) kept(k *lease.Block) (sat int64, err error) {
	for n := 1; n <= k.Appearances; n++ {
		_, lost, err := b.booked(ledger.Key(ledger.KindLoss, k.Hash, n))
		switch {
		case errors.Is(err, lease.ErrNotFound):
		case err != nil:
			return 0, err
		default:
			sat += lost
		}
	}
	return sat, nil
}

// agree compares what a block on the chain makes of the balances with what was
// booked for it in its present appearance.
func (b *builder) agree(k *lease.Block, pending, available int64) error {
	kind := ledger.KindFound
	switch k.State {
	case lease.Mature:
		kind = ledger.KindMatured
	case lease.Orphaned:
		return nil // reversed; what is kept was read from the books
	}
	wasPending, wasAvailable, err := b.booked(ledger.Key(kind, k.Hash, k.Appearances))
	if err != nil {
		return err
	}
	if kind == ledger.KindMatured {
		wasPending = 0 // it goes from there
	}
	if wasPending != pending || wasAvailable != available {
		return fmt.Errorf("booked are %d sat pending and %d available, its split makes %d and %d: nothing is signed until they agree",
			wasPending, wasAvailable, pending, available)
	}
	return nil
}

// booked is what a transaction credits to the lease, in satoshi.
func (b *builder) booked(key string) (pending, available int64, err error) {
	t, err := b.Store.Transaction(b.ctx, key)
	if err != nil {
		return 0, 0, fmt.Errorf("transaction %s: %w", key, err)
	}
	for _, p := range t.Postings {
		if p.Lease != b.lease.ID {
			continue
		}
		switch p.Account {
		case ledger.Pending(b.lease.Tenant):
			pending -= p.Sat
		case ledger.Available(b.lease.Tenant):
			available -= p.Sat
		}
	}
	return pending, available, nil
}

// earned sums what was credited by the share, in satoshi, up to the hour that
// is settled.
func (b *builder) earned() error {
	e := new(receipt.Earned)
	for h, err := range b.Store.SettledHours(b.ctx, b.lease.ID, 0, b.hour+1) {
		if err != nil {
			return fmt.Errorf("settled hours: %w", err)
		}
		e.Sat += h.EarnedSat
	}
	b.bundle.Statement.Earned = e
	return nil
}

// balances sums what the ledger owes the lease: the credit of the liability
// accounts that end in pending and available.
func (b *builder) balances() (sum receipt.Balances, err error) {
	all, err := b.Store.Balances(b.ctx)
	if err != nil {
		return sum, fmt.Errorf("balances: %w", err)
	}
	for _, a := range all {
		if a.Lease != b.lease.ID || !strings.HasPrefix(a.Account, lease.Liability) {
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
