package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/lease/translog"
)

// rotatedDoc is a change of the key as --json prints it.
type rotatedDoc struct {
	Origin string `json:"origin"`
	Key    string `json:"key"`  // that signs from now on
	File   string `json:"file"` // with the private key
	Former string `json:"former"`
	Leaf   int64  `json:"leaf"` // that names the key
}

func runLogRotate(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "log rotate", "",
		"Makes a new key that signs the log from now on. The key before names it in the log,\n"+
			"so that everybody who knows that one, or the first, follows by themselves. The node\n"+
			"must not run meanwhile. The provider's key stays what tags are made of. What was cut\n"+
			"short is finished by the next command or node that signs.")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	unlock, err := p.lockLog()
	if errors.Is(err, errLogHeld) {
		return withHint(fmt.Errorf("the log in %s is in use: %w", p.dir, err), "stop the node, and run this again")
	}
	if err != nil {
		return err
	}
	defer unlock()
	b, err := p.logBook()
	if err != nil {
		return err
	}
	if b.Next == nil {
		if err := p.beginRotation(ctx, &b); err != nil {
			return err
		}
	}
	former := b.Current().Key
	if err := p.finishRotation(ctx, &b); err != nil {
		return p.explainLog(err)
	}
	doc := rotatedDoc{Origin: b.Origin, Key: b.Current().Key, File: filepath.Join(p.dir, b.Current().File), Former: former, Leaf: b.Current().Since.Index}
	if *f.json {
		return writeJSON(e.stdout, doc)
	}
	fmt.Fprintf(e.stdout, "the log %s is signed by another key now: %s\nit is in %s: keep a copy of it\nleaf %d names it, signed for by the key before\n",
		doc.Origin, doc.Key, doc.File, doc.Leaf)
	return nil
}

// beginRotation makes the next key, and writes down that it is to take over,
// before anything of it is in the log.
func (p *provider) beginRotation(ctx context.Context, b *logkeeper.Book) error {
	storage, err := p.logStorage()
	if err != nil {
		return err
	}
	size, err := storage.Size(ctx)
	if err != nil {
		return err
	}
	file := fmt.Sprintf("log-%d.key", len(b.Keys)+1)
	private, err := loadKey(filepath.Join(p.dir, file), true)
	if err != nil {
		return err
	}
	vkey, err := translog.VerifierKey(b.Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return err
	}
	b.Next = &logkeeper.Next{Key: vkey, File: file, From: size}
	return p.writeLogBook(b)
}
