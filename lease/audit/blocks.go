package audit

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
)

// posting is where an amount went.
type posting struct{ account, lease string }

// blockEntries are a block's transactions.
type blockEntries struct {
	kinds map[string]int
	net   map[posting]int64 // of all but losses, which stay
	found []lease.Transaction
}

func (a *auditor) noteBlock(t *lease.Transaction) {
	b := a.blocks[t.Ref]
	if b == nil {
		b = &blockEntries{kinds: make(map[string]int), net: make(map[posting]int64)}
		a.blocks[t.Ref] = b
	}
	b.kinds[t.Kind]++
	if t.Kind == ledger.KindFound {
		b.found = append(b.found, *t)
	}
	if t.Kind == ledger.KindLoss {
		return
	}
	for _, p := range t.Postings {
		b.net[posting{p.Account, p.Lease}] += p.Sat
	}
}

// foundBlocks compares the blocks with the ledger and with their templates.
func (a *auditor) foundBlocks(ctx context.Context) error {
	blocks, err := a.store.Blocks(ctx)
	if err != nil {
		return err
	}
	splits := make(map[int64]*split)
	for i := range blocks {
		b := &blocks[i]
		a.report.counted(checkBlocks, 1)
		e := a.blocks[b.Hash.String()]
		if e == nil {
			e = &blockEntries{kinds: make(map[string]int)}
		}
		delete(a.blocks, b.Hash.String())
		if err := e.is(b); err != nil {
			// It may have moved on since the ledger was read.
			if quiet, err := a.quiet(ctx); err != nil {
				return err
			} else if !quiet {
				a.report.Unchecked = append(a.report.Unchecked, fmt.Sprintf("%s: block %v, which changed meanwhile", checkBlocks, b.Hash))
				continue
			}
			a.report.find(checkBlocks, "block %v is %s: %v", b.Hash, b.State, err)
		}
		if _, ok := splits[b.Template]; !ok && len(e.found) > 0 {
			if splits[b.Template], err = a.readSplit(ctx, b.Template); err != nil {
				return err
			}
		}
		if s := splits[b.Template]; s != nil {
			for j := range e.found {
				a.report.counted(checkSplits, 1)
				if err := s.is(&e.found[j], a.leases); err != nil {
					a.report.find(checkSplits, "transaction %s: %v", e.found[j].Key, err)
				}
			}
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(a.blocks)) {
		a.report.find(checkBlocks, "block %s is booked, and is not stored", ref)
	}
	return nil
}

// is checks that the transactions are what a block's state says.
func (e *blockEntries) is(b *lease.Block) error {
	found := e.kinds[ledger.KindFound] - e.kinds[ledger.KindOrphaned]
	matured := e.kinds[ledger.KindMatured] - e.kinds[ledger.KindUnmatured]
	want := map[lease.BlockState][2]int{lease.Adopted: {1, 0}, lease.Mature: {1, 1}}[b.State] // else nothing is left
	if e.kinds[ledger.KindFound] != b.Appearances || found != want[0] || matured != want[1] {
		return fmt.Errorf("it appeared %d times; booked as found are %d, less %d orphaned; as mature %d, less %d", b.Appearances,
			e.kinds[ledger.KindFound], e.kinds[ledger.KindOrphaned], e.kinds[ledger.KindMatured], e.kinds[ledger.KindUnmatured])
	}
	if found != 0 {
		return nil
	}
	for p, sat := range e.net {
		if sat != 0 {
			return fmt.Errorf("%d sat of it are left on %s of lease %q", sat, p.account, p.lease)
		}
	}
	return nil
}

// split is what a template's documents say of its reward.
type split struct {
	Format string      `json:"format"`
	Reward int64       `json:"reward"`
	Fee    int64       `json:"fee"`
	Carry  int64       `json:"carry"`
	Split  receipt.B32 `json:"split"` // the hash of the other document

	parts receipt.Split
}

// readSplit reads what a template says; nil for documents of pools' jobs, and
// of others that say nothing.
func (a *auditor) readSplit(ctx context.Context, seq int64) (*split, error) {
	t, err := a.store.Template(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", seq, err)
	}
	var s split
	if err := json.Unmarshal(t.Body, &s); err != nil {
		a.report.find(checkSplits, "template %d: %v", seq, err)
		return nil, nil
	}
	if s.Format != receipt.TemplateFormat {
		a.report.Unchecked = append(a.report.Unchecked, fmt.Sprintf("%s: template %d is of format %.40q", checkSplits, seq, s.Format))
		return nil, nil
	}
	if s.parts, err = receipt.DecodeSplit(t.Split); err == nil && sha256.Sum256(t.Split) != s.Split {
		err = errors.New("its split is another than it names")
	}
	if err != nil {
		a.report.find(checkSplits, "template %d: %v", seq, err)
		return nil, nil
	}
	sum := s.Fee + s.Carry
	for _, p := range s.parts {
		sum += p.Sat
	}
	if sum != s.Reward {
		a.report.find(checkSplits, "template %d: its parts, fee and carry are %d sat together, its reward is %d", seq, sum, s.Reward)
	}
	return &s, nil
}

// is checks that a block was booked as found by the split.
func (s *split) is(t *lease.Transaction, leases map[string]*lease.Lease) error {
	want := make(map[posting]int64)
	want[posting{ledger.FeePending, ""}] = s.Fee
	want[posting{ledger.CarryPending, ""}] = s.Carry
	for _, p := range s.parts {
		k := posting{ledger.MiningPending, p.Lease}
		if p.Lease != lease.House {
			l := leases[p.Lease]
			if l == nil {
				return fmt.Errorf("its template splits to lease %s, which there is not", p.Lease)
			}
			k.account = ledger.Pending(l.Tenant)
		}
		want[k] += p.Sat
	}
	var reward int64
	for _, p := range t.Postings {
		k := posting{p.Account, p.Lease}
		switch {
		case p.Account == ledger.Immature:
			reward += p.Sat
			continue
		case p.Account == ledger.RecoveryPending && leases[p.Lease] != nil:
			k.account = ledger.Pending(leases[p.Lease].Tenant) // the house bore a loss of it before
		}
		want[k] += p.Sat
	}
	if reward != s.Reward {
		return fmt.Errorf("it books a reward of %d sat, its template has %d", reward, s.Reward)
	}
	for k, sat := range want {
		if sat != 0 {
			return fmt.Errorf("it books %d sat less on %s of lease %q than its template says", sat, strings.TrimPrefix(k.account, lease.Liability), k.lease)
		}
	}
	return nil
}
