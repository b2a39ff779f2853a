package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/statement/render"
)

// ofTenant issues the statements of all leases of a tenant and returns what
// writes them.
func (f *statementFlags) ofTenant(ctx context.Context, p *provider, author *statementAuthor) (func(io.Writer) error, error) {
	tenant, err := p.findTenant(ctx, *f.tenant)
	if err != nil {
		return nil, err
	}
	earlier, err := p.checkpointSize(*f.since)
	if err != nil {
		return nil, err
	}
	all, err := statement.IssueTenant(ctx, author.Source, tenant.ID, f.fromMs, f.toMs)
	if err != nil {
		return nil, err
	}
	head, err := author.Covering(ctx, all.LastLeaf())
	if err != nil {
		return nil, err
	}
	if f.form.name == bundleForm {
		given, err := p.givenHeads(tenant.ID)
		if err != nil {
			return nil, err
		}
		b, err := statement.TenantBundle(ctx, author.Source, all, append(given, earlier...))
		if err != nil {
			return nil, err
		}
		write, err := heldBundle(ctx, b.Write)
		if err != nil {
			return nil, err
		}
		return write, p.giveHead(tenant.ID, head.N)
	}
	unit, err := p.commodity()
	if err != nil {
		return nil, err
	}
	content, err := f.form.tenant(all, render.Context{
		Unit: unit, Paper: render.Paper(*f.paper), Verify: fmt.Sprintf("hashlease verify %s.bundle", tenant.ID),
	})
	return writer(content), err
}

// statementDoc is an issued statement as --json lists it.
type statementDoc struct {
	Lease  string       `json:"lease"`
	Number int64        `json:"number"`
	Period string       `json:"period"`
	FromMs int64        `json:"from_ms"`
	ToMs   int64        `json:"to_ms"`
	State  bundle.State `json:"state"`
	Last   bool         `json:"last"` // no later one supersedes it
	Leaf   int64        `json:"leaf"`
	Hash   string       `json:"hash"`
}

func runStatementList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "statement list", "[LEASE] [--json]",
		"Lists the statements that were issued, of a lease or of all: their periods, their\n"+
			"numbers, where they are in the log, and which of them others supersede.")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	id := ""
	if len(pos) > 0 {
		l, err := p.findLease(ctx, pos[0])
		if err != nil {
			return err
		}
		id = l.ID
	}
	all, err := p.store.Statements(ctx, id)
	if err != nil {
		return err
	}
	docs, err := statementDocs(all)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, docs)
	}
	rows := [][]string{{"LEASE", "PERIOD", "NUMBER", "STATE", "LEAF", "HASH"}}
	for _, d := range docs {
		state := string(d.State)
		if !d.Last {
			state = "superseded"
		}
		rows = append(rows, []string{d.Lease, d.Period, fmt.Sprint(d.Number), state, fmt.Sprint(d.Leaf), d.Hash[:16]})
	}
	if len(docs) == 0 {
		_, err = fmt.Fprintln(e.stdout, "no statement was issued yet")
		return err
	}
	_, err = io.WriteString(e.stdout, table(rows, "NUMBER", "LEAF"))
	return err
}

// statementDocs are statements by lease, period and number.
func statementDocs(all []lease.IssuedStatement) ([]statementDoc, error) {
	docs := make([]statementDoc, 0, len(all))
	for i := range all {
		s := &all[i]
		st, err := statement.Open(s)
		if err != nil {
			return nil, err
		}
		docs = append(docs, statementDoc{
			Lease: s.Lease, Number: s.Number, Period: formatPeriod(s.FromMs, s.ToMs), FromMs: s.FromMs, ToMs: s.ToMs,
			State: st.State, Last: true, Leaf: s.Leaf, Hash: fmt.Sprintf("%x", s.Hash),
		})
	}
	slices.SortStableFunc(docs, func(a, b statementDoc) int {
		return cmp.Or(cmp.Compare(a.Lease, b.Lease), cmp.Compare(a.FromMs, b.FromMs), cmp.Compare(a.ToMs, b.ToMs), cmp.Compare(a.Number, b.Number))
	})
	for i := 1; i < len(docs); i++ {
		was, is := &docs[i-1], &docs[i]
		if was.Lease == is.Lease && was.FromMs == is.FromMs && was.ToMs == is.ToMs {
			was.Last = false
		}
	}
	return docs, nil
}
