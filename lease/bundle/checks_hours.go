package bundle

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// checkMeter checks what of the metered figures follows from others.
func (f *facts) checkMeter() error {
	d := &f.s.Delivery
	var rejected, stale uint64
	for reason, n := range d.Verdicts {
		switch {
		case n == 0 || n > maxIndex || rejected > maxIndex:
			return fmt.Errorf("%d shares refused as %.40q", n, reason)
		case reason == lease.Stale:
			stale = n
		default:
			rejected += n
		}
	}
	err := errors.Join(
		same("number of stale shares by the verdicts", stale, d.Stale),
		same("number of rejected shares by the verdicts", rejected, d.Rejected),
	)
	var counted lease.Quantity
	for i := range f.s.Hours {
		counted = lease.Quantity(counted.Work().Add(f.s.Hours[i].Counted.Work()))
	}
	switch {
	case err != nil:
		return err
	case counted.Work().Cmp(d.CountedHashes.Work()) > 0:
		return fmt.Errorf("%s hashes counted, the settled hours alone have %s", d.CountedHashes.Work(), counted.Work())
	case f.s.State == Final && counted != d.CountedHashes:
		return same("number of hashes counted in all hours", counted, d.CountedHashes)
	}
	return f.checkRunning()
}

// checkRunning compares the time that the node ran with that of the hours: what
// is not of one of them may be any.
func (f *facts) checkRunning() error {
	p := f.s.Period
	var least, settled int64
	for i := range f.s.Hours {
		ran := f.s.Hours[i].RunningMs
		if ran > lease.MsPerHour {
			return fmt.Errorf("hour %d: running for %d ms", f.s.Hours[i].Hour, ran)
		}
		least += ran
		settled += lease.MsPerHour
	}
	if most := least + max(p.ToMs-p.FromMs-settled, 0); p.RunningMs < least || p.RunningMs > most {
		return fmt.Errorf("running for %d ms, by the settled hours it was %d to %d", p.RunningMs, least, most)
	}
	return nil
}

// hourWork is what batches prove of an hour.
type hourWork struct{ receipts int64 }

// byHour sums up the batches; a window lies in one hour.
func (f *facts) byHour() map[int64]hourWork {
	sums := make(map[int64]hourWork)
	for i := range f.batches {
		hour := lease.HourOf(f.batches[i].fromMs)
		sums[hour] = hourWork{sums[hour].receipts + f.batches[i].n}
	}
	return sums
}

// checkHours checks every settled hour: that it is in the log as it stands here,
// that it has the work of its batches, and what follows from that and the
// contract.
func (f *facts) checkHours() error {
	if err := f.wrong["hours"]; err != nil {
		return err
	}
	p, rows := f.s.Period, f.s.Hours
	logged := make(map[int64]*hourAt, len(f.hours))
	for i := range f.hours {
		h := &f.hours[i]
		if logged[h.Hour] != nil {
			return fmt.Errorf("hour %d is in the log twice, with leaf %d and leaf %d", h.Hour, logged[h.Hour].index, h.index)
		}
		logged[h.Hour] = h
	}
	l, proven := f.lease(), f.byHour()
	hours := (p.SettledMs - p.FromMs) / lease.MsPerHour
	if n := max(hours, 1) * int64(len(l.Pauses)+len(f.exclusions)+1); n > maxOwed {
		return fmt.Errorf("%d hours with %d pauses and %d exclusions are too many: ask for a shorter period", hours, len(l.Pauses), len(f.exclusions))
	}
	excused := f.newExcuses(l)
	last := lease.HourOf(p.FromMs) - 1
	for i := range rows {
		r := &rows[i]
		if r.Hour <= last || (r.Hour+1)*lease.MsPerHour > p.SettledMs {
			return fmt.Errorf("hour %d after hour %d is not in order, or not one of the settled hours of the period", r.Hour, last)
		}
		if err := f.noneMissing(l, proven, last+1, r.Hour); err != nil {
			return err
		}
		h := logged[r.Hour]
		switch {
		case h == nil:
			return fmt.Errorf("hour %d is not in the log", r.Hour)
		case h.SettledHour != r.settled(f.s.Lease):
			return fmt.Errorf("hour %d stands in the log with other figures: %s", r.Hour, differs(h.SettledHour, r.settled(f.s.Lease)))
		}
		if err := f.checkHour(l, r, proven[r.Hour], excused, h.index); err != nil {
			return fmt.Errorf("hour %d: %w", r.Hour, err)
		}
		last = r.Hour
	}
	return f.noneMissing(l, proven, last+1, lease.HourOf(p.SettledMs))
}

// maxOwed bounds how many pauses and exclusions are looked at.
const maxOwed = 1 << 27

