package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/ncruces/go-sqlite3/driver"
)

func TestOpenNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"plain.db", "with space.db", "odd?name=x&y#z%41.db", "ünï.db"} {
		path := filepath.Join(dir, name)
		s := open(t, path)
		if err := s.SetCapacity(t.Context(), 7); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, file := range []string{path, path + "-wal"} { // both hold what is stored
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v, want only its owner to read it", info.Name(), info.Mode())
			}
		}
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	for want := range uint64(3) {
		s := open(t, path)
		got, err := s.Capacity(t.Context())
		if err != nil || got != want {
			t.Fatalf("capacity %d, %v, want %d", got, err, want)
		}
		if err := s.SetCapacity(t.Context(), want+1); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	fill(t, path("newer.db"), "PRAGMA application_id = 1749840741; PRAGMA user_version = 99; CREATE TABLE x (y)")
	fill(t, path("foreign.db"), "CREATE TABLE photos (y)")
	fill(t, path("marked.db"), "PRAGMA application_id = 5")
	write(t, path("text.db"), []byte(strings.Repeat("this is not a database. ", 100)))
	if err := os.Mkdir(path("folder.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, want string }{
		{"newer.db", "use a newer hashlease"},
		{"foreign.db", "another program's"},
		{"marked.db", "another program's"},
		{"text.db", "is damaged"},
		{"folder.db", "folder.db"},
		{"nowhere/lease.db", "check that its folder exists"},
	} {
		before, _ := os.ReadFile(path(tt.name))
		s, err := Open(t.Context(), path(tt.name))
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", tt.name)
			continue
		}
		var file *Error
		if !errors.As(err, &file) || file.Path != path(tt.name) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want the file's name and %q", tt.name, err, tt.want)
		}
		if after, _ := os.ReadFile(path(tt.name)); !bytes.Equal(after, before) {
			t.Errorf("%s was changed", tt.name)
		}
	}
	if _, err := Open(cancelled(t), path("never.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("opening with a cancelled context: %v", err)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// fill runs statements on a database of its own.
func fill(t *testing.T, path, statements string) {
	t.Helper()
	db, err := driver.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(statements)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Whatever part of the file is overwritten, the Store either still gives what
// was put in or says that the file is damaged; it never gives something else,
// panics or touches the file.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lease.db")
	s := open(t, path)
	terms, tenant := lease.Terms{Text: strings.Repeat("t", 3000)}, lease.Tenant{ID: "acme", Key: bytes.Repeat([]byte{1}, 32)}
	h, err := s.PutTerms(t.Context(), terms)
	if err := errors.Join(err, s.AddTenant(t.Context(), tenant), s.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	const page = 4096
	for at := 0; at < len(whole); at += page {
		broken := bytes.Clone(whole)
		copy(broken[at:], bytes.Repeat([]byte{0xa5}, page-1))
		copied := filepath.Join(dir, "broken.db")
		write(t, copied, broken)
		_, err := read(t, copied, h)
		if err == nil {
			t.Errorf("damage at byte %d was not noticed", at)
			continue
		}
		var file *Error
		if errors.As(err, &file) && strings.Contains(err.Error(), ".recover") {
			seen++
		} else {
			t.Errorf("damage at byte %d: %v", at, err)
		}
		if after, _ := os.ReadFile(copied); !bytes.Equal(after, broken) {
			t.Errorf("damage at byte %d: the file was changed", at)
		}
	}
	if seen < 10 {
		t.Errorf("only %d damaged pages were tried", seen)
	}
	write(t, filepath.Join(dir, "short.db"), whole[:len(whole)/2])
	if _, err := read(t, filepath.Join(dir, "short.db"), h); err == nil || !strings.Contains(err.Error(), ".recover") {
		t.Errorf("half a file: %v", err)
	}
	// A row that was changed behind the Store's back.
	forged := filepath.Join(dir, "forged.db")
	write(t, forged, whole)
	fill(t, forged, "DROP TRIGGER terms_stay; UPDATE terms SET body = replace(body, 'ttt', 'tut')")
	if _, err := read(t, forged, h); err == nil || !strings.Contains(err.Error(), "not what their hash says") {
		t.Errorf("forged terms: %v", err)
	}
}

func read(t *testing.T, path string, h lease.TermsHash) (lease.Terms, error) {
	s, err := Open(t.Context(), path)
	if err != nil {
		return lease.Terms{}, err
	}
	defer s.Close()
	terms, err := s.Terms(t.Context(), h)
	if err != nil {
		return terms, err
	}
	_, err = s.Tenant(t.Context(), "acme")
	return terms, err
}

// Many processes may meet at a file that none of them has made yet.
func TestOpenAtOnce(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "lease.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := Open(context.Background(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.BeginRun(context.Background(), 1); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s := open(t, path)
		var n int
		if err := s.reader.QueryRow("SELECT count(*) FROM runs").Scan(&n); err != nil || n != 8 {
			t.Errorf("%d runs, %v, want 8", n, err)
		}
	}
}
