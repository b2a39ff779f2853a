package statement_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/statement"
)

// issue issues a statement.
func (w *world) issue(l lease.Lease, from, to int64) *statement.Issued {
	w.Helper()
	s, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: l.ID, FromMs: from, ToMs: to})
	w.ok(err)
	return s
}

// file writes the bundle of a statement.
func (w *world) file(s *statement.Issued, earlier ...int64) []byte {
	w.Helper()
	b, err := statement.Bundle(w.ctx, w.source(), s, earlier)
	w.ok(err)
	var file bytes.Buffer
	w.ok(b.Write(&file))
	return file.Bytes()
}

// holds verifies a bundle.
func (w *world) holds(file []byte) *bundle.Report {
	w.Helper()
	r := bundle.Verify(context.Background(), bytes.NewReader(file), int64(len(file)), bundle.Options{})
	for _, c := range r.Checks {
		if !c.OK {
			w.Errorf("✗ %s: %s", c.Name, c.Detail)
		}
	}
	if !r.OK() {
		w.Fatalf("it does not hold: %+v", r)
	}
	return r
}

func TestIssue(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	if _, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: l.ID}); !errors.Is(err, statement.ErrNothing) {
		t.Fatal(err)
	}
	w.prepay(l, 1_000_000, "a")
	for range 60 {
		w.work(5, 5, l)
	}
	w.settle()
	w.work(7, 7, l)
	s := w.issue(l, 0, 0)
	st := &s.Statement
	if st.State != bundle.Preliminary || st.Number != 1 || st.Period.FromMs != begin || st.Period.ToMs != w.nowMs || st.Delivery.Receipts != 307 || len(st.Hours) != 4 {
		t.Errorf("%+v", st)
	}
	if again := w.issue(l, 0, 0); !again.Again || again.Leaf != s.Leaf || !bytes.Equal(again.Note, s.Note) {
		t.Errorf("issued again: %+v", again)
	}
	w.holds(w.file(s))
}
