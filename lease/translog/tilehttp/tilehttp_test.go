package tilehttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
)

// site serves a log that can be exchanged for another, and may change answers.
type site struct {
	mu     sync.Mutex
	log    *translog.Log
	change func(path string, b []byte) ([]byte, int)
}

func (s *site) show(l *translog.Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = l
}

func (s *site) now() *translog.Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log
}

func (s *site) Last() translog.Signed { return s.now().Last() }

func (s *site) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) { return s.now().Tile(ctx, t) }

// start serves the site on the loopback and returns a client of it.
func start(t *testing.T, s *site) (*tilehttp.Client, string) {
	t.Helper()
	h := tilehttp.NewHandler(s, func(err error) { t.Error(err) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.change == nil {
			h.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Accept-Encoding")
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, r)
		b, status := s.change(r.URL.Path, recorder.Body.Bytes())
		if status == 0 {
			status = recorder.Code
		}
		w.WriteHeader(status)
		_, _ = w.Write(b)
	}))
	t.Cleanup(server.Close)
	c, err := tilehttp.NewClient(server.URL+"/", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c, server.URL
}

func follower(t *testing.T, c *tilehttp.Client) *tilehttp.Follower {
	return &tilehttp.Follower{Client: c, Identity: translogtest.Config(t, nil, 1).Identity, Seen: filelog.NewHeads(t.TempDir() + "/head")}
}

func TestFollow(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 0)
	c, _ := start(t, &site{log: l})
	f := follower(t, c)
	for _, size := range []int{0, 1, 1, 255, 256, 257, 700, 1025} {
		translogtest.Grow(t, l, len(m.Leaves), size-len(m.Leaves))
		s, err := f.Next(t.Context())
		if err != nil || s.N != int64(size) {
			t.Fatalf("%d leaves, %v, want %d", s.N, err, size)
		}
	}
	tree := l.Last().Tree
	for _, from := range []int64{0, 255, 256, 700, 1024, 1025} {
		next := from
		err := c.Leaves(t.Context(), tree, from, func(i int64, body []byte) error {
			if i != next || !bytes.Equal(body, m.Leaves[i].Body) {
				t.Errorf("leaf %d is %s", i, body)
			}
			next++
			return nil
		})
		if err != nil || next != 1025 {
			t.Errorf("leaves from %d: came to %d, %v", from, next, err)
		}
	}
}

// TestFollowCheats exchanges the history between two looks.
func TestFollowCheats(t *testing.T) {
	honest := &translogtest.Memory{}
	before := translogtest.Provider(t, honest, 1, 300)
	change := func(m *translogtest.Memory) { m.Leaves[111] = translogtest.Entry(t, 900) }
	grow := func(m *translogtest.Memory) { m.Leaves = append(m.Leaves, translogtest.Entries(t, 300, 9)...) }
	for _, tt := range []struct {
		name  string
		key   byte
		cheat func(m *translogtest.Memory)
		want  error
	}{
		{"split view", 1, change, translog.ErrSplitView},
		{"rewrite", 1, func(m *translogtest.Memory) { change(m); grow(m) }, translog.ErrRewritten},
		{"reordering", 1, func(m *translogtest.Memory) {
			m.Leaves[111], m.Leaves[222] = m.Leaves[222], m.Leaves[111]
			grow(m)
		}, translog.ErrRewritten},
		{"truncation", 1, func(m *translogtest.Memory) { m.Leaves = m.Leaves[:299] }, translog.ErrReplayed},
		{"other key", 2, grow, translog.ErrOtherKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := honest.Clone().Forget()
			tt.cheat(m)
			s := &site{log: before}
			c, _ := start(t, s)
			f := follower(t, c)
			if _, err := f.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.show(translogtest.Provider(t, m, tt.key, 0))
			for range 2 { // what was seen stays
				if _, err := f.Next(t.Context()); !errors.Is(err, tt.want) {
					t.Errorf("%v, want %v", err, tt.want)
				}
			}
			s.show(before)
			if _, err := f.Next(t.Context()); err != nil {
				t.Errorf("the honest one again: %v", err)
			}
		})
	}
}

// TestReplayedCheckpoint: an older checkpoint with the newer tiles.
func TestReplayedCheckpoint(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 100)
	old := l.Last().Note
	s := &site{log: l}
	c, _ := start(t, s)
	f := follower(t, c)
	translogtest.Grow(t, l, 100, 100)
	if _, err := f.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.change = func(path string, b []byte) ([]byte, int) {
		if path == "/checkpoint" {
			return old, 0
		}
		return b, 0
	}
	_, err := f.Next(t.Context())
	var e *translog.Evidence
	if !errors.Is(err, translog.ErrReplayed) || !errors.As(err, &e) || !bytes.Equal(e.Offered, old) {
		t.Errorf("%v, want %v with both checkpoints", err, translog.ErrReplayed)
	}
}

