package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// proofFormat is the version of a proof's layout.
const proofFormat = "hashlease-log-proof/1"

// proofDoc proves what the log of a checkpoint has, to who knows the log's first
// key.
type proofDoc struct {
	Format     string     `json:"format"`
	Checkpoint string     `json:"checkpoint"`
	Keys       []keyProof `json:"keys,omitempty"` // the changes of the key, in order
	Leaf       *leafProof `json:"leaf,omitempty"`
	Since      string     `json:"since,omitempty"` // an earlier checkpoint
	Growth     []string   `json:"growth,omitempty"`
}

// keyProof is a change of the key with its leaf.
type keyProof struct {
	translog.Rotation
	Leaf string `json:"leaf"` // its bytes
}

// leafProof proves one leaf (RFC 6962). Hashes are in base64.
type leafProof struct {
	Index int64    `json:"index"`
	Leaf  string   `json:"leaf"` // its bytes
	Proof []string `json:"proof"`
}

// maxProofDoc bounds a file with a proof, in bytes.
const maxProofDoc = 16 << 20

func runLogProve(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "log prove", "[INDEX] [--since CHECKPOINT] [-o FILE] | --check FILE --key KEY",
		"Proves to others, in JSON, that a leaf is in the log of the last checkpoint, or that\n"+
			"this has only grown since an earlier one. --check checks such a proof, offline, for\n"+
			"who knows the key that the log began with.")
	since := f.String("since", "", "the `FILE` with an earlier checkpoint")
	out := f.String("o", "-", "write the proof to this `FILE`; - is standard output")
	check := f.String("check", "", "check the proof in this `FILE`; - is standard input")
	key := f.String("key", "", "the verifier `KEY` that the log began with, for --check")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	switch {
	case *check != "" && (len(pos) > 0 || *since != ""):
		return f.usage("--check takes what is to be proved from its file")
	case *check != "" && *key == "":
		return withHint(f.usage("--check needs --key: whose log is it?"), "the provider's key, known from elsewhere: NAME+HASH+KEY")
	case *check != "":
		return e.checkProof(*check, *key, *f.json)
	case *key != "":
		return f.usage("--key goes with --check")
	case len(pos) == 0 && *since == "":
		return f.usage("name a leaf, or an earlier checkpoint with --since")
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	l, err := p.signedLog(ctx)
	if err != nil {
		return err
	}
	doc, err := p.proveKeys(ctx, l)
	if err != nil {
		return err
	}
	if len(pos) > 0 {
		if doc.Leaf, err = proveLeaf(ctx, l, pos[0]); err != nil {
			return err
		}
	}
	if *since != "" {
		if err := e.proveGrowth(ctx, l, *since, &doc); err != nil {
			return err
		}
	}
	_, err = e.saveJSON(*out, doc)
	return err
}

// proveKeys begins a proof by the last checkpoint, and by how its key came
// about.
func (p *provider) proveKeys(ctx context.Context, l *translog.Log) (proofDoc, error) {
	b, err := p.logBook()
	if err != nil {
		return proofDoc{}, err
	}
	doc := proofDoc{Format: proofFormat, Checkpoint: string(l.Last().Note)}
	for _, r := range b.Rotations() {
		entry, err := l.Entry(ctx, r.Index)
		if err != nil {
			return doc, err
		}
		doc.Keys = append(doc.Keys, keyProof{r, string(entry.Body)})
	}
	return doc, nil
}

func proveLeaf(ctx context.Context, l *translog.Log, text string) (*leafProof, error) {
	index, err := parseIndex(text)
	if err != nil {
		return nil, err
	}
	last := l.Last()
	proof, err := l.ProveLeaf(ctx, last.N, index)
	if errors.Is(err, translog.ErrNotFound) {
		return nil, withHint(usage("leaf %d is not in the last checkpoint, of %d leaves", index, last.N), "a running node signs for it within seconds")
	}
	if err != nil {
		return nil, err
	}
	entry, err := l.Entry(ctx, index)
	return &leafProof{Index: index, Leaf: string(entry.Body), Proof: hashTexts(proof)}, err
}

