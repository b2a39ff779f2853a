package billing

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// period is the running calendar month of a lease, in UTC.
type period struct {
	FromMs        int64   `json:"from_ms"` // 0: none runs yet
	Windows       windows `json:"windows"`
	FeesSat       int64   `json:"fees_sat"`       // charged
	MaintenanceMs int64   `json:"maintenance_ms"` // taken out of the SLA
	Contract      test    `json:"contract"`
	Pool          test    `json:"pool"`
}

// judged is how the period stands at a moment.
func (p *period) judged(sla *lease.SLA, toMs int64) lease.PeriodClosed {
	if sla == nil {
		sla = new(lease.SLA) // promises nothing
	}
	c := sla.Credit(p.Windows.SLAPeriod)
	return lease.PeriodClosed{
		FromMs: p.FromMs, ToMs: max(toMs, p.FromMs),
		Up: p.Windows.Up, Down: p.Windows.Down, Excluded: p.Windows.Excluded,
		Contracted: lease.Quantity(p.Windows.Due), Delivered: lease.Quantity(p.Windows.Evidence.Sum),
		AvailabilityPPM: c.AvailabilityPPM, UpperPPM: c.DeliveredPPM,
		FeesSat: p.FeesSat, CreditPPM: c.CreditPPM, CreditSat: c.Sat(p.FeesSat), FreeExit: c.FreeExit,
	}
}

// close ends the period with the hour, and the lease if it is over. leftSat is
// what is prepaid after the hour.
func (s *state) close(f *facts, leftSat int64, out *outcome) error {
	over, toMs := f.over(), f.span.to
	if over {
		toMs = min(toMs, f.lease.StopMs())
	}
	p := s.Period.judged(f.terms.SLA, toMs)
	post := func(t lease.Transaction, err error) error {
		out.txs = append(out.txs, t)
		return err
	}
	name := lease.MonthName(lease.MonthOf(f.span.from))
	if p.CreditSat > 0 {
		if err := post(ledger.SLACredit(f.party(), name, over, p.CreditSat, f.span.to)); err != nil {
			return err
		}
	}
	if over {
		if f.exitCosts() && !f.leftFree && !s.FreeExit && !p.FreeExit {
			p.ExitFeeSat = partOf(leftSat, f.terms.Prices.EarlyExitPPM)
		}
		p.RefundSat = leftSat - p.ExitFeeSat
		if p.ExitFeeSat > 0 {
			if err := post(ledger.ExitFee(f.party(), p.ExitFeeSat, f.span.to)); err != nil {
				return err
			}
		}
		if p.RefundSat > 0 {
			if err := post(ledger.Refund(f.party(), refundAtEnd, p.RefundSat, f.span.to)); err != nil {
				return err
			}
		}
	}
	e, err := f.event(lease.EventPeriodClosed, fmt.Sprintf("period-closed:%s:%s", f.lease.ID, name), p)
	if err != nil {
		return err
	}
	out.events = append(out.events, e)
	s.FreeExit, s.Final = p.FreeExit, over
	next := period{}
	if !over {
		next.FromMs = f.span.to
		next.Pool.Unit = s.Period.Pool.Unit
	}
	s.Period = next
	return nil
}

// refundAtEnd is the occasion of the refund when a lease is over.
const refundAtEnd = "close"

// exitCosts reports that the lease had a fixed term and was closed before its
// end, for which the terms want a fee.
func (f *facts) exitCosts() bool {
	l := f.lease
	return l.EndMs != 0 && l.ClosedMs != 0 && l.ClosedMs < l.EndMs && f.terms.Prices != nil && f.terms.Prices.EarlyExitPPM > 0
}

// partOf is so many millionths of an amount, rounded down.
func partOf(sat, ppm int64) int64 {
	n := new(big.Int).Mul(big.NewInt(sat), big.NewInt(ppm))
	return n.Quo(n, big.NewInt(1_000_000)).Int64()
}
