package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// settledHours reads the settled hours and what was charged for them.
func (b *builder) settledHours() error {
	b.st.Hours = []bundle.Hour{}
	var c bundle.Charges
	for h, err := range b.Store.SettledHours(b.ctx, b.lease.ID, b.hours[0], min(b.hours[1], b.settled+1)) {
		if err != nil {
			return fmt.Errorf("settled hours: %w", err)
		}
		b.st.Hours = append(b.st.Hours, bundle.Hour{
			Hour: h.Hour, OwedMs: h.OwedMs, ExcludedMs: h.ExcludedMs, RunningMs: h.RunningMs,
			Contracted: h.Contracted, Counted: h.Counted, Proven: h.Proven, Receipts: h.Receipts,
			Billable: h.Billable, Upper: h.Upper, Window: h.Window,
			DueSat: h.DueSat, ChargedSat: h.ChargedSat, EarnedSat: h.EarnedSat,
		})
		c.Billable = lease.Quantity(c.Billable.Work().Add(h.Billable.Work()))
		c.Due += h.DueSat
		c.Charged += h.ChargedSat
	}
	if b.terms.Prices != nil || b.terms.SLA != nil {
		b.st.Charges = &c
	}
	return nil
}

// service counts how the hours were judged, and reads the months that closed.
func (b *builder) service() error {
	if b.terms.SLA == nil {
		return nil
	}
	s := bundle.Service{Closed: []bundle.Month{}}
	for i := range b.st.Hours {
		switch b.st.Hours[i].Window {
		case lease.WindowUp:
			s.Up++
		case lease.WindowDown:
			s.Down++
		case lease.WindowExcluded:
			s.Excluded++
		case lease.WindowIdle:
			s.Idle++
		}
	}
	f := lease.EventFilter{Lease: b.lease.ID, Kinds: []lease.EventKind{lease.EventPeriodClosed}, FromMs: b.from, ToMs: b.to}
	for e, err := range b.Store.Events(b.ctx, f) {
		if err != nil {
			return fmt.Errorf("months: %w", err)
		}
		var closed lease.PeriodClosed
		if err := json.Unmarshal(e.Body, &closed); err != nil {
			return fmt.Errorf("event %d: %w", e.Seq, err)
		}
		m := bundle.Month{
			FromMs: closed.FromMs, ToMs: closed.ToMs, FeesSat: closed.FeesSat, CreditSat: closed.CreditSat, ExitSat: closed.ExitFeeSat, Leaf: -1,
			Judged: lease.SLACredit{
				AvailabilityPPM: closed.AvailabilityPPM, DeliveredPPM: closed.UpperPPM, InputPPM: min(closed.AvailabilityPPM, closed.UpperPPM),
				CreditPPM: closed.CreditPPM, FreeExit: closed.FreeExit,
			},
		}
		if m.CreditSat > 0 {
			key := ledger.SLAKey(b.lease.ID, e.Key[strings.LastIndexByte(e.Key, ':')+1:])
			if m.Leaf = b.leafOf(key); m.Leaf < 0 {
				return fmt.Errorf("%w: a credit of %d sat was not booked as %s", ErrMismatch, m.CreditSat, key)
			}
		}
		s.Closed = append(s.Closed, m)
	}
	b.st.SLA = &s
	return nil
}

// leafOf is the index of the leaf of one of the period's lines, -1 if none is
// called so.
func (b *builder) leafOf(key string) int64 {
	for _, l := range b.booked() {
		if l.Key == key {
			return l.leaf
		}
	}
	return -1
}

// energy sums up what the rigs of a hosted lease used in the settled hours.
func (b *builder) energy() error {
	if b.lease.Model != lease.Hosted {
		return nil
	}
	rated := make(map[string]uint64)
	e := bundle.Energy{Quality: bundle.QualityNameplate}
	for i := range b.meters {
		m := &b.meters[i]
		if m.Hour > b.settled {
			continue
		}
		if _, ok := rated[m.Source]; !ok {
			r, err := b.Store.Rig(b.ctx, m.Source)
			if err != nil && !errors.Is(err, lease.ErrNotFound) {
				return fmt.Errorf("rig %s: %w", m.Source, err)
			}
			rated[m.Source] = r.RatedMilliJTH
		}
		e.Used = e.Used.Add(lease.EnergyOf(m.Evidence.Sum, rated[m.Source]))
	}
	b.st.Energy = &e
	return nil
}

// agree compares figures that come from different places.
func (b *builder) agree() error {
	if err := b.chargesAgree(); err != nil {
		return err
	}
	balances, err := b.Store.Balances(b.ctx)
	if err != nil {
		return fmt.Errorf("balances: %w", err)
	}
	for _, a := range balances {
		if a.Lease != b.lease.ID || !strings.HasPrefix(a.Account, lease.Liability) {
			continue
		}
		if have := sum(b.lines, a.Account); have != -a.Sat {
			if err := b.moved(); err != nil {
				return err
			}
			return fmt.Errorf("%w: the books have %d sat on %s, the lines of the lease sum to %d", ErrMismatch, -a.Sat, a.Account, have)
		}
	}
	return nil
}

// chargesAgree compares what hours were charged and earned with what was booked
// for them. An amount that was corrected counts as it was booked first.
func (b *builder) chargesAgree() error {
	var charged, earned int64
	for _, l := range b.booked() {
		if strings.Contains(l.Key, "#") {
			continue
		}
		switch l.kind {
		case ledger.KindUsage, ledger.KindPower:
			charged -= sum([]line{l}, ledger.Prepaid(b.lease.Tenant))
		case ledger.KindPPS:
			earned += sum([]line{l}, ledger.Available(b.lease.Tenant))
		}
	}
	var c bundle.Hour
	for i := range b.st.Hours {
		c.ChargedSat += b.st.Hours[i].ChargedSat
		c.EarnedSat += b.st.Hours[i].EarnedSat
	}
	if charged == c.ChargedSat && earned == c.EarnedSat {
		return nil
	}
	if err := b.moved(); err != nil {
		return err
	}
	return fmt.Errorf("%w: the hours were charged %d sat and earned %d, booked are %d and %d", ErrMismatch, c.ChargedSat, c.EarnedSat, charged, earned)
}

// moved is errChanged when more was settled or booked since it was read.
func (b *builder) moved() error {
	settled, err := b.Store.SettledHour(b.ctx)
	if err != nil {
		return err
	}
	fresh := builder{Source: b.Source, ctx: b.ctx, lease: b.lease}
	if err := fresh.readLines(); err != nil {
		return err
	}
	if settled != b.settled || len(fresh.lines) != len(b.lines) {
		return errChanged
	}
	return nil
}
