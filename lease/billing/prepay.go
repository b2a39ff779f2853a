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
	l, err := b.Store.Lease(ctx, id)
	if err != nil {
		return none, err
	}
	heartbeat, err := b.Store.Heartbeat(ctx)
	if err != nil {
		return none, err
	}
	atMs = max(atMs, heartbeat)
	t, err := ledger.Prepayment(ledger.Party{Tenant: l.Tenant, Lease: id}, ref, sat, atMs)
	if err != nil {
		return none, err
	}
	booked, err := b.Store.Transaction(ctx, t.Key)
	if errors.Is(err, lease.ErrNotFound) {
		booked, err = b.prepay(ctx, &l, t)
	}
	if err != nil {
		return none, err
	}
	if !slices.Equal(booked.Postings, t.Postings) {
		return none, fmt.Errorf("prepayment %s %w, with another amount or for another lease: give each payment a reference of its own", ref, lease.ErrExists)
	}
	if err := b.returnLate(ctx, id, booked, atMs); err != nil {
		return booked, err
	}
	return booked, b.watch(ctx, id, atMs)
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

// returnLate gives a prepayment back that was booked while the lease was paid
// off for good.
func (b *Settler) returnLate(ctx context.Context, id string, t lease.Transaction, atMs int64) error {
	texts, err := b.Store.SettledStates(ctx)
	if err != nil {
		return err
	}
	text, ok := texts[id]
	if !ok {
		return nil
	}
	var s state
	if err := decode(text, &s); err != nil {
		return stateError(id, err)
	}
	if !s.Final {
		return nil
	}
	w := world{Settler: b, only: id}
	prepaid, err := w.readPrepaid(ctx)
	if err != nil || prepaid[id] <= 0 {
		return err
	}
	l, err := b.Store.Lease(ctx, id)
	if err != nil {
		return err
	}
	sat := min(prepaid[id], -t.Postings[1].Sat)
	back, err := ledger.Refund(ledger.Party{Tenant: l.Tenant, Lease: id}, t.Ref, sat, atMs)
	if err != nil {
		return err
	}
	if err := b.Store.Post(ctx, back); err != nil && !errors.Is(err, lease.ErrDuplicate) {
		return err
	}
	return nil
}
