package billing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// Errors of Incomes.Book, to be tested with errors.Is.
var (
	ErrShared    = errors.New("a payment was shared for some of these hours already")
	ErrUnsettled = errors.New("some of these hours are not settled yet")
	ErrNoWork    = errors.New("nothing was proven for the house's pool in these hours")
)

// IncomeStore is what sharing payments needs of a lease.Store.
type IncomeStore interface {
	Terms(ctx context.Context, h lease.TermsHash) (lease.Terms, error)
	Leases(ctx context.Context) ([]lease.Lease, error)
	HourEarnings(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourEarning, error]
	SettledHour(ctx context.Context) (int64, error)
	Receipts(ctx context.Context, lease string, fromMs, toMs int64) iter.Seq2[lease.Receipt, error]
	Job(ctx context.Context, seq int64) (lease.Job, error)
	Template(ctx context.Context, seq int64) (lease.Template, error)
	Post(ctx context.Context, t lease.Transaction, events ...lease.Event) error
	Transaction(ctx context.Context, key string) (lease.Transaction, error)
	Events(ctx context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error]
}

// Incomes are what the house's pool paid, in one Store.
type Incomes struct {
	Store IncomeStore
}

// Book shares a payment of the house's pool of sat satoshi, which has arrived
// in the provider's wallet, by the work that was proven for the pool in the
// hours from fromMs up to toMs, in Unix milliseconds. Each lease gets its part
// less the fee of its terms; the part of leases whose terms pay shares by
// themselves is the house's, which has paid them. Hours are shared once and
// when they are settled (ErrShared, ErrUnsettled, ErrNoWork).
//
// ref names the payment for good: the same one again changes nothing, and
// another one under its name is lease.ErrExists. again reports that it was
// booked before. Two payments must not be booked at the same time: the caller
// sees to that.
func (b Incomes) Book(ctx context.Context, sat int64, ref string, fromMs, toMs, atMs int64) (share IncomeShare, again bool, err error) {
	switch {
	case sat < 1 || sat > lease.MaxSat:
		return share, false, fmt.Errorf("income of %d sat: want 1 to %d", sat, int64(lease.MaxSat))
	case fromMs < 0 || toMs <= fromMs || fromMs%lease.MsPerHour != 0 || toMs%lease.MsPerHour != 0:
		return share, false, fmt.Errorf("income from %s to %s: want full hours, the end after the beginning", stamp(fromMs), stamp(toMs))
	}
	all, err := b.List(ctx, "")
	if err != nil {
		return share, false, err
	}
	for _, was := range all {
		if was.Ref == ref {
			return b.booked(ctx, &was, sat, fromMs, toMs)
		}
	}
	for _, was := range all {
		if was.FromMs < toMs && fromMs < was.ToMs {
			return share, false, fmt.Errorf("%w: %s, from %s to %s", ErrShared, was.Ref, stamp(was.FromMs), stamp(was.ToMs))
		}
	}
	settled, err := b.Store.SettledHour(ctx)
	if err != nil {
		return share, false, err
	}
	if end := hourSpan(settled).to; settled == 0 || end < toMs {
		if settled == 0 {
			end = 0
		}
		return share, false, fmt.Errorf("%w: they are up to %s", ErrUnsettled, stamp(end))
	}
	if share, err = b.shareIncome(ctx, sat, ref, fromMs, toMs); err != nil {
		return share, false, err
	}
	tx, events, err := share.entries(ref, atMs)
	if err != nil {
		return share, false, err
	}
	return share, false, b.Store.Post(ctx, tx, events...)
}

// IncomeShare is how a payment is shared.
type IncomeShare struct {
	Total lease.PoolIncome // with the house's part
	Parts []IncomePart     // of leases, by ID; none is zero
}

// IncomePart is one lease's.
type IncomePart struct {
	Lease, Tenant string
	lease.PoolIncome
}

// booked answers for a payment that was booked before.
func (b Incomes) booked(ctx context.Context, was *lease.PoolIncome, sat, fromMs, toMs int64) (share IncomeShare, again bool, err error) {
	if was.Sat != sat || was.FromMs != fromMs || was.ToMs != toMs {
		return share, false, fmt.Errorf("income %s %w, of %d sat from %s to %s: give each payment a reference of its own",
			was.Ref, lease.ErrExists, was.Sat, stamp(was.FromMs), stamp(was.ToMs))
	}
	share.Total = *was
	for e, err := range b.Store.Events(ctx, lease.EventFilter{Kinds: []lease.EventKind{lease.EventPoolIncome}}) {
		if err != nil {
			return share, false, err
		}
		part := IncomePart{Lease: e.Lease, Tenant: e.Tenant}
		if err := unmarshal(e, &part.PoolIncome); err != nil {
			return share, false, err
		}
		if e.Lease != "" && part.Ref == was.Ref {
			share.Parts = append(share.Parts, part)
		}
	}
	return share, true, nil
}

// List lists the payments that were shared, in the order of the hours that they
// are for: with the part of a lease, or, for "", with the house's. What was taken
// back, or corrected, is not among them.
func (b Incomes) List(ctx context.Context, id string) (all []lease.PoolIncome, err error) {
	for e, err := range b.Store.Events(ctx, lease.EventFilter{Lease: id, Kinds: []lease.EventKind{lease.EventPoolIncome}}) {
		if err != nil {
			return nil, err
		}
		if e.Lease != id {
			continue
		}
		var body lease.PoolIncome
		if err := unmarshal(e, &body); err != nil {
			return nil, err
		}
		_, err := b.Store.Transaction(ctx, ledger.ReversalKey(ledger.IncomeKey(body.Ref)))
		switch {
		case errors.Is(err, lease.ErrNotFound):
			all = append(all, body)
		case err != nil:
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b lease.PoolIncome) int { return cmp.Compare(a.FromMs, b.FromMs) })
	return all, nil
}