// noneMissing checks that nothing was owed or proven in the hours [from, to),
// which are settled and not in the statement.
func (f *facts) noneMissing(l *lease.Lease, proven map[int64]hourWork, from, to int64) error {
	for h := from; h < to; h++ {
		if n := proven[h].receipts; n > 0 {
			return fmt.Errorf("hour %d, with %d receipts, is missing", h, n)
		}
		if ms := l.OwedMs(h*lease.MsPerHour, (h+1)*lease.MsPerHour); ms > 0 && !f.paidOff(l, h) {
			return fmt.Errorf("hour %d, in which hash rate was owed for %d ms, is missing", h, ms)
		}
	}
	return nil
}

// paidOff reports whether an hour comes after the lease's last one.
func (f *facts) paidOff(l *lease.Lease, hour int64) bool {
	last, ok := l.LastHour()
	return ok && hour > last
}

// checkHour checks one hour.
func (f *facts) checkHour(l *lease.Lease, r *Hour, proven hourWork, excused *excuses, index int64) error {
	fromMs, toMs := r.Hour*lease.MsPerHour, (r.Hour+1)*lease.MsPerHour
	ev := f.s.evidenceOf(proven.receipts)
	err := errors.Join(
		same("time owed, by the contract and its pauses,", l.OwedMs(fromMs, toMs), r.OwedMs),
		same("work owed, by the contracted rate,", lease.Quantity(lease.WorkIn(l.ContractedHps, r.OwedMs)), r.Contracted),
		same("number of receipts in its batches", proven.receipts, r.Receipts),
		same("work of its batches", lease.Quantity(ev.Sum), r.Proven),
	)
	if err != nil {
		return err
	}
	kind, upper := lease.WindowIdle, lease.Quantity{}
	if r.OwedMs > 0 || r.Receipts > 0 {
		_, most := ev.Interval(f.s.PlannedWork())
		upper = lease.Quantity(most)
	}
	if sla := f.slaTerms(); sla != nil && r.OwedMs > 0 && !f.paidOff(l, r.Hour) {
		if err := excused.check(sla, r, index); err != nil {
			return err
		}
		j := sla.Judge(f.window(r))
		kind, upper = j.Kind, j.Upper
	} else if r.ExcludedMs != 0 {
		return fmt.Errorf("%d ms are excluded of what no SLA counts", r.ExcludedMs)
	}
	err = errors.Join(same("kind of its window, by the SLA,", kind, r.Window), same("97.5 % bound of its work", upper, r.Upper))
	if err == nil && f.paidOff(l, r.Hour) && (r.DueSat != 0 || r.ChargedSat != 0 || !r.Billable.Work().IsZero()) {
		err = errors.New("something is charged after the lease was over and paid off")
	}
	return err
}

// slaTerms are the schedule of the terms, nil without one.
func (f *facts) slaTerms() *lease.SLA {
	if f.terms == nil {
		return nil
	}
	return f.terms.SLA
}

// window is an hour as the SLA judges it.
func (f *facts) window(r *Hour) lease.Window {
	return lease.Window{
		Contracted: r.Contracted.Work(), Unit: f.s.PlannedWork(), Evidence: f.s.evidenceOf(r.Receipts), Ms: r.OwedMs, ExcludedMs: r.ExcludedMs,
	}
}

// settled is the hour as the log has it.
func (r *Hour) settled(id string) lease.SettledHour {
	return lease.SettledHour{
		Lease: id, Hour: r.Hour, OwedMs: r.OwedMs, ExcludedMs: r.ExcludedMs, RunningMs: r.RunningMs, Contracted: r.Contracted,
		Counted: r.Counted, Proven: r.Proven, Receipts: r.Receipts, Billable: r.Billable, Upper: r.Upper, Window: r.Window,
		DueSat: r.DueSat, ChargedSat: r.ChargedSat, EarnedSat: r.EarnedSat,
	}
}

// differs names what two settled hours differ in.
func differs(logged, stated lease.SettledHour) error {
	return errors.Join(
		same("time owed", logged.OwedMs, stated.OwedMs), same("time excluded", logged.ExcludedMs, stated.ExcludedMs),
		same("time running", logged.RunningMs, stated.RunningMs), same("work owed", logged.Contracted, stated.Contracted),
		same("hashes counted", logged.Counted, stated.Counted), same("work proven", logged.Proven, stated.Proven),
		same("number of receipts", logged.Receipts, stated.Receipts), same("work billable", logged.Billable, stated.Billable),
		same("bound of the work", logged.Upper, stated.Upper), same("window", logged.Window, stated.Window),
		same("sat due", logged.DueSat, stated.DueSat), same("sat charged", logged.ChargedSat, stated.ChargedSat),
		same("sat earned", logged.EarnedSat, stated.EarnedSat),
	)
}
