package portal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease/logkeeper"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
)

// start serves a portal on the loopback until the test ends.
func start(t *testing.T, cfg Config) string {
	t.Helper()
	cfg.Failed = func(err error) { t.Error(err) }
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// get returns an answer with its body.
func get(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func keyOf(t *testing.T, n byte) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))
	key, err := translog.VerifierKey(translogtest.Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPortal(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 0)
	at := start(t, Config{Log: l, Key: keyOf(t, 1), Verifier: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'self'")
		_, _ = io.WriteString(w, "verifier at "+r.URL.Path)
	})})
	translogtest.Grow(t, l, 0, 300)
	for _, tt := range []struct {
		method, path string
		status       int
		want, csp    string
	}{
		{"GET", "/", 200, "300 leaves", "default-src 'none'"},
		{"GET", "/", 200, strings.ReplaceAll(keyOf(t, 1), "+", "&#43;"), "frame-ancestors 'none'"},
		{"HEAD", "/", 200, "", "default-src 'none'"},
		{"GET", "/verify/", 200, "verifier at /", "script-src 'self'"},
		{"GET", "/verify/x.wasm", 200, "verifier at /x.wasm", "script-src 'self'"},
		{"GET", "/log/checkpoint", 200, translogtest.Origin + "\n300\n", "default-src 'none'"},
		{"GET", "/log/tile/0/000", 200, "", ""},
		{"GET", "/log/tile/entries/001.p/44", 200, `{"n":299}`, ""},
		{"GET", "/log/key", 200, keyOf(t, 1) + "\n", ""},
		{"GET", "/log/keys.jsonl", 200, "", ""},
		{"GET", "/log/tile/0/001", 404, "", ""},
		{"GET", "/log/", 404, "", ""},
		{"GET", "/log/../../etc/passwd", 404, "", ""},
		{"GET", "/hashlease.db", 404, "nothing at", ""},
		{"POST", "/", 404, "", ""},
		{"DELETE", "/log/checkpoint", 405, "only read", ""},
	} {
		resp, body := get(t, tt.method, at+tt.path)
		if resp.StatusCode != tt.status && resp.StatusCode/100 != 3 || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s: %s %.200q, want %d with %q", tt.method, tt.path, resp.Status, body, tt.status, tt.want)
		}
		if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, tt.csp) || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v, want the policy %q", tt.method, tt.path, resp.Header, tt.csp)
		}
	}
	plain := start(t, Config{Log: l, Key: keyOf(t, 1)})
	if resp, _ := get(t, "GET", plain+"/verify/"); resp.StatusCode != 404 {
		t.Errorf("a verifier where there is none: %s", resp.Status)
	}
	if _, body := get(t, "GET", plain+"/"); strings.Contains(body, "verify/") {
		t.Error("a link to a verifier where there is none")
	}
	if resp, err := http.Get(plain + "/" + strings.Repeat("x", 2*maxHeader)); err != nil || resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a request of any size: %v, %v", resp, err)
	} else {
		resp.Body.Close()
	}
}

// TestRotated follows the keys of a log from the first one.
func TestRotated(t *testing.T) {
	m := &translogtest.Memory{}
	before := translogtest.Provider(t, m, 1, 300)
	first := before.Identity()
	both := translogtest.Config(t, m, 1)
	next := translogtest.Config(t, m, 2)
	both.Identity.Keys = append(both.Identity.Keys, next.Identity.Keys...)
	both.Signers = append(both.Signers, next.Signers...)
	r, err := logkeeper.Rotate(t.Context(), both, &logkeeper.Next{Key: keyOf(t, 2)})
	if err != nil {
		t.Fatal(err)
	}
	next.Identity = both.Identity
	l, err := translog.Open(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	translogtest.Grow(t, l, 300, 300)
	at := start(t, Config{Log: l, Key: keyOf(t, 1), Rotations: []translog.Rotation{r}})
	c, err := tilehttp.NewClient(at+"/log", nil)
	if err != nil {
		t.Fatal(err)
	}
	said, err := c.Key(t.Context())
	if err != nil || said.KeyHash() != first.Keys[0].KeyHash() {
		t.Fatalf("%v, %v", said, err)
	}
	f := &tilehttp.Follower{Client: c, Identity: first, Seen: filelog.NewHeads(t.TempDir() + "/head")}
	if _, err := f.Next(t.Context()); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("by the first key alone: %v", err)
	}
	if f.Identity, err = c.Identify(t.Context(), first.Keys[0]); err != nil {
		t.Fatal(err)
	}
	if s, err := f.Next(t.Context()); err != nil || s.N != 601 {
		t.Errorf("%d leaves, %v", s.N, err)
	}
	// A list that somebody else made leads nowhere.
	for name, change := range map[string]func(r *translog.Rotation){
		"other leaf":       func(r *translog.Rotation) { r.Index = 4 },
		"no leaf":          func(r *translog.Rotation) { r.Index = -300 },
		"beyond":           func(r *translog.Rotation) { r.Index = 1 << 40 },
		"proof":            func(r *translog.Rotation) { r.Proof = r.Proof[1:] },
		"other checkpoint": func(r *translog.Rotation) { r.Checkpoint = string(l.Last().Note) },
		"forged":           func(r *translog.Rotation) { r.Checkpoint = strings.Replace(r.Checkpoint, "301", "302", 1) },
	} {
		bad := r
		change(&bad)
		c, err := tilehttp.NewClient(start(t, Config{Log: l, Key: keyOf(t, 1), Rotations: []translog.Rotation{bad}})+"/log", nil)
		if err != nil {
			t.Fatal(err)
		}
		if id, err := c.Identify(t.Context(), first.Keys[0]); err == nil {
			t.Errorf("%s: %d keys", name, len(id.Keys))
		}
	}
	if resp, body := get(t, "GET", at+"/"); resp.StatusCode != 200 || !strings.Contains(body, "Changes of the key") || !bytes.Contains([]byte(body), []byte("keys.jsonl")) {
		t.Errorf("%s", body)
	}
}