// shareIncome computes the parts.
func (b Incomes) shareIncome(ctx context.Context, sat int64, ref string, fromMs, toMs int64) (share IncomeShare, err error) {
	leases, err := b.Store.Leases(ctx)
	if err != nil {
		return share, err
	}
	byID := make(map[string]*lease.Lease, len(leases))
	for i := range leases {
		byID[leases[i].ID] = &leases[i]
	}
	proven := make(map[string]miner.Work)
	for e, err := range b.Store.HourEarnings(ctx, "", fromMs/lease.MsPerHour, toMs/lease.MsPerHour) {
		if err != nil {
			return share, err
		}
		if l := byID[e.Lease]; e.Lease == lease.House || l != nil && l.Pool == nil {
			proven[e.Lease] = proven[e.Lease].Add(e.Work)
		}
	}
	terms := make(map[string]*lease.Terms)
	for id := range proven {
		if id == lease.House {
			continue
		}
		t, err := b.Store.Terms(ctx, byID[id].Terms)
		if err != nil {
			return share, fmt.Errorf("terms of lease %s: %w", id, err)
		}
		terms[id] = &t
		if byShare(&t) { // jobs on own templates pay by the share as well
			if proven[id], err = b.pooledWork(ctx, id, fromMs, toMs); err != nil {
				return share, fmt.Errorf("lease %s: %w", id, err)
			}
		}
	}
	share.Total = lease.PoolIncome{Ref: ref, FromMs: fromMs, ToMs: toMs, Sat: sat}
	total := &share.Total
	var weights []reward.Weight
	for id, work := range proven {
		total.Work = lease.Quantity(total.Work.Work().Add(work))
		if id == lease.House || byShare(terms[id]) {
			total.OwnWork = lease.Quantity(total.OwnWork.Work().Add(work))
			continue
		}
		weights = append(weights, reward.Weight{Lease: id, Work: work})
	}
	if total.Work.Work().IsZero() {
		return share, ErrNoWork
	}
	weights = append(weights, reward.Weight{Lease: lease.House, Work: total.OwnWork.Work()})
	parts := reward.Apportion(sat, weights)
	for _, p := range parts {
		if p.Lease == lease.House {
			total.GrossSat = p.Sat
			continue
		}
		part := IncomePart{Lease: p.Lease, Tenant: byID[p.Lease].Tenant, PoolIncome: *total}
		part.OwnWork, part.GrossSat = lease.Quantity(proven[p.Lease]), p.Sat
		part.FeeSat = reward.Fee(p.Sat, terms[p.Lease].FeePPM)
		share.Parts = append(share.Parts, part)
		total.FeeSat += part.FeeSat
	}
	total.Leases = int64(len(share.Parts))
	for i := range share.Parts {
		share.Parts[i].Leases = total.Leases
	}
	return share, nil
}

// byShare reports whether terms pay shares by themselves.
func byShare(t *lease.Terms) bool { return t.Scheme == lease.SchemePPS || t.Scheme == lease.SchemeFPPS }

// pooledWork is what a lease proved on jobs of the house's pool, receipt by
// receipt.
func (b Incomes) pooledWork(ctx context.Context, id string, fromMs, toMs int64) (sum miner.Work, err error) {
	ofJob, ofTemplate := make(map[int64]bool), make(map[int64]bool)
	for r, err := range b.Store.Receipts(ctx, id, fromMs-1, toMs-1) {
		if err != nil {
			return sum, err
		}
		pool, ok := ofJob[r.Job]
		if !ok {
			if pool, err = b.isPool(ctx, r.Job, ofTemplate); err != nil {
				return sum, err
			}
			ofJob[r.Job] = pool
		}
		if pool {
			sum = sum.Add(r.Work)
		}
	}
	return sum, nil
}

// isPool tells whether a job is of a pool.
func (b Incomes) isPool(ctx context.Context, seq int64, known map[int64]bool) (bool, error) {
	j, err := b.Store.Job(ctx, seq)
	if err != nil {
		return false, err
	}
	if pool, ok := known[j.Template]; ok {
		return pool, nil
	}
	t, err := b.Store.Template(ctx, j.Template)
	if err != nil {
		return false, err
	}
	known[j.Template] = receipt.OfPool(t.Body)
	return known[j.Template], nil
}

// entries are the transaction and the events of a payment.
func (s *IncomeShare) entries(ref string, atMs int64) (lease.Transaction, []lease.Event, error) {
	var split []lease.Part
	tenants := make(map[string]string, len(s.Parts))
	key := ledger.IncomeKey(ref)
	total, err := lease.NewEvent(lease.EventPoolIncome, atMs, key, s.Total)
	if err != nil {
		return lease.Transaction{}, nil, err
	}
	events := []lease.Event{total}
	for i := range s.Parts {
		p := &s.Parts[i]
		tenants[p.Lease] = p.Tenant
		if net := p.GrossSat - p.FeeSat; net > 0 {
			split = append(split, lease.Part{Lease: p.Lease, Sat: net})
		}
		e, err := lease.NewEvent(lease.EventPoolIncome, atMs, key+":"+p.Lease, p.PoolIncome)
		if err != nil {
			return lease.Transaction{}, nil, err
		}
		e.Lease, e.Tenant = p.Lease, p.Tenant
		events = append(events, e)
	}
	if s.Total.GrossSat > 0 {
		split = append(split, lease.Part{Lease: lease.House, Sat: s.Total.GrossSat})
	}
	tx, err := ledger.Income(ref, split, s.Total.FeeSat, tenants, atMs)
	return tx, events, err
}
