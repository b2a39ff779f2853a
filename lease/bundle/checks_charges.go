package bundle

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// checkCharges compares what was charged with the settled hours and the prices
// of the terms.
func (f *facts) checkCharges() error {
	if f.terms == nil {
		return errNoTerms
	}
	c, t := f.s.Charges, f.terms
	switch priced := t.Prices != nil || t.SLA != nil; {
	case c == nil && priced:
		return errors.New("the terms have prices or an SLA, but the statement does not say what was charged")
	case c != nil && !priced:
		return errors.New("the terms have neither prices nor an SLA")
	}
	var billable miner.Work
	var due, charged int64
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		if r.ChargedSat > r.DueSat {
			return fmt.Errorf("hour %d: %d sat are charged of %d that are due", r.Hour, r.ChargedSat, r.DueSat)
		}
		billable, due, charged = billable.Add(r.Billable.Work()), due+r.DueSat, charged+r.ChargedSat
		if due > maxIndex {
			return fmt.Errorf("hour %d: %d sat are due since the period began, more than there can be", r.Hour, due)
		}
	}
	if c == nil {
		if due != 0 || charged != 0 {
			return fmt.Errorf("hours with %d sat due, but the terms have no price", due)
		}
	} else if err := errors.Join(
		same("billable work of all hours", lease.Quantity(billable), c.Billable),
		same("sat due in all hours", due, c.Due),
		same("sat charged in all hours", charged, c.Charged),
	); err != nil {
		return err
	}
	prices := t.Prices
	if prices == nil {
		prices = new(lease.Prices)
	}
	switch f.s.Model {
	case lease.Leased:
		return f.checkLeased(prices)
	case lease.Hosted:
		return f.checkHosted(prices)
	}
	return f.checkSlice(prices)
}

// checkLeased checks billable work, at most the contracted of each UTC day, and
// its price.
func (f *facts) checkLeased(prices *lease.Prices) error {
	l := f.lease()
	due := newStream(f.fromStart())
	var day lease.Billable
	// The day that the period begins in may have had hours before it.
	cut := int64(-1)
	if from := f.s.Period.FromMs; !f.fromStart() && from%msPerDay != 0 {
		cut = from / msPerDay
	}
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		proven, contracted, billable := r.Proven.Work(), r.Contracted.Work(), r.Billable.Work()
		switch {
		case f.paidOff(l, r.Hour): // nothing is charged any more: checkHours
		case r.Hour/24 == cut:
			if billable.Cmp(larger(proven, contracted)) > 0 || billable.Cmp(smaller(proven, contracted)) < 0 {
				return fmt.Errorf("hour %d: %s hashes are billable of %s proven and %s contracted", r.Hour, billable, proven, contracted)
			}
		default:
			before := day.Total()
			if err := day.Add(r.Hour, proven, contracted); err != nil {
				return err
			}
			if want := day.Total().Sub(before); want != billable {
				return fmt.Errorf("hour %d: %s hashes are billable, by the day's proven and contracted work it is %s", r.Hour, billable, want)
			}
		}
		part := new(big.Rat)
		if p := prices.Work; p != nil && p.Sat > 0 {
			part.SetFrac(new(big.Int).Mul(billable.Big(), big.NewInt(p.Sat)), p.Hashes.Work().Big())
		}
		if err := due.add(part, r.DueSat); err != nil {
			return fmt.Errorf("hour %d: by the price of the terms, due are %w", r.Hour, err)
		}
	}
	return nil
}

