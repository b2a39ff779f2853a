package render

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
)

// Paper is the size of a PDF's pages.
type Paper string

// Sizes of paper.
const (
	A4     Paper = "a4"     // 210 mm × 297 mm, the default
	Letter Paper = "letter" // 8.5 in × 11 in
)

// Context is what a statement cannot say of itself. Its zero value works, and
// leaves out what it does not have.
type Context struct {
	// Unit is what amounts of the books are in, as ledger.CheckCommodity wants
	// it; empty: BTC.
	Unit string

	// Terms are those that the statement names; nil: their prices, tiers and
	// scheme are not shown.
	Terms *lease.Terms

	Hash       receipt.B32 // of the statement, as its leaf and a later number name it; zero: not shown
	Leaf       int64       // index of the statement's leaf; 0: not shown
	Checkpoint bundle.Head // that the statement is in the tree of; no size: not shown

	// Verify is the command that checks the statement, such as
	// "hashlease verify L-0042.bundle"; empty: one with the lease's name.
	Verify string

	Paper Paper // of the PDF; empty: A4
}

// errNoStatement is returned where there is nothing to write.
var errNoStatement = errors.New("render: there is no statement, or no derived figures with it")

// check refuses what cannot be shown, and fills in defaults.
func (x Context) check(s *bundle.Statement, d *bundle.Derived) (Context, error) {
	if s == nil || d == nil {
		return x, errNoStatement
	}
	return x.checkBooks(s)
}

// checkBooks is check for the forms that show no derived figures.
func (x Context) checkBooks(s *bundle.Statement) (Context, error) {
	if s == nil {
		return x, errNoStatement
	}
	return x.checkPeriod(s.Period.FromMs, s.Period.ToMs)
}

// checkAll is checkBooks for what is of several leases of a tenant, which must
// have names of their own in the journals, too.
func (x Context) checkAll(all []*bundle.Statement) (Context, error) {
	if len(all) == 0 {
		return x, errNoStatement
	}
	names := make(map[string]bool, len(all))
	for _, s := range all {
		var err error
		if x, err = x.checkBooks(s); err != nil {
			return x, err
		}
		if s.Tenant != all[0].Tenant {
			return x, fmt.Errorf("render: lease %.40q is of tenant %.40q, lease %.40q of %.40q: want those of one", s.Lease, s.Tenant, all[0].Lease, all[0].Tenant)
		}
		name := accountWord(s.Lease)
		if names[name] {
			return x, fmt.Errorf("render: there are two statements of lease %.40q, want one of each", s.Lease)
		}
		names[name] = true
	}
	return x, nil
}

// checkPeriod is check but for the statement.
func (x Context) checkPeriod(fromMs, toMs int64) (Context, error) {
	if x.Unit == "" {
		x.Unit = "BTC"
	}
	if err := ledger.CheckCommodity(x.Unit); err != nil {
		return x, fmt.Errorf("render: %w", err)
	}
	switch x.Paper {
	case "":
		x.Paper = A4
	case A4, Letter:
	default:
		return x, fmt.Errorf("render: paper %.40q: want %s or %s", x.Paper, A4, Letter)
	}
	if toMs < fromMs || fromMs < 0 || toMs > maxMs {
		return x, fmt.Errorf("render: a statement from %d to %d ms: want times of the years 1970 to 9999, the end last", fromMs, toMs)
	}
	return x, nil
}

// maxMs is the last moment that has a year of four digits, less a day, in Unix
// milliseconds.
const maxMs = 253402300799999 - 24*lease.MsPerHour
