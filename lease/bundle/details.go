package bundle

import (
	"fmt"
	"strings"
	"time"
)

// What the checks of money say when they hold.

func (f *facts) meterDetail() string {
	d := &f.s.Delivery
	return fmt.Sprintf("%d shares refused and %d stale by their reasons, %s hashes counted", d.Rejected, d.Stale, d.CountedHashes.Work())
}

func (f *facts) chargesDetail() string {
	c := f.s.Charges
	if c == nil {
		return "none by the terms"
	}
	return fmt.Sprintf("due %d sat for %s hashes by the prices of the terms, charged %d", c.Due, c.Billable.Work(), c.Charged)
}

func (f *facts) energyDetail() string {
	if f.s.Energy == nil {
		return "not metered"
	}
	return fmt.Sprintf("%s mJ, not more than rigs can use for the proven work", f.s.Energy.Used.Millijoules())
}

func (f *facts) earnedDetail() string {
	var sum int64
	for i := range f.s.Hours {
		sum += f.s.Hours[i].EarnedSat
	}
	if f.s.Pool != nil || f.terms != nil && !byShare(f.terms) {
		return "shares earn nothing by themselves"
	}
	if f.unknownEarned() {
		return fmt.Sprintf("%d sat by the share, as the hours in the log say", sum)
	}
	return fmt.Sprintf("%d sat by the share, by the bits and rewards of the receipts' jobs", sum)
}

func (f *facts) serviceDetail() string {
	s := f.s.SLA
	if s == nil {
		return "none by the terms"
	}
	var sat int64
	for i := range s.Closed {
		sat += s.Closed[i].CreditSat
	}
	return fmt.Sprintf("hours up %d, down %d, excluded %d, idle %d; %d months closed, %d sat credited by the schedule of the terms", s.Up, s.Down, s.Excluded, s.Idle, len(s.Closed), sat)
}

func (f *facts) poolDetail() string {
	p := f.s.Pool
	if p == nil {
		return "none of the tenant's"
	}
	return fmt.Sprintf("user %s at %s, as in the contract", p.User, strings.Join(p.URLs, ", "))
}

func (f *facts) housePoolDetail() string {
	p := f.s.HousePool
	if p == nil {
		return "nothing was done for one"
	}
	return "at " + strings.Join(p.URLs, ", ")
}

func (f *facts) incomesDetail() string {
	if f.s.HousePool == nil {
		return "none"
	}
	return fmt.Sprintf("%d payments of the house's pool, each shared by proven work, less the fee", len(f.s.HousePool.Incomes))
}

func (f *facts) periodDetail() string {
	p := f.s.Period
	return fmt.Sprintf("%s to %s, %s, running for %d of %d ms", utc(p.FromMs), utc(p.ToMs), f.s.State, p.RunningMs, p.ToMs-p.FromMs)
}

// utc writes a moment for people.
func utc(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
