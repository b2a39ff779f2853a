package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"golang.org/x/mod/sumdb/note"
)

// Names inside the data directory, of the log.
const (
	logBookFile     = "log.json"       // its name and keys
	logAnchorFile   = "log-checkpoint" // the last checkpoint, beside the database
	logCosignedFile = "log-cosigned"   // the last one that witnesses cosigned
	logLockName     = "log.lock"       // held by who signs
)

// errLogHeld says that another process signs.
var errLogHeld = errors.New("the log is signed by another process")

// loggedStore is a Store with its transparency log.
type loggedStore interface{ Log() translog.Storage }

// logStorage is the log in the database.
func (p *provider) logStorage() (translog.Storage, error) {
	s, ok := p.store.(loggedStore)
	if !ok {
		return nil, fmt.Errorf("the store in %s has no log", p.dir)
	}
	return s.Log(), nil
}

// logBook reads the log's name and keys, which the first to ask fixes.
func (p *provider) logBook() (logkeeper.Book, error) {
	name := filepath.Join(p.dir, logBookFile)
	text, err := readBounded(name, translog.MaxRotationList)
	if errors.Is(err, fs.ErrNotExist) {
		if err = p.createLogBook(name); err == nil {
			text, err = readBounded(name, translog.MaxRotationList)
		}
	}
	if err != nil {
		return logkeeper.Book{}, err
	}
	b, err := logkeeper.DecodeBook(text)
	if err != nil {
		return b, withHint(fmt.Errorf("%s: %w", name, err), "restore it from a backup: others know the log by the name and the keys in it")
	}
	if p.logCfg.Origin != "" && p.logCfg.Origin != b.Origin {
		return b, withHint(usage("log.origin is %s, but the log in %s is named %s since its first start", p.logCfg.Origin, p.dir, b.Origin),
			"a log keeps its name for ever: take the key out of the configuration")
	}
	return b, nil
}

// createLogBook names a log that never was signed, unless another process is
// quicker.
func (p *provider) createLogBook(name string) error {
	origin := p.logCfg.Origin
	if origin == "" {
		origin = fmt.Sprintf("hashlease-%x", p.public()[:8])
	}
	vkey, err := translog.VerifierKey(origin, p.public())
	if err != nil {
		return usage("log.origin: %w", err)
	}
	b := logkeeper.Book{Origin: origin, Keys: []logkeeper.Key{{Key: vkey, File: keyFile}}}
	text, err := b.Encode()
	if err != nil {
		return err
	}
	if err := createFile(name, text, 0o600); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeLogBook makes a change of the keys durable.
func (p *provider) writeLogBook(b *logkeeper.Book) error {
	text, err := b.Encode()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.dir, logBookFile), text, 0o600)
}

// logSigner reads the private key of a verifier key.
func (p *provider) logSigner(b *logkeeper.Book, vkey, file string) (note.Signer, error) {
	if filepath.Base(file) != file {
		return nil, fmt.Errorf("%s names the key file %q: want a name without a folder", logBookFile, file)
	}
	name := filepath.Join(p.dir, file)
	private, err := loadKey(name, false)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, withHint(fmt.Errorf("%s is missing", name), "put your copy of it back: without it the log cannot go on")
		}
		return nil, err
	}
	have, err := translog.VerifierKey(b.Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	if have != vkey {
		return nil, withHint(fmt.Errorf("%s is another key than the one that signs the log %s", name, b.Origin), "put the right one back: %s", vkey)
	}
	return translog.NewSigner(b.Origin, private)
}

// logAuthor is who signs what is of the log: its checkpoints, and statements.
// Others that know the first key can follow the rotations to the one that
// signs.
func (p *provider) logAuthor() (signer note.Signer, first note.Verifier, rotations []translog.Rotation, err error) {
	b, err := p.logBook()
	if err != nil {
		return nil, nil, nil, err
	}
	if first, err = b.First(); err != nil {
		return nil, nil, nil, err
	}
	signer, err = p.logSigner(&b, b.Current().Key, b.Current().File)
	return signer, first, b.Rotations(), err
}

