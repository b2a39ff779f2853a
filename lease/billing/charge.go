package billing

import (
	"errors"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
)

// streams are what a lease has used since it began, and what was due for it.
// An hour's due is the price of everything so far, rounded down, less what was
// due before, so that hours do not round.
type streams struct {
	Work   lease.Billable `json:"work"`    // of model leased
	Energy lease.Energy   `json:"energy"`  // of model hosted
	RigMs  int64          `json:"rig_ms"`  // likewise: milliseconds of all rigs
	CoreMs int64          `json:"core_ms"` // of model virtual-hosted: milliseconds of all processors

	PowerSat int64 `json:"power_sat"` // due for energy
	UsageSat int64 `json:"usage_sat"` // due for all else
}

// charge books what is due for the hour as far as the prepayment covers it,
// and returns what is prepaid after that. What it does not cover is not owed
// later.
func (s *state) charge(f *facts, row *lease.SettledHour, out *outcome) (leftSat int64, err error) {
	leftSat = f.prepaidSat
	power, usage, err := s.Streams.due(f, row)
	if err != nil {
		return leftSat, err
	}
	row.DueSat = power + usage
	for _, c := range []struct {
		sat  int64
		book func(p ledger.Party, hourMs, sat, atMs int64) (lease.Transaction, error)
	}{{power, ledger.PowerUsage}, {usage, ledger.Usage}} {
		sat := min(c.sat, leftSat)
		if sat == 0 {
			continue
		}
		t, err := c.book(f.party(), f.hour*lease.MsPerHour, sat, f.span.to)
		if err != nil {
			return leftSat, err
		}
		out.txs = append(out.txs, t)
		leftSat -= sat
		row.ChargedSat += sat
	}
	s.Period.FeesSat += row.ChargedSat
	return leftSat, nil
}

// due takes in the hour and returns what is due for it: for energy, and for
// all else.
func (x *streams) due(f *facts, row *lease.SettledHour) (power, usage int64, err error) {
	prices := f.terms.Prices
	if prices == nil {
		prices = new(lease.Prices)
	}
	var powerSat, usageSat int64
	switch f.lease.Model {
	case lease.Leased:
		before := x.Work.Total()
		if proven, contracted := row.Proven.Work(), row.Contracted.Work(); !proven.IsZero() || !contracted.IsZero() {
			if err := x.Work.Add(f.hour, proven, contracted); err != nil {
				return 0, 0, err
			}
		}
		row.Billable = lease.Quantity(x.Work.Total().Sub(before))
		if prices.Work != nil {
			usageSat, err = prices.Work.Charge(x.Work.Total())
		}
	case lease.Hosted:
		for i := range f.meters {
			m := &f.meters[i]
			x.Energy = x.Energy.Add(lease.EnergyOf(m.Evidence.Sum, f.rated[m.Source]))
		}
		x.RigMs += row.OwedMs * int64(len(f.lease.Rigs))
		row.Billable = row.Proven
		if prices.Power != nil {
			powerSat, err = prices.Power.Charge(x.Energy)
		}
		if prices.RigFee != nil && capped(err) == nil {
			usageSat, err = prices.RigFee.Charge(x.RigMs)
		}
	case lease.VirtualHosted:
		x.CoreMs += f.sliceMs * int64(len(f.lease.Cores))
		if prices.Slice != nil {
			usageSat, err = prices.Slice.Charge(x.CoreMs)
		}
	}
	if err := capped(err); err != nil {
		return 0, 0, err
	}
	if power, err = lease.Open(powerSat, x.PowerSat); err != nil {
		return 0, 0, err
	}
	usage, err = lease.Open(usageSat, x.UsageSat)
	x.PowerSat, x.UsageSat = powerSat, usageSat
	return power, usage, err
}

// capped drops the error of a charge for more than there can be: nobody can
// have prepaid that, so that the largest amount stands for it.
func capped(err error) error {
	if errors.Is(err, lease.ErrAmount) {
		return nil
	}
	return err
}

// timed reports that the lease is charged for the time that it works.
func (f *facts) timed() bool { return f.lease.Model == lease.VirtualHosted }

// priced reports that the terms want something for leases of this model.
func priced(l *lease.Lease, terms *lease.Terms) bool {
	p := terms.Prices
	if p == nil {
		return false
	}
	switch l.Model {
	case lease.Leased:
		return p.Work != nil && p.Work.Sat > 0
	case lease.Hosted:
		return p.Power != nil && p.Power.SatPerMWh > 0 || p.RigFee != nil && p.RigFee.SatPerRigDay > 0
	case lease.VirtualHosted:
		return p.Slice != nil && p.Slice.SatPerCoreHour > 0
	}
	return false
}

// hourSat is the price of one hour as contracted. Of a hosted lease all work
// is taken to be done by its least efficient rig.
func hourSat(l *lease.Lease, terms *lease.Terms, rated map[string]uint64) int64 {
	f := facts{lease: l, terms: terms, sliceMs: lease.MsPerHour, span: hourSpan(0)}
	work := lease.WorkIn(l.ContractedHps, lease.MsPerHour)
	row := lease.SettledHour{OwedMs: lease.MsPerHour, Contracted: lease.Quantity(work), Proven: lease.Quantity(work)}
	worst := ""
	for _, name := range l.Rigs {
		if worst == "" || rated[name] > rated[worst] {
			worst = name
		}
	}
	f.rated = rated
	f.meters = []lease.HourMeter{{Source: worst, Evidence: lease.Evidence{Sum: work}}}
	var x streams
	power, usage, err := x.due(&f, &row)
	if err != nil {
		return 0 // prices that cannot be are not in terms
	}
	return min(power+usage, lease.MaxSat)
}
