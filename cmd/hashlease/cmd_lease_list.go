package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
)

func runLeaseList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease list", "[--json]",
		"Lists the leases. Those that have a price say for how long the prepayment is, those\n"+
			"with a pool of their own what it made of their shares.")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return err
	}
	now := e.now()
	budgets, err := (&billing.Settler{Store: p.store}).Budgets(ctx)
	if err != nil {
		return err
	}
	docs := []leaseDoc{}
	pools, priced := false, false
	for i := range leases {
		doc, err := p.leaseDoc(ctx, &leases[i], now)
		if err != nil {
			return err
		}
		doc.Budget = newBudgetDoc(budgets[doc.ID], doc.State)
		docs = append(docs, doc)
		pools, priced = pools || doc.Pool != nil, priced || doc.Budget != nil
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	rows := [][]string{{"LEASE", "TENANT", "MODEL", "RATE", "STATE", "START", "END"}}
	for i := range docs {
		d := &docs[i]
		rows = append(rows, []string{d.ID, d.Tenant, string(d.Model), formatRate(d.ContractedHps),
			d.state(), formatMs(d.StartMs), formatEnd(leases[i].StopMs())})
	}
	right := []string{"RATE"}
	if priced {
		rows[0] = append(rows[0], budgetHead()...)
		for i := range docs {
			rows[i+1] = append(rows[i+1], docs[i].Budget.cells()...)
		}
		right = append(right, budgetHead()...)
	}
	if pools {
		rows[0] = append(rows[0], poolHead()...)
		for i := range docs {
			rows[i+1] = append(rows[i+1], docs[i].Pool.cells()...)
		}
		right = append(right, poolHead()[:poolNumbers]...)
	}
	less := []string{"START", "POOL", "SENT", "LOST", "STALE", "REJECTED", "ACCEPTED", "END", "MODEL"}
	_, err = fmt.Fprint(e.stdout, fitted(e.page.columns(), rows, less, right...))
	return err
}

// leaseDoc makes a lease's document, with what its pool said if it has one.
func (p *provider) leaseDoc(ctx context.Context, l *lease.Lease, now time.Time) (leaseDoc, error) {
	var meter lease.Meter
	if l.Pool != nil {
		var err error
		if meter, err = p.store.Meter(ctx, l.ID); err != nil {
			return leaseDoc{}, err
		}
	}
	return newLeaseDoc(l, meter.Upstream, now), nil
}

func runLeaseShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "lease show", "LEASE [--json]", "Shows a lease, what it was delivered so far, what is settled and charged, and, as\n"+
		"estimates until they are settled, the running hour and the running month's SLA.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	l, err := p.findLease(ctx, pos[0])
	if err != nil {
		return err
	}
	meter, err := p.store.Meter(ctx, l.ID)
	if err != nil {
		return err
	}
	doc := newLeaseDoc(&l, meter.Upstream, e.now())
	doc.Provider = hex.EncodeToString(p.public())
	doc.Delivery = &deliveryDoc{
		CountedHashes: lease.Quantity(meter.Counted),
		ProvenWork:    lease.Quantity(meter.Evidence.Sum),
		Receipts:      meter.Evidence.N,
		Rejected:      meter.Rejected(),
		Stale:         meter.Stale(),
	}
	if err := errors.Join(p.addMoney(ctx, &doc, &l), p.addWorth(ctx, doc.Pool, l.ID)); err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	return doc.print(e.stdout)
}
