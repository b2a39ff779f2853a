package witness

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/tilehttp"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
)

// TestLearn changes the key of a log that is watched: the witness takes up the
// new one if the former has named it, and else refuses.
func TestLearn(t *testing.T) {
	ctx := t.Context()
	m := &translogtest.Memory{}
	before := translogtest.Provider(t, m, 1, 300)
	after := translogtest.Config(t, m, 2)
	vkey, err := translog.VerifierKey(translogtest.Origin, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32)).Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	w := create(t, configure(t, Dir(t.TempDir()), "one.example"))
	list := []byte(nil)
	now := before
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys.jsonl" {
			_, _ = rw.Write(list)
			return
		}
		tilehttp.NewHandler(now, func(err error) { t.Error(err) }).ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	c, err := tilehttp.NewClient(server.URL, server.Client())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := w.Observe(ctx, translogtest.Origin, c); err != nil || s.N != 300 {
		t.Fatalf("%d, %v", s.N, err)
	}
	// The change: a leaf, a checkpoint of both, then of the new one.
	e, err := translog.NewEntry(translog.KindKey, translog.NextKey{Key: vkey}, nil, translog.Salt{})
	if err != nil {
		t.Fatal(err)
	}
	both := translogtest.Config(t, m, 1)
	both.Signers = append(both.Signers, after.Signers...)
	both.Identity.Keys = append(both.Identity.Keys, after.Identity.Keys...)
	l, err := translog.Open(ctx, both)
	if err != nil {
		t.Fatal(err)
	}
	index, err := l.Append(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Sign(ctx)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := l.ProveLeaf(ctx, first.N, index)
	if err != nil {
		t.Fatal(err)
	}
	after.Identity = both.Identity
	if now, err = translog.Open(ctx, after); err != nil {
		t.Fatal(err)
	}
	translogtest.Grow(t, now, 301, 20)
	if _, err := w.Observe(ctx, translogtest.Origin, c); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("without a list of keys: %v", err)
	}
	p := serve(t, w, quiet)
	if _, err := p.Ask(ctx, now, now.Last()); err == nil {
		t.Error("a key was taken up that nobody named")
	}
	if list, err = translog.EncodeRotations([]translog.Rotation{{Checkpoint: string(first.Note), Index: index, Proof: proof}}); err != nil {
		t.Fatal(err)
	}
	if s, err := w.Observe(ctx, translogtest.Origin, c); err != nil || s.N != 321 {
		t.Fatalf("%d, %v", s.N, err)
	}
	s := translogtest.Grow(t, now, 321, 5)
	if _, err := p.Ask(ctx, now, s); err != nil {
		t.Errorf("after it has learned the key: %v", err)
	}
}
