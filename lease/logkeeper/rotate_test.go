package logkeeper

import (
	"context"
	"crypto/ed25519"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/filelog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
	"golang.org/x/mod/sumdb/tlog"
)

// errCut stands for a kill.
var errCut = errors.New("cut short")

// cutStorage fails from the n-th write on.
type cutStorage struct {
	*translogtest.Memory
	left int
}

func (c *cutStorage) cut() error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return nil
}

func (c *cutStorage) Append(ctx context.Context, e []translog.Entry) (int64, error) {
	if err := c.cut(); err != nil {
		return 0, err
	}
	return c.Memory.Append(ctx, e)
}

func (c *cutStorage) PutHashes(ctx context.Context, first int64, h []tlog.Hash) error {
	if err := c.cut(); err != nil {
		return err
	}
	return c.Memory.PutHashes(ctx, first, h)
}

func (c *cutStorage) PutCheckpoint(ctx context.Context, b []byte) error {
	if err := c.cut(); err != nil {
		return err
	}
	return c.Memory.PutCheckpoint(ctx, b)
}

// keyOf is the verifier key of the tests' n-th key.
func keyOf(t *testing.T, n byte) string {
	t.Helper()
	private := ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, 32))
	key, err := translog.VerifierKey(translogtest.Origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// both is the log while the key n hands over to the key n+1.
func both(t *testing.T, s translog.Storage, n byte) translog.Config {
	cfg, next := translogtest.Config(t, s, n), translogtest.Config(t, s, n+1)
	cfg.Identity.Keys = append(cfg.Identity.Keys, next.Identity.Keys...)
	cfg.Signers = append(cfg.Signers, next.Signers...)
	return cfg
}

// TestRotate cuts the change of the key short after each write, and finishes it
// then, with leaves that others add meanwhile.
func TestRotate(t *testing.T) {
	for cut := range 6 {
		m := &translogtest.Memory{}
		translogtest.Provider(t, m, 1, 300)
		next := &Next{Key: keyOf(t, 2), From: 290}
		_, err := Rotate(t.Context(), both(t, &cutStorage{m, cut}, 1), next)
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		done := err == nil
		if !done || cut == 5 {
			if _, err := m.Append(t.Context(), translogtest.Entries(t, 900, 3)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := Rotate(t.Context(), both(t, m, 1), next)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Rotate(t.Context(), both(t, m, 1), next)
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("cut after %d writes: %v, another rotation the second time", cut, err)
		}
		keys := 0
		for _, e := range m.Leaves {
			if _, err := translog.KeyOf(e.Body); err == nil {
				keys++
			}
		}
		if keys != 1 {
			t.Errorf("cut after %d writes: %d leaves of the key", cut, keys)
		}
		follow(t, m, r)
	}
}

// follow takes up the new key as others do, and opens a checkpoint of it alone.
func follow(t *testing.T, m *translogtest.Memory, r translog.Rotation) {
	t.Helper()
	text, err := translog.EncodeRotations([]translog.Rotation{r})
	if err != nil {
		t.Fatal(err)
	}
	all, err := translog.DecodeRotations(text)
	if err != nil {
		t.Fatal(err)
	}
	first := translogtest.Config(t, m, 1).Identity
	id, err := first.Follow(all, func(r *translog.Rotation, s *translog.Signed) ([]byte, error) {
		if r.Index >= s.N {
			t.Errorf("leaf %d of a checkpoint of %d", r.Index, s.N)
		}
		return m.Leaves[r.Index].Body, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	after := translogtest.Config(t, m, 2)
	after.Identity = id
	l, err := translog.Open(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	s := translogtest.Grow(t, l, 950, 2)
	if _, err := first.Open(s.Note); !errors.Is(err, translog.ErrOtherKey) {
		t.Errorf("by the former key: %v", err)
	}
	if _, err := id.Open(s.Note); err != nil {
		t.Error(err)
	}
}

func TestBook(t *testing.T) {
	m := &translogtest.Memory{}
	translogtest.Provider(t, m, 1, 5)
	b := Book{Origin: translogtest.Origin, Keys: []Key{{Key: keyOf(t, 1), File: "a.key"}}, Next: &Next{Key: keyOf(t, 2), File: "b.key", From: 5}}
	r, err := Rotate(t.Context(), both(t, m, 1), b.Next)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		text, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeBook(text)
		if err != nil || !reflect.DeepEqual(again, b) {
			t.Fatalf("%v: %s", err, text)
		}
		if id, err := b.Identity(); err != nil || len(id.Keys) != 2 {
			t.Errorf("%d keys, %v", len(id.Keys), err)
		}
		if b.Next != nil {
			b.Finish(r)
		}
	}
	if b.Current().File != "b.key" || len(b.Rotations()) != 1 {
		t.Errorf("%+v", b)
	}
	for _, text := range []string{"", "{}", `{"origin":"x","keys":[]}`, `{"origin":"x","keys":[{"key":"y","file":"z"}]}`, `{"origin":"x","more":1}`} {
		if _, err := DecodeBook([]byte(text)); !errors.Is(err, translog.ErrMalformed) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestAnchor shows that a database that was brought back is noticed while a
// change of the key is under way, too.
func TestAnchor(t *testing.T) {
	m := &translogtest.Memory{}
	cfg := both(t, m, 1)
	cfg.Anchor = filelog.NewHeads(t.TempDir() + "/head")
	backup := m.Clone()
	if _, err := Rotate(t.Context(), cfg, &Next{Key: keyOf(t, 2)}); err != nil {
		t.Fatal(err)
	}
	m.Restore(backup)
	if _, err := Rotate(t.Context(), cfg, &Next{Key: keyOf(t, 2)}); !errors.Is(err, translog.ErrTruncated) {
		t.Error(err)
	}
}
