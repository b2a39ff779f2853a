package render

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

// sheet is a statement in words and numbers, in the order in which every form
// for people shows them. Its fields are exported for the template.
type sheet struct {
	Title   string // of the document
	Period  string
	Of      string // lease or tenant
	Name    string // its
	State   string // FINAL or PRELIMINARY
	Final   bool
	Notices []string // what must be known before anything else
	About   []fact
	Answers []answer
	Parts   []part
}

// answer is one of the four that the first screen gives.
type answer struct {
	Question string
	Value    string
	Notes    []string
}

// part is a numbered section.
type part struct {
	Number int
	ID     string
	Name   string
	Blocks []block
}

// block is one of its fields.
type block struct {
	Facts []fact
	Table *table
	Text  string   // a paragraph
	Note  string   // likewise, of less weight
	Code  []string // lines to type, or as a program prints them
	Chart *chart
}

// fact is a named value.
type fact struct {
	Label string
	Value string
	Note  string
	Open  bool // it may still change
	Guess bool // it is estimated
	Mono  bool // digits to be compared, such as a hash
}

// Mark is the word that stands beside a value that is not final.
func (f *fact) Mark() string {
	switch {
	case f.Open:
		return "open"
	case f.Guess:
		return "estimate"
	}
	return ""
}

// column of a table.
type column struct {
	Name   string
	Number bool // to the right
	Wide   int  // how much of the width that is left it gets; 0: what it needs
}

// row of a table.
type row struct {
	Cells []string
	Kind  string // of rowKinds, or empty
}

// Kinds of rows, and classes of the page.
const (
	rowSum      = "sum"
	rowDown     = "down"
	rowExcluded = "excluded"
	rowOpen     = "open"    // may still change
	rowReached  = "reached" // what applies here
)

// table has a caption and at least one column.
type table struct {
	Caption string
	Columns []column
	Rows    []row
	// Folded is for a long table that repeats in full what another sums up: the
	// page keeps it folded, other forms leave it out.
	Folded bool
}

// Short tells whether the table stays on one page.
func (t *table) Short() bool { return len(t.Rows) <= 12 }

// maxSmallRows is how many rows of one kind a table has where the rest is told
// to be elsewhere.
const maxSmallRows = 100

// writer collects the sheet of a statement.
type writer struct {
	s *bundle.Statement
	d *bundle.Derived
	x Context
	m *meter
	f flows
	c scale // that of the contracted rate
}

// newSheet makes the sheet of a checked statement.
func newSheet(s *bundle.Statement, d *bundle.Derived, x Context) *sheet {
	w := &writer{s: s, d: d, x: x, m: newMeter(s), f: newFlows(s), c: newScale(s.ContractedHps.Work())}
	name := periodName(s.Period.FromMs, s.Period.ToMs)
	sh := &sheet{
		Title:  "Statement " + name + ", lease " + clean(s.Lease),
		Period: name, Of: "lease", Name: clean(s.Lease),
		State: stateName(s.State), Final: s.State == bundle.Final,
		About: w.about(), Notices: w.notices(), Answers: w.answers(),
	}
	sh.add([]part{
		{ID: "delivery", Name: "Delivery", Blocks: w.delivery()},
		{ID: "charges", Name: "Charges", Blocks: w.charges()},
		{ID: "sla", Name: "SLA", Blocks: w.service()},
		{ID: "rewards", Name: "Rewards", Blocks: w.rewards()},
		{ID: "balances", Name: "Balances", Blocks: w.balances()},
		{ID: "result", Name: "Result", Blocks: w.result()},
		{ID: "energy", Name: "Energy", Blocks: w.energy()},
		{ID: "proof", Name: "Proof", Blocks: w.proof()},
		{ID: "risk", Name: "Risk", Blocks: w.risk()},
	})
	return sh
}

// add numbers parts.
func (sh *sheet) add(parts []part) {
	for _, p := range parts {
		p.Number = len(sh.Parts) + 1
		sh.Parts = append(sh.Parts, p)
	}
}

func stateName(s bundle.State) string {
	if s == bundle.Final {
		return "FINAL"
	}
	return "PRELIMINARY"
}

// modelName says in words what is rented.
func modelName(m lease.Model) string {
	switch m {
	case lease.Leased:
		return "leased hash rate"
	case lease.Hosted:
		return "hosted rigs"
	case lease.VirtualHosted:
		return "a slice of a machine"
	}
	return clean(string(m))
}

func (w *writer) about() []fact {
	s := w.s
	what := modelName(s.Model) + ", SHA-256d, "
	switch {
	case s.Pool != nil:
		what += "for your own pool"
	case s.HousePool != nil:
		what += "for the house’s blocks and its pool"
	default:
		what += "for the house’s blocks"
	}
	term := "from " + minute(s.StartMs) + " UTC, open end"
	if s.StopMs != 0 {
		term = minute(s.StartMs) + " to " + minute(s.StopMs) + " UTC"
	}
	return []fact{
		{Label: "Tenant", Value: clean(s.Tenant)},
		{Label: "Contract", Value: w.c.rate(s.ContractedHps.Work(), false) + ", " + what},
		{Label: "Term", Value: term},
		{Label: "Period", Value: minute(s.Period.FromMs) + " to " + minute(s.Period.ToMs) + " UTC", Note: span(s.Period.ToMs - s.Period.FromMs)},
		{Label: "Provider", Value: clean(s.Origin)},
		{Label: "Statement", Value: "number " + group(s.Number) + " of this period", Note: w.leaf()},
	}
}

func (w *writer) leaf() string {
	if w.x.Leaf <= 0 {
		return ""
	}
	return "leaf " + group(w.x.Leaf) + " of the log"
}

func (w *writer) notices() []string {
	var all []string
	p := w.s.Period
	if w.s.State != bundle.Final {
		text := "Preliminary: "
		switch {
		case p.SettledMs <= p.FromMs:
			text += "no hour of this period is settled yet."
		default:
			text += "hours up to " + minute(min(p.SettledMs, p.ToMs)) + " UTC are settled."
		}
		all = append(all, text+" Figures marked “open” may still change; the final statement will supersede this one.")
	}
	if w.s.Supersedes != nil {
		all = append(all, "Number "+group(w.s.Number)+" of this period. It supersedes the statement "+shortHex(w.s.Supersedes[:])+"…, which stays in the log.")
	}
	return all
}
