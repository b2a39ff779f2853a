package auditor

import (
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// Name is that of a check.
type Name string

// The checks, in the order of the report.
const (
	Checkpoint   Name = "checkpoint"   // signed by the log's key
	Tree         Name = "tree"         // the leaves are those that the checkpoint stands for
	Since        Name = "since"        // and begin with those of an earlier one
	Form         Name = "form"         // every leaf says what its kind may say
	Keys         Name = "key"          // each key of the log was named by the one before
	Contracts    Name = "contracts"    // what a lease was made as stays
	Tags         Name = "tags"         // each tag is one lease's
	Jobs         Name = "jobs"         // each coinbase is described in one way
	Batches      Name = "batches"      // numbers without a gap, windows apart, after their lease
	Placements   Name = "placements"   // what sources did in an hour is what the batches of the hour prove
	Blocks       Name = "blocks"       // found on jobs that were in the log
	Transactions Name = "transactions" // all parts of each
	Statements   Name = "statements"   // numbers without a gap
	Oversell     Name = "oversell"     // what was leased has been produced
)

// Names returns all checks in their order.
func Names() []Name {
	return []Name{Checkpoint, Tree, Since, Form, Keys, Contracts, Tags, Jobs, Batches, Placements, Blocks, Transactions, Statements, Oversell}
}

// State is what became of a check.
type State string

// States of checks.
const (
	Passed    State = "passed"
	Failed    State = "failed"
	Unchecked State = "unchecked" // it could not be made
)

// Check is what a check compared.
type Check struct {
	Name  Name   `json:"name"`
	State State  `json:"state"`
	What  string `json:"what"`
}

// Finding is something that must not be.
type Finding struct {
	Check Name   `json:"check"`
	Leaf  int64  `json:"leaf"` // -1: it is about no single one
	What  string `json:"what"`
}

// maxFindings bounds how many findings of a check are listed.
const maxFindings = 100

// Report is what an audit found.
type Report struct {
	Origin   string                  `json:"origin"`
	Size     int64                   `json:"size"` // leaves
	Root     tlog.Hash               `json:"root"`
	Leaves   map[translog.Kind]int64 `json:"leaves"` // by kind
	Checks   []Check                 `json:"checks"`
	Findings []Finding               `json:"findings"`
	Hours    []Hour                  `json:"hours"`
	Short    int                     `json:"short"`     // hours in which less was produced than leased
	Oversold int                     `json:"oversold"`  // of these, hours through which the provider worked, and in no such hour of the week before produced as much
	NotShown []string                `json:"not_shown"` // what the log does not show to anybody who only reads it
}

// OK tells whether no check failed.
func (r *Report) OK() bool {
	for i := range r.Checks {
		if r.Checks[i].State == Failed {
			return false
		}
	}
	return true
}

// Failed tells whether a check has failed.
func (r *Report) Failed(name Name) bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Name == name && c.State == Failed })
}

// found notes something that must not be.
func (a *Auditor) found(check Name, leaf int64, format string, args ...any) {
	a.failed[check]++
	if a.failed[check] <= maxFindings {
		a.findings = append(a.findings, Finding{check, leaf, fmt.Sprintf(format, args...)})
	}
}

// Report says what was found of the leaves that were added, which the signed
// checkpoint stands for. What it says of the checkpoint itself and of an earlier
// one is the caller's to add, by Say.
func (a *Auditor) Report(s *translog.Signed) Report {
	a.checkTree(s)
	a.checkKeys(s)
	a.finishPlacements()
	a.finishTransactions()
	hours := a.supply.hours(a)
	r := Report{Origin: s.Origin, Size: a.size, Root: a.tree.root(), Leaves: a.kinds, Findings: a.findings, Hours: hours, NotShown: notShown()}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	for i := range hours {
		switch hours[i].State {
		case HourShort:
			r.Short++
		case HourOversold:
			r.Short++
			r.Oversold++
		}
	}
	for _, name := range Names() {
		c := Check{Name: name, State: Passed, What: a.compared(name, &r)}
		switch n := a.failed[name]; {
		case n > 0:
			c.State = Failed
			c.What = a.firstFinding(name)
			if n > 1 {
				c.What += fmt.Sprintf(" (and %d more)", n-1)
			}
		case c.What == "":
			c.State, c.What = Unchecked, unchecked(name)
			if c.What == "" {
				c.State, c.What = Passed, "there are none"
			}
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

// Say sets what became of a check that the caller made.
func (r *Report) Say(name Name, state State, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Name == name {
			c.State, c.What = state, what
		}
	}
	if state == Failed {
		r.Findings = append(r.Findings, Finding{name, -1, what})
	}
}

func (a *Auditor) firstFinding(name Name) string {
	for i := range a.findings {
		if f := &a.findings[i]; f.Check == name && f.Leaf >= 0 {
			return fmt.Sprintf("leaf %d: %s", f.Leaf, f.What)
		} else if f.Check == name {
			return f.What
		}
	}
	return ""
}

// compared says what a check that found nothing has compared, "" if nothing.
func (a *Auditor) compared(name Name, r *Report) string {
	n := func(k translog.Kind, one, many, what string) string {
		if a.kinds[k] == 0 {
			return ""
		}
		return count(a.kinds[k], one, many) + what
	}
	switch name {
	case Tree:
		return fmt.Sprintf("%s, root %v", count(a.size, "leaf", "leaves"), r.Root)
	case Form:
		if a.size > 0 {
			return count(a.size, "leaf says", "leaves say") + " what the kind may"
		}
	case Keys:
		switch n := a.kinds[translog.KindKey]; {
		case n == 1:
			return "the key was changed once; the later one signs"
		case n > 1:
			return fmt.Sprintf("the key was changed %d times; the last one signs", n)
		}
		return "the key was never changed"
	case Contracts:
		return n(translog.KindLease, "leaf", "leaves", fmt.Sprintf(" of %s: tags, rates, beginnings and terms stay", count(len(a.leases), "lease", "leases")))
	case Tags:
		return n(translog.KindTagMap, "map of tags", "maps of tags", " as the leases give; no tag is used twice")
	case Jobs:
		return n(translog.KindJob, "job", "jobs", ": no coinbase is described in two ways")
	case Batches:
		return n(translog.KindBatch, "batch", "batches", " without a gap, windows apart, after their leases")
	case Placements:
		if a.compareds > 0 {
			return count(a.compareds, "hour of a lease", "hours of leases") + ": what sources did is what batches prove"
		}
	case Blocks:
		return n(translog.KindBlock, "state", "states", " of blocks, on jobs that were in the log")
	case Transactions:
		return n(translog.KindTransaction, "leaf", "leaves", " of transactions, all parts there")
	case Statements:
		return n(translog.KindStatement, "statement", "statements", ", numbers without a gap")
	case Oversell:
		return a.supply.compared(r)
	}
	return ""
}

// count writes a number and what it counts.
func count[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// notShown is what an audit takes from the provider's word.
func notShown() []string {
	return []string{
		"the receipts behind the sums of batches: a tenant's bundle has those of its leases; nobody else's are there, the house's neither, so that the provider could state more work for them",
	}
}

// unchecked says why a check was not made, "" when there was nothing to check.
func unchecked(name Name) string {
	switch name {
	case Checkpoint:
		return "no key was given"
	case Since:
		return "no earlier checkpoint was given"
	case Placements:
		return "no hour is both settled and sealed"
	case Oversell:
		return "no full hour of production is sealed"
	}
	return ""
}
