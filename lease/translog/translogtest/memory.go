package translogtest

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Origin is that of the logs of tests.
const Origin = "example.com/log"

// Memory is a Storage in which a test can change anything.
type Memory struct {
	mu     sync.Mutex
	Leaves []translog.Entry
	Nodes  []tlog.Hash // by tlog.StoredHashIndex
	Head   []byte
}

// Append implements translog.Storage.
func (m *Memory) Append(_ context.Context, entries []translog.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := len(m.Leaves)
	m.Leaves = append(m.Leaves, entries...)
	return int64(first), nil
}

// Size implements translog.Storage.
func (m *Memory) Size(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.Leaves)), nil
}

// Read implements translog.Storage.
func (m *Memory) Read(_ context.Context, from, n int64, do func(int64, translog.Entry) error) error {
	m.mu.Lock()
	entries := slices.Clone(m.Leaves)
	m.mu.Unlock()
	if from < 0 || from+n > int64(len(entries)) {
		return fmt.Errorf("%w: leaf %d", translog.ErrNotFound, from+n)
	}
	for i := from; i < from+n; i++ {
		if err := do(i, entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// PutHashes implements translog.Storage.
func (m *Memory) PutHashes(_ context.Context, first int64, hashes []tlog.Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, h := range hashes {
		if at := int(first) + i; at < len(m.Nodes) {
			m.Nodes[at] = h
		} else {
			m.Nodes = append(m.Nodes, h)
		}
	}
	return nil
}

// Hashes implements translog.Storage.
func (m *Memory) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var hashes []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(m.Nodes)) {
			return nil, fmt.Errorf("%w: hash %d", translog.ErrNotFound, i)
		}
		hashes = append(hashes, m.Nodes[i])
	}
	return hashes, nil
}

// Checkpoint implements translog.Heads.
func (m *Memory) Checkpoint(context.Context) ([]byte, error) { return m.Head, nil }

// PutCheckpoint implements translog.Heads.
func (m *Memory) PutCheckpoint(_ context.Context, b []byte) error {
	m.Head = slices.Clone(b)
	return nil
}

// Clone is a copy as of now: what a backup holds, or a second history.
func (m *Memory) Clone() *Memory {
	return &Memory{Leaves: slices.Clone(m.Leaves), Nodes: slices.Clone(m.Nodes), Head: slices.Clone(m.Head)}
}

// Forget drops what follows from the leaves: a provider that cheats makes it
// anew.
func (m *Memory) Forget() *Memory {
	m.Nodes, m.Head = nil, nil
	return m
}

// Config makes the log of a key: there is one for each number.
func Config(t testing.TB, s translog.Storage, key byte) translog.Config {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{key}, 32))
	signer, err := translog.NewSigner(Origin, private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := translog.NewVerifier(Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return translog.Config{
		Identity: translog.Identity{Origin: Origin, Keys: []note.Verifier{verifier}},
		Signers:  []note.Signer{signer}, Storage: s,
	}
}

// Provider opens a log, adds leaves and signs.
func Provider(t testing.TB, m *Memory, key byte, leaves int) *translog.Log {
	t.Helper()
	l, err := translog.Open(t.Context(), Config(t, m, key))
	if err != nil {
		t.Fatal(err)
	}
	Grow(t, l, len(m.Leaves), leaves)
	return l
}

// Grow adds n leaves, from the i-th on, and signs.
func Grow(t testing.TB, l *translog.Log, i, n int) translog.Signed {
	t.Helper()
	if _, err := l.Append(t.Context(), Entries(t, i, n)...); err != nil {
		t.Fatal(err)
	}
	s, err := l.Sign(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Restore brings another state back.
func (m *Memory) Restore(from *Memory) {
	m.Leaves, m.Nodes, m.Head = slices.Clone(from.Leaves), slices.Clone(from.Nodes), slices.Clone(from.Head)
}
