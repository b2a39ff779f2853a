package lease

import (
	"fmt"
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// million is the number of parts that shares of a whole are given in.
const million = 1_000_000

// SLA is the schedule by which a provider credits what it did not deliver. It
// is part of the Terms.
type SLA struct {
	WindowMs              int64  `json:"window_ms"`                // length of a window: MsPerHour
	DownPPM               int64  `json:"down_ppm"`                 // of the contracted work: below it a window is down
	MaintenanceMsPerMonth int64  `json:"maintenance_ms_per_month"` // how much announced maintenance is excluded
	Tiers                 []Tier `json:"tiers"`                    // from the best delivery to none
}

// Tier is what a delivery of at least so much is credited.
type Tier struct {
	AtLeastPPM int64 `json:"at_least_ppm"`
	CreditPPM  int64 `json:"credit_ppm"` // of the period's fees
	FreeExit   bool  `json:"free_exit"`  // the tenant may leave without a fee
}

// DefaultSLA judges hours: up to one per cent missing is free, below 90 per
// cent everything is credited and the tenant may leave.
func DefaultSLA() SLA {
	return SLA{
		WindowMs:              MsPerHour,
		DownPPM:               900_000,
		MaintenanceMsPerMonth: 4 * MsPerHour,
		Tiers: []Tier{
			{AtLeastPPM: 990_000},
			{AtLeastPPM: 970_000, CreditPPM: 50_000},
			{AtLeastPPM: 950_000, CreditPPM: 100_000},
			{AtLeastPPM: 900_000, CreditPPM: 300_000},
			{AtLeastPPM: 0, CreditPPM: million, FreeExit: true},
		},
	}
}

// Bounds of a schedule.
const (
	maxTiers         = 16
	maxMaintenanceMs = 28 * 24 * MsPerHour // the shortest month
)

// Validate checks that the schedule can be carried out, and that less
// delivered is never credited less.
func (s *SLA) Validate() error {
	switch {
	case s.WindowMs != MsPerHour:
		return fmt.Errorf("SLA: windows of %d ms: want %d, because hours are what is settled", s.WindowMs, MsPerHour)
	case s.DownPPM < 1 || s.DownPPM > million:
		return fmt.Errorf("SLA: a window is down below %d ppm: want 1 to %d", s.DownPPM, million)
	case s.MaintenanceMsPerMonth < 0 || s.MaintenanceMsPerMonth > maxMaintenanceMs:
		return fmt.Errorf("SLA: maintenance of %d ms a month: want 0 to %d", s.MaintenanceMsPerMonth, int64(maxMaintenanceMs))
	case len(s.Tiers) == 0 || len(s.Tiers) > maxTiers:
		return fmt.Errorf("SLA: %d tiers: want 1 to %d", len(s.Tiers), maxTiers)
	}
	for i, t := range s.Tiers {
		if t.AtLeastPPM < 0 || t.AtLeastPPM > million || t.CreditPPM < 0 || t.CreditPPM > million {
			return fmt.Errorf("SLA: tier %d credits %d ppm from %d ppm on: want both 0 to %d", i+1, t.CreditPPM, t.AtLeastPPM, million)
		}
		if i == 0 {
			continue
		}
		better := s.Tiers[i-1]
		if t.AtLeastPPM >= better.AtLeastPPM {
			return fmt.Errorf("SLA: tier %d begins at %d ppm, not below the %d of the one before", i+1, t.AtLeastPPM, better.AtLeastPPM)
		}
		if t.CreditPPM < better.CreditPPM || better.FreeExit && !t.FreeExit {
			return fmt.Errorf("SLA: tier %d gives the tenant less than the one before, for less delivered", i+1)
		}
	}
	if last := s.Tiers[len(s.Tiers)-1]; last.AtLeastPPM != 0 {
		return fmt.Errorf("SLA: the last tier begins at %d ppm: want 0, so that every delivery has a tier", last.AtLeastPPM)
	}
	return nil
}

// Maintenance is how much of so many milliseconds of announced maintenance is
// excluded, when usedMs of its month were before.
func (s *SLA) Maintenance(announcedMs, usedMs int64) int64 {
	return max(0, min(announcedMs, s.MaintenanceMsPerMonth-usedMs))
}

// SLAPeriod sums up the judgements on a period's windows. Its zero value has
// none.
type SLAPeriod struct {
	Up, Down, Excluded, Idle int64

	// Of the windows that were up or down: the work that was due, the
	// receipts, and the largest work of a planned one.
	Due      miner.Work
	Evidence Evidence
	Unit     miner.Work
}

// Add counts a window.
func (p *SLAPeriod) Add(w Window, j Judgement) {
	switch j.Kind {
	case WindowIdle:
		p.Idle++
		return
	case WindowExcluded:
		p.Excluded++
		return
	case WindowUp:
		p.Up++
	case WindowDown:
		p.Down++
	}
	p.Due = p.Due.Add(j.Due.Work())
	p.Evidence.Merge(w.Evidence)
	if w.Unit.Cmp(p.Unit) > 0 {
		p.Unit = w.Unit
	}
}

// SLACredit is what a period's delivery entitles to.
type SLACredit struct {
	AvailabilityPPM int64 `json:"availability_ppm"` // windows up, of those counted
	DeliveredPPM    int64 `json:"delivered_ppm"`    // upper bound of the work delivered, of the work due; at most 10^9
	InputPPM        int64 `json:"input_ppm"`        // the smaller of the two
	CreditPPM       int64 `json:"credit_ppm"`       // of the period's fees
	FreeExit        bool  `json:"free_exit"`
}

// Credit finds the tier of a period. Both figures are rounded down, to the
// tenant's benefit. The one is of windows that bad luck hardly ever brings
// down, the other an upper 97.5 % bound, so that bad luck alone earns no
// credit. Both are whole where nothing was counted.
func (s *SLA) Credit(p SLAPeriod) SLACredit {
	c := SLACredit{AvailabilityPPM: million, DeliveredPPM: million}
	if counted := p.Up + p.Down; counted > 0 {
		c.AvailabilityPPM = ratioPPM(big.NewInt(p.Up), big.NewInt(counted))
	}
	if !p.Due.IsZero() {
		_, upper := p.Evidence.Interval(p.Unit)
		c.DeliveredPPM = ratioPPM(upper.Big(), p.Due.Big())
	}
	c.InputPPM = min(c.AvailabilityPPM, c.DeliveredPPM)
	t := s.Tier(c.InputPPM)
	c.CreditPPM, c.FreeExit = t.CreditPPM, t.FreeExit
	return c
}

// Tier is what a delivery of so many millionths is credited; without tiers
// nothing is.
func (s *SLA) Tier(ppm int64) Tier {
	for _, t := range s.Tiers {
		if ppm >= t.AtLeastPPM {
			return t
		}
	}
	return Tier{}
}

// Sat is the credit on so many satoshi of fees, rounded down.
func (c SLACredit) Sat(fees int64) int64 {
	if fees <= 0 {
		return 0
	}
	sat := new(big.Int).Mul(big.NewInt(fees), big.NewInt(c.CreditPPM))
	return sat.Quo(sat, big.NewInt(million)).Int64()
}

// ratioPPM is a/b in millionths, rounded down, at most 10^9.
func ratioPPM(a, b *big.Int) int64 {
	const limit = 1_000_000_000
	r := new(big.Int).Mul(a, big.NewInt(million))
	r.Quo(r, b)
	if !r.IsInt64() || r.Int64() > limit {
		return limit
	}
	return r.Int64()
}
