package translog_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "example.com/log"

// memory is a Storage in which a test can change anything.
type memory struct {
	mu      sync.Mutex
	entries []translog.Entry
	hashes  []tlog.Hash
	head    []byte
}

func TestMemory(t *testing.T) {
	translogtest.TestStorage(t, func(*testing.T) translog.Storage { return &memory{} })
}

func (m *memory) Append(_ context.Context, entries []translog.Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := len(m.entries)
	m.entries = append(m.entries, entries...)
	return int64(first), nil
}

func (m *memory) Size(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.entries)), nil
}

func (m *memory) Read(_ context.Context, from, n int64, do func(int64, translog.Entry) error) error {
	m.mu.Lock()
	entries := slices.Clone(m.entries)
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

func (m *memory) PutHashes(_ context.Context, first int64, hashes []tlog.Hash) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, h := range hashes {
		if at := int(first) + i; at < len(m.hashes) {
			m.hashes[at] = h
		} else {
			m.hashes = append(m.hashes, h)
		}
	}
	return nil
}

func (m *memory) Hashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var hashes []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(m.hashes)) {
			return nil, fmt.Errorf("%w: hash %d", translog.ErrNotFound, i)
		}
		hashes = append(hashes, m.hashes[i])
	}
	return hashes, nil
}

func (m *memory) Checkpoint(context.Context) ([]byte, error) { return m.head, nil }

func (m *memory) PutCheckpoint(_ context.Context, b []byte) error {
	m.head = slices.Clone(b)
	return nil
}

// clone is a copy as of now: what a backup holds, or a second history.
func (m *memory) clone() *memory {
	return &memory{entries: slices.Clone(m.entries), hashes: slices.Clone(m.hashes), head: slices.Clone(m.head)}
}

// forget drops what follows from the leaves: a provider that cheats makes it
// anew.
func (m *memory) forget() *memory {
	m.hashes, m.head = nil, nil
	return m
}

func config(t testing.TB, s translog.Storage, key byte) translog.Config {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{key}, 32))
	signer, err := translog.NewSigner(origin, private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := translog.NewVerifier(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return translog.Config{
		Identity: translog.Identity{Origin: origin, Keys: []note.Verifier{verifier}},
		Signers:  []note.Signer{signer}, Storage: s,
	}
}

// provider opens a log, adds leaves and signs.
func provider(t testing.TB, m *memory, leaves int) *translog.Log {
	t.Helper()
	l, err := translog.Open(t.Context(), config(t, m, 1))
	if err != nil {
		t.Fatal(err)
	}
	grow(t, l, len(m.entries), leaves)
	return l
}

func grow(t testing.TB, l *translog.Log, from, leaves int) translog.Signed {
	t.Helper()
	if _, err := l.Append(t.Context(), translogtest.Entries(t, from, leaves)...); err != nil {
		t.Fatal(err)
	}
	s, err := l.Sign(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
