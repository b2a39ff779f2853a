package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/statement"
	"github.com/hashlease/hashlease/lease/statement/render"
)

// bundleForm is the form with all the proofs.
const bundleForm = "bundle"

// statementForm is a form that a statement can have.
type statementForm struct {
	name   string
	binary bool // nothing for a screen
	// lease writes a lease's statement, tenant what there is of all its leases;
	// nil for a bundle, which is collected otherwise.
	lease  func(s *statement.Issued, x render.Context) ([]byte, error)
	tenant func(t *statement.Tenant, x render.Context) ([]byte, error)
}

// statementForms lists them; the first is the usual one.
func statementForms() []statementForm {
	type leaseForm = func(*statement.Issued, render.Context) ([]byte, error)
	type tenantForm = func(*statement.Tenant, render.Context) ([]byte, error)
	drawn := func(draw func(*bundle.Statement, *bundle.Derived, render.Context) ([]byte, error)) leaseForm {
		return func(s *statement.Issued, x render.Context) ([]byte, error) {
			derived := s.Statement.Derive()
			return draw(&s.Statement, &derived, x)
		}
	}
	listed := func(list func(*bundle.Statement, render.Context) ([]byte, error)) leaseForm {
		return func(s *statement.Issued, x render.Context) ([]byte, error) { return list(&s.Statement, x) }
	}
	summed := func(draw func(*bundle.TenantStatement, render.Context) ([]byte, error)) tenantForm {
		return func(t *statement.Tenant, x render.Context) ([]byte, error) { return draw(&t.Statement, x) }
	}
	listedAll := func(list func([]*bundle.Statement, render.Context) ([]byte, error)) tenantForm {
		return func(t *statement.Tenant, x render.Context) ([]byte, error) {
			all := make([]*bundle.Statement, len(t.Leases))
			for i, s := range t.Leases {
				all[i] = &s.Statement
			}
			return list(all, x)
		}
	}
	return []statementForm{
		{"text", false, drawn(render.Text), summed(render.TenantText)},
		{"html", false, drawn(render.HTML), summed(render.TenantHTML)},
		{"pdf", true, drawn(render.PDF), summed(render.TenantPDF)},
		{"json", false, func(s *statement.Issued, _ render.Context) ([]byte, error) { return signedText(s.Note), nil },
			func(t *statement.Tenant, _ render.Context) ([]byte, error) { return signedText(t.Note), nil }},
		{"note", false, func(s *statement.Issued, _ render.Context) ([]byte, error) { return s.Note, nil },
			func(t *statement.Tenant, _ render.Context) ([]byte, error) { return t.Note, nil }},
		{"csv", false, listed(render.CSV), listedAll(render.TenantCSV)},
		{"csv-hours", false, listed(render.HoursCSV), listedAll(render.TenantHoursCSV)},
		{"journal", false, listed(render.Hledger), listedAll(render.TenantHledger)},
		{"beancount", false, listed(render.Beancount), listedAll(render.TenantBeancount)},
		{bundleForm, true, nil, nil},
	}
}

// signedText is what a note signs: of statements one line of JSON.
func signedText(note []byte) []byte {
	line, _, _ := bytes.Cut(note, []byte("\n"))
	return append(bytes.Clone(line), '\n')
}

// statementFlags are those of one run of the command.
type statementFlags struct {
	*dataFlags
	tenant, period, format, out, since, paper *string
	form                                      statementForm
	fromMs, toMs                              int64
}

