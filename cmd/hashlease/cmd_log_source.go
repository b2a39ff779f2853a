package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/auditor"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// auditedLog is a log as an auditor reads it.
type auditedLog struct {
	signed translog.Signed
	id     translog.Identity
	pinned bool // the key is known from elsewhere
	hashes tlog.HashReader
	leaves func(ctx context.Context, do func(body []byte) error) error

	// Of a log of one's own: what is kept beside the leaves.
	mend    func(ctx context.Context) (wrong int, err error) // what follows from them
	private privateParts
}

// privateParts are what is kept of leaves for those who may read it.
type privateParts struct {
	damaged int
	first   error // names the first
}

// check wants the private part that is kept of a leaf to be what it commits to.
func (p *privateParts) check(index int64, e *translog.Entry) {
	if len(e.Secret) == 0 && !bytes.Contains(e.Body, []byte(`"commitment"`)) {
		return // most leaves have none, and need not be read for it
	}
	err := e.Check()
	if err == nil {
		return
	}
	if p.damaged++; p.damaged == 1 {
		p.first = fmt.Errorf("leaf %d: %w", index, err)
	}
}

// auditedLog is the log of the directory. Its own key is known.
func (p *provider) auditedLog(ctx context.Context, first note.Verifier) (*auditedLog, error) {
	l, err := p.signedLog(ctx)
	if err != nil {
		return nil, err
	}
	b, err := p.logBook()
	if err != nil {
		return nil, err
	}
	if own, err := b.First(); err != nil {
		return nil, err
	} else if first != nil && (own.Name() != first.Name() || own.KeyHash() != first.KeyHash()) {
		return nil, fmt.Errorf("log in %s: %w: it began with %s", p.dir, translog.ErrOtherKey, b.Keys[0].Key)
	}
	storage, err := p.logStorage()
	if err != nil {
		return nil, err
	}
	s := l.Last()
	log := &auditedLog{
		signed: s, id: l.Identity(), pinned: true, mend: l.Mend,
		hashes: tlog.HashReaderFunc(func(i []int64) ([]tlog.Hash, error) { return storage.Hashes(ctx, i) }),
	}
	log.leaves = func(ctx context.Context, do func([]byte) error) error {
		const atOnce = 4096
		for from := int64(0); from < s.N; from += atOnce {
			err := storage.Read(ctx, from, min(atOnce, s.N-from), func(i int64, e translog.Entry) error {
				log.private.check(i, &e)
				return do(e.Body)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return log, nil
}

// remoteLog is the log at a URL. Without a key, the one that it says it began
// with is taken.
func remoteLog(ctx context.Context, url string, first note.Verifier) (*auditedLog, error) {
	c, err := tilehttp.NewClient(url, nil)
	if err != nil {
		return nil, usage("%w", err)
	}
	msg, err := c.Checkpoint(ctx)
	if err != nil {
		return nil, explainRemote(err, url)
	}
	pinned := first != nil
	if !pinned {
		if first, err = c.Key(ctx); err != nil {
			return nil, withHint(fmt.Errorf("the log does not say its key: %w", err), "name it with --key")
		}
	}
	id, err := c.Identify(ctx, first)
	if err != nil {
		return nil, err
	}
	s, err := id.Open(msg)
	return &auditedLog{
		signed: s, id: id, pinned: pinned, hashes: c.Hashes(ctx, s.Tree),
		leaves: func(ctx context.Context, do func([]byte) error) error {
			return c.Leaves(ctx, s.Tree, 0, func(_ int64, body []byte) error { return do(body) })
		},
	}, err
}

// explainRemote says what is wrong about a URL.
func explainRemote(err error, url string) error {
	if errors.Is(err, translog.ErrNotFound) && !strings.HasSuffix(strings.TrimRight(url, "/"), "/log") {
		return withHint(err, "a node serves its log below /log: did you mean %s/log?", strings.TrimRight(url, "/"))
	}
	return err
}

// checkKept checks what is kept beside the leaves of a log of one's own: the
// hashes that proofs are made of, which follow from the leaves and are made
// anew where they are damaged, and the private parts, which nothing brings back.
func (log *auditedLog) checkKept(ctx context.Context, r *auditor.Report) error {
	if log.mend == nil || r.Failed(auditor.Tree) {
		return nil
	}
	switch wrong, err := log.mend(ctx); {
	case err != nil:
		return err
	case wrong > 0:
		r.Say(auditor.Tree, auditor.Passed, "%s, root %v; %s that proofs are made of had been damaged in the store: made anew from the leaves",
			pluralOf(int(r.Size), "leaf", "leaves"), r.Root, pluralOf(wrong, "hash", "hashes"))
	}
	if n := log.private.damaged; n > 0 {
		r.Say(auditor.Form, auditor.Failed, "%s damaged in the store, the first of %v: bring the database back from a copy; until then no statement that needs it can be made",
			pluralOf(n, "private part is", "private parts are"), log.private.first)
	}
	return nil
}
