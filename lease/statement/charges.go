package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
)

// settled reads up to when everything is settled, and what was charged and
// credited until then, both of one moment.
func (b *builder) settled() error {
	hour, left, err := b.hourAndLeft()
	if err != nil {
		return err
	}
	for range maxTries {
		if b.hour = hour; b.bundle.Terms.Prices == nil && b.bundle.Terms.SLA == nil {
			return nil
		}
		c := &receipt.Charges{Left: left}
		if hour > 0 {
			c.ThroughMs = (hour + 1) * lease.MsPerHour
		}
		if err := b.used(c); err != nil {
			return err
		}
		if err := b.credited(c); err != nil {
			return err
		}
		c.Corrected = left - c.Sum()
		b.bundle.Statement.Charges = c
		wasHour, was := hour, left
		if hour, left, err = b.hourAndLeft(); err != nil || hour == wasHour && left == was {
			return err
		}
	}
	return errors.New("the books keep changing: try again")
}

// hourAndLeft reads the last settled hour and what is left of prepayments.
func (b *builder) hourAndLeft() (hour, left int64, err error) {
	if hour, err = b.Store.SettledHour(b.ctx); err != nil {
		return 0, 0, err
	}
	all, err := b.Store.Balances(b.ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("balances: %w", err)
	}
	for _, a := range all {
		if a.Lease == b.lease.ID && a.Account == ledger.Prepaid(b.lease.Tenant) {
			left -= a.Sat
		}
	}
	return hour, left, nil
}

// used sums up the settled hours.
func (b *builder) used(c *receipt.Charges) error {
	for h, err := range b.Store.SettledHours(b.ctx, b.lease.ID, 0, b.hour+1) {
		if err != nil {
			return fmt.Errorf("settled hours: %w", err)
		}
		c.Billable = lease.Quantity(c.Billable.Work().Add(h.Billable.Work()))
		c.Due += h.DueSat
		c.Charged += h.ChargedSat
		switch h.Window {
		case lease.WindowUp:
			c.Up++
		case lease.WindowDown:
			c.Down++
		case lease.WindowExcluded:
			c.Excluded++
		}
	}
	return nil
}

// credited sums up prepayments and what came of the ends of periods. What was
// refunded, and where a credit went to, is read from the transactions.
func (b *builder) credited(c *receipt.Charges) error {
	refunds := map[string]bool{ledger.RefundKey(b.lease.ID, "close"): true}
	kinds := []lease.EventKind{lease.EventPrepaid, lease.EventPeriodClosed}
	for e, err := range b.Store.Events(b.ctx, lease.EventFilter{Lease: b.lease.ID, Kinds: kinds}) {
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		if e.Kind == lease.EventPrepaid {
			var paid lease.Prepaid
			if err := json.Unmarshal(e.Body, &paid); err != nil {
				return fmt.Errorf("event %d: %w", e.Seq, err)
			}
			c.Prepaid += paid.Sat
			// What came when the lease was over went back at once.
			refunds[ledger.RefundKey(b.lease.ID, paid.Ref)] = true
			continue
		}
		var closed lease.PeriodClosed
		if err := json.Unmarshal(e.Body, &closed); err != nil {
			return fmt.Errorf("event %d: %w", e.Seq, err)
		}
		c.ExitFee += closed.ExitFeeSat
		if closed.CreditSat == 0 {
			continue
		}
		month := e.Key[strings.LastIndexByte(e.Key, ':')+1:]
		kept, back, err := b.moved(ledger.SLAKey(b.lease.ID, month))
		if err != nil {
			return err
		}
		c.Credited += kept
		c.PaidBack += back
	}
	for key := range refunds {
		_, back, err := b.moved(key)
		if err != nil {
			return err
		}
		c.Refunded += back
	}
	return nil
}

// moved is what a transaction, if there is one, credits to what is prepaid for
// the lease, and to what it is to be paid.
func (b *builder) moved(key string) (prepaid, available int64, err error) {
	t, err := b.Store.Transaction(b.ctx, key)
	if errors.Is(err, lease.ErrNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("transaction %s: %w", key, err)
	}
	for _, p := range t.Postings {
		switch {
		case p.Lease != b.lease.ID:
		case p.Account == ledger.Prepaid(b.lease.Tenant):
			prepaid -= p.Sat
		case p.Account == ledger.Available(b.lease.Tenant):
			available -= p.Sat
		}
	}
	return prepaid, available, nil
}
