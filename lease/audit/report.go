package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// Report says what was looked at and what was found.
type Report struct {
	SettledHour int64    `json:"settled_hour"` // the last, since 1970 UTC
	Ledger      Ledger   `json:"ledger"`
	Checks      []Check  `json:"checks"`
	Supply      Supply   `json:"supply"`
	Unchecked   []string `json:"unchecked"` // what could not be looked at, and why
}

// Check is something that must hold everywhere.
type Check struct {
	Name     string   `json:"name"`
	Rule     string   `json:"rule"`
	Checked  int64    `json:"checked"`        // how often it was looked at
	Findings []string `json:"findings"`       // the first MaxFindings
	More     int64    `json:"more,omitempty"` // findings beyond these
}

// MaxFindings bounds the findings of a check that a report names.
const MaxFindings = 20

// Names of the checks.
const (
	checkLedger   = "ledger"
	checkOnce     = "once"
	checkTags     = "tags"
	checkJobs     = "jobs"
	checkSealed   = "sealed"
	checkMeters   = "meters"
	checkTotals   = "totals"
	checkHours    = "hours"
	checkCharges  = "charges"
	checkBooked   = "booked"
	checkBlocks   = "blocks"
	checkSplits   = "splits"
	checkSettling = "settlement"
)

func newReport() *Report {
	r := &Report{Unchecked: []string{}, Checks: []Check{
		{Name: checkLedger, Rule: "transactions sum to zero, are only ever added, overdraw nothing that is owed and reverse exactly"},
		{Name: checkOnce, Rule: "a share counts once"},
		{Name: checkTags, Rule: "a job carries the tag of its lease, and two leases of one destination have two tags"},
		{Name: checkJobs, Rule: "a receipt is of a job of its lease that was stored before, with the work of that job's target"},
		{Name: checkSealed, Rule: "the receipts of a batch have the work that they claim, and are what its leaf in the log commits to"},
		{Name: checkMeters, Rule: "hour by hour, the proven work of each source for each lease is that of its receipts"},
		{Name: checkTotals, Rule: "what hours were metered to sums up to the totals of each lease, and of each rig"},
		{Name: checkHours, Rule: "a settled hour has the work, hashes and receipts that all sources of its lease have together"},
		{Name: checkCharges, Rule: "nothing is charged above price × proven work, price × contracted work, or what was prepaid"},
		{Name: checkBooked, Rule: "what hours were settled to is what the ledger says"},
		{Name: checkBlocks, Rule: "a block is booked as its state says, and nothing is left of one that is orphaned"},
		{Name: checkSplits, Rule: "a block's reward is split as its template has it, to the last satoshi"},
		{Name: checkSettling, Rule: "hours settled once more, from stored facts alone, are the stored ones to the byte"},
	}}
	for i := range r.Checks {
		r.Checks[i].Findings = []string{}
	}
	return r
}

func (r *Report) check(name string) *Check {
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			return &r.Checks[i]
		}
	}
	return new(Check) // there is none: names are the constants above
}

// counted says that a check was made so many times.
func (r *Report) counted(name string, n int64) { r.check(name).Checked += n }

// find notes that something is wrong.
func (r *Report) find(name, format string, args ...any) {
	c := r.check(name)
	if len(c.Findings) >= MaxFindings {
		c.More++
		return
	}
	c.Findings = append(c.Findings, fmt.Sprintf(format, args...))
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return r.Err() == nil }

// Ledger names a state of the ledger: so many transactions, in a chain of
// hashes.
type Ledger struct {
	Transactions int64  `json:"transactions"`
	Digest       string `json:"digest"` // hexadecimal SHA-256
}

// chain hashes transactions one after the other.
type chain struct {
	before *Ledger
	n      int64
	sum    [sha256.Size]byte
	same   bool // as it was before
}

func newChain(before *Ledger) *chain {
	c := &chain{before: before}
	c.look()
	return c
}

func (c *chain) add(t *lease.Transaction) error {
	text, err := lease.Canonical(t)
	if err != nil {
		return fmt.Errorf("transaction %s: %w", t.Key, err)
	}
	c.n++
	c.sum = sha256.Sum256(append(c.sum[:], text...))
	c.look()
	return nil
}

func (c *chain) look() {
	if c.before == nil || c.n == c.before.Transactions && c.ledger() == *c.before {
		c.same = true
	}
}

func (c *chain) ledger() Ledger { return Ledger{c.n, hex.EncodeToString(c.sum[:])} }

// kept reports that the chain began as it was before.
func (c *chain) kept() bool { return c.same }