// logConfigOf is the log of the book, which signers may sign.
func (p *provider) logConfigOf(b *logkeeper.Book, signers ...note.Signer) (translog.Config, error) {
	id, err := b.Identity()
	if err != nil {
		return translog.Config{}, err
	}
	storage, err := p.logStorage()
	return translog.Config{
		Identity: id, Signers: signers, Storage: storage,
		Anchor: filelog.NewHeads(filepath.Join(p.dir, logAnchorFile)),
	}, err
}

// openLog opens the log as it was signed last, to be read: whoever signs goes
// on meanwhile.
func (p *provider) openLog(ctx context.Context) (*translog.Log, error) {
	b, err := p.logBook()
	if err != nil {
		return nil, err
	}
	cfg, err := p.logConfigOf(&b)
	if err != nil {
		return nil, err
	}
	l, err := translog.Open(ctx, cfg)
	return l, p.explainLog(err)
}

// openLogToSign opens the log for who holds its lock, and finishes a change of
// the key that was begun.
func (p *provider) openLogToSign(ctx context.Context) (*translog.Log, error) {
	b, err := p.logBook()
	if err != nil {
		return nil, err
	}
	if b.Next != nil {
		if err := p.finishRotation(ctx, &b); err != nil {
			return nil, p.explainLog(err)
		}
	}
	signer, err := p.logSigner(&b, b.Current().Key, b.Current().File)
	if err != nil {
		return nil, err
	}
	cfg, err := p.logConfigOf(&b, signer)
	if err != nil {
		return nil, err
	}
	l, err := translog.Open(ctx, cfg)
	return l, p.explainLog(err)
}

// finishRotation carries out the change of the key that the book tells of.
func (p *provider) finishRotation(ctx context.Context, b *logkeeper.Book) error {
	former, err := p.logSigner(b, b.Current().Key, b.Current().File)
	if err != nil {
		return err
	}
	next, err := p.logSigner(b, b.Next.Key, b.Next.File)
	if err != nil {
		return err
	}
	cfg, err := p.logConfigOf(b, former, next)
	if err != nil {
		return err
	}
	r, err := logkeeper.Rotate(ctx, cfg, b.Next)
	if err != nil {
		return err
	}
	b.Finish(r)
	return p.writeLogBook(b)
}

// checkNewest fails if leaves are missing that were signed for, as in an older
// copy of the database: whatever is written to it would be another history than
// the one that others have seen. It reads two numbers; what else may be wrong is
// found when the log is opened.
func (p *provider) checkNewest(ctx context.Context) error {
	signed, err := filelog.NewHeads(filepath.Join(p.dir, logAnchorFile)).Checkpoint(ctx)
	if err != nil || signed == nil {
		return nil // openLog says what is wrong with it
	}
	lines := bytes.SplitN(signed, []byte("\n"), 3)
	if len(lines) < 3 {
		return nil
	}
	want, err := strconv.ParseInt(string(lines[1]), 10, 64)
	if err != nil {
		return nil // the same
	}
	storage, err := p.logStorage()
	if err != nil {
		return err
	}
	have, err := storage.Size(ctx)
	if err != nil || have >= want {
		return err
	}
	return p.explainLog(fmt.Errorf("log %.100q: %w: the store has %d of %d", lines[0], translog.ErrTruncated, have, want))
}

// explainLog says what to do about a log that does not fit what was signed.
func (p *provider) explainLog(err error) error {
	for _, lost := range []error{translog.ErrTruncated, translog.ErrSplitView, translog.ErrRewritten, translog.ErrReordered} {
		if errors.Is(err, lost) {
			return withHint(fmt.Errorf("the database in %s is not the one whose log was signed last: %w", p.dir, err),
				"bring back the newest copy of %s; with an older one this provider would show two histories, so that new books need a directory of their own (--data)", databaseFile)
		}
	}
	if errors.Is(err, translog.ErrOtherKey) {
		return withHint(fmt.Errorf("log in %s: %w", p.dir, err), "bring back the newest copies of %s and of the keys that it names", logBookFile)
	}
	return err
}
