// Package translogtest is the one test that every translog.Storage must pass.
package translogtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/tlog"
)

// TestStorage checks what a Storage promises, but for what only a crash shows.
// open returns a new, empty Storage and closes it when its test ends.
func TestStorage(t *testing.T, open func(t *testing.T) translog.Storage) {
	for name, test := range map[string]func(*testing.T, translog.Storage){
		"Append": testAppend, "Read": testRead, "ReadErrors": testReadErrors,
		"Hashes": testHashes, "Checkpoint": testCheckpoint, "AtOnce": testAtOnce,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Entry makes the i-th entry of a test; every second has a private part.
func Entry(t testing.TB, i int) translog.Entry {
	t.Helper()
	var private any
	if i%2 == 1 {
		private = map[string]any{"sat": i}
	}
	e, err := translog.NewEntry(translog.KindBatch, map[string]any{"n": i}, private, translog.Salt{byte(i)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Entries makes n entries, from the i-th on.
func Entries(t testing.TB, i, n int) []translog.Entry {
	t.Helper()
	entries := make([]translog.Entry, n)
	for k := range entries {
		entries[k] = Entry(t, i+k)
	}
	return entries
}

func testAppend(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	want := 0
	for _, n := range []int{1, 3, 0, 300, 1} {
		first, err := s.Append(ctx, Entries(t, want, n))
		if err != nil || first != int64(want) {
			t.Fatalf("append %d: first is %d, %v, want %d", n, first, err, want)
		}
		want += n
		if size, err := s.Size(ctx); err != nil || size != int64(want) {
			t.Fatalf("size %d, %v, want %d", size, err, want)
		}
	}
}

func testRead(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	for i := 0; i < 60; i += 3 {
		if _, err := s.Append(ctx, Entries(t, i, 3)); err != nil {
			t.Fatal(err)
		}
	}
	for _, span := range [][2]int{{0, 60}, {0, 0}, {59, 1}, {1, 1}, {2, 5}, {3, 3}, {60, 0}} {
		next := span[0]
		err := s.Read(ctx, int64(span[0]), int64(span[1]), func(i int64, e translog.Entry) error {
			want := Entry(t, next)
			if i != int64(next) || !bytes.Equal(e.Body, want.Body) || !bytes.Equal(e.Secret, want.Secret) {
				return fmt.Errorf("leaf %d is %s with %s, want leaf %d, %s with %s", i, e.Body, e.Secret, next, want.Body, want.Secret)
			}
			next++
			return nil
		})
		if err != nil || next != span[0]+span[1] {
			t.Errorf("read %v: came to %d, %v", span, next, err)
		}
	}
}

func testReadErrors(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	if _, err := s.Append(ctx, Entries(t, 0, 5)); err != nil {
		t.Fatal(err)
	}
	all := func(int64, translog.Entry) error { return nil }
	for _, span := range [][2]int64{{5, 1}, {0, 6}, {-1, 1}, {3, 3}} {
		if err := s.Read(ctx, span[0], span[1], all); !errors.Is(err, translog.ErrNotFound) {
			t.Errorf("read %v: %v, want %v", span, err, translog.ErrNotFound)
		}
	}
	enough, calls := errors.New("enough"), 0
	err := s.Read(ctx, 0, 5, func(int64, translog.Entry) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("read until an error: %v after %d leaves", err, calls)
	}
}

func testHashes(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	hash := func(i int) tlog.Hash { return tlog.RecordHash([]byte{byte(i), byte(i >> 8)}) }
	put := func(first, n int) {
		t.Helper()
		hashes := make([]tlog.Hash, n)
		for i := range hashes {
			hashes[i] = hash(first + i)
		}
		if err := s.PutHashes(ctx, int64(first), hashes); err != nil {
			t.Fatal(err)
		}
	}
	put(0, 700)
	put(600, 200) // over some that are there
	indexes := []int64{0, 1, 2, 799, 5, 4, 4, 300, 301}
	got, err := s.Hashes(ctx, indexes)
	if err != nil || len(got) != len(indexes) {
		t.Fatalf("%d hashes, %v", len(got), err)
	}
	for i, x := range indexes {
		if got[i] != hash(int(x)) {
			t.Errorf("hash %d is %v, want %v", x, got[i], hash(int(x)))
		}
	}
	if got, err := s.Hashes(ctx, nil); err != nil || len(got) != 0 {
		t.Errorf("no hashes: %v, %v", got, err)
	}
	if _, err := s.Hashes(ctx, []int64{1, 5000}); !errors.Is(err, translog.ErrNotFound) {
		t.Errorf("hash that is not there: %v", err)
	}
}

func testCheckpoint(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	if b, err := s.Checkpoint(ctx); err != nil || b != nil {
		t.Fatalf("before the first: %q, %v", b, err)
	}
	for _, want := range []string{"a long first checkpoint\n", "second\n"} {
		if err := s.PutCheckpoint(ctx, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if b, err := s.Checkpoint(ctx); err != nil || string(b) != want {
			t.Fatalf("%q, %v, want %q", b, err, want)
		}
	}
}

// testAtOnce appends from several goroutines: no batch is torn apart.
func testAtOnce(t *testing.T, s translog.Storage) {
	ctx := t.Context()
	const writers, batches, size = 4, 8, 3
	errs := make(chan error)
	for w := range writers {
		entries := Entries(t, w*1000, size*batches)
		go func() { errs <- appendBatches(ctx, s, entries, size) }()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	err := s.Read(ctx, 0, writers*batches*size, func(_ int64, e translog.Entry) error {
		seen[string(e.Body)] = true
		return nil
	})
	if err != nil || len(seen) != writers*batches*size {
		t.Errorf("%d leaves are there, %v, want %d", len(seen), err, writers*batches*size)
	}
}

// appendBatches appends the entries so many at a time, and checks where they
// came to be.
func appendBatches(ctx context.Context, s translog.Storage, entries []translog.Entry, size int) error {
	for ; len(entries) > 0; entries = entries[size:] {
		first, err := s.Append(ctx, entries[:size])
		if err != nil {
			return err
		}
		err = s.Read(ctx, first, int64(size), func(i int64, e translog.Entry) error {
			if !bytes.Equal(e.Body, entries[i-first].Body) {
				return fmt.Errorf("leaf %d is %s, want %s", i, e.Body, entries[i-first].Body)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
