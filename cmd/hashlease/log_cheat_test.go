package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/auditor/auditortest"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/portal"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
)

// cheat is a provider that shows one history, and then another.
type cheat struct {
	mu  sync.Mutex
	log *translog.Log
}

func (c *cheat) show(l *translog.Log) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = l
}

func (c *cheat) now() *translog.Log {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log
}

func (c *cheat) Last() translog.Signed { return c.now().Last() }

func (c *cheat) Tile(ctx context.Context, t tlog.Tile) ([]byte, error) { return c.now().Tile(ctx, t) }

// cheatKey is the verifier key of the n-th provider.
func cheatKey(t *testing.T, n byte) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))
	key, err := translog.VerifierKey(translogtest.Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// serveLog puts a provider's portal on the loopback and returns its log's URL.
func serveLog(t *testing.T, c *cheat) string {
	t.Helper()
	h, err := portal.New(portal.Config{Log: c, Key: cheatKey(t, 1), Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL + "/log"
}

// command1 runs a command and returns its exit code and all that it printed.
func command1(t *testing.T, args ...string) (int, string) {
	t.Helper()
	e, stdout, stderr := testEnv()
	code := run(t.Context(), e, args)
	return code, stdout.String() + stderr.String()
}

// TestProviderCheats shows a log to a witness and to an auditor, changes it, and
// shows it again.
func TestProviderCheats(t *testing.T) {
	grow := func(m *translogtest.Memory) { m.Leaves = append(m.Leaves, translogtest.Entries(t, 300, 20)...) }
	for _, tt := range []struct {
		name    string
		key     byte
		cheat   func(m *translogtest.Memory)
		code    int
		witness string // what it says
		auditor string
		kept    bool // evidence
	}{
		{"honest", 1, grow, exitOK, "320 leaves", "✓ since", false},
		{"nothing new", 1, func(*translogtest.Memory) {}, exitOK, "300 leaves", "✓ since", false},
		{"split view", 1, func(m *translogtest.Memory) { m.Leaves[111] = translogtest.Entry(t, 900) }, exitUnverified,
			"THE LOG LIES: log example.com/log: split view", "✗ since         log example.com/log: split view", true},
		{"rewrite", 1, func(m *translogtest.Memory) { m.Leaves[111] = translogtest.Entry(t, 900); grow(m) }, exitUnverified,
			"THE LOG LIES: log example.com/log: rewritten", "✗ since         log example.com/log: rewritten", true},
		{"reordering", 1, func(m *translogtest.Memory) {
			m.Leaves[111], m.Leaves[112] = m.Leaves[112], m.Leaves[111]
			grow(m)
		}, exitUnverified, "THE LOG LIES: log example.com/log: rewritten", "✗ since         log example.com/log: rewritten", true},
		{"leaf removed", 1, func(m *translogtest.Memory) {
			m.Leaves = slices.Delete(m.Leaves, 111, 112)
			grow(m)
		}, exitUnverified, "rewritten", "rewritten", true},
		{"truncation", 1, func(m *translogtest.Memory) { m.Leaves = m.Leaves[:299] }, exitUnverified,
			"NOT COSIGNED: truncated", "✗ since         truncated, or replayed: 300 leaves", false},
		{"truncation and other leaves", 1, func(m *translogtest.Memory) { m.Leaves = m.Leaves[:250]; grow(m); grow(m); grow(m) }, exitUnverified,
			"rewritten", "rewritten", true},
		{"other key", 2, grow, exitUnverified, "NOT COSIGNED: checkpoint of example.com/log: other key", "other key", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &translogtest.Memory{}
			c := &cheat{log: translogtest.Provider(t, m, 1, 300)}
			url, dir := serveLog(t, c), t.TempDir()
			kept, data := filepath.Join(dir, "kept"), filepath.Join(dir, "witness")
			watch := []string{"witness", "--of", url, "--key", cheatKey(t, 1), "--data", data, "--once"}
			check := []string{"log", "check", url, "--key", cheatKey(t, 1)}
			if code, text := command1(t, watch...); code != exitOK {
				t.Fatalf("%d: %s", code, text)
			}
			before := c.Last()
			if err := (&env{}).save(kept, before.Note); err != nil {
				t.Fatal(err)
			}
			other := m.Clone().Forget()
			tt.cheat(other)
			c.show(translogtest.Provider(t, other, tt.key, 0))
			for range 2 { // it goes on refusing
				if code, text := command1(t, watch...); code != tt.code || !strings.Contains(text, tt.witness) {
					t.Errorf("witness: %d: %s, want %d with %q", code, text, tt.code, tt.witness)
				}
			}
			// Its leaves are no real ones, so that the audit fails anyhow.
			code, text := command1(t, append(check, "--since", kept)...)
			if code != exitUnverified || !strings.Contains(text, tt.auditor) {
				t.Errorf("auditor: %d: %s, want %q", code, text, tt.auditor)
			}
			evidence, err := filepath.Glob(filepath.Join(data, "evidence-*"))
			if err != nil || len(evidence) > 0 != tt.kept {
				t.Fatalf("evidence %v, %v, want %v", evidence, err, tt.kept)
			}
			if tt.kept {
				b, err := readBounded(evidence[0], 1<<20)
				now := c.Last()
				if err != nil || !bytes.Contains(b, now.Note) || !bytes.Contains(b, []byte(signatureOf(&before))) {
					t.Errorf("%v: the evidence is %s", err, b)
				}
			}
		})
	}
}

// signatureOf is the log's signature line.
func signatureOf(s *translog.Signed) string {
	_, lines, _ := strings.Cut(string(s.Note), "\n\n")
	return lines
}

// TestAuditorOverHTTP shows providers to an auditor that lie within what they
// sign.
func TestAuditorOverHTTP(t *testing.T) {
	url := func(t *testing.T, w *auditortest.World) string {
		return serveLog(t, &cheat{log: translogtest.Provider(t, &translogtest.Memory{Leaves: w.Play(t)}, 1, 0)})
	}
	code, text := command1(t, "log", "check", url(t, &auditortest.World{}), "--key", cheatKey(t, 1))
	for _, want := range []string{"✓ checkpoint", "✓ oversell      3 full hours", "LEASED", "1.500 MH/s", "2.000 MH/s", "not all of it sealed"} {
		if code != exitOK || !strings.Contains(text, want) {
			t.Errorf("honest: %d: %s, want %q", code, text, want)
		}
	}
	if code, text := command1(t, "log", "check", url(t, &auditortest.World{})); code != exitOK || !strings.Contains(text, "– checkpoint    signed by the key that the log itself names") {
		t.Errorf("without a key: %d: %s", code, text)
	}
	for _, tt := range []struct {
		name  string
		world auditortest.World
		want  string
	}{
		{"tag twice", auditortest.World{Change: func(_ int64, doc any) bool {
			if d, ok := doc.(*leaf.Lease); ok {
				d.Tag, d.Destinations = receipt.B16{1}, []string{leaf.DestinationPool}
			}
			return true
		}}, "✗ tags          leaf 3: tag is used twice"},
		{"double description", auditortest.World{After: func(w *auditortest.World, _ int64, doc any) {
			if d, ok := doc.(*leaf.Job); ok && receipt.OfPool(d.Template) && w.After != nil {
				w.After = nil
				w.Job(auditortest.PoolTemplate(t, w.Terms, 6))
			}
		}}, "one coinbase is described in two ways"},
		{"oversell", auditortest.World{Change: func(_ int64, doc any) bool {
			if d, ok := doc.(*leaf.Lease); ok {
				d.ContractedHps = lease.Quantity(d.ContractedHps.Work().Mul(3))
			}
			return true
		}}, "oversold in hour 500000"},
		{"batch gap", auditortest.World{Change: func(_ int64, doc any) bool {
			d, ok := doc.(*leaf.Batch)
			return !ok || d.Lease != auditortest.Second || d.Number != 9
		}}, "batch gap: lease L-0002 has batch 10 after batch 8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at := url(t, &tt.world)
			if code, text := command1(t, "log", "check", at, "--key", cheatKey(t, 1)); code != exitUnverified || !strings.Contains(text, tt.want) {
				t.Errorf("%d: %s, want %q", code, text, tt.want)
			}
			if code, text := command1(t, "log", "check", at, "--key", cheatKey(t, 1), "--json"); code != exitUnverified || !strings.Contains(text, `"ok": false`) {
				t.Errorf("%d: %s", code, text)
			}
		})
	}
}

// TestLogServedWrong is a server whose tiles do not fit its checkpoint, or that
// answers nonsense.
func TestLogServedWrong(t *testing.T) {
	m := &translogtest.Memory{}
	l := translogtest.Provider(t, m, 1, 300)
	h, err := portal.New(portal.Config{Log: l, Key: cheatKey(t, 1), Failed: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		body       []byte
		want       string
		code       int
	}{
		{"other leaves", "/log/tile/entries/000", bytes.Repeat([]byte("\x00\x02{}"), 256), "the proof does not hold", exitUnverified},
		{"other hashes", "/log/tile/0/000", make([]byte, 8192), "the proof does not hold", exitUnverified},
		{"other hashes above", "/log/tile/1/000.p/1", make([]byte, 32), "the proof does not hold", exitUnverified},
		{"a page", "/log/checkpoint", []byte("<html>"), "malformed", exitUnverified},
		{"an endless page", "/log/checkpoint", make([]byte, 1<<20), "more than 65536 bytes", exitUnverified},
		{"nonsense for keys", "/log/keys.jsonl", []byte("{}"), "", exitOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == tt.path {
					_, _ = w.Write(tt.body)
					return
				}
				h.ServeHTTP(w, r)
			}))
			defer server.Close()
			for _, args := range [][]string{
				{"witness", "--of", server.URL + "/log", "--key", cheatKey(t, 1), "--data", t.TempDir() + "/w", "--once"},
				{"log", "check", server.URL + "/log", "--key", cheatKey(t, 1)},
			} {
				if args[0] == "witness" && (tt.name == "other leaves" || tt.name == "other hashes") {
					continue // it needs the hashes above them alone
				}
				if args[0] == "log" && tt.code == exitOK {
					continue // it wants to know all keys
				}
				if code, text := command1(t, args...); code != tt.code || !strings.Contains(text, tt.want) {
					t.Errorf("%s: %d: %s, want %d with %q", args[0], code, text, tt.code, tt.want)
				}
			}
		})
	}
}
