package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// begin is the clock of the tests.
var begin = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func configure(t *testing.T, state State, name string) Config {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(name[:1]), 32))
	signer, err := translog.NewCosigner(name, private, func() time.Time { return begin })
	if err != nil {
		t.Fatal(err)
	}
	key, err := translog.NewWitness(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return Config{Logs: []translog.Identity{translogtest.Config(t, nil, 1).Identity}, Signer: signer, Key: key, State: state}
}

func create(t *testing.T, cfg Config) *Witness {
	t.Helper()
	w, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// serve puts the witness on the loopback and returns it as a peer.
func serve(t *testing.T, w *Witness, told func(error)) *Peer {
	t.Helper()
	server := httptest.NewServer(NewHandler(w, told))
	t.Cleanup(server.Close)
	p, err := NewPeer(server.URL, w.cfg.Key, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func quiet(error) {}

// TestGather is the way of a checkpoint: signed, cosigned, served, restarted.
func TestGather(t *testing.T) {
	ctx, dir := t.Context(), Dir(t.TempDir())
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 3)
	one, two := create(t, configure(t, dir, "one.example")), create(t, configure(t, Dir(t.TempDir()), "two.example"))
	peers := []*Peer{serve(t, one, quiet), serve(t, two, quiet)}
	gone, err := NewPeer("http://127.0.0.1:1", one.cfg.Key, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 4, 300, 0, 1} {
		s := translogtest.Grow(t, l, len(m.Leaves), n)
		s, errs := Gather(ctx, append(slices.Clone(peers), gone), l, s)
		if errs[0] != nil || errs[1] != nil || errs[2] == nil {
			t.Fatal(errs)
		}
		if err := l.Cosigned(ctx, s); err != nil {
			t.Fatal(err)
		}
		by, err := s.Cosignatures([]note.Verifier{one.cfg.Key, two.cfg.Key})
		if err != nil || len(by) != 2 || !by[0].At.Equal(begin) || by[1].Witness != "two.example" {
			t.Fatalf("%v, %v", by, err)
		}
	}
	// Both go on where they were.
	if l, err = translog.Open(ctx, translogtest.Config(t, m, 1)); err != nil {
		t.Fatal(err)
	}
	last := l.Last()
	if by, err := last.Cosignatures([]note.Verifier{one.cfg.Key}); err != nil || len(by) != 1 {
		t.Errorf("after a restart: %v, %v", by, err)
	}
	peers[0] = serve(t, create(t, configure(t, dir, "one.example")), quiet)
	s := translogtest.Grow(t, l, len(m.Leaves), 5)
	if _, errs := Gather(ctx, peers, l, s); errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	resp, err := peers[0].http.Get(peers[0].url + "/" + originHash(translogtest.Origin) + "/checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("last checkpoint: %s", resp.Status)
	}
}

// TestCheats has a provider show another history to the witness it has shown
// one of 300 leaves, with the best proof there is.
func TestCheats(t *testing.T) {
	ctx := t.Context()
	honest := &translogtest.Memory{}
	before := translogtest.Provider(t, honest, 1, 300)
	change := func(m *translogtest.Memory) { m.Leaves[111] = translogtest.Entry(t, 900) }
	grow := func(m *translogtest.Memory) { m.Leaves = append(m.Leaves, translogtest.Entries(t, 300, 9)...) }
	for _, tt := range []struct {
		name           string
		key            byte
		cheat          func(m *translogtest.Memory)
		asked, watched error // when it asks, and when it is watched
		evidence       bool
	}{
		{"honest", 1, grow, nil, nil, false},
		{"split view", 1, change, translog.ErrSplitView, translog.ErrSplitView, true},
		{"rewrite", 1, func(m *translogtest.Memory) { change(m); grow(m) }, translog.ErrRewritten, translog.ErrRewritten, true},
		{"reordering", 1, func(m *translogtest.Memory) {
			m.Leaves[11], m.Leaves[22] = m.Leaves[22], m.Leaves[11]
			grow(m)
		}, translog.ErrRewritten, translog.ErrRewritten, true},
		{"truncation", 1, func(m *translogtest.Memory) { m.Leaves = m.Leaves[:299] }, translog.ErrReplayed, translog.ErrReplayed, false},
		{"all begun anew", 1, func(m *translogtest.Memory) { m.Leaves = nil }, translog.ErrReplayed, translog.ErrReplayed, false},
		{"other key", 2, grow, nil, translog.ErrOtherKey, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			w := create(t, configure(t, Dir(dir), "one.example"))
			var mu sync.Mutex
			var told []error
			p := serve(t, w, func(err error) { mu.Lock(); defer mu.Unlock(); told = append(told, err) })
			if _, err := p.Ask(ctx, before, before.Last()); err != nil {
				t.Fatal(err)
			}
			saved, err := w.Last(ctx, translogtest.Origin)
			if err != nil {
				t.Fatal(err)
			}
			m := honest.Clone().Forget()
			tt.cheat(m)
			now := translogtest.Provider(t, m, tt.key, 0)
			_, err = p.Ask(ctx, now, now.Last())
			if tt.key == 2 {
				if err == nil || !strings.Contains(err.Error(), "403") {
					t.Errorf("asked: %v, want a 403", err)
				}
			} else if !errors.Is(err, tt.asked) || (err == nil) != (tt.asked == nil) {
				t.Errorf("asked: %v, want %v", err, tt.asked)
			}
			server := httptest.NewServer(tilehttp.NewHandler(now, func(err error) { t.Error(err) }))
			defer server.Close()
			c, err := tilehttp.NewClient(server.URL, server.Client())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Observe(ctx, translogtest.Origin, c); !errors.Is(err, tt.watched) || (err == nil) != (tt.watched == nil) {
				t.Errorf("watched: %v, want %v", err, tt.watched)
			}
			kept, err := filepath.Glob(filepath.Join(dir, "evidence-*"))
			if err != nil || (len(kept) > 0) != tt.evidence {
				t.Errorf("evidence kept: %v, %v", kept, err)
			}
			for _, path := range kept {
				b, err := os.ReadFile(path)
				if err != nil || !bytes.Contains(b, saved.Note) || !bytes.Contains(b, now.Last().Note) {
					t.Errorf("evidence\n%s, %v", b, err)
				}
			}
			last, err := w.Last(ctx, translogtest.Origin)
			if err != nil || tt.watched != nil && !bytes.Equal(last.Note, saved.Note) {
				t.Errorf("what it has seen is\n%s, %v", last.Note, err)
			}
		})
	}
}

// TestStatus gets the status that the specification wants for each request.
func TestStatus(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 5)
	five := l.Last().Note
	eight := translogtest.Grow(t, l, 5, 3).Note
	proof, err := l.ProveGrowth(ctx, 5, 8)
	if err != nil {
		t.Fatal(err)
	}
	other := translogtest.Provider(t, &translogtest.Memory{}, 2, 5).Last().Note
	stranger := bytes.Replace(five, []byte(translogtest.Origin+"\n"), []byte("example.com/stranger\n"), 1)
	h := NewHandler(create(t, configure(t, Dir(t.TempDir()), "one.example")), func(err error) { t.Error(err) })
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
		answer string
	}{
		{"first", (&Request{Checkpoint: five}).Encode(), 200, "— one.example "},
		{"again, from nothing", (&Request{Checkpoint: five}).Encode(), 409, "5\n"},
		{"again", (&Request{Old: 5, Checkpoint: five}).Encode(), 200, "— one.example "},
		{"needless proof", (&Request{Old: 5, Proof: proof, Checkpoint: five}).Encode(), 422, ""},
		{"other key", (&Request{Old: 5, Checkpoint: other}).Encode(), 403, ""},
		{"forged", (&Request{Old: 5, Checkpoint: bytes.Replace(five, []byte("\n5\n"), []byte("\n6\n"), 1)}).Encode(), 403, ""},
		{"unknown log", (&Request{Checkpoint: stranger}).Encode(), 404, ""},
		{"begins after the end", (&Request{Old: 9, Proof: proof, Checkpoint: eight}).Encode(), 400, ""},
		{"no proof", (&Request{Old: 5, Checkpoint: eight}).Encode(), 422, ""},
		{"broken proof", (&Request{Old: 5, Proof: append(tlog.TreeProof{{}}, proof[1:]...), Checkpoint: eight}).Encode(), 422, ""},
		{"proof", (&Request{Old: 5, Proof: proof, Checkpoint: eight}).Encode(), 200, "— one.example "},
		{"replayed", (&Request{Old: 5, Checkpoint: five}).Encode(), 409, "8\n"},
		{"nothing", nil, 400, ""},
		{"too long", make([]byte, maxRequest+1), 400, ""},
		{"leading zero", append([]byte("old 08\n\n"), eight...), 400, ""},
		{"too many hashes", (&Request{Old: 5, Proof: make(tlog.TreeProof, 64), Checkpoint: eight}).Encode(), 400, ""},
		{"no checkpoint", []byte("old 8\n\n"), 404, ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/add-checkpoint", bytes.NewReader(tt.body)))
		if w.Code != tt.status || !strings.HasPrefix(w.Body.String(), tt.answer) {
			t.Errorf("%s: %d, %q, want %d, %q", tt.name, w.Code, w.Body, tt.status, tt.answer)
		}
		if size := w.Header().Get("Content-Type") == "text/x.tlog.size"; size != (tt.status == 409) {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
	}
}

// forgetful is a State that fails.
type forgetful struct{ Dir }

var errDisk = errors.New("disk is full")

func (forgetful) Save(context.Context, string, []byte) error { return errDisk }

// TestDurableFirst: what cannot be kept is not signed for.
func TestDurableFirst(t *testing.T) {
	l := translogtest.Provider(t, &translogtest.Memory{}, 1, 5)
	w := create(t, configure(t, forgetful{Dir(t.TempDir())}, "one.example"))
	if line, err := w.Add(t.Context(), 0, nil, l.Last().Note); !errors.Is(err, errDisk) || line != nil {
		t.Errorf("%q, %v", line, err)
	}
	var told error
	if _, err := serve(t, w, func(err error) { told = err }).Ask(t.Context(), l, l.Last()); err == nil || strings.Contains(err.Error(), "disk") || !errors.Is(told, errDisk) {
		t.Errorf("asked: %v; told: %v", err, told)
	}
}

// TestState refuses a state that another has written.
func TestState(t *testing.T) {
	ctx, dir := t.Context(), Dir(t.TempDir())
	l := translogtest.Provider(t, &translogtest.Memory{}, 1, 5)
	if err := dir.Save(ctx, translogtest.Origin, l.Last().Note); err != nil {
		t.Fatal(err)
	}
	if _, err := New(ctx, configure(t, dir, "one.example")); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("state without a cosignature: %v", err)
	}
	cfg := configure(t, dir, "one.example")
	cfg.Key = configure(t, dir, "two.example").Key
	if _, err := New(ctx, cfg); err == nil {
		t.Error("keys of two witnesses are taken")
	}
}

// TestAtOnce sends checkpoints of all sizes at once: none is cosigned after a
// larger one.
func TestAtOnce(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 0)
	w := create(t, configure(t, Dir(t.TempDir()), "one.example"))
	var all sync.WaitGroup
	for i := range 8 {
		s := translogtest.Grow(t, l, i, 1)
		p := serve(t, w, quiet)
		all.Go(func() {
			_, err := p.Ask(ctx, l, s)
			var stale *StaleError
			if err != nil && !errors.Is(err, translog.ErrReplayed) && !errors.As(err, &stale) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s, err := w.Last(ctx, translogtest.Origin)
	if err != nil || s.N == 0 {
		t.Errorf("%d leaves, %v", s.N, err)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add((&Request{Old: 5, Proof: make(tlog.TreeProof, 2), Checkpoint: []byte("a\n1\n\n— a b\n")}).Encode())
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err == nil && !bytes.Equal(r.Encode(), b) {
			t.Fatalf("%q reads as %q", b, r.Encode())
		}
	})
}
