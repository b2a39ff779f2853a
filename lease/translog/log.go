package translog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Config is what a Log is made of.
type Config struct {
	// Identity is the log's own: its origin, and the keys that may have signed
	// the last checkpoint, those of Signers among them.
	Identity Identity
	// Signers sign every checkpoint: one, or the former and the new one in the
	// checkpoint that first has the leaf of the new one.
	Signers []note.Signer
	Storage Storage
	// Anchor, if not nil, keeps the last checkpoint once more, elsewhere.
	Anchor Heads
}

// Log is the provider's side of the log. Only one at a time may sign; others may
// add leaves to its Storage meanwhile. It may be used by several goroutines.
type Log struct {
	cfg Config

	signing sync.Mutex // held while leaves are taken over and signed
	tree    *frontier  // of the leaves that were taken over

	mu     sync.RWMutex
	signed Signed // the last; Note is nil before the first
}

// Open opens a log and checks its store against the last checkpoint: with fewer
// leaves than were signed for it is refused with ErrTruncated, with others with
// ErrRewritten or ErrReordered, and a checkpoint that the log's keys have not
// signed with ErrOtherKey. What each leaf says is only looked at by Audit.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	for _, s := range cfg.Signers {
		if _, err := note.VerifierList(cfg.Identity.Keys...).Verifier(s.Name(), s.KeyHash()); err != nil {
			return nil, fmt.Errorf("log %s: the key %s+%08x signs for it and is not among its keys: %w", cfg.Identity.Origin, s.Name(), s.KeyHash(), err)
		}
	}
	l := &Log{cfg: cfg}
	last, former, err := l.lastSigned(ctx)
	if err != nil {
		return nil, err
	}
	size, err := cfg.Storage.Size(ctx)
	if err != nil {
		return nil, err
	}
	if size < last.N {
		return nil, fmt.Errorf("log %s: %w: the store has %d of %d: bring the whole store back; leaves must not be made again",
			cfg.Identity.Origin, ErrTruncated, size, last.N)
	}
	if err := l.checkStored(ctx, last); err != nil {
		return nil, err
	}
	if former.Note != nil {
		if err := CheckPrefix(&former, &last, reader(ctx, cfg.Storage)); err != nil {
			return nil, err
		}
	}
	if l.tree, err = load(last.N, reader(ctx, cfg.Storage)); err != nil {
		return nil, err
	}
	l.signed = last
	return l, nil
}

// lastSigned returns the newer of the two last checkpoints, and the other: a
// kill may have come between them. Without any it returns the one of no leaves.
func (l *Log) lastSigned(ctx context.Context) (last, former Signed, err error) {
	last = Signed{Checkpoint: Checkpoint{Origin: l.cfg.Identity.Origin}}
	for _, heads := range []Heads{l.cfg.Storage, l.cfg.Anchor} {
		if heads == nil {
			continue
		}
		msg, err := heads.Checkpoint(ctx)
		if err != nil {
			return last, former, err
		}
		if msg == nil {
			continue
		}
		s, err := l.cfg.Identity.Open(msg)
		if err != nil {
			return last, former, fmt.Errorf("last checkpoint: %w", err)
		}
		// Of one tree in two places the one with more cosignatures is newer.
		if last.Note == nil || s.N > last.N || s.N == last.N && len(s.Note) > len(last.Note) {
			last, s = s, last
		}
		former = s
	}
	return last, former, nil
}

// Append adds leaves, durable when it returns, and returns the index of the
// first. They are in the next checkpoint. Entries that do not pass Entry.Check
// are refused.
func (l *Log) Append(ctx context.Context, entries ...Entry) (int64, error) {
	for i := range entries {
		if err := entries[i].Check(); err != nil {
			return 0, err
		}
	}
	return l.cfg.Storage.Append(ctx, entries)
}

// Sign signs for all leaves that are there, unless the last checkpoint does. It
// is durable when it is returned, or served.
func (l *Log) Sign(ctx context.Context) (Signed, error) {
	l.signing.Lock()
	defer l.signing.Unlock()
	size, err := l.cfg.Storage.Size(ctx)
	if err != nil {
		return Signed{}, err
	}
	last := l.Last()
	if size < l.tree.n {
		return Signed{}, fmt.Errorf("log %s: %w: %d of %d are there", last.Origin, ErrTruncated, size, l.tree.n)
	}
	if l.tree, err = l.takeOver(ctx, l.tree, size, true); err != nil {
		return Signed{}, err
	}
	if last.Note != nil && last.N == size {
		return last, nil
	}
	c := Checkpoint{Origin: l.cfg.Identity.Origin, Tree: tlog.Tree{N: size, Hash: l.tree.root()}}
	s, err := c.Sign(l.cfg.Signers...)
	if err != nil {
		return Signed{}, err
	}
	return s, l.put(ctx, s)
}

// Cosigned replaces the last checkpoint by itself with cosignatures beneath. It
// fails with ErrReplayed when a newer one was signed meanwhile.
func (l *Log) Cosigned(ctx context.Context, s Signed) error {
	l.signing.Lock()
	defer l.signing.Unlock()
	again, err := l.cfg.Identity.Open(s.Note)
	if err != nil {
		return err
	}
	if last := l.Last(); last.Note == nil || again.N != last.N || again.Hash != last.Hash {
		return fmt.Errorf("log %s: cosigned checkpoint: %w: the last has %d leaves, this one %d", last.Origin, ErrReplayed, last.N, again.N)
	}
	return l.put(ctx, again)
}

// put makes a checkpoint durable in all places, then the last one.
func (l *Log) put(ctx context.Context, s Signed) error {
	if err := l.cfg.Storage.PutCheckpoint(ctx, s.Note); err != nil {
		return err
	}
	if l.cfg.Anchor != nil {
		if err := l.cfg.Anchor.PutCheckpoint(ctx, s.Note); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.signed = s
	return nil
}

// Last returns the last checkpoint; its Note is nil before the first.
func (l *Log) Last() Signed {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := l.signed
	s.Note = bytes.Clone(s.Note)
	return s
}

// Identity returns what others know the log by.
func (l *Log) Identity() Identity { return l.cfg.Identity }

// Entry returns a leaf with its private part. It fails with ErrNotFound.
func (l *Log) Entry(ctx context.Context, index int64) (Entry, error) {
	var found Entry
	err := l.cfg.Storage.Read(ctx, index, 1, func(_ int64, e Entry) error {
		found = Entry{Body: bytes.Clone(e.Body), Secret: bytes.Clone(e.Secret)}
		return nil
	})
	return found, err
}

// takeOver adds leaves to the tree and, if store is set, their hashes to the
// store. It returns the tree as far as it came: what was stored is in it.
func (l *Log) takeOver(ctx context.Context, tree *frontier, size int64, store bool) (*frontier, error) {
	const atOnce = 1024
	for tree.n < size {
		next := *tree
		var hashes []tlog.Hash
		err := l.cfg.Storage.Read(ctx, tree.n, min(atOnce, size-tree.n), func(_ int64, e Entry) error {
			hashes = next.add(hashes, e.Body)
			return nil
		})
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("log %s: %w: %w", l.cfg.Identity.Origin, ErrTruncated, err)
		}
		if err == nil && store {
			err = l.cfg.Storage.PutHashes(ctx, tlog.StoredHashIndex(0, tree.n), hashes)
		}
		if err != nil {
			return tree, err
		}
		tree = &next
	}
	return tree, nil
}
