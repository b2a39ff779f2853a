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

func bundleOf(w *world, s *statement.Issued, earlier ...int64) (*bundle.Bundle, error) {
	return statement.Bundle(w.ctx, w.source(), s, earlier)
}

// file writes the bundle of a statement.
func (w *world) file(s *statement.Issued, earlier ...int64) []byte {
	w.Helper()
	b, err := bundleOf(w, s, earlier...)
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

// The statement of a lease that is over and settled is final, up to the last
// hour in which anything came in or was booked.
func TestOver(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice", func(l *lease.Lease) { l.EndMs = l.StartMs + 150*minute })
	other := w.lease("bob")
	w.prepay(l, 1_000_000, "a")
	for range 8 {
		w.work(20, 20, l, other)
	}
	if s := w.issue(l, 0, 0).Statement; s.State != bundle.Preliminary || s.Period.ToMs != w.nowMs {
		t.Errorf("before it is settled: %s up to %d", s.State, s.Period.ToMs)
	}
	w.work(120, 20, other)
	w.settle()
	s := w.issue(l, 0, 0)
	if st := s.Statement; st.State != bundle.Final || st.Period.ToMs != begin+3*hour || st.Delivery.Receipts != 160 || st.StopMs != l.EndMs || st.Books.Accounts[0].Closing == 0 {
		t.Errorf("%+v", st)
	}
	w.holds(w.file(s))
	w.work(600, 20, other)
	w.settle()
	if again := w.issue(l, 0, 0); again.Leaf != s.Leaf || !again.Again {
		t.Errorf("nothing happened, and it is another statement: %+v", again.Statement.Period)
	}
	if _, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: l.ID, FromMs: begin + 30*day, ToMs: begin + 31*day}); !errors.Is(err, statement.ErrNothing) {
		t.Error(err)
	}
	never := w.lease("carl", func(l *lease.Lease) { l.StartMs += 5 * hour })
	_, err := w.store.ChangeLease(w.ctx, never.ID, 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
		l.ClosedMs = w.nowMs
		return nil, nil
	})
	w.ok(err)
	w.work(600, 20, other)
	w.settle()
	if _, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: never.ID}); !errors.Is(err, statement.ErrNothing) {
		t.Error(err)
	}
	for _, bad := range [][2]int64{{1, hour}, {hour, hour}, {2 * hour, hour}, {-hour, hour}} {
		if _, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: l.ID, FromMs: bad[0], ToMs: bad[1]}); err == nil {
			t.Errorf("%v is a period", bad)
		}
	}
	if _, err := statement.Issue(w.ctx, w.source(), statement.Request{Lease: "L-9999"}); !errors.Is(err, lease.ErrNotFound) {
		t.Error(err)
	}
}

// What all leases of a tenant come to is one bundle.
func TestTenant(t *testing.T) {
	w := newWorld(t)
	if _, err := statement.IssueTenant(w.ctx, w.source(), "alice", 0, 0); !errors.Is(err, statement.ErrNothing) {
		t.Error(err)
	}
	first := w.lease("alice")
	w.lease("bob")
	w.prepay(first, 1_000_000, "a")
	w.work(30, 30, first)
	second := w.lease("alice", func(l *lease.Lease) { l.Nonce[0] = 1 })
	w.lease("alice", func(l *lease.Lease) { l.StartMs += 100 * day; l.Nonce[0] = 2 })
	for range 30 {
		w.work(30, 30, first, second)
	}
	w.settle()
	all, err := statement.IssueTenant(w.ctx, w.source(), "alice", 0, 0)
	w.ok(err)
	b, err := statement.TenantBundle(w.ctx, w.source(), all, nil)
	w.ok(err)
	var file bytes.Buffer
	w.ok(b.Write(&file))
	r := w.holds(file.Bytes())
	if len(r.Leases) != 2 || len(all.Leases) != 2 || all.LastLeaf() != all.Leases[1].Leaf || all.Statement.Leases[1].Receipts != 900 {
		t.Errorf("%+v", all.Statement)
	}
	again, err := statement.IssueTenant(w.ctx, w.source(), "alice", 0, 0)
	w.ok(err)
	if !bytes.Equal(again.Note, all.Note) {
		t.Error("asked again it is another statement")
	}
}

// A stored statement that is damaged is not superseded as if the facts had
// changed.
func TestDamagedNote(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.work(20, 10, l)
	s := w.issue(l, 0, 0).IssuedStatement
	if _, err := statement.Open(&s); err != nil {
		t.Fatal(err)
	}
	s.Note = bytes.Clone(s.Note)
	s.Note[len(s.Note)/2] ^= 1
	if _, err := statement.Open(&s); !errors.Is(err, statement.ErrMismatch) {
		t.Errorf("%v, want %v", err, statement.ErrMismatch)
	}
}
