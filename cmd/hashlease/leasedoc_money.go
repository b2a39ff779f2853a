package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/billing"
)

// budgetDoc is where a lease's prepayment stands.
type budgetDoc struct {
	PrepaidSat int64 `json:"prepaid_sat"` // in the books
	OpenSat    int64 `json:"open_sat"`    // due for hours that are not settled yet, estimated
	LeftSat    int64 `json:"left_sat"`
	HourSat    int64 `json:"hour_sat"`   // due for an hour as contracted
	HoursLeft  int64 `json:"hours_left"` // as contracted; -1 where nothing is charged
	WarnHours  int64 `json:"warn_hours"` // the tenant is warned when fewer are left
	Low        bool  `json:"low"`
}

// newBudgetDoc is nil for a lease that has no price and nothing prepaid. For how
// long the prepayment is enough is no question once the lease is over.
func newBudgetDoc(s lease.BudgetState, state lease.State) *budgetDoc {
	d := &budgetDoc{
		PrepaidSat: s.PrepaidSat, OpenSat: s.OpenSat, LeftSat: max(0, s.PrepaidSat-s.OpenSat),
		HourSat: s.HourSat, HoursLeft: -1, WarnHours: s.WarnHours,
	}
	if over := state == lease.Ended || state == lease.Closed; s.HourSat > 0 && !over {
		d.HoursLeft = d.LeftSat / s.HourSat
		d.Low = d.HoursLeft < s.WarnHours
	} else if s.PrepaidSat == 0 && s.OpenSat == 0 && (s.HourSat == 0 || over) {
		return nil
	}
	return d
}

// budgetHead are the columns of a list of leases of which some have a price.
func budgetHead() []string { return []string{"SAT LEFT", "HOURS LEFT"} }

// cells fills the columns of budgetHead.
func (d *budgetDoc) cells() []string {
	if d == nil {
		return []string{"-", "-"}
	}
	hours := "-"
	if d.HoursLeft >= 0 {
		hours = strconv.FormatInt(d.HoursLeft, 10)
	}
	return []string{strconv.FormatInt(d.LeftSat, 10), hours}
}

func (d *budgetDoc) lines() [][2]string {
	if d == nil {
		return nil
	}
	lines := [][2]string{
		{"prepaid", fmt.Sprintf("%d sat, of which %d sat are due for hours not settled yet (estimated)", d.PrepaidSat, d.OpenSat)},
	}
	switch {
	case d.HourSat > 0 && d.HoursLeft < 0:
		lines = append(lines, [2]string{"left", fmt.Sprintf("%d sat", d.LeftSat)})
	case d.HoursLeft >= 0:
		text := fmt.Sprintf("%d sat, for %s as contracted at %d sat", d.LeftSat, plural(d.HoursLeft, "hour"), d.HourSat)
		if d.Low {
			text += ": low"
		}
		lines = append(lines, [2]string{"left", text})
	}
	return lines
}

// settledDoc sums up the hours of a lease that are final.
type settledDoc struct {
	ThroughMs  int64          `json:"through_ms"` // everything before is final; 0: nothing is
	Hours      int64          `json:"hours"`      // of this lease
	Contracted lease.Quantity `json:"contracted"`
	Proven     lease.Quantity `json:"proven"`
	Billable   lease.Quantity `json:"billable"`
	DueSat     int64          `json:"due_sat"`
	ChargedSat int64          `json:"charged_sat"`
	EarnedSat  int64          `json:"earned_sat"` // by the share
}

func (d *settledDoc) lines() [][2]string {
	if d == nil {
		return nil
	}
	if d.ThroughMs == 0 {
		return [][2]string{{"settled", "nothing yet"}}
	}
	text := fmt.Sprintf("%s up to %s, %s proven of %s contracted, %d sat charged", plural(d.Hours, "hour"), formatMs(d.ThroughMs),
		formatHashes(d.Proven.Work()), formatHashes(d.Contracted.Work()), d.ChargedSat)
	if d.EarnedSat > 0 {
		text += fmt.Sprintf(", %d sat earned by the share", d.EarnedSat)
	}
	return [][2]string{{"settled", text}}
}

