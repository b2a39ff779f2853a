package main

import (
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
)

// Leases that are charged or judged are summed up, others are not.
func TestStandTable(t *testing.T) {
	budget := lease.BudgetState{PrepaidSat: 1000, OpenSat: 100, HourSat: 10}
	empty := lease.BudgetState{PrepaidSat: 100, OpenSat: 100, HourSat: 10}
	rows := []summaryRow{
		{Lease: "L-0001", Tenant: "alice", Budget: &budget, Period: &lease.PeriodClosed{Up: 7, Down: 1, Excluded: 2}},
		{Lease: "L-0002", Tenant: "bob", Budget: &empty},
		{Lease: "L-0003", Tenant: "carol", Period: &lease.PeriodClosed{}},
		{Lease: "L-0004", Tenant: "dan", Budget: &budget, PausedBy: []string{"tenant"}},
		{Lease: lease.House, Tenant: lease.House},
	}
	want := `
LEASE   TENANT  PREPAID SAT  DUE SAT    LASTS  HOURS UP  DOWN  EXCLUDED
L-0001  alice          1000      100     90 h         7     1         2
L-0002  bob             100      100  used up         -     -         -
L-0004  dan            1000      100   paused         -     -         -
`
	if got := standTable(rows); got != want {
		t.Errorf("the table is%s\nwant%s", got, want)
	}
	if got := standTable(rows[2:3]); got != "" {
		t.Errorf("nothing to say is %q", got)
	}
}

// The live table says below it who gets nothing and why, and has an end.
func TestStandLines(t *testing.T) {
	s := &dispatch.Snapshot{
		Rows:  []dispatch.Row{{Lease: "L-0001", Tenant: "alice", Paused: []lease.PauseBy{lease.PauseTenant, lease.PauseBudget}}, {Lease: "L-0002"}},
		Notes: []string{strings.Repeat("a", 200), "b", "c", "d", "e", "f", "g"},
	}
	lines := standLines(s, 80)
	if len(lines) != maxStandLines || lines[0].text != "L-0001 of alice is paused by tenant, budget" {
		t.Errorf("%d lines, the first is %q", len(lines), lines[0].text)
	}
	for _, l := range lines {
		if n := len([]rune(l.text)); n >= 80 {
			t.Errorf("a line of %d characters", n)
		}
	}
}
