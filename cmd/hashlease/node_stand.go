package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
)

// maxStands bounds the leases whose money and SLA a summary looks up.
const maxStands = 200

// addStand fills in how leases stand with their money and what they are
// promised.
func (n *node) addStand(ctx context.Context, rows []summaryRow) error {
	terms := make(map[lease.TermsHash]lease.Terms)
	for i := range rows[:min(len(rows), maxStands)] {
		r := &rows[i]
		if r.Lease == lease.House {
			continue
		}
		l, err := n.store.Lease(ctx, r.Lease)
		if err != nil {
			return err
		}
		t, ok := terms[l.Terms]
		if !ok {
			if t, err = n.store.Terms(ctx, l.Terms); err != nil {
				return err
			}
			terms[l.Terms] = t
		}
		if t.Prices != nil {
			budget, err := n.settler.Budget(ctx, l.ID)
			if err != nil {
				return err
			}
			if budget.HourSat > 0 || budget.PrepaidSat > 0 {
				r.Budget = &budget
			}
		}
		if t.SLA != nil {
			period, err := n.settler.Period(ctx, l.ID)
			if err != nil {
				return err
			}
			if period.ToMs > 0 {
				r.Period = &period
			}
		}
	}
	return nil
}

// standTable shows the leases that are charged; of the others there is nothing
// to say before an hour is settled.
func standTable(rows []summaryRow) string {
	head := []string{"LEASE", "TENANT", "PREPAID SAT", "DUE SAT", "LASTS", "HOURS UP", "DOWN", "EXCLUDED"}
	cells := [][]string{head}
	for i := range rows {
		r := &rows[i]
		if r.Budget == nil && (r.Period == nil || r.Period.Up+r.Period.Down+r.Period.Excluded == 0) {
			continue
		}
		line := []string{r.Lease, r.Tenant, "-", "-", "-", "-", "-", "-"}
		if b := r.Budget; b != nil {
			line[2], line[3], line[4] = fmt.Sprint(b.PrepaidSat), fmt.Sprint(b.OpenSat), lasts(b, r.PausedBy)
		}
		if p := r.Period; p != nil {
			line[5], line[6], line[7] = fmt.Sprint(p.Up), fmt.Sprint(p.Down), fmt.Sprint(p.Excluded)
		}
		cells = append(cells, line)
	}
	if len(cells) == 1 {
		return ""
	}
	return "\n" + table(cells, head[2:]...)
}

// lasts tells for how long the prepayment is enough.
func lasts(b *lease.BudgetState, paused []string) string {
	left := b.PrepaidSat - b.OpenSat
	switch {
	case left <= 0 && b.HourSat > 0:
		return "used up"
	case len(paused) > 0:
		return "paused"
	case b.HourSat <= 0:
		return "-"
	}
	return fmt.Sprintf("%d h", left/b.HourSat)
}

// words names who pauses a lease.
func words(by []lease.PauseBy) (all []string) {
	for _, who := range by {
		all = append(all, string(who))
	}
	return all
}

func pausedBy(by []lease.PauseBy) string { return strings.Join(words(by), ", ") }

// standLines say, below the live table, which leases get nothing and why.
func standLines(s *dispatch.Snapshot, columns int) (lines []viewLine) {
	say := func(text string) {
		if len(lines) < maxStandLines {
			lines = append(lines, viewLine{shorten(text, columns-1), ""})
		}
	}
	for i := range s.Rows {
		if r := &s.Rows[i]; len(r.Paused) > 0 {
			say(fmt.Sprintf("%s of %s is paused by %s", r.Lease, r.Tenant, pausedBy(r.Paused)))
		}
	}
	for _, note := range s.Notes {
		say(note)
	}
	return lines
}

// maxStandLines is how much of the screen they may have.
const maxStandLines = 6
