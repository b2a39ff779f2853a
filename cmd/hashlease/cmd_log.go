package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

func logVerbs() []command {
	return []command{
		{name: "show", brief: "list the leaves of the log, or show one", run: runLogShow},
		{name: "checkpoint", brief: "print the last signed checkpoint", run: runLogCheckpoint},
		{name: "prove", brief: "prove that a leaf is in the log, or that it has only grown", run: runLogProve},
		{name: "check", brief: "audit a whole log: here, or another provider's by its URL", run: runLogCheck},
		{name: "rotate", brief: "change the key that signs the log", run: runLogRotate},
	}
}

// signedLog is the log of a directory as far as it is signed for: for what was
// added since, it is signed now, unless a node does so by itself.
func (p *provider) signedLog(ctx context.Context) (*translog.Log, error) {
	if _, err := p.signLog(ctx); err != nil && !errors.Is(err, errLogHeld) {
		return nil, err
	}
	return p.openLog(ctx)
}

func runLogCheckpoint(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "log checkpoint", "[-o FILE] [--cosigned]",
		"Prints the last signed checkpoint, with the signatures of the witnesses that have\n"+
			"seen it. What was added since is signed for first, unless a node runs, which does so\n"+
			"by itself. Whoever keeps a checkpoint can tell for ever whether the log has only\n"+
			"grown since (\"hashlease log check --since\").")
	out := f.String("o", "-", "write the checkpoint to this `FILE`; - is standard output")
	cosigned := f.Bool("cosigned", false, "the last one that witnesses have cosigned, which may be older")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
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
	s := l.Last()
	if *cosigned {
		if s, err = p.lastCosigned(ctx, l); err != nil {
			return err
		}
	}
	if !*f.json {
		return e.save(*out, s.Note)
	}
	doc, err := p.checkpointDocOf(&s)
	if err != nil {
		return err
	}
	_, err = e.saveJSON(*out, doc)
	return err
}

// checkpointDoc is a checkpoint for programs.
type checkpointDoc struct {
	Origin     string   `json:"origin"`
	Size       int64    `json:"size"` // leaves
	Root       string   `json:"root"`
	Key        string   `json:"key"`      // that the log began with
	Changes    int      `json:"changes"`  // of the key
	SignedBy   []string `json:"signers"`  // keys of the log
	Witnesses  []seenBy `json:"cosigned"` // by configured witnesses
	Checkpoint string   `json:"checkpoint"`
}

// seenBy is a witness's word.
type seenBy struct {
	Witness string `json:"witness"`
	At      string `json:"at"`
}

func (p *provider) checkpointDocOf(s *translog.Signed) (checkpointDoc, error) {
	b, err := p.logBook()
	if err != nil {
		return checkpointDoc{}, err
	}
	doc := checkpointDoc{Origin: s.Origin, Size: s.N, Root: s.Hash.String(), Key: b.Keys[0].Key, Changes: len(b.Rotations()),
		SignedBy: []string{}, Witnesses: []seenBy{}, Checkpoint: string(s.Note)}
	id, err := b.Identity()
	if err != nil {
		return doc, err
	}
	n, err := note.Open(s.Note, note.VerifierList(id.Keys...))
	if err != nil {
		return doc, err
	}
	for _, sig := range n.Sigs {
		doc.SignedBy = append(doc.SignedBy, fmt.Sprintf("%s+%08x", sig.Name, sig.Hash))
	}
	keys, err := p.logCfg.witnesses()
	if err != nil {
		return doc, err
	}
	by, err := s.Cosignatures(keys)
	if err != nil {
		return doc, err
	}
	for _, c := range by {
		doc.Witnesses = append(doc.Witnesses, seenBy{c.Witness, c.At.Format(time.RFC3339)})
	}
	return doc, nil
}

// readCheckpoint reads a checkpoint that somebody has kept; - is standard input.
func (e *env) readCheckpoint(name string) ([]byte, error) {
	b, err := e.readInput(name, translog.MaxCheckpoint)
	if err != nil {
		return nil, &coded{code: exitUsage, err: err}
	}
	return b, nil
}

// explainOpen says what to do about a checkpoint that a key has not signed.
func explainOpen(err error, name string) error {
	switch {
	case errors.Is(err, translog.ErrMalformed):
		return withHint(usage("%s: %w", name, err), "want a file that \"hashlease log checkpoint -o FILE\" has written")
	case errors.Is(err, translog.ErrOtherKey), errors.Is(err, translog.ErrOrigin), errors.Is(err, translog.ErrForged):
		return &coded{code: exitUnverified, err: fmt.Errorf("%s: %w", name, err)}
	}
	return err
}

// parseIndex reads the index of a leaf.
func parseIndex(text string) (int64, error) {
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || i < 0 || !digits(text) {
		return 0, withHint(usage("leaf %.40q: want its index, from 0", text), "%q lists the leaves", "hashlease log show")
	}
	return i, nil
}

// isURL tells a log's address from a directory.
func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}
