package render

import (
	"math/big"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

func (w *writer) charges() []block {
	c := w.s.Charges
	if c == nil {
		return []block{{Text: "The terms have no prices: nothing is charged."}}
	}
	open := w.s.State != bundle.Final
	var facts []fact
	if w.s.Model == lease.Leased && !c.Billable.Work().IsZero() {
		facts = append(facts, fact{Label: "Work charged", Value: hashes(c.Billable.Work()), Note: groupDigits(c.Billable.Work().String()) + " hashes: what was proven, at most what was contracted, by UTC day", Open: open})
	}
	facts = append(facts, w.prices()...)
	facts = append(facts,
		fact{Label: "Due", Value: sats(c.Due), Note: "by the prices, rounded down", Open: open},
		fact{Label: "Charged", Value: sats(c.Charged), Note: coins(c.Charged) + " " + w.x.Unit + ", out of what was prepaid", Open: open})
	if c.Charged < c.Due {
		facts = append(facts, fact{Label: "Waived", Value: sats(c.Due - c.Charged), Note: "found nothing prepaid: you do not owe it"})
	}
	if x := w.m.all.proven.Big(); c.Charged > 0 && x.Sign() > 0 {
		sat := new(big.Int).Mul(big.NewInt(c.Charged), new(big.Int).Exp(big.NewInt(10), big.NewInt(15), nil))
		facts = append(facts, fact{Label: "In effect", Value: ratio(sat, x, 4) + nbsp + "sat", Note: "per PH of work that was proven"})
	}
	return []block{{Facts: facts}}
}

// prices are those of the terms for the lease's model.
func (w *writer) prices() []fact {
	if w.x.Terms == nil || w.x.Terms.Prices == nil {
		return nil
	}
	p := w.x.Terms.Prices
	var facts []fact
	add := func(label, value string) {
		facts = append(facts, fact{Label: label, Value: value, Note: "by the terms"})
	}
	switch w.s.Model {
	case lease.Leased:
		if p.Work != nil {
			add("Price of work", sats(p.Work.Sat)+" per "+perHashes(p.Work.Hashes.Work()))
		}
	case lease.Hosted:
		if p.Power != nil {
			add("Price of power", powerPrice(p.Power))
		}
		if p.RigFee != nil {
			add("Fee", sats(p.RigFee.SatPerRigDay)+" per rig and day")
		}
	case lease.VirtualHosted:
		if p.Slice != nil {
			add("Price of a processor", sats(p.Slice.SatPerCoreHour)+" per core and hour")
		}
	}
	return facts
}

// lastClosed is the month judged last in the period, if any.
func lastClosed(s *bundle.Service) *bundle.Month {
	if s == nil || len(s.Closed) == 0 {
		return nil
	}
	return &s.Closed[len(s.Closed)-1]
}

func (w *writer) slaAnswer() answer {
	a := answer{Question: "Was the SLA kept?", Value: "No SLA", Notes: []string{"the terms promise no rate"}}
	s := w.s.SLA
	if s == nil {
		return a
	}
	if last := lastClosed(s); last != nil {
		var credit, missed int64
		for i := range s.Closed {
			credit += s.Closed[i].CreditSat
			if s.Closed[i].Judged.CreditPPM > 0 {
				missed++
			}
		}
		a.Value = "Yes"
		if missed > 0 {
			a.Value = "No"
		}
		if n := int64(len(s.Closed)); n > 1 && missed > 0 {
			a.Value = "Not in " + group(missed) + " of " + group(n) + " months"
		}
		a.Notes = []string{"availability " + ppm(last.Judged.AvailabilityPPM), "delivered, upper bound " + ppm(last.Judged.DeliveredPPM)}
		if credit > 0 {
			a.Notes = append(a.Notes, sats(credit)+" credited, automatically")
		}
		return a
	}
	a.Value, a.Notes = "Not judged yet", []string{"it is when the month of the contract ends"}
	if n := s.Up + s.Down; n > 0 {
		a.Notes = append(a.Notes, "so far "+percentOf(s.Up, n)+" of the hours up")
	}
	if s.Down > 0 {
		a.Notes = append(a.Notes, count(s.Down, "hour", "hours")+" down")
	}
	return a
}

func (w *writer) service() []block {
	s := w.s.SLA
	if s == nil {
		return []block{{Text: "The terms promise no rate: there is no SLA."}}
	}
	open := w.s.State != bundle.Final
	facts := []fact{
		{Label: "Hours", Value: group(s.Up) + " up, " + group(s.Down) + " down", Note: group(s.Excluded) + " excluded with evidence in the log, " + group(s.Idle) + " with nothing owed", Open: open},
		{Label: "Availability", Value: percentOf(s.Up, s.Up+s.Down), Note: "hours up, of those up or down", Open: open},
	}
	blocks := []block{{Facts: facts}}
	if len(s.Closed) > 0 {
		t := &table{Caption: "Months of the contract that ended in this period", Columns: []column{
			{Name: "Month, UTC", Wide: 3}, {Name: "Available", Number: true}, {Name: "Delivered", Number: true}, {Name: "Credit", Number: true},
			{Name: "Of fees, sat", Number: true}, {Name: "Credited, sat", Number: true}, {Name: "Exit fee, sat", Number: true}, {Name: "Leaf", Number: true},
		}}
		for i := range s.Closed {
			m := &s.Closed[i]
			leaf := dash
			if m.Leaf >= 0 {
				leaf = group(m.Leaf)
			}
			credit := shortPPM(m.Judged.CreditPPM)
			if m.Judged.FreeExit {
				credit += ", free exit"
			}
			t.Rows = append(t.Rows, row{Cells: []string{periodName(m.FromMs, m.ToMs), ppm(m.Judged.AvailabilityPPM), ppm(m.Judged.DeliveredPPM),
				credit, group(m.FeesSat), group(m.CreditSat), group(m.ExitSat), leaf}})
		}
		blocks = append(blocks, block{Table: t})
	} else {
		blocks = append(blocks, block{Text: "No month of the contract ended in this period. A credit comes by itself when one does."})
	}
	if t := w.tiers(); t != nil {
		blocks = append(blocks, block{Table: t})
	}
	return append(blocks, block{Note: "“Delivered” is the upper 97.5 % bound of the work, of the work due: bad luck alone earns no credit, and what luck hides is not held against you. The smaller of the two figures decides the tier."})
}

// tiers are those of the terms, with the one marked that the last month came
// to.
func (w *writer) tiers() *table {
	if w.x.Terms == nil || w.x.Terms.SLA == nil {
		return nil
	}
	t := &table{Caption: "Tiers of the SLA, by the terms", Columns: []column{{Name: "Delivered or available at least", Wide: 2}, {Name: "Credit of the month’s fees", Wide: 2}, {Name: "Free exit", Wide: 1}}}
	last, reached := lastClosed(w.s.SLA), false
	for _, tier := range w.x.Terms.SLA.Tiers {
		cells := []string{shortPPM(tier.AtLeastPPM), shortPPM(tier.CreditPPM), "no"}
		if tier.FreeExit {
			cells[2] = "yes"
		}
		kind := ""
		if last != nil && !reached && last.Judged.InputPPM >= tier.AtLeastPPM {
			kind, reached = rowReached, true
			cells[0] += " (reached: " + ppm(last.Judged.InputPPM) + ")"
		}
		t.Rows = append(t.Rows, row{Cells: cells, Kind: kind})
	}
	return t
}
