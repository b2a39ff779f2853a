package billing

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// facts is all that an hour of a lease is settled from, but for the state that
// the hour before left.
type facts struct {
	lease      *lease.Lease
	terms      *lease.Terms
	rated      map[string]uint64 // mJ/TH by rig
	hour       int64
	span       span // of the hour, as far as it has come
	whole      bool // it is over
	runningMs  int64
	sliceMs    int64 // the node ran, and nobody had paused the lease
	meters     []lease.HourMeter
	upstream   lease.Upstream
	earnings   []reward.Group
	exclusions []lease.Exclusion
	prepaidSat int64 // before the hour's end
	leftFree   bool  // the lease was closed without a fee
}

// outcome is what follows for an hour.
type outcome struct {
	row    *lease.SettledHour // nil: nothing was owed or metered
	txs    []lease.Transaction
	events []lease.Event
}

// over reports that the lease's last hour is this one or before.
func (f *facts) over() bool {
	last, ok := f.lease.LastHour()
	return f.whole && ok && last <= f.hour
}

// monthEnds reports that the lease has begun and a month ends with the hour.
func (f *facts) monthEnds() bool {
	return f.whole && f.lease.StartMs < f.span.to && lease.MonthOf(f.span.to) != lease.MonthOf(f.span.from)
}

// metered reports that something came in.
func (f *facts) metered() bool {
	return len(f.meters) > 0 || len(f.earnings) > 0 || f.upstream.Sent > 0
}

func (f *facts) owedMs() int64 { return f.lease.OwedMs(f.span.from, f.span.to) }

// quiet reports that the hour changes nothing, and so need not be settled.
func (f *facts) quiet(s *state) bool {
	return !f.metered() && (s.Final || !f.over() && !f.monthEnds() && f.owedMs() == 0)
}

func (f *facts) party() ledger.Party { return ledger.Party{Tenant: f.lease.Tenant, Lease: f.lease.ID} }

// event makes an event about the lease at the hour's end.
func (f *facts) event(kind lease.EventKind, key string, body any) (lease.Event, error) {
	e, err := lease.NewEvent(kind, f.span.to, key, body)
	return e.Of(f.lease), err
}

// step settles an hour of a lease. It is a function of its arguments alone,
// and leaves s and f as they are. After a lease's last hour nothing is owed or
// charged any more, but shares that came late are metered, and paid where
// shares are.
func step(s state, f *facts) (state, outcome, error) {
	var out outcome
	s.Format = stateFormat
	row, evidence := f.row()
	if err := s.earn(f, &row, &out); err != nil {
		return s, out, err
	}
	if s.Final {
		out.row = &row
		return s, out, nil
	}
	s.begin(f.lease)
	left, err := s.charge(f, &row, &out)
	if err != nil {
		return s, out, err
	}
	if err := s.judge(f, &row, evidence, &out); err != nil {
		return s, out, err
	}
	if f.metered() || row.OwedMs > 0 {
		out.row = &row
	}
	if f.over() || f.monthEnds() {
		err = s.close(f, left, &out)
	}
	return s, out, err
}

// begin starts the first period of a lease.
func (s *state) begin(l *lease.Lease) {
	if s.Period.FromMs == 0 {
		s.Period.FromMs = l.StartMs
	}
}

// row begins the hour's figures with what was owed and what came in.
func (f *facts) row() (lease.SettledHour, lease.Evidence) {
	owedMs := f.owedMs()
	r := lease.SettledHour{
		Lease: f.lease.ID, Hour: f.hour, OwedMs: owedMs, RunningMs: f.runningMs, Window: lease.WindowIdle,
		Contracted: lease.Quantity(lease.WorkIn(f.lease.ContractedHps, owedMs)),
	}
	var evidence lease.Evidence
	var counted miner.Work
	for i := range f.meters {
		counted = counted.Add(f.meters[i].Counted)
		evidence.Merge(f.meters[i].Evidence)
	}
	r.Counted, r.Proven, r.Receipts = lease.Quantity(counted), lease.Quantity(evidence.Sum), int64(evidence.N)
	_, upper := evidence.Interval(plannedWork(f.lease))
	if owedMs > 0 || evidence.N > 0 {
		r.Upper = lease.Quantity(upper)
	}
	return r, evidence
}

// earn books what the shares of a house lease earned by themselves. What those
// of a lease with a pool are worth there is for information: the pool pays. So
// it is with the house's pool under schemes that share: see Incomes.
func (s *state) earn(f *facts, row *lease.SettledHour, out *outcome) error {
	if len(f.earnings) == 0 || f.lease.Pool != nil || !byShare(f.terms) {
		return nil
	}
	posted := s.Earned.Sat
	earned, err := s.Earned.Add(f.terms.FeePPM, f.earnings...)
	if err != nil {
		// As on a chain that is all but free to mine. One lease's figures must
		// not keep all others from being settled: the hour earns nothing.
		a := lease.Alarm{Test: testEarnings, Direction: excess, Hour: f.hour, Reason: err.Error()}
		for i := range f.earnings {
			a.Seen = lease.Quantity(a.Seen.Work().Add(f.earnings[i].Work))
		}
		return f.alarm([]lease.Alarm{a}, out)
	}
	s.Earned = earned
	if row.EarnedSat = s.Earned.Due(posted); row.EarnedSat == 0 {
		return nil
	}
	t, err := ledger.PPS(f.party(), f.hour*lease.MsPerHour, row.EarnedSat, f.span.to)
	out.txs = append(out.txs, t)
	return err
}
