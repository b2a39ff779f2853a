package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// lastLeaves is how many leaves are listed unless more are asked for.
const lastLeaves = 20

// leafDoc is a leaf as --json prints it.
type leafDoc struct {
	Index   int64           `json:"index"`
	Kind    string          `json:"kind"`
	Ref     string          `json:"ref,omitempty"`
	AtMs    int64           `json:"at_ms"`
	Hash    string          `json:"hash"`
	Leaf    json.RawMessage `json:"leaf"`
	Opening json.RawMessage `json:"opening,omitempty"` // of the private part
}

func runLogShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "log show", "[INDEX] [--kind KIND] [--ref REF] [--from INDEX] [--to INDEX] [--all] [--secret] [--json]",
		"Lists the leaves of the log, the last ones unless --from, --to or --all is given, or\n"+
			"shows one: what everybody may read of it. --secret adds what only the tenant that it\n"+
			"is about may read, with the salt that proves it.")
	var kinds list
	f.Var(&kinds, "kind", "of one `KIND`, such as batch; again for more")
	ref := f.String("ref", "", "about one thing, by its `NAME`: a lease, a source, a block, the hash of terms")
	from := f.String("from", "", "from this `INDEX` on")
	to := f.String("to", "", "up to this `INDEX`, without it")
	all := f.Bool("all", false, "all of them")
	secret := f.Bool("secret", false, "with the private parts")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	filter := lease.LeafFilter{Ref: *ref}
	for _, k := range kinds {
		if !slices.Contains(translog.Kinds(), translog.Kind(k)) {
			return unknownName("kind of leaf", k, kindNames(), fmt.Sprintf("there are %v", kindNames()))
		}
		filter.Kinds = append(filter.Kinds, k)
	}
	for _, x := range []struct {
		text string
		to   *int64
	}{{*from, &filter.From}, {*to, &filter.To}} {
		if x.text == "" {
			continue
		}
		if *x.to, err = parseIndex(x.text); err != nil {
			return err
		}
	}
	if *to != "" && filter.To <= filter.From {
		return f.usage("--to %s: want more than --from", *to)
	}
	if len(pos) > 0 && (len(kinds) > 0 || *ref != "" || *from != "" || *to != "" || *all) {
		return f.usage("leaf %s: name a leaf, or what to list", pos[0])
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if len(pos) > 0 {
		return f.showLeaf(ctx, p, pos[0], *secret)
	}
	most := lastLeaves
	if *all || *from != "" || *to != "" {
		most = 0
	}
	return f.listLeaves(ctx, p, filter, most, *secret)
}

func kindNames() []string {
	var names []string
	for _, k := range translog.Kinds() {
		names = append(names, string(k))
	}
	return names
}

func leafDocOf(l *lease.LogLeaf, secret bool) leafDoc {
	d := leafDoc{Index: l.Index, Kind: l.Kind, Ref: l.Ref, AtMs: l.AtMs, Hash: tlog.RecordHash(l.Body).String(), Leaf: l.Body}
	if secret {
		d.Opening = l.Secret
	}
	return d
}

// listLeaves prints the leaves that a filter selects, the last most of them; 0
// is all.
func (f *dataFlags) listLeaves(ctx context.Context, p *provider, filter lease.LeafFilter, most int, secret bool) error {
	if most > 0 && len(filter.Kinds) == 0 && filter.Ref == "" {
		storage, err := p.logStorage()
		if err != nil {
			return err
		}
		size, err := storage.Size(ctx)
		if err != nil {
			return err
		}
		filter.From = max(0, size-int64(most)) // what comes meanwhile is shown too
	}
	var docs []leafDoc
	left := 0
	for l, err := range p.store.Leaves(ctx, filter) {
		if err != nil {
			return err
		}
		docs = append(docs, leafDocOf(&l, secret))
		if most > 0 && len(docs) > most && len(filter.Kinds)+len(filter.Ref) > 0 {
			docs, left = docs[1:], left+1
		}
	}
	if *f.json {
		return writeJSON(f.e.stdout, append([]leafDoc{}, docs...))
	}
	if len(docs) == 0 {
		fmt.Fprintln(f.e.stderr, "no such leaf")
		return nil
	}
	rows := [][]string{{"LEAF", "KIND", "ABOUT", "STORED", "SAYS"}}
	for i := range docs {
		d := &docs[i]
		said, err := saidOf(d.Leaf)
		if err != nil {
			return err
		}
		rows = append(rows, []string{fmt.Sprint(d.Index), d.Kind, shorten(printable(d.Ref), maxAbout), formatMs(d.AtMs), shorten(printable(said), maxSaid)})
		if secret && d.Opening != nil {
			rows = append(rows, []string{"", "", "", "", printable(string(d.Opening))})
		}
	}
	if _, err := fmt.Fprint(f.e.stdout, table(rows, "LEAF")); err != nil {
		return err
	}
	if first := docs[0].Index; left > 0 || most > 0 && first > 0 && len(filter.Kinds)+len(filter.Ref) == 0 {
		fmt.Fprintf(f.e.stderr, "there are more before leaf %d: --all shows them\n", first)
	}
	return nil
}

// How much of a leaf a line shows, in characters.
const (
	maxAbout = 20
	maxSaid  = 140
)

// saidOf is the public part of a leaf.
func saidOf(body []byte) (string, error) {
	l, err := translog.DecodeLeaf(body)
	return string(l.Public), err
}

// showLeaf prints one leaf.
func (f *dataFlags) showLeaf(ctx context.Context, p *provider, text string, secret bool) error {
	index, err := parseIndex(text)
	if err != nil {
		return err
	}
	for l, err := range p.store.Leaves(ctx, lease.LeafFilter{From: index, To: index + 1}) {
		if err != nil {
			return err
		}
		d := leafDocOf(&l, secret)
		if *f.json {
			return writeJSON(f.e.stdout, d)
		}
		return printLeaf(f.e.stdout, &d, l.Secret != nil)
	}
	return withHint(usage("there is no leaf %d", index), "%q lists the last ones", "hashlease log show")
}

func printLeaf(w io.Writer, d *leafDoc, private bool) error {
	l, err := translog.DecodeLeaf(d.Leaf)
	if err != nil {
		return fmt.Errorf("leaf %d: %w", d.Index, err)
	}
	fmt.Fprintf(w, "leaf %d, %s", d.Index, d.Kind)
	if d.Ref != "" {
		fmt.Fprintf(w, " of %s", printable(d.Ref))
	}
	fmt.Fprintf(w, ", stored %s\nhash %s\n", formatMs(d.AtMs), d.Hash)
	var b bytes.Buffer
	if err := json.Indent(&b, l.Public, "", "  "); err != nil {
		return err
	}
	if private {
		fmt.Fprintf(w, "private part committed to by %v\n", l.Commitment)
	}
	if d.Opening != nil {
		o, err := translog.DecodeOpening(d.Opening)
		if err == nil {
			err = l.Check(&o)
		}
		if err != nil {
			return fmt.Errorf("leaf %d: %w", d.Index, err)
		}
		b.WriteString("\nprivate, with the salt ")
		salt, err := o.Salt.MarshalText()
		if err != nil {
			return err
		}
		b.Write(append(salt, '\n'))
		if err := json.Indent(&b, o.Private, "", "  "); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w, b.String())
	return err
}