// checkHosted checks what rigs cost by the day; what is due beyond is for energy.
func (f *facts) checkHosted(prices *lease.Prices) error {
	l, fee := f.lease(), int64(0)
	if prices.RigFee != nil {
		fee = prices.RigFee.SatPerRigDay
	}
	total, due := new(big.Rat), int64(0)
	exact := newStream(f.fromStart())
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		paidOff := f.paidOff(l, r.Hour)
		if !paidOff && r.Billable != r.Proven {
			return fmt.Errorf("hour %d: %s hashes are billable of %s proven", r.Hour, r.Billable.Work(), r.Proven.Work())
		}
		part := new(big.Rat)
		if !paidOff {
			part = big.NewRat(fee, msPerDay)
			part.Mul(part, new(big.Rat).SetInt64(r.OwedMs*int64(len(l.Rigs))))
		}
		total.Add(total, part)
		due += r.DueSat
		if prices.Power == nil || prices.Power.SatPerMWh == 0 {
			if err := exact.add(part, r.DueSat); err != nil {
				return fmt.Errorf("hour %d: by the fee for rigs, due are %w", r.Hour, err)
			}
		} else if least := floor(total); new(big.Int).SetInt64(due).Cmp(least) < 0 {
			return fmt.Errorf("hour %d: %d sat are due since the period began, the rigs' fee alone is %s", r.Hour, due, least)
		}
	}
	if p := prices.Power; p != nil && p.SatPerMWh > 0 {
		// No rig may be said to use more for a hash.
		worst, err := p.Charge(lease.EnergyOf(f.provenInHours(), lease.MaxRatedMilliJTH))
		if power := new(big.Int).Sub(big.NewInt(due), floor(total)); err == nil && power.Cmp(big.NewInt(worst+2)) > 0 {
			return fmt.Errorf("%s sat are due for energy, more than the least efficient rig there can be uses for the proven work: %d", power, worst)
		}
	}
	return nil
}

// provenInHours is the work that settled hours prove.
func (f *facts) provenInHours() (sum miner.Work) {
	for i := range f.s.Hours {
		sum = sum.Add(f.s.Hours[i].Proven.Work())
	}
	return sum
}

// checkSlice checks what processors cost by the hour. They are charged while the
// node runs and nobody pauses the lease, which is bounded by how long each of
// both lasted in an hour.
func (f *facts) checkSlice(prices *lease.Prices) error {
	l, price := f.lease(), int64(0)
	if prices.Slice != nil {
		price = prices.Slice.SatPerCoreHour
	}
	all := *l // the provider's pauses cost nothing either
	all.Pauses = append([]lease.Pause{}, l.Pauses...)
	for i := range all.Pauses {
		all.Pauses[i].By = lease.PauseTenant
	}
	var least, most, due int64 // milliseconds of processors; satoshi
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		if !r.Billable.Work().IsZero() {
			return fmt.Errorf("hour %d: %s hashes are billable, but time is", r.Hour, r.Billable.Work())
		}
		if !f.paidOff(l, r.Hour) {
			on := all.OwedMs(r.Hour*lease.MsPerHour, (r.Hour+1)*lease.MsPerHour)
			least += max(on+r.RunningMs-lease.MsPerHour, 0) * int64(len(l.Cores))
			most += min(on, r.RunningMs) * int64(len(l.Cores))
		}
		due += r.DueSat
		low, high := sliceSat(price, least), sliceSat(price, most)
		high.Add(high, big.NewInt(1)) // a fraction that was left before the period
		if d := big.NewInt(due); d.Cmp(low) < 0 || d.Cmp(high) > 0 || f.fromStart() && d.Cmp(high) == 0 {
			return fmt.Errorf("hour %d: %d sat are due since the period began, by the price of the terms and the time that the node ran it is %s to %s", r.Hour, due, low, high)
		}
	}
	return nil
}

// sliceSat is the price of so many milliseconds, rounded down.
func sliceSat(price, ms int64) *big.Int {
	sat := new(big.Int).Mul(big.NewInt(price), big.NewInt(ms))
	return sat.Quo(sat, big.NewInt(lease.MsPerHour))
}

// checkEnergy bounds the energy of hosted rigs.
func (f *facts) checkEnergy() error {
	e := f.s.Energy
	switch {
	case f.s.Model != lease.Hosted && e != nil:
		return fmt.Errorf("energy is metered, but a lease of model %s has no rigs", f.s.Model)
	case f.s.Model == lease.Hosted && e == nil:
		return errors.New("the energy that the rigs used is not stated")
	case e == nil:
		return nil
	case e.Quality != QualityNameplate:
		return fmt.Errorf("energy of the quality %.40q, want %s", e.Quality, QualityNameplate)
	}
	if most := lease.EnergyOf(f.provenInHours(), lease.MaxRatedMilliJTH); miner.Work(e.Used).Cmp(miner.Work(most)) > 0 {
		return fmt.Errorf("%s mJ are more than the least efficient rig there can be uses for the proven work", e.Used.Millijoules())
	}
	return nil
}

func larger(a, b miner.Work) miner.Work {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func smaller(a, b miner.Work) miner.Work {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}
