package lease

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// ErrAmount is returned, with MaxSat, for a charge of more satoshi than exist.
var ErrAmount = errors.New("amount above 21 million coins")

// Price is what proven work of leased hash rate costs: so many satoshi for so
// many hashes, which is exact whatever the price. Its zero value is free.
//
// A price is charged as a stream: of everything that was ever used the price is
// taken, rounded down, and what was charged before is subtracted (Open). So it
// does not matter how often is charged, and the tenant never pays a satoshi too
// much.
type Price struct {
	Sat    int64    `json:"sat"`
	Hashes Quantity `json:"hashes"` // at least 1, unless free
}

// Validate checks that the price can be charged.
func (p *Price) Validate() error {
	if err := checkSat("price", p.Sat); err != nil {
		return err
	}
	if p.Sat > 0 && p.Hashes.Work().IsZero() {
		return fmt.Errorf("price of %d sat for no hashes: say for how many", p.Sat)
	}
	return nil
}

// Charge is the price of so much work, rounded down, at most MaxSat: with
// ErrAmount if it is more.
func (p *Price) Charge(work miner.Work) (int64, error) {
	if err := p.Validate(); err != nil {
		return 0, err
	}
	if p.Sat == 0 {
		return 0, nil
	}
	return floorSat(product(work.Big(), p.Sat), p.Hashes.Work().Big())
}

// RigFee is what hosting a rig costs, by the day of 24 hours and charged as a
// stream. Zero is free.
type RigFee struct {
	SatPerRigDay int64 `json:"sat_per_rig_day"`
}

// Validate checks that the fee can be charged.
func (f *RigFee) Validate() error { return checkSat("fee a rig and day", f.SatPerRigDay) }

// Charge is the fee for so many milliseconds, those of all rigs added up,
// rounded down, at most MaxSat: with ErrAmount if it is more.
func (f *RigFee) Charge(rigMs int64) (int64, error) {
	if err := f.Validate(); err != nil {
		return 0, err
	}
	return chargeTime(f.SatPerRigDay, rigMs, 24*MsPerHour)
}

// Slice is what a processor of a virtual-hosted lease costs, with its power, by
// the hour and charged as a stream. Zero is free.
type Slice struct {
	SatPerCoreHour int64 `json:"sat_per_core_hour"`
}

// Validate checks that the price can be charged.
func (s *Slice) Validate() error { return checkSat("price a core and hour", s.SatPerCoreHour) }

// Charge is the price of so many milliseconds, those of all processors added
// up, rounded down, at most MaxSat: with ErrAmount if it is more.
func (s *Slice) Charge(coreMs int64) (int64, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	return chargeTime(s.SatPerCoreHour, coreMs, MsPerHour)
}

// chargeTime is sat for every per milliseconds of ms.
func chargeTime(sat, ms, per int64) (int64, error) {
	if ms < 0 {
		return 0, fmt.Errorf("charge for %d ms: want no less than 0", ms)
	}
	return floorSat(product(big.NewInt(ms), sat), big.NewInt(per))
}

// Open is what is left to charge of a stream: its total so far less what was
// charged before. It fails if that was more, which no stream can come to: its
// total never falls.
func Open(total, charged int64) (int64, error) {
	if charged < 0 || charged > total {
		return 0, fmt.Errorf("%d sat were charged of a total of %d: want 0 to the total", charged, total)
	}
	return total - charged, nil
}

// checkSat checks a price in satoshi.
func checkSat(what string, sat int64) error {
	if sat < 0 || sat > MaxSat {
		return fmt.Errorf("%s of %d sat: want 0 to %d", what, sat, int64(MaxSat))
	}
	return nil
}

// product is a·k, in a.
func product(a *big.Int, k int64) *big.Int { return a.Mul(a, big.NewInt(k)) }

// floorSat is num/den satoshi, rounded down.
func floorSat(num, den *big.Int) (int64, error) {
	sat := new(big.Int).Quo(num, den)
	if sat.Cmp(big.NewInt(MaxSat)) > 0 {
		return MaxSat, fmt.Errorf("charge of %d sat: %w", sat, ErrAmount)
	}
	return sat.Int64(), nil
}