// TestHostileServer answers anything.
func TestHostileServer(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 600)
	tree := l.Last().Tree
	for _, tt := range []struct {
		name   string
		change func(path string, b []byte) ([]byte, int)
		want   error
	}{
		{"tile changed", func(path string, b []byte) ([]byte, int) {
			if path == "/tile/0/001" {
				b[77] ^= 1
			}
			return b, 0
		}, translog.ErrProof},
		{"tile short", func(path string, b []byte) ([]byte, int) {
			if strings.HasPrefix(path, "/tile/0/") {
				b = b[1:]
			}
			return b, 0
		}, translog.ErrMalformed},
		{"leaf changed", func(path string, b []byte) ([]byte, int) {
			if path == "/tile/entries/001" {
				b[77] ^= 1
			}
			return b, 0
		}, translog.ErrProof},
		{"bundle of too many", func(path string, b []byte) ([]byte, int) {
			if path == "/tile/entries/001" {
				b = append(b, 0, 0)
			}
			return b, 0
		}, translog.ErrMalformed},
		{"endless", func(path string, _ []byte) ([]byte, int) {
			return make([]byte, 256*(2+translog.MaxLeaf)+1), http.StatusOK
		}, translog.ErrMalformed},
		{"not there", func(string, []byte) ([]byte, int) { return nil, http.StatusNotFound }, translog.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := start(t, &site{log: l, change: tt.change})
			err := c.Leaves(t.Context(), tree, 0, func(i int64, body []byte) error {
				if !bytes.Equal(body, m.Leaves[i].Body) {
					t.Errorf("leaf %d is believed to be %s", i, body)
				}
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

// TestOnlyFullTiles: a log may take away partial tiles once there are full ones.
func TestOnlyFullTiles(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 100)
	tree := l.Last().Tree
	translogtest.Grow(t, l, 100, 200)
	c, _ := start(t, &site{log: l, change: func(path string, b []byte) ([]byte, int) {
		if strings.Contains(path, ".p/") {
			return nil, http.StatusNotFound
		}
		return b, 0
	}})
	n := 0
	if err := c.Leaves(t.Context(), tree, 0, func(int64, []byte) error { n++; return nil }); err != nil || n != 100 {
		t.Errorf("%d leaves, %v", n, err)
	}
}

func TestHandler(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 300)
	_, url := start(t, &site{log: l})
	for _, tt := range []struct {
		method, path, accept string
		status               int
		kind, cache, coding  string
	}{
		{"GET", "/checkpoint", "", 200, "text/plain; charset=utf-8", "public, max-age=1", ""},
		{"HEAD", "/checkpoint", "", 200, "text/plain; charset=utf-8", "public, max-age=1", ""},
		{"GET", "/tile/0/000", "gzip", 200, "application/octet-stream", "public, max-age=31536000, immutable", ""},
		{"GET", "/tile/0/001.p/44", "", 200, "application/octet-stream", "public, max-age=31536000, immutable", ""},
		{"GET", "/tile/1/000.p/1", "", 200, "application/octet-stream", "public, max-age=31536000, immutable", ""},
		{"GET", "/tile/entries/000", "", 200, "application/octet-stream", "public, max-age=31536000, immutable", ""},
		{"GET", "/tile/entries/000", "br, gzip", 200, "application/octet-stream", "public, max-age=31536000, immutable", "gzip"},
		{"GET", "/tile/0/001.p/45", "", 404, "text/plain; charset=utf-8", "", ""},
		{"GET", "/tile/0/001", "", 404, "text/plain; charset=utf-8", "", ""},
		{"GET", "/tile/0/1", "", 404, "text/plain; charset=utf-8", "", ""},
		{"GET", "/tile/data/000", "", 404, "text/plain; charset=utf-8", "", ""},
		{"GET", "/tile/0/../../checkpoint", "", 404, "text/plain; charset=utf-8", "", ""},
		{"GET", "/", "", 404, "text/plain; charset=utf-8", "", ""},
		{"POST", "/checkpoint", "", 405, "text/plain; charset=utf-8", "", ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", tt.accept)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		h := resp.Header
		if err != nil || resp.StatusCode != tt.status || h.Get("Content-Type") != tt.kind || h.Get("Cache-Control") != tt.cache || h.Get("Content-Encoding") != tt.coding {
			t.Errorf("%s %s: %d, %v, %v", tt.method, tt.path, resp.StatusCode, h, err)
		}
	}
	for _, bad := range []string{"", "example.com", "ftp://example.com", "http://", "http://a?b", "http://a#b", "%"} {
		if _, err := tilehttp.NewClient(bad, nil); err == nil {
			t.Errorf("log URL %q is taken", bad)
		}
	}
}
