package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/statement"
)

func runStatement(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "statement", "LEASE [--format text|json|bundle] [-o FILE]",
		"Writes what a lease was delivered, charged and credited so far, and what it earned: as\n"+
			"text, as the signed document, or as the bundle that proves it, which \"hashlease verify\"\n"+
			"checks.")
	format := f.String("format", "text", "the `FORM`: text, json or bundle")
	out := f.String("o", "-", "the `FILE` to write; - is standard output")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if *f.json {
		if f.given("format") && *format != "json" {
			return f.usage("--json and --format %s exclude each other", *format)
		}
		*format = "json"
	}
	write, ok := map[string]func(*receipt.Bundle) ([]byte, error){
		"text":   statementText,
		"json":   statementJSON,
		"bundle": (*receipt.Bundle).Encode,
	}[*format]
	if !ok {
		return f.usage("--format %q: want text, json or bundle", *format)
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	l, err := p.findLease(ctx, pos[0])
	if err != nil {
		return err
	}
	bundle, err := statement.Build(ctx, statement.Source{Store: p.store, Key: p.key}, l.ID)
	if errors.Is(err, statement.ErrNothing) {
		return withHint(err, "\"hashlease node\" hashes for it, from its start on")
	}
	if err != nil {
		return err
	}
	content, err := write(bundle)
	if err != nil {
		return err
	}
	return e.save(*out, content)
}

func statementText(b *receipt.Bundle) ([]byte, error) {
	var text bytes.Buffer
	err := statement.Text(&text, &b.Statement)
	return text.Bytes(), err
}

// statementJSON is the signed document in canonical form, and a newline.
func statementJSON(b *receipt.Bundle) ([]byte, error) {
	text, err := b.Statement.Encode()
	return append(text, '\n'), err
}
