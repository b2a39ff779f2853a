package filelog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
)

func openDir(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func TestStorage(t *testing.T) {
	translogtest.TestStorage(t, func(t *testing.T) translog.Storage { return openDir(t, t.TempDir()) })
}

func TestReopen(t *testing.T) {
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "log")
	if err := Create(dir); err != nil {
		t.Fatal(err)
	}
	s := openDir(t, dir)
	anchor := NewHeads(filepath.Join(t.TempDir(), "head"))
	cfg := config(t, s)
	cfg.Anchor = anchor
	l, err := translog.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, translogtest.Entries(t, 0, 700)...); err != nil {
		t.Fatal(err)
	}
	signed, err := l.Sign(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Storage = openDir(t, dir)
	l, err = translog.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(l.Last().Note, signed.Note) {
		t.Errorf("last checkpoint is\n%s, want\n%s", l.Last().Note, signed.Note)
	}
	if e, err := l.Entry(ctx, 699); err != nil || !bytes.Equal(e.Secret, translogtest.Entry(t, 699).Secret) {
		t.Errorf("leaf 699: %s, %v", e.Secret, err)
	}
}

// TestDamage changes bytes of files that no crash changes so.
func TestDamage(t *testing.T) {
	ctx, d := t.Context(), newFaultFS(1, -1)
	s, err := open(d)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := s.Append(ctx, translogtest.Entries(t, 2*i, 2)); err != nil {
			t.Fatal(err)
		}
	}
	f := d.names[leavesFile]
	whole := f.data
	last := bytes.LastIndex(whole, []byte(magic))
	for at := range last {
		f.data = bytes.Clone(whole)
		f.data[at] ^= 0x40
		if _, err := open(d); !errors.Is(err, translog.ErrCorrupt) {
			t.Fatalf("byte %d changed: %v, want %v", at, err, translog.ErrCorrupt)
		}
	}
	// A torn end is nothing that was acknowledged.
	f.data = whole[:len(whole)-1]
	if s, err = open(d); err != nil {
		t.Fatal(err)
	}
	if size, err := s.Size(ctx); err != nil || size != 38 {
		t.Fatalf("%d leaves, %v, want 38", size, err)
	}
}

func TestTooLarge(t *testing.T) {
	s := openDir(t, t.TempDir())
	if _, err := s.Append(t.Context(), make([]translog.Entry, maxFrameLeaves+1)); !errors.Is(err, translog.ErrTooLarge) {
		t.Errorf("append %d leaves: %v", maxFrameLeaves+1, err)
	}
}

// FuzzOpen opens any file: it is read, or refused.
func FuzzOpen(f *testing.F) {
	frame, err := encodeFrame(0, []translog.Entry{{Body: []byte("{}"), Secret: []byte("{}")}, {Body: []byte("{}")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(frame)
	f.Add(bytes.Repeat(frame, 2))
	f.Add(append(bytes.Clone(frame), 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newFaultFS(0, -1)
		d.names[leavesFile] = &memFile{fs: d, data: b}
		s, err := open(d)
		if err != nil {
			return
		}
		size, err := s.Size(t.Context())
		if err == nil {
			err = s.Read(t.Context(), 0, size, func(int64, translog.Entry) error { return nil })
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.end > int64(len(b)) || !bytes.Equal(d.names[leavesFile].data, b[:s.end]) {
			t.Fatalf("%d bytes are left of %d", s.end, len(b))
		}
	})
}
