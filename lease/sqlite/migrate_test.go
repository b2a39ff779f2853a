package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Tables from before there was a log are refused, and left as they are.
func TestBeforeTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	var statements strings.Builder
	for version, name := range []string{"0001_init", "0002_rigs", "0003_pools", "0004_contract"} {
		text, err := migrations.ReadFile("migrations/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&statements, "%s; PRAGMA application_id = %d; PRAGMA user_version = %d;", text, applicationID, version+1)
		if err := os.Remove(path); err != nil && version > 0 {
			t.Fatal(err)
		}
		fill(t, path, statements.String())
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path)
		if err == nil {
			s.Close()
		}
		var file *Error
		if !errors.As(err, &file) || !strings.Contains(file.Hint, "begin a new data directory") {
			t.Errorf("version %d: %v, want a refusal that says what to do", version+1, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
			t.Errorf("version %d: the file was changed, %v", version+1, err)
		}
	}
}

// gatherAll gathers a sequence.
func gatherAll[T any](t testing.TB, seq iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// A list of addresses that is none is damage, not a lease without a pool.
func TestDamagedPool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	w := newWorld(t, open(t, path))
	fill(t, path, "UPDATE leases SET pool_urls = 'stratum+tcp://a:1'")
	s := open(t, path)
	if _, err := s.Lease(t.Context(), w.lease.ID); !errors.Is(err, errDamaged) {
		t.Errorf("error %v, want %v", err, errDamaged)
	}
}
