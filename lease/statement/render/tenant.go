package render

import (
	"encoding/hex"

	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/miner"
)

// TenantText writes what the statements of a tenant's leases come to, for
// terminals. Of the context it uses Unit, Checkpoint and Verify.
func TenantText(t *bundle.TenantStatement, x Context) ([]byte, error) {
	sh, err := newTenantSheet(t, &x)
	if err != nil {
		return nil, err
	}
	return sh.textForm(), nil
}

// TenantHTML writes the same as one page, as HTML does for a lease.
func TenantHTML(t *bundle.TenantStatement, x Context) ([]byte, error) {
	sh, err := newTenantSheet(t, &x)
	if err != nil {
		return nil, err
	}
	return sh.htmlForm()
}

// TenantPDF writes the same as a PDF, as PDF does for a lease.
func TenantPDF(t *bundle.TenantStatement, x Context) ([]byte, error) {
	sh, err := newTenantSheet(t, &x)
	if err != nil {
		return nil, err
	}
	return sh.pdfForm(x.Paper), nil
}

// newTenantSheet makes the sheet of a tenant, and checks the context.
func newTenantSheet(t *bundle.TenantStatement, x *Context) (sh *sheet, err error) {
	if t == nil {
		return nil, errNoStatement
	}
	if *x, err = x.checkPeriod(t.FromMs, t.ToMs); err != nil {
		return nil, err
	}
	name := periodName(t.FromMs, t.ToMs)
	sh = &sheet{
		Title: "Statement " + name + ", tenant " + clean(t.Tenant), Period: name, Of: "tenant", Name: clean(t.Tenant),
		State: stateName(t.State), Final: t.State == bundle.Final,
		About: []fact{
			{Label: "Period", Value: minute(t.FromMs) + " to " + minute(t.ToMs) + " UTC", Note: span(t.ToMs - t.FromMs)},
			{Label: "Provider", Value: clean(t.Origin)},
		},
		Answers: tenantAnswers(t, *x),
	}
	if !sh.Final {
		sh.Notices = []string{"Preliminary: not all statements of the leases are final. Figures marked “open” may still change."}
	}
	proof := []block{
		{Text: "The bundle of this statement holds those of all leases, each with every proof of work behind it. This hashes them again on your machine, offline, and adds up what is said here:"},
		{Code: []string{tenantCommand(t, *x)}},
		{Note: printsNote},
	}
	facts := []fact{{Label: "Log", Value: clean(t.Origin), Note: "append-only, public, signed by the provider"}}
	if x.Checkpoint.Size > 0 {
		facts = append(facts, fact{Label: "Checkpoint", Value: group(x.Checkpoint.Size) + " leaves", Note: "keep it: a later log must continue it"},
			fact{Label: "Its root", Value: hex.EncodeToString(x.Checkpoint.Root[:]), Mono: true})
	}
	for i := range t.Leases {
		l := &t.Leases[i]
		facts = append(facts, fact{Label: clean(l.Lease), Value: hex.EncodeToString(l.Statement[:]), Note: "its statement, number " + group(l.Number), Mono: true})
	}
	sh.add([]part{
		{ID: "leases", Name: "Leases", Blocks: []block{{Table: leasesTable(t)}, {Note: "Each lease has a statement of its own with the details: its deliveries, charges, SLA, rewards and every line of the books."}}},
		{ID: "balances", Name: "Balances", Blocks: tenantBalances(t)},
		{ID: "proof", Name: "Proof", Blocks: append(proof, block{Facts: facts})},
		{ID: "risk", Name: "Risk", Blocks: []block{
			{Text: "No return is promised. Mining is a lottery: the proven work is certain, what it earns is not, and it may be less than it cost."},
			{Text: "What is not covered, what rests on the provider’s word and how to dispute is said in the statement of each lease."},
		}},
	})
	return sh, nil
}

func tenantCommand(t *bundle.TenantStatement, x Context) string {
	if x.Verify != "" {
		return clean(x.Verify)
	}
	return "hashlease verify " + clean(t.Tenant) + ".bundle"
}

