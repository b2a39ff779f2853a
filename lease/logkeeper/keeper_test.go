package logkeeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"github.com/hashlease/hashlease/lease/translog/witness"
	"golang.org/x/mod/sumdb/note"
)

// handed carries requests to a handler without a socket.
type handed struct {
	h    http.Handler
	mu   sync.Mutex
	fail error
	n    int
}

func (c *handed) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.fail != nil {
		return nil, c.fail
	}
	rec := httptest.NewRecorder()
	c.h.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func (c *handed) set(fail error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

// seen is a witness of the tests' log, and the way to it.
func seen(t *testing.T) (*handed, *witness.Peer, note.Verifier) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{7}, 32))
	signer, err := translog.NewCosigner("w.example", private, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	key, err := translog.NewWitness("w.example", private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	w, err := witness.New(t.Context(), witness.Config{Logs: []translog.Identity{translogtest.Config(t, nil, 1).Identity},
		Signer: signer, Key: key, State: witness.Dir(t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	way := &handed{h: witness.NewHandler(w, func(err error) { t.Error(err) })}
	p, err := witness.NewPeer("http://w.example", key, &http.Client{Transport: way})
	if err != nil {
		t.Fatal(err)
	}
	return way, p, key
}

// flaky fails to sign while it is told to.
type flaky struct {
	*translogtest.Memory
	broken atomic.Bool
}

func (f *flaky) PutCheckpoint(ctx context.Context, b []byte) error {
	if f.broken.Load() {
		return errors.New("disk full")
	}
	return f.Memory.PutCheckpoint(ctx, b)
}

func TestKeeper(t *testing.T) {
	way, peer, key := seen(t)
	heads := filelog.NewHeads(t.TempDir() + "/cosigned")
	synctest.Test(t, func(t *testing.T) {
		m := &flaky{Memory: &translogtest.Memory{}}
		l, err := translog.Open(t.Context(), translogtest.Config(t, m, 1))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		k := &Keeper{Log: l, Peers: []*witness.Peer{peer}, Every: 2 * time.Second, AskEvery: time.Minute, Cosigned: heads,
			Logger: slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelInfo}))}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); k.Run(ctx) }()
		add := func(from, n int) {
			if _, err := m.Append(ctx, translogtest.Entries(t, from, n)); err != nil {
				t.Fatal(err)
			}
		}
		// pass lets time go by; the extra moment is for what is due then.
		pass := func(d time.Duration) { time.Sleep(d + time.Millisecond); synctest.Wait() }
		pass(0)
		if s := l.Last(); s.Note == nil || s.N != 0 {
			t.Fatalf("an empty log is signed for %d leaves", s.N)
		}
		add(0, 3)
		pass(2 * time.Second)
		if n := l.Last().N; n != 3 {
			t.Fatalf("signed for %d leaves, want 3", n)
		}
		pass(time.Minute)
		by, err := cosignatures(l.Last(), key)
		if err != nil || len(by) != 1 {
			t.Fatalf("cosigned by %v, %v", by, err)
		}
		asked := way.n
		pass(10 * time.Minute)
		if way.n != asked {
			t.Errorf("witnesses were asked %d times about nothing new", way.n-asked)
		}
		way.set(errors.New("gone"))
		add(3, 1)
		pass(5 * time.Minute)
		if n := l.Last().N; n != 4 {
			t.Errorf("without a witness signed for %d leaves, want 4", n)
		}
		if n := strings.Count(text.String(), "a witness has not cosigned"); n != 1 {
			t.Errorf("told %d times of a witness that is gone:\n%s", n, &text)
		}
		way.set(nil)
		m.broken.Store(true)
		add(4, 1)
		pass(2 * time.Minute)
		if n := l.Last().N; n != 4 {
			t.Errorf("%d leaves are signed for in spite of the disk", n)
		}
		m.broken.Store(false)
		pass(2 * time.Minute)
		if by, err := cosignatures(l.Last(), key); err != nil || len(by) != 1 || l.Last().N != 5 {
			t.Errorf("after all, %d leaves are cosigned by %v, %v", l.Last().N, by, err)
		}
		kept, err := heads.Checkpoint(ctx)
		if err != nil || !bytes.Equal(kept, l.Last().Note) {
			t.Errorf("kept %s, %v", kept, err)
		}
		cancel()
		<-done
		if _, err := m.Append(t.Context(), translogtest.Entries(t, 5, 2)); err != nil {
			t.Fatal(err)
		}
		k.Finish(ctx)
		if n := l.Last().N; n != 7 {
			t.Errorf("signed for %d leaves at the end, want 7", n)
		}
		m.broken.Store(true)
		if _, err := m.Append(t.Context(), translogtest.Entries(t, 7, 1)); err != nil {
			t.Fatal(err)
		}
		k.Finish(ctx)
		for _, want := range []string{"disk full", "what failed before works again", "could not be signed at the end"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in the log:\n%s", want, &text)
			}
		}
	})
}

func cosignatures(s translog.Signed, key note.Verifier) ([]translog.Cosignature, error) {
	return s.Cosignatures([]note.Verifier{key})
}
