package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
)

// newProvider opens a new data directory.
func newProvider(t *testing.T) *provider {
	t.Helper()
	p, err := openProvider(t.Context(), t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// add adds leaves to the log and returns the index of the last.
func add(t *testing.T, p *provider, n int) int64 {
	t.Helper()
	s, err := p.logStorage()
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Append(t.Context(), translogtest.Entries(t, 0, n))
	if err != nil {
		t.Fatal(err)
	}
	return first + int64(n) - 1
}

func TestCheckpointCovering(t *testing.T) {
	p := newProvider(t)
	last := add(t, p, 3)
	s, err := p.checkpointCovering(t.Context(), last)
	if err != nil || s.N != 3 || !strings.HasPrefix(s.Origin, "hashlease-") {
		t.Fatalf("%+v, %v", s, err)
	}
	again, err := p.checkpointCovering(t.Context(), 0)
	if err != nil || string(again.Note) != string(s.Note) {
		t.Errorf("%s, %v, want the same again", again.Note, err)
	}
	if _, err := p.checkpointCovering(t.Context(), 3); !errors.Is(err, translog.ErrNotFound) {
		t.Errorf("of a leaf that is not there: %v", err)
	}
	// Somebody else signs: it is waited for.
	unlock, err := p.lockLog()
	if err != nil {
		t.Fatal(err)
	}
	last = add(t, p, 2)
	if _, err := p.signLog(t.Context()); !errors.Is(err, errLogHeld) {
		t.Errorf("signed beside another: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.checkpointCovering(ctx, last); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		l, err := p.openLogToSign(t.Context())
		if err == nil {
			_, err = l.Sign(t.Context())
		}
		done <- err
	}()
	if s, err = p.checkpointCovering(t.Context(), last); err != nil || s.N != 5 {
		t.Errorf("%d leaves, %v", s.N, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	unlock()
	if l, err := p.openLog(t.Context()); err != nil || l.Last().N != 5 {
		t.Errorf("to read: %v", err)
	} else if _, err := l.Sign(t.Context()); err != nil {
		t.Errorf("nothing new to sign: %v", err)
	} else {
		add(t, p, 1)
		if _, err := l.Sign(t.Context()); err == nil {
			t.Error("a log that is read was signed")
		}
	}
}

// TestRotationCutShort finishes a change of the key that was begun, by whatever
// signs next.
func TestRotationCutShort(t *testing.T) {
	p := newProvider(t)
	add(t, p, 3)
	first, err := p.signLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.logBook()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.beginRotation(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if l, err := p.openLog(t.Context()); err != nil || l.Last().N != first.N {
		t.Errorf("to read meanwhile: %v", err)
	}
	key := filepath.Join(p.dir, b.Next.File)
	if info, err := os.Stat(key); err != nil || tooOpen(info.Mode()) {
		t.Errorf("%v, %v", info, err)
	}
	// Without its key nothing is signed, and nothing lost.
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.signLog(t.Context()); err == nil || !strings.Contains(err.Error(), "log-2.key is missing") {
		t.Errorf("without the new key: %v", err)
	}
	if err := os.Rename(key+".away", key); err != nil {
		t.Fatal(err)
	}
	s, err := p.signLog(t.Context())
	if err != nil || s.N != 4 {
		t.Fatalf("%d leaves, %v", s.N, err)
	}
	signer, known, rotations, err := p.logAuthor()
	if err != nil || len(rotations) != 1 || rotations[0].Index != 3 || signer.KeyHash() == known.KeyHash() {
		t.Fatalf("%+v, %v", rotations, err)
	}
	add(t, p, 1)
	if s, err = p.signLog(t.Context()); err != nil || s.N != 5 || strings.Count(string(s.Note), "— ") != 1 {
		t.Errorf("after the change: %s, %v", s.Note, err)
	}
	former := translog.Identity{Origin: s.Origin}
	former.Keys = append(former.Keys, known)
	if _, err := former.Open(s.Note); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("by the former key alone: %v", err)
	}
}

// TestLogBookDamaged opens directories whose book or keys are not what they were.
func TestLogBookDamaged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, p *provider)
		want   string
	}{
		{"other name", func(_ *testing.T, p *provider) { p.logCfg.Origin = "example.com/log" }, "is named hashlease-"},
		{"torn book", func(t *testing.T, p *provider) { write(t, p, logBookFile, "{") }, "malformed"},
		{"book of another key", func(t *testing.T, p *provider) {
			private := ed25519.NewKeyFromSeed(make([]byte, 32))
			origin := "hashlease-x"
			key, err := translog.VerifierKey(origin, private.Public().(ed25519.PublicKey))
			if err != nil {
				t.Fatal(err)
			}
			b := logkeeper.Book{Origin: origin, Keys: []logkeeper.Key{{Key: key, File: keyFile}}}
			text, err := b.Encode()
			if err != nil {
				t.Fatal(err)
			}
			write(t, p, logBookFile, string(text))
		}, "is another key than the one that signs"},
		{"key elsewhere", func(t *testing.T, p *provider) {
			text, err := os.ReadFile(filepath.Join(p.dir, logBookFile))
			if err != nil {
				t.Fatal(err)
			}
			write(t, p, logBookFile, strings.Replace(string(text), `"provider.key"`, `"../provider.key"`, 1))
		}, "want a name without a folder"},
		{"anchor of another log", func(t *testing.T, p *provider) { write(t, p, logAnchorFile, "example.com/log\n1\nAAAA\n\n") }, "malformed"},
		{"anchor torn", func(t *testing.T, p *provider) { write(t, p, logAnchorFile, "") }, "no checkpoint"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t)
			add(t, p, 2)
			if _, err := p.signLog(t.Context()); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, p)
			if _, err := p.signLog(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

func write(t *testing.T, p *provider, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
