package sqlite

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/lease/translog/translogtest"
)

func TestLogStorage(t *testing.T) {
	translogtest.TestStorage(t, func(t *testing.T) translog.Storage {
		return open(t, filepath.Join(t.TempDir(), "lease.db")).Log()
	})
}

// Leaves that one process adds with its facts are signed for by another, and a
// log opened again goes on from there.
func TestLogOfOthers(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "lease.db")
	a, b := open(t, path), open(t, path)
	l, err := translog.Open(ctx, translogtest.Config(t, a.Log(), 1))
	if err != nil {
		t.Fatal(err)
	}
	newWorld(t, b) // terms, lease, tagmap, job
	signed, err := l.Sign(ctx)
	if err != nil || signed.N != 4 {
		t.Fatalf("signed for %d leaves, %v", signed.N, err)
	}
	if first, err := l.Append(ctx, translogtest.Entries(t, 0, 3)...); err != nil || first != 4 {
		t.Fatalf("appended at %d, %v", first, err)
	}
	if err := b.Post(ctx, lease.Transaction{Key: "k", Kind: "x"}); err != nil {
		t.Fatal(err)
	}
	if signed, err = l.Sign(ctx); err != nil || signed.N != 8 {
		t.Fatalf("signed for %d leaves, %v", signed.N, err)
	}
	again, err := translog.Open(ctx, translogtest.Config(t, b.Log(), 1))
	if err != nil || !bytes.Equal(again.Last().Note, signed.Note) {
		t.Fatalf("opened again at %d leaves, %v", again.Last().N, err)
	}
	if err := again.Audit(ctx); err != nil {
		t.Error(err)
	}
	e, err := again.Entry(ctx, 7)
	if err != nil || e.Secret == nil || e.Check() != nil {
		t.Errorf("leaf %s with %s, %v", e.Body, e.Secret, err)
	}
	if leaves := gatherAll(t, a.Leaves(ctx, lease.LeafFilter{Kinds: []string{"batch"}})); len(leaves) != 3 || leaves[0].Ref != "" {
		t.Errorf("%d leaves that were appended: %+v", len(leaves), leaves)
	}
}

// A log that was changed behind the Store's back is found out.
func TestForgedLog(t *testing.T) {
	ctx := t.Context()
	for _, tt := range []struct {
		what, statement string
		want            error
	}{
		{"a leaf is missing", "DROP TRIGGER log_leaves_last; DELETE FROM log_leaves WHERE idx = 2", errDamaged},
		{"leaves are missing", "DROP TRIGGER log_leaves_last; DELETE FROM log_leaves WHERE idx >= 2", translog.ErrTruncated},
		{"a leaf was changed", "DROP TRIGGER log_leaves_stay; UPDATE log_leaves SET body = X'7B7D' WHERE idx = 1", translog.ErrRewritten},
		{"hashes are missing", "DELETE FROM log_hashes WHERE idx > 3", nil},
	} {
		path := filepath.Join(t.TempDir(), "lease.db")
		s := open(t, path)
		newWorld(t, s)
		translogtest.Grow(t, must(translog.Open(ctx, translogtest.Config(t, s.Log(), 1)))(t), 0, 2)
		fill(t, path, "PRAGMA foreign_keys = OFF; "+tt.statement)
		l, err := translog.Open(ctx, translogtest.Config(t, s.Log(), 1))
		if err == nil {
			err = l.Audit(ctx)
		}
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, err, tt.want)
		}
	}
}

// A leaf that has no room, or says what cannot be, takes its fact with it.
func TestNoFactWithoutLeaf(t *testing.T) {
	ctx := t.Context()
	s := open(t, filepath.Join(t.TempDir(), "lease.db"))
	w := newWorld(t, s)
	size, err := s.Log().Size(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.PutTerms(ctx, lease.Terms{Format: lease.TermsFormat, Text: strings.Repeat("t", translog.MaxLeaf)})
	if !errors.Is(err, translog.ErrTooLarge) {
		t.Errorf("terms too large: %v", err)
	}
	_, _, err = s.PutJobs(ctx, []lease.Template{{Body: []byte("{}")}, {Body: []byte(`{"a":"` + strings.Repeat("t", translog.MaxLeaf) + `"}`)}}, nil)
	if !errors.Is(err, translog.ErrTooLarge) {
		t.Errorf("job too large: %v", err)
	}
	for _, hours := range [][]lease.SettledHour{{{Lease: w.lease.ID, Hour: 5}}, {{Lease: w.lease.ID, Hour: 5, Window: lease.WindowUp}, {Hour: 5, Window: lease.WindowUp}}} {
		if err := s.Settle(ctx, lease.Settlement{Hour: 5, Hours: hours}); !errors.Is(err, translog.ErrMalformed) {
			t.Errorf("hours that cannot be: %v", err)
		}
	}
	if now, err := s.Log().Size(ctx); err != nil || now != size {
		t.Errorf("%d leaves, %v, want %d", now, err, size)
	}
	if hour, err := s.SettledHour(ctx); err != nil || hour != 0 {
		t.Errorf("hour %d is settled, %v", hour, err)
	}
	if _, err := s.Template(ctx, 2); !errors.Is(err, lease.ErrNotFound) {
		t.Errorf("the template is there: %v", err)
	}
}

// Leaves are found by what they are about, and read in their order.
func TestLeafPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "lease.db"))
	plan := func(query string, args ...any) string {
		t.Helper()
		lines, err := collect(t.Context(), s.reader, func(row scanner) (text string, err error) {
			var a, b, c any
			return text, row.Scan(&a, &b, &c, &text)
		}, "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "; ")
	}
	for _, f := range []lease.LeafFilter{
		{Kinds: []string{"lease"}}, {Kinds: []string{"sla"}, Ref: "L-0001"}, {Kinds: []string{"lease", "tagmap"}, From: 3, To: 9}, {Kinds: []string{"a"}, Ref: "b", To: 5}, {},
	} {
		query, args := leafQuery(f)
		text := plan(query, args...)
		if strings.Contains(text, "TEMP B-TREE") || len(f.Kinds) > 0 && !strings.Contains(text, "log_leaves_by_ref") {
			t.Errorf("%+v: %s", f, text)
		}
	}
	if text := plan(selectLastTagMap, string(translog.KindTagMap)); strings.Contains(text, "TEMP B-TREE") || !strings.Contains(text, "log_leaves_by_ref") {
		t.Errorf("the last tag map: %s", text)
	}
}

// must stops the test at an error.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func BenchmarkLogAppend(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "lease.db"))
	l, n := s.Log(), 0
	entries := translogtest.Entries(b, 0, 256)
	for b.Loop() {
		if _, err := l.Append(b.Context(), entries); err != nil {
			b.Fatal(err)
		}
		n += len(entries)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
}
