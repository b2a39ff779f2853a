package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// Prepay books a confirmed prepayment for a lease, and lets the lease go on if
// it had stopped for want of budget. ref names the payment for good, such as
// the output that paid it: booking it again changes nothing. Money counts from
// the hour of atMs on, or of the heartbeat if that is later. Refused are
// leases that are over (lease.ErrClosed), amounts that cannot be, and a ref
// that was used for something else (lease.ErrExists).
func (b *Settler) Prepay(ctx context.Context, id string, sat int64, ref string, atMs int64) (lease.Transaction, error) {
	none := lease.Transaction{}
	if sat < 1 || sat > lease.MaxSat {
		return none, fmt.Errorf("prepayment of %d sat: want 1 to %d", sat, int64(lease.MaxSat))
	}
	for range loadTries {
		booked, err := b.prepaid(ctx, id, sat, ref, atMs)
		if errors.Is(err, lease.ErrConflict) {
			continue // its hour was settled just then
		}
		if err != nil {
			return none, err
		}
		return booked, b.watch(ctx, id, max(atMs, booked.AtMs))
	}
	return none, errBusy
}

// prepaid returns a prepayment as it is booked, were it by now.
func (b *Settler) prepaid(ctx context.Context, id string, sat int64, ref string, atMs int64) (lease.Transaction, error) {
	l, err := b.Store.Lease(ctx, id)
	if err != nil {
		return lease.Transaction{}, err
	}
	heartbeat, err := b.Store.Heartbeat(ctx)
	if err != nil {
		return lease.Transaction{}, err
	}
	t, err := ledger.Prepayment(ledger.Party{Tenant: l.Tenant, Lease: id}, ref, sat, max(atMs, heartbeat))
	if err != nil {
		return t, err
	}
	booked, err := b.Store.Transaction(ctx, t.Key)
	if errors.Is(err, lease.ErrNotFound) {
		booked, err = b.prepay(ctx, &l, t)
	}
	if err == nil && !slices.Equal(booked.Postings, t.Postings) {
		err = fmt.Errorf("prepayment %s %w, with another amount or for another lease: give each payment a reference of its own", ref, lease.ErrExists)
	}
	return booked, err
}

// prepay books a prepayment that was not booked a moment ago.
func (b *Settler) prepay(ctx context.Context, l *lease.Lease, t lease.Transaction) (lease.Transaction, error) {
	if s := l.StateAt(t.AtMs); s == lease.Closed || s == lease.Ended {
		return t, fmt.Errorf("lease %s: %w, at %s: prepay a lease that runs", l.ID, lease.ErrClosed, stamp(l.StopMs()))
	}
	w := world{Settler: b, only: l.ID}
	prepaid, err := w.readPrepaid(ctx)
	if err != nil {
		return t, err
	}
	sat := -t.Postings[1].Sat
	if before := prepaid[l.ID]; sat > lease.MaxSat-before {
		return t, fmt.Errorf("prepayment of %d sat to the %d of lease %s: want at most %d together", sat, before, l.ID, int64(lease.MaxSat))
	}
	e, err := lease.NewEvent(lease.EventPrepaid, t.AtMs, t.Key, lease.Prepaid{Sat: sat, Ref: t.Ref})
	if err != nil {
		return t, err
	}
	err = b.Store.Post(ctx, t, e.Of(l))
	if errors.Is(err, lease.ErrDuplicate) {
		return b.Store.Transaction(ctx, t.Key) // somebody was faster
	}
	return t, err
}