// tenantSums are those of all leases.
type tenantSums struct {
	work                      miner.Work
	receipts                  int64
	charged, credited, earned int64
}

func sumsOf(t *bundle.TenantStatement) (s tenantSums) {
	for i := range t.Leases {
		l := &t.Leases[i]
		s.work = s.work.Add(l.ProvenWork.Work())
		s.receipts += l.Receipts
		s.charged += l.Charged
		s.credited += l.Credited
		s.earned += l.Earned
	}
	return s
}

func tenantAnswers(t *bundle.TenantStatement, x Context) []answer {
	s := sumsOf(t)
	return []answer{
		{Question: "What did I get?", Value: hashes(s.work), Notes: []string{"of proven work", "for " + count(int64(len(t.Leases)), "lease", "leases"), "rates are in their statements"}},
		{Question: "What did I pay?", Value: sats(s.charged), Notes: []string{coins(s.charged) + " " + x.Unit, sats(s.credited) + " credited by SLAs"}},
		{Question: "What did it earn?", Value: sats(s.earned), Notes: []string{coins(s.earned) + " " + x.Unit, "what is pending included", "own pools pay elsewhere"}},
		{Question: "Can I check it?", Value: "Yes, yourself", Notes: []string{count(s.receipts, "proof of work", "proofs of work") + " in the bundle", "offline, without trusting the provider", "how: see Proof"}},
	}
}

// leasesTable has a line for each lease.
func leasesTable(t *bundle.TenantStatement) *table {
	tab := &table{Caption: "Statements of the leases", Columns: []column{
		{Name: "Lease"}, {Name: "Period, UTC"}, {Name: "State"}, {Name: "Work", Number: true}, {Name: "Receipts", Number: true},
		{Name: "Charged, sat", Number: true}, {Name: "Credited, sat", Number: true}, {Name: "Earned, sat", Number: true},
	}}
	for i := range t.Leases {
		l := &t.Leases[i]
		kind := ""
		if l.State != bundle.Final {
			kind = rowOpen
		}
		tab.Rows = append(tab.Rows, row{Kind: kind, Cells: []string{clean(l.Lease), tenantPeriod(l), clean(string(l.State)), hashes(l.ProvenWork.Work()),
			group(l.Receipts), group(l.Charged), group(l.Credited), group(l.Earned)}})
	}
	s := sumsOf(t)
	tab.Rows = append(tab.Rows, row{Kind: rowSum, Cells: []string{"Together", "", "", hashes(s.work), group(s.receipts), group(s.charged), group(s.credited), group(s.earned)}})
	return tab
}

// tenantPeriod names a lease's period, if it has years of four digits.
func tenantPeriod(l *bundle.TenantLease) string {
	if l.FromMs < 0 || l.ToMs < l.FromMs || l.ToMs > maxMs {
		return dash
	}
	return periodName(l.FromMs, l.ToMs)
}

// tenantBalances are those of every lease, and together.
func tenantBalances(t *bundle.TenantStatement) []block {
	tab := &table{Caption: "What the provider owes you, in satoshi", Columns: []column{
		{Name: "Account"}, {Name: "Lease", Wide: 1}, {Name: "Opening", Number: true}, {Name: "Change", Number: true}, {Name: "Closing", Number: true},
	}}
	line := func(account, of, kind string, a *bundle.Account) {
		tab.Rows = append(tab.Rows, row{Kind: kind, Cells: []string{account, of, group(a.Opening), group(a.Closing - a.Opening), group(a.Closing)}})
	}
	for i := range t.Accounts {
		a := &t.Accounts[i]
		for j := range t.Leases {
			for k := range t.Leases[j].Accounts {
				if b := &t.Leases[j].Accounts[k]; b.Name == a.Name {
					line(clean(shortAccount(a.Name)), clean(t.Leases[j].Lease), "", b)
				}
			}
		}
		line(capital(clean(shortAccount(a.Name))), "all leases", rowSum, a)
	}
	if len(tab.Rows) == 0 {
		return []block{{Text: "Nothing was booked for these leases up to the end of the period."}}
	}
	return []block{{Table: tab}}
}