// runningDoc is what is not final yet: the hour of the node's last heartbeat,
// and the month as if it ended with it.
type runningDoc struct {
	Hour   billing.Estimate   `json:"hour"`
	Period lease.PeriodClosed `json:"period"`
	SLA    bool               `json:"sla"` // the terms promise the rate
}

func (d *runningDoc) lines() [][2]string {
	if d == nil {
		return nil
	}
	var lines [][2]string
	if h := &d.Hour; h.OwedMs > 0 || h.Receipts > 0 {
		text := fmt.Sprintf("%s proven of %s contracted, %d sat due", formatHashes(h.Proven.Work()), formatHashes(h.Contracted.Work()), h.DueSat)
		if !h.Final {
			text += " (estimated)"
		}
		lines = append(lines, [2]string{"this hour", text})
	}
	p := &d.Period
	switch {
	case !d.SLA:
		lines = append(lines, [2]string{"SLA", "none: the terms promise no rate"})
	case p.FromMs != 0:
		text := fmt.Sprintf("since %s %s up, %d down, %d excluded: availability %s %%, delivered at most %s %%",
			formatMs(p.FromMs), plural(p.Up, "hour"), p.Down, p.Excluded, formatPPM(p.AvailabilityPPM), formatPPM(p.UpperPPM))
		lines = append(lines, [2]string{"SLA", text})
		text = fmt.Sprintf("%d sat, %s %% of %d sat charged this month (as it stands)", p.CreditSat, formatPPM(p.CreditPPM), p.FeesSat)
		if p.FreeExit {
			text += ", and a free exit"
		}
		lines = append(lines, [2]string{"credit", text})
	}
	return lines
}

// formatPPM writes millionths as per cent, with as many decimals as it takes.
func formatPPM(ppm int64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%04d", ppm/10_000, ppm%10_000), "0"), ".")
}

// addMoney fills in everything about a lease's settlement.
func (p *provider) addMoney(ctx context.Context, d *leaseDoc, l *lease.Lease) error {
	settler := &billing.Settler{Store: p.store}
	budget, err := settler.Budget(ctx, l.ID)
	if err != nil {
		return err
	}
	d.Budget = newBudgetDoc(budget, d.State)
	d.Settled = new(settledDoc)
	if budget.SettledHour > 0 {
		d.Settled.ThroughMs = (budget.SettledHour + 1) * lease.MsPerHour
	}
	for h, err := range p.store.SettledHours(ctx, l.ID, 0, math.MaxInt64) {
		if err != nil {
			return err
		}
		s := d.Settled
		s.Hours++
		s.Contracted = lease.Quantity(s.Contracted.Work().Add(h.Contracted.Work()))
		s.Proven = lease.Quantity(s.Proven.Work().Add(h.Proven.Work()))
		s.Billable = lease.Quantity(s.Billable.Work().Add(h.Billable.Work()))
		s.DueSat += h.DueSat
		s.ChargedSat += h.ChargedSat
		s.EarnedSat += h.EarnedSat
	}
	heartbeat, err := p.store.Heartbeat(ctx)
	if err != nil || heartbeat <= l.StartMs {
		return err
	}
	d.Running = new(runningDoc)
	if d.Running.Hour, err = settler.Estimate(ctx, l.ID, heartbeat/lease.MsPerHour); err != nil {
		return err
	}
	if d.Running.Period, err = settler.Period(ctx, l.ID); err != nil {
		return err
	}
	terms, err := p.store.Terms(ctx, l.Terms)
	d.Running.SLA = terms.SLA != nil
	return err
}

// announcePrice tells of a new lease what has to be prepaid.
func (p *provider) announcePrice(ctx context.Context, w io.Writer, l *lease.Lease) error {
	budget, err := (&billing.Settler{Store: p.store}).Budget(ctx, l.ID)
	if err != nil || budget.HourSat == 0 && budget.WarnHours == 0 {
		return err
	}
	_, err = fmt.Fprintf(w, "it costs %d sat an hour as contracted, and begins once something is prepaid:\n  hashlease lease prepay %s AMOUNT --ref REFERENCE\n",
		budget.HourSat, l.ID)
	return err
}