func (e *env) proveGrowth(ctx context.Context, l *translog.Log, name string, doc *proofDoc) error {
	msg, err := e.readCheckpoint(name)
	if err != nil {
		return err
	}
	id, last := l.Identity(), l.Last()
	earlier, err := id.Open(msg)
	if err != nil {
		return explainOpen(err, name)
	}
	if earlier.N > last.N {
		return &coded{code: exitUnverified, err: fmt.Errorf("%s: %w: it has %d leaves, the last checkpoint here %d", name, translog.ErrTruncated, earlier.N, last.N)}
	}
	proof, err := l.ProveGrowth(ctx, earlier.N, last.N)
	if err != nil {
		return err
	}
	if err := translog.CheckGrowth(&earlier, &last, proof); err != nil {
		return &coded{code: exitUnverified, err: fmt.Errorf("%s: %w", name, err)}
	}
	doc.Since, doc.Growth = string(msg), hashTexts(proof)
	return nil
}

func hashTexts(hashes []tlog.Hash) []string {
	texts := make([]string, len(hashes))
	for i, h := range hashes {
		texts[i] = h.String()
	}
	return texts
}

func parseTreeHashes(texts []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %.60q is no hash in base64", translog.ErrMalformed, text)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// provenDoc is what a proof shows, as --json prints it.
type provenDoc struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	Leaf   *int64 `json:"leaf,omitempty"`
	Since  *int64 `json:"since,omitempty"` // leaves of the earlier checkpoint
}

// checkProof checks a proof by nothing but its file and a key.
func (e *env) checkProof(name, vkey string, asJSON bool) error {
	first, err := translog.ParseVerifier(vkey)
	if err != nil {
		return usage("--key: %w", err)
	}
	text, err := e.readInput(name, maxProofDoc)
	if err != nil {
		return err
	}
	var doc proofDoc
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil || doc.Format != proofFormat {
		return withHint(usage("%s is no proof of a log", name), "want a file that \"hashlease log prove -o FILE\" has written")
	}
	shown, err := doc.check(first)
	if err != nil {
		code := exitFailed
		if auditor.Lied(err) {
			code = exitUnverified
		}
		return &coded{code: code, err: fmt.Errorf("%s: %w", name, err)}
	}
	if asJSON {
		return writeJSON(e.stdout, shown)
	}
	return shown.print(e.stdout, &doc)
}

// check returns what the proof shows to who knows the log's first key.
func (d *proofDoc) check(first note.Verifier) (provenDoc, error) {
	id := translog.Identity{Origin: first.Name(), Keys: []note.Verifier{first}}
	for i := range d.Keys {
		k := &d.Keys[i]
		var err error
		if id, err = id.Rotate([]byte(k.Checkpoint), k.Index, []byte(k.Leaf), k.Proof); err != nil {
			return provenDoc{}, fmt.Errorf("change %d of the key: %w", i, err)
		}
	}
	s, err := id.Open([]byte(d.Checkpoint))
	if err != nil {
		return provenDoc{}, err
	}
	shown := provenDoc{Origin: s.Origin, Size: s.N, Root: s.Hash.String()}
	if d.Leaf != nil {
		proof, err := parseTreeHashes(d.Leaf.Proof)
		if err == nil {
			err = s.CheckLeaf(d.Leaf.Index, []byte(d.Leaf.Leaf), proof)
		}
		if err != nil {
			return shown, err
		}
		shown.Leaf = &d.Leaf.Index
	}
	if d.Since != "" {
		earlier, err := id.Open([]byte(d.Since))
		if err != nil {
			return shown, fmt.Errorf("earlier checkpoint: %w", err)
		}
		proof, err := parseTreeHashes(d.Growth)
		if err == nil {
			err = translog.CheckGrowth(&earlier, &s, proof)
		}
		if err != nil {
			return shown, err
		}
		shown.Since = &earlier.N
	}
	return shown, nil
}

func (d *provenDoc) print(w io.Writer, doc *proofDoc) error {
	fmt.Fprintf(w, "✓ checkpoint  %d leaves of log %s, root %s\n", d.Size, d.Origin, d.Root)
	if n := len(doc.Keys); n > 0 {
		fmt.Fprintf(w, "✓ key         changed %d times, each as the key before has named the next\n", n)
	}
	if d.Leaf != nil {
		fmt.Fprintf(w, "✓ leaf        %d is in it: %s\n", *d.Leaf, shorten(printable(doc.Leaf.Leaf), maxSaid))
	}
	if d.Since != nil {
		fmt.Fprintf(w, "✓ since       it begins with the %d leaves of the earlier checkpoint\n", *d.Since)
	}
	return nil
}
