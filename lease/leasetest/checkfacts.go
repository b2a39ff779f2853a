package leasetest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// checkLeases compares the contracts with what their leaves come to.
func (c *logCheck) checkLeases() error {
	leases, err := c.store.Leases(c.ctx)
	if err != nil {
		return err
	}
	for i := range leases {
		l := &leases[i]
		got := c.leases[l.ID]
		if got == nil {
			return fmt.Errorf("lease %s has no leaf", l.ID)
		}
		tenant, err := c.store.Tenant(c.ctx, l.Tenant)
		if err != nil {
			return err
		}
		public := leaf.Lease{
			Lease: l.ID, Model: l.Model, ContractedHps: lease.Quantity{Lo: l.ContractedHps}, ProofMs: l.ProofMs, StartMs: l.StartMs, EndMs: l.EndMs, StopMs: l.StopMs(),
			Tag: receipt.B16(l.Tag), Terms: receipt.B32(l.Terms), Destinations: got.public.Destinations,
		}
		private := leaf.LeasePrivate{
			Tenant: l.Tenant, TenantKey: receipt.B32(tenant.Key), Nonce: l.Nonce, Provider: l.Provider, Rigs: l.Rigs, Cores: l.Cores, Pauses: leaf.PausesSince(l, nil),
		}
		if l.Pool != nil {
			private.PoolURLs, private.PoolUser = l.Pool.URLs, l.Pool.User
			public.Destinations = []string{leaf.DestinationPool}
		}
		if !reflect.DeepEqual(got.public, public) || !reflect.DeepEqual(got.private, private) {
			return fmt.Errorf("lease %+v, and its leaves say %+v", l, got)
		}
	}
	if len(leases) != len(c.leases) {
		return fmt.Errorf("%d leases, %d have leaves", len(leases), len(c.leases))
	}
	m, err := c.tags.Map(c.lastMap.AtMs)
	if err == nil && len(leases) > 0 && m.Root() != c.lastMap.TagRoot {
		err = fmt.Errorf("the last tag map is %+v, of all leases follows %+v", c.lastMap, m.Root())
	}
	return err
}

// checkBooks compares the ledger with its leaves.
func (c *logCheck) checkBooks() error {
	txs, err := gather(c.store.Transactions(c.ctx))
	if err != nil {
		return err
	}
	for i := range txs {
		t := &txs[i]
		parts := c.txs[t.Key]
		var postings []lease.Posting
		for _, p := range parts {
			if p.AtMs != t.AtMs || p.Ref != t.Ref {
				return fmt.Errorf("transaction %+v, and a leaf says %+v", t, p)
			}
			for _, posting := range p.Postings {
				postings = append(postings, lease.Posting{Account: posting.Account, Lease: p.Lease, Sat: posting.Sat})
			}
		}
		want := slices.Clone(t.Postings)
		slices.SortStableFunc(want, func(a, b lease.Posting) int { return cmp.Compare(a.Lease, b.Lease) })
		if len(parts) == 0 || !slices.Equal(postings, want) {
			return fmt.Errorf("transaction %+v, and its %d leaves say %+v", t, len(parts), postings)
		}
	}
	if len(txs) != len(c.txs) {
		return fmt.Errorf("%d transactions, %d have leaves", len(txs), len(c.txs))
	}
	return nil
}

// checkPlacements compares the meters of settled hours with the leaves.
func (c *logCheck) checkPlacements() error {
	last, err := c.store.SettledHour(c.ctx)
	if err != nil {
		return err
	}
	seen := 0
	for m, err := range c.store.HourMeters(c.ctx, "", 0, last+1) {
		if err != nil {
			return err
		}
		if m.Hour == 0 || m.Counted.IsZero() && m.Evidence.N == 0 {
			continue // 1970, which nobody settles, or shares that were refused
		}
		seen++
		want := leaf.Work{Lease: m.Lease, Counted: lease.Quantity(m.Counted), Proven: lease.Quantity(m.Evidence.Sum), Receipts: m.Evidence.N}
		if got := c.placed[fmt.Sprint(m.Hour, m.Source, m.Lease)]; got != want {
			return fmt.Errorf("hour %d of %s: %+v, and its leaf says %+v", m.Hour, m.Source, want, got)
		}
	}
	if seen != len(c.placed) {
		return fmt.Errorf("%d meters of settled hours, %d in leaves", seen, len(c.placed))
	}
	return nil
}

// checkBlocks compares the blocks with their last leaves.
func (c *logCheck) checkBlocks() error {
	blocks, err := c.store.Blocks(c.ctx)
	if err != nil {
		return err
	}
	for i := range blocks {
		b := &blocks[i]
		job, err := c.store.Job(c.ctx, b.Job)
		if err != nil {
			return err
		}
		at, err := c.store.TemplateLeaves(c.ctx, []int64{b.Template})
		if err != nil {
			return err
		}
		want := leaf.Block{
			Hash: receipt.U256(b.Hash), Height: b.Height, State: b.State, Appearances: b.Appearances, Job: at[b.Template], Lease: b.Lease, Tag: receipt.B16(job.Tag),
			Extranonce: b.Extranonce, Time: b.Time, Nonce: receipt.U32(b.Nonce), VersionBits: receipt.U32(b.VersionBits),
		}
		if got := c.blocks[b.Hash.String()]; !reflect.DeepEqual(got, want) {
			return fmt.Errorf("block %+v, and its leaf says %+v", want, got)
		}
	}
	if len(blocks) != len(c.blocks) {
		return fmt.Errorf("%d blocks, %d have leaves", len(blocks), len(c.blocks))
	}
	return nil
}

// checkSealed compares the sealed batches with their leaves.
func (c *logCheck) checkSealed() error {
	seen := 0
	numbers := make(map[string]int64)
	for b, err := range c.store.SealedBatches(c.ctx, "", 0, allHours) {
		if err != nil {
			return err
		}
		i, ok := slices.BinarySearch(c.batchAt, b.Leaf)
		want := leaf.Batch{Lease: b.Lease, Number: b.Number, FromMs: b.FromMs, ToMs: b.ToMs, N: b.N, Sum: lease.Quantity(b.Evidence.Sum), SumSq: b.Evidence.SumSq.String(), Root: b.Root}
		if !ok || c.batches[i] != want || b.Number != numbers[b.Lease] {
			return fmt.Errorf("batch %+v, which is not what leaf %d says", want, b.Leaf)
		}
		numbers[b.Lease]++
		seen++
	}
	if n := c.counts[translog.KindBatch]; n != seen {
		return fmt.Errorf("%d sealed batches have %d leaves", seen, n)
	}
	return nil
}