func runStatement(ctx context.Context, e *env, args []string) error {
	if len(args) > 0 && args[0] == "list" {
		return runStatementList(ctx, e, args[1:])
	}
	f := &statementFlags{dataFlags: newDataFlags(e, "statement",
		"LEASE|--tenant NAME [--period PERIOD] [--format FORM] [-o FILE] [--since CHECKPOINT] [--json]\n       hashlease statement list [LEASE]",
		"States what a lease was delivered, charged and credited, and what it earned, in a\n"+
			"period or so far, and signs it. A statement is put into the provider's log; asked for\n"+
			"again, it is the same, unless something was corrected: then a new one supersedes it.\n"+
			"As a bundle it comes with everything that proves it, which \"hashlease verify\" checks.\n"+
			"\"statement list\" lists those that were issued.")}
	f.tenant = f.String("tenant", "", "all leases of the tenant called `NAME`, together")
	f.period = f.String("period", "", "the `PERIOD`: "+periodForms+" (default all so far)")
	f.format = f.String("format", "text", "the `FORM`: "+formNames())
	f.out = f.String("o", "-", "the `FILE` to write; - is standard output")
	f.since = f.String("since", "", "a `FILE` with a checkpoint that the tenant has kept: the bundle proves that the log goes on from it")
	f.paper = f.String("paper", string(render.A4), "the `SIZE` of a PDF's pages: a4 or letter")
	pos, err := f.parse(args, 0, 1)
	if err == nil {
		err = f.check(pos)
	}
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	author, err := p.statementSource(ctx)
	if err != nil {
		return err
	}
	var write func(io.Writer) error
	if *f.tenant != "" {
		write, err = f.ofTenant(ctx, p, author)
	} else {
		write, err = f.ofLease(ctx, p, author, pos[0])
	}
	if errors.Is(err, statement.ErrNothing) {
		return withHint(err, "\"hashlease node\" hashes for it, from its start on")
	}
	if errors.Is(err, statement.ErrDropped) {
		return withHint(err, "other forms than a bundle state it all the same (--format); bundles can be made of periods whose receipts are kept (--period)")
	}
	if err != nil {
		return err
	}
	return e.saveStream(*f.out, write)
}

func formNames() string {
	var names []string
	for _, form := range statementForms() {
		names = append(names, form.name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// check checks what flags say together.
func (f *statementFlags) check(pos []string) (err error) {
	switch {
	case (*f.tenant == "") == (len(pos) == 0):
		return f.usage("name a lease, or a tenant with --tenant")
	case *f.json && f.given("format") && *f.format != "json":
		return f.usage("--json and --format %s exclude each other", *f.format)
	case *f.json:
		*f.format = "json"
	}
	for _, form := range statementForms() {
		if form.name == *f.format {
			f.form = form
		}
	}
	paper := render.Paper(*f.paper)
	switch {
	case f.form.name == "":
		return f.usage("--format %q: want %s", *f.format, formNames())
	case *f.since != "" && f.form.name != bundleForm:
		return f.usage("--since is for --format bundle: other forms have no proofs")
	case paper != render.A4 && paper != render.Letter:
		return f.usage("--paper %q: want %s or %s", *f.paper, render.A4, render.Letter)
	case f.form.binary && (*f.out == "-" || *f.out == "") && f.e.page.file != nil:
		return f.usage("a %s is nothing for a screen: name a file with -o", f.form.name)
	case f.given("period"):
		f.fromMs, f.toMs, err = parsePeriod(*f.period)
	}
	return err
}

// ofLease issues the statement of a lease and returns what writes it.
func (f *statementFlags) ofLease(ctx context.Context, p *provider, author *statementAuthor, id string) (func(io.Writer) error, error) {
	l, err := p.findLease(ctx, id)
	if err != nil {
		return nil, err
	}
	earlier, err := p.checkpointSize(*f.since)
	if err != nil {
		return nil, err
	}
	s, err := statement.Issue(ctx, author.Source, statement.Request{Lease: l.ID, FromMs: f.fromMs, ToMs: f.toMs})
	if err != nil {
		return nil, err
	}
	head, err := author.Covering(ctx, s.Leaf)
	if err != nil {
		return nil, err
	}
	if f.form.name == bundleForm {
		given, err := p.givenHeads(l.Tenant)
		if err != nil {
			return nil, err
		}
		b, err := statement.Bundle(ctx, author.Source, s, append(given, earlier...))
		if err != nil {
			return nil, err
		}
		write, err := heldBundle(ctx, b.Write)
		if err != nil {
			return nil, err
		}
		return write, p.giveHead(l.Tenant, head.N)
	}
	x, err := f.context(ctx, p, s)
	if err != nil {
		return nil, err
	}
	content, err := f.form.lease(s, x)
	return writer(content), err
}

// writer writes what is there already.
func writer(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// context is what a form shows beside the statement. It has nothing that another
// moment would have otherwise, so that the same statement is the same page.
func (f *statementFlags) context(ctx context.Context, p *provider, s *statement.Issued) (render.Context, error) {
	terms, err := p.store.Terms(ctx, lease.TermsHash(s.Statement.Terms))
	if err != nil {
		return render.Context{}, fmt.Errorf("terms of lease %s: %w", s.Lease, err)
	}
	unit, err := p.commodity()
	return render.Context{
		Unit: unit, Terms: &terms, Hash: s.Hash, Leaf: s.Leaf, Paper: render.Paper(*f.paper),
		Verify: fmt.Sprintf("hashlease verify %s.bundle", s.Lease),
	}, err
}
