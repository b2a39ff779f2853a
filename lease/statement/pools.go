package statement

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
)

// poolCounts are what a pool said in the period.
func (b *builder) poolCounts() bundle.PoolCounts {
	u := &b.counts
	return bundle.PoolCounts{
		Sent: u.Sent, Accepted: u.Accepted, Rejected: u.Rejected, Stale: u.Stale,
		SentWork: lease.Quantity(u.SentWork), AcceptedWork: lease.Quantity(u.AcceptedWork),
	}
}

// pool says what the lease's own pool answered.
func (b *builder) pool() error {
	if b.st.Pool != nil {
		b.st.Pool.Counts = b.poolCounts()
	}
	return nil
}

// housePool says what went to the house's pool, if anything did, and what was
// paid for that.
func (b *builder) housePool() error {
	if b.lease.Pool != nil {
		return nil
	}
	incomes, err := b.incomes()
	if err != nil {
		return err
	}
	urls, err := b.poolURLs()
	if err != nil {
		return err
	}
	if len(incomes) == 0 && len(urls) == 0 && b.counts.Sent == 0 {
		return nil
	}
	b.st.HousePool = &bundle.HousePool{URLs: urls, Counts: b.poolCounts(), Incomes: incomes}
	return nil
}

// incomes are the parts of what the house's pool paid that were booked in the
// period, in the order of the log.
func (b *builder) incomes() ([]bundle.Income, error) {
	incomes := []bundle.Income{}
	for _, l := range b.booked() {
		if l.kind != ledger.KindIncome || strings.Contains(l.Key, "#") {
			continue // what is right instead of a mistake is a line alone
		}
		in, err := b.income(&l)
		if err != nil {
			return nil, fmt.Errorf("transaction %s: %w", l.Key, err)
		}
		if have := sum([]line{l}, ledger.Available(b.lease.Tenant)); have != in.NetSat() {
			return nil, fmt.Errorf("%w: %s books %d sat of %d", ErrMismatch, l.Key, have, in.NetSat())
		}
		incomes = append(incomes, *in)
	}
	return incomes, nil
}

// income finds how a payment was shared.
func (b *builder) income(l *line) (*bundle.Income, error) {
	f := lease.EventFilter{Lease: b.lease.ID, Kinds: []lease.EventKind{lease.EventPoolIncome}}
	for e, err := range b.Store.Events(b.ctx, f) {
		if err != nil {
			return nil, err
		}
		if e.Lease != b.lease.ID || e.Key != l.Key+":"+b.lease.ID {
			continue
		}
		var in lease.PoolIncome
		if err := json.Unmarshal(e.Body, &in); err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		return &bundle.Income{
			Ref: in.Ref, FromMs: in.FromMs, ToMs: in.ToMs, Sat: in.Sat, Work: in.Work,
			OwnWork: in.OwnWork, GrossSat: in.GrossSat, FeeSat: in.FeeSat, Leaf: l.leaf,
		}, nil
	}
	return nil, fmt.Errorf("%w: how it was shared is not told", ErrMismatch)
}

// earns tells whether any work of the period was on jobs that pay by the share,
// as all of pools do.
func (b *builder) earns() (bool, error) {
	for _, err := range b.Store.HourEarnings(b.ctx, b.lease.ID, b.hours[0], b.hours[1]) {
		return err == nil, err
	}
	return false, nil
}

// poolURLs are the addresses of pools whose jobs receipts of the period are of,
// sorted.
func (b *builder) poolURLs() ([]string, error) {
	urls := make(map[string]bool)
	jobs := make(map[int64]bool) // by Seq: those seen
	templates := make(map[int64]bool)
	if any, err := b.earns(); err != nil || !any {
		return []string{}, err
	}
	for s, err := range b.Store.SealedBatches(b.ctx, b.lease.ID, b.from, b.to) {
		if err != nil {
			return nil, fmt.Errorf("batches: %w", err)
		}
		receipts, err := unpack(&s)
		if err != nil {
			return nil, err
		}
		for i := range receipts {
			if seq := receipts[i].Job; !jobs[seq] {
				jobs[seq] = true
				j, err := b.Store.Job(b.ctx, seq)
				if err != nil {
					return nil, fmt.Errorf("job %d: %w", seq, err)
				}
				if templates[j.Template] {
					continue
				}
				templates[j.Template] = true
				t, err := b.template(j.Template)
				if err != nil {
					return nil, err
				}
				if t.Pool != nil {
					urls[t.Pool.Address] = true
				}
			}
		}
	}
	return append([]string{}, slices.Sorted(maps.Keys(urls))...), nil
}

// template reads a template.
func (b *builder) template(seq int64) (*receipt.Template, error) {
	stored, err := b.Store.Template(b.ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", seq, err)
	}
	t, err := receipt.DecodeTemplate(stored.Body)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", seq, err)
	}
	return t, nil
}

// unpack reads the receipts of a batch that are still there.
func unpack(s *lease.SealedBatch) ([]lease.Receipt, error) {
	if len(s.Packed) == 0 {
		return nil, nil
	}
	receipts, err := lease.UnpackReceipts(s.Lease, s.Packed)
	if err != nil {
		return nil, fmt.Errorf("batch %d of lease %s: %w", s.Number, s.Lease, err)
	}
	return receipts, nil
}
