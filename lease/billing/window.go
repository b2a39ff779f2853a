package billing

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// judge judges the hour as a window of the SLA, and takes it into the tests.
func (s *state) judge(f *facts, row *lease.SettledHour, evidence lease.Evidence, out *outcome) error {
	planned := plannedWork(f.lease)
	if sla := f.terms.SLA; sla != nil && row.OwedMs > 0 {
		ms, maintenanceMs := f.lease.ExcludedMs(f.exclusions, f.span.from, f.span.to, sla.MaintenanceMsPerMonth-s.Period.MaintenanceMs)
		s.Period.MaintenanceMs += maintenanceMs
		row.ExcludedMs = ms
		w := lease.Window{Contracted: row.Contracted.Work(), Unit: planned, Evidence: evidence, Ms: row.OwedMs, ExcludedMs: ms}
		j := sla.Judge(w)
		s.Period.Windows.Add(w, j)
		row.Window, row.Upper = j.Kind, j.Upper
		if j.Kind == lease.WindowDown {
			e, err := f.event(lease.EventWindowDown, fmt.Sprintf("window-down:%s:%d", f.lease.ID, f.hour), *row)
			if err != nil {
				return err
			}
			out.events = append(out.events, e)
		}
		// Hours with time taken out are left out: which of their shares came
		// in that time is not known.
		if f.lease.Model == lease.Leased && ms == 0 {
			unit := larger(larger(planned, evidence.Max), s.Period.Contract.Unit.Work())
			if err := s.Period.Contract.add(row.Contracted.Work(), evidence.Sum, unit); err != nil {
				return fmt.Errorf("%s test: %w", testContract, err)
			}
			if err := f.alarm(s.Period.Contract.judge(testContract, "", f.hour), out); err != nil {
				return err
			}
		}
	}
	if f.lease.Pool == nil || !f.metered() {
		return nil
	}
	alarms, err := s.Period.testPool(f, evidence)
	if err != nil {
		return err
	}
	return f.alarm(alarms, out)
}

func (f *facts) alarm(alarms []lease.Alarm, out *outcome) error {
	for _, a := range alarms {
		e, err := alarmEvent(a, f.lease.ID, f.span.to)
		if err != nil {
			return err
		}
		out.events = append(out.events, e.Of(f.lease))
	}
	return nil
}

// testPool compares what the pool accepted with what is proven, where that is
// exact: in hours that had a single target of the pool's, none of the receipts
// being harder. Otherwise it is not known which work was due at which target,
// and the hour is left out, as is one in which the pool could not be reached.
// In hours without a share for the pool its last target is in force; the first
// one only tells the target, for it would not have been without a share.
func (p *period) testPool(f *facts, evidence lease.Evidence) ([]lease.Alarm, error) {
	if ms, _ := f.lease.ExcludedMs(f.exclusions, f.span.from, f.span.to, 0); ms > 0 {
		return nil, nil
	}
	unit := p.Pool.Unit.Work()
	if f.upstream.Sent > 0 {
		target, ok := soleTarget(&f.upstream)
		if !ok || target.Cmp(evidence.Max) < 0 {
			return nil, nil
		}
		if unit.IsZero() {
			p.Pool.learn(target)
			return nil, nil
		}
		unit = target
	}
	if unit.IsZero() {
		return nil, nil
	}
	if err := p.Pool.add(evidence.Sum, f.upstream.AcceptedWork, unit); err != nil {
		return nil, fmt.Errorf("%s test: %w", testPool, err)
	}
	return p.Pool.judge(testPool, "", f.hour), nil
}

// soleTarget is the work of the pool's target if all shares of the hour can
// have had the same one.
func soleTarget(u *lease.Upstream) (miner.Work, bool) {
	each, rest := new(big.Int).QuoRem(u.SentWork.Big(), new(big.Int).SetUint64(u.Sent), new(big.Int))
	work, ok := miner.WorkFromBig(each)
	return work, ok && rest.Sign() == 0 && !work.IsZero() && work.Mul(u.Accepted) == u.AcceptedWork
}
