package lease

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// Energy is an amount of energy in femtojoules (10^-15 J): so fine that the
// work of a rig times its millijoules per terahash is exact. Its 128 bits hold
// 3.4·10^23 J, more than mankind uses in a century; sums end there.
type Energy miner.Work

// EnergyOf is the energy by which a rig of so many millijoules per terahash
// does the work: the estimate of quality C, from the nameplate and what was
// proven.
func EnergyOf(work miner.Work, milliJTH uint64) Energy { return Energy(work.Mul(milliJTH)) }

// Add returns e+o.
func (e Energy) Add(o Energy) Energy { return Energy(miner.Work(e).Add(miner.Work(o))) }

// Millijoules is the energy, rounded down.
func (e Energy) Millijoules() miner.Work {
	return scale(miner.Work(e).Big(), big.NewInt(1), big.NewInt(fJPerMilliJ), false)
}

// MarshalJSON implements json.Marshaler, as Quantity does.
func (e Energy) MarshalJSON() ([]byte, error) { return Quantity(e).MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler, as Quantity does.
func (e *Energy) UnmarshalJSON(b []byte) error { return (*Quantity)(e).UnmarshalJSON(b) }

// Power is what the energy of hosted rigs costs: the tariff, and the factor by
// which the site uses more than its rigs do (power usage effectiveness).
type Power struct {
	SatPerMWh int64 `json:"sat_per_mwh"` // zero is free
	PUEPPM    int64 `json:"pue_ppm"`     // 1000000 is a site without any loss
}

// Units of energy, and bounds of what sites use.
const (
	fJPerMilliJ  = 1_000_000_000_000 // femtojoules in a millijoule
	milliJPerMWh = 3_600_000_000_000 // 10^6 W · 3600 s · 10^3
	minPUEPPM    = million           // what the rigs use
	maxPUEPPM    = 10 * million      // ten times that
)

// Validate checks that the tariff can be charged.
func (p *Power) Validate() error {
	if err := checkSat("tariff a megawatt hour", p.SatPerMWh); err != nil {
		return err
	}
	if p.PUEPPM < minPUEPPM || p.PUEPPM > maxPUEPPM {
		return fmt.Errorf("power usage effectiveness of %d ppm: want %d to %d", p.PUEPPM, minPUEPPM, maxPUEPPM)
	}
	return nil
}

// Charge is the cost of the energy that rigs used, rounded down, at most
// MaxSat: with ErrAmount if it is more. It is a stream, as a Price is.
func (p *Power) Charge(e Energy) (int64, error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	num := product(product(miner.Work(e).Big(), p.PUEPPM), p.SatPerMWh)
	den := product(product(big.NewInt(fJPerMilliJ), milliJPerMWh), million)
	return floorSat(num, den)
}
