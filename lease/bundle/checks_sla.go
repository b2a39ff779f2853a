package bundle

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// checkService compares the hours by kind, and the months that were closed, with
// the hours and the schedule of the terms.
func (f *facts) checkService() error {
	if f.terms == nil {
		return errNoTerms
	}
	s, sla := f.s.SLA, f.terms.SLA
	if (s == nil) != (sla == nil) {
		return errors.New("the terms have an SLA and the statement says nothing of it, or the reverse")
	}
	if s == nil {
		return nil
	}
	kinds := make(map[lease.WindowKind]int64)
	for i := range f.s.Hours {
		kinds[f.s.Hours[i].Window]++
	}
	if err := errors.Join(
		same("number of hours up", kinds[lease.WindowUp], s.Up), same("number of hours down", kinds[lease.WindowDown], s.Down),
		same("number of hours excluded", kinds[lease.WindowExcluded], s.Excluded), same("number of hours idle", kinds[lease.WindowIdle], s.Idle),
	); err != nil {
		return err
	}
	want := f.closedMonths()
	if len(want) != len(s.Closed) {
		return fmt.Errorf("%d months were closed, by the contract and the settled hours %d", len(s.Closed), len(want))
	}
	for i := range want {
		if err := f.checkMonth(sla, &want[i], &s.Closed[i]); err != nil {
			return fmt.Errorf("month %s: %w", want[i].name(), err)
		}
	}
	return nil
}

// monthSpan is a month of the lease that closes in the period, or what the lease
// has of it.
type monthSpan struct {
	fromMs, toMs int64
	lastHour     int64 // with which it is closed
	over         bool  // and so is the lease
}

// name is what the credit of the month is booked by.
func (m *monthSpan) name() string {
	return lease.MonthName(lease.MonthOf(m.lastHour * lease.MsPerHour))
}

// closedMonths are the months that were closed with settled hours of the period.
func (f *facts) closedMonths() (all []monthSpan) {
	l, p := f.lease(), f.s.Period
	last, ends := l.LastHour()
	for h := lease.HourOf(p.FromMs); (h+1)*lease.MsPerHour <= p.SettledMs; {
		month := lease.MonthOf(h * lease.MsPerHour)
		end := lease.HourOf(lease.MonthStart(month+1)) - 1 // the month's last hour
		at := end
		over := ends && last >= h && last <= end
		if over {
			at = last
		}
		if ends && last < h || (at+1)*lease.MsPerHour > p.SettledMs {
			break
		}
		if toMs := (at + 1) * lease.MsPerHour; over || l.StartMs < toMs {
			m := monthSpan{fromMs: max(lease.MonthStart(month), l.StartMs), toMs: toMs, lastHour: at, over: over}
			if over {
				m.toMs = max(min(toMs, l.StopMs()), m.fromMs)
			}
			all = append(all, m)
		}
		h = end + 1
	}
	return all
}

// checkMonth compares a month that was closed with its hours as far as they are
// in the period.
func (f *facts) checkMonth(sla *lease.SLA, want *monthSpan, m *Month) error {
	var judged lease.SLAPeriod
	var fees int64
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		if r.Hour < lease.HourOf(want.fromMs) || r.Hour > want.lastHour {
			continue
		}
		fees += r.ChargedSat
		if r.OwedMs > 0 {
			w := f.window(r)
			judged.Add(w, sla.Judge(w))
		}
	}
	err := errors.Join(same("beginning", want.fromMs, m.FromMs), same("end", want.toMs, m.ToMs))
	credit := sla.Credit(judged)
	switch {
	case err != nil:
		return err
	case f.hasWhole(want) && m.Judged != credit:
		return fmt.Errorf("judged as %+v, by its hours it is %+v", m.Judged, credit)
	case f.hasWhole(want) && m.FeesSat != fees:
		return same("sat charged in its hours", fees, m.FeesSat)
	case m.FeesSat < fees:
		return fmt.Errorf("fees of %d sat, its hours in the period alone have %d", m.FeesSat, fees)
	}
	j, tier := m.Judged, sla.Tier(m.Judged.InputPPM)
	switch {
	case j.AvailabilityPPM < 0 || j.AvailabilityPPM > million || j.DeliveredPPM < 0 || j.InputPPM != min(j.AvailabilityPPM, j.DeliveredPPM):
		return fmt.Errorf("judged as %+v, which is not possible", j)
	case j.CreditPPM != tier.CreditPPM || j.FreeExit != tier.FreeExit:
		return fmt.Errorf("judged as %+v, by the schedule of the terms %d ppm are credited", j, tier.CreditPPM)
	case m.CreditSat != j.Sat(m.FeesSat):
		return same("sat credited on its fees", j.Sat(m.FeesSat), m.CreditSat)
	}
	return f.checkCredit(want, m)
}

// hasWhole reports whether all hours of a month are in the period.
func (f *facts) hasWhole(m *monthSpan) bool {
	return f.fromStart() || m.fromMs >= f.s.Period.FromMs
}

// checkCredit looks for what a month gave and cost in the books.
func (f *facts) checkCredit(want *monthSpan, m *Month) error {
	to := ledger.Prepaid(f.s.Tenant)
	if want.over {
		to = ledger.Available(f.s.Tenant)
	}
	line := f.line(ledger.SLAKey(f.s.Lease, want.name()))
	switch {
	case m.CreditSat == 0 && (line != nil || m.Leaf != -1):
		return fmt.Errorf("nothing is credited, but leaf %d is named or booked", m.Leaf)
	case m.CreditSat != 0 && line == nil:
		return fmt.Errorf("a credit of %d sat is not in the books", m.CreditSat)
	case line != nil && (line.Leaf != m.Leaf || line.owed(to) != m.CreditSat):
		return fmt.Errorf("a credit of %d sat by leaf %d, leaf %d books %d to %s", m.CreditSat, m.Leaf, line.Leaf, line.owed(to), to)
	}
	return f.checkExit(want, m)
}

// checkExit checks the fee for leaving a fixed term early: a part of what was
// left of the prepayment, and the rest goes back.
func (f *facts) checkExit(want *monthSpan, m *Month) error {
	line := f.line(ledger.ExitKey(f.s.Lease))
	booked := int64(0)
	if line != nil && want.over {
		booked = -line.owed(ledger.Prepaid(f.s.Tenant))
	}
	if booked != m.ExitSat {
		return fmt.Errorf("leaving early cost %d sat, the books have %d", m.ExitSat, booked)
	}
	l := f.lease()
	switch {
	case m.ExitSat == 0:
		return nil
	case l.EndMs == 0 || l.ClosedMs == 0 || l.ClosedMs >= l.EndMs || m.Judged.FreeExit:
		return fmt.Errorf("leaving early cost %d sat, but the lease was not left early, or its exit was free", m.ExitSat)
	}
	return nil
}

// line is the line of the period with a key, nil if there is none.
func (f *facts) line(key string) *Line {
	lines := f.s.Books.Lines
	if i := slices.IndexFunc(lines, func(l Line) bool { return l.Key == key }); i >= 0 {
		return &lines[i]
	}
	return nil
}
