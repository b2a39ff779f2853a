package bundle

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
)

// checkEarned compares what was credited by the share with the receipts of each
// hour and what their jobs say that shares are worth. Where receipts were thinned,
// it cannot be told: see unknownEarned.
func (f *facts) checkEarned() error {
	if f.terms == nil {
		return errNoTerms
	}
	if f.s.Pool != nil || !byShare(f.terms) {
		for i := range f.s.Hours {
			if sat := f.s.Hours[i].EarnedSat; sat != 0 {
				return fmt.Errorf("hour %d: %d sat are earned by shares, which earn nothing by themselves here", f.s.Hours[i].Hour, sat)
			}
		}
		return nil
	}
	if f.unknownEarned() {
		return nil
	}
	groups := make(map[int64][]reward.Group)
	for _, t := range f.tallies {
		if e := f.jobs[t.job].earns; !e.Network.IsZero() {
			hour := lease.HourOf(f.batches[t.batch].fromMs)
			groups[hour] = append(groups[hour], reward.Group{
				Work: f.s.Target().Work().Mul(uint64(t.n)), Network: e.Network, RewardSat: e.Sat,
			})
		}
	}
	earned := newStream(f.fromStart())
	for i := range f.s.Hours {
		r := &f.s.Hours[i]
		if err := earned.add(worth(f.terms.FeePPM, groups[r.Hour]), r.EarnedSat); err != nil {
			return fmt.Errorf("hour %d: by the bits and rewards of its receipts' jobs, earned are %w", r.Hour, err)
		}
	}
	return nil
}

// unknownEarned reports whether shares earn, but not all receipts are there.
func (f *facts) unknownEarned() bool {
	return f.terms != nil && byShare(f.terms) && f.s.Pool == nil && !f.whole()
}

// worth is what an hour's receipts earn, exactly as it is settled: nothing where
// it cannot be.
func worth(feePPM int64, hour []reward.Group) *big.Rat {
	e, err := reward.Earned{}.Add(feePPM, hour...)
	if err != nil {
		return new(big.Rat)
	}
	const fine = 96 // bits below a satoshi
	n := new(big.Int).Lsh(big.NewInt(e.Sat), fine)
	return new(big.Rat).SetFrac(n.Add(n, e.Frac.Big()), new(big.Int).Lsh(big.NewInt(1), fine))
}

// Deviations of the counted hashes from the proven work, in thousandths of
// its standard deviation. An honest count passes noted once in 16 000 looks,
// and failed never.
const (
	notedMilli  = 4000
	failedMilli = 6000
)

// checkCounted compares the engine's count with the work of the receipts and
// of the stale shares, which were hashed as well. Sources without a counter
// prove work that nobody counted, so only too little proof is a failure, and
// one per cent may be lost where jobs change and nodes stop.
func (f *facts) checkCounted() (string, error) {
	s, planned := f.s, f.s.PlannedWork()
	var receipts int64
	for i := range f.batches {
		receipts += f.batches[i].n
	}
	ev := s.evidenceOf(receipts)
	proven := ev.Sum
	ev.AddN(s.Target().Work(), s.Delivery.Stale)
	counted := s.Delivery.CountedHashes.Work()
	z := ev.ZMilli(counted, planned)
	if short := ev.ZMilli(counted.Sub(divide(counted, 100)), planned); short <= -failedMilli {
		return "", fmt.Errorf("%s hashes counted, but proven only %s with %d stale shares: %d.%03d standard deviations short",
			counted, proven, s.Delivery.Stale, -z/1000, -z%1000)
	}
	note := "as chance would have it"
	if z <= -notedMilli {
		note = "NOTE: short, look again next time"
	} else if z >= notedMilli {
		note = "more proven than counted, as with rigs that have no counter"
	}
	return fmt.Sprintf("%s hashes counted, %s proven, z = %d/1000: %s", counted, proven, z, note), nil
}

// checkDerived compares the unsigned figures with those that follow.
func (f *facts) checkDerived(document []byte) error {
	have, err := DecodeDerived(document)
	if err != nil {
		return err
	}
	d := f.s.Derive()
	switch {
	case have.DeliveredHps != d.DeliveredHps || have.IntervalHps != d.IntervalHps:
		return fmt.Errorf("they say %s H/s within %s to %s, what follows is %s within %s to %s",
			have.DeliveredHps.Work(), have.IntervalHps[0].Work(), have.IntervalHps[1].Work(),
			d.DeliveredHps.Work(), d.IntervalHps[0].Work(), d.IntervalHps[1].Work())
	case !have.equal(&d):
		return fmt.Errorf("pool_z_milli does not follow from the statement's figures")
	}
	return nil
}
