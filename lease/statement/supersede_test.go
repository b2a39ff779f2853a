package statement_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/statement"
)

// correct takes back what was booked under a key.
func (w *world) correct(key string) {
	w.Helper()
	wrong, err := w.store.Transaction(w.ctx, key)
	w.ok(err)
	txs, err := ledger.Correct(wrong, nil, w.nowMs)
	w.ok(err)
	w.ok(w.store.PostAll(w.ctx, txs))
}

// A statement is issued once, and again only when something of it changed: by a
// correction, or because hours were settled.
func TestSupersedes(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	w.prepay(l, 7, "mistake")
	for range 25 * 4 {
		w.work(15, 15, l)
	}
	first := w.issue(l, begin, begin+day) // a day is over, and nothing settled
	if first.Statement.State != bundle.Preliminary || first.Number != 1 || len(first.Statement.Hours) != 0 {
		t.Fatalf("%+v", first.Statement)
	}
	w.settle()
	second := w.issue(l, begin, begin+day)
	if s := second.Statement; s.State != bundle.Final || second.Number != 2 || *s.Supersedes != first.Hash || len(s.Hours) != 24 || second.Leaf <= first.Leaf {
		t.Fatalf("%+v", s)
	}
	// What comes after its end changes nothing.
	w.work(15, 15, l)
	w.prepay(l, 100, "later")
	if again := w.issue(l, begin, begin+day); !again.Again || again.Number != 2 || !bytes.Equal(again.Note, second.Note) {
		t.Fatalf("issued again: %+v", again.Statement)
	}
	w.correct("prepay:mistake")
	third := w.issue(l, begin, begin+day)
	if s := third.Statement; third.Number != 3 || *s.Supersedes != second.Hash || s.Books.Lines[1].ReversedBy == nil || s.Books.Lines[0].ReversedBy != nil {
		t.Fatalf("%+v", s)
	}
	if a, b := second.Statement.Books.Accounts, third.Statement.Books.Accounts; asJSON(t, a) != asJSON(t, b) {
		t.Errorf("the reversal is of another day, but %v became %v", a, b)
	}
	for _, s := range []*statement.Issued{second, third} {
		_ = w.file(s)
	}
	r := w.holds(w.file(third))
	if r.State != bundle.Final {
		t.Errorf("%s", r.State)
	}
	all, err := w.store.Statements(w.ctx, l.ID)
	w.ok(err)
	if len(all) != 3 {
		t.Errorf("%d statements", len(all))
	}
}

// The same store gives the same bytes, whoever asks.
func TestReproducible(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	for range 12 {
		w.work(30, 20, l)
	}
	b := w.findBlock(l)
	w.work(30, 20, l)
	w.mature(&b)
	w.work(30, 20, l)
	w.settle()
	s := w.issue(l, 0, 0)
	file := w.file(s, 3, 5)
	w.holds(file)
	w.ok(w.store.Close())
	copied := newCopy(w)
	again := copied.issue(l, 0, 0)
	if !again.Again || !bytes.Equal(copied.file(again, 5, 3, 5), file) {
		t.Error("another process makes another bundle")
	}
	// From the log and the facts alone, without what was issued.
	w.open()
	fresh, err := statement.Issue(w.ctx, statement.Source{Store: forgetful{w.store}, Signer: w.signer(), Log: signed{w}}, statement.Request{Lease: l.ID})
	w.ok(err)
	if !bytes.Equal(fresh.Note, s.Note) {
		t.Error("a statement made anew is another one")
	}
}

// newCopy is a world with a copy of the other's directory.
func newCopy(w *world) *world {
	w.Helper()
	c := *w
	c.dir = w.TempDir()
	text, err := os.ReadFile(filepath.Join(w.dir, "lease.db"))
	w.ok(err)
	w.ok(os.WriteFile(filepath.Join(c.dir, "lease.db"), text, 0o600))
	c.open()
	w.Cleanup(func() { w.ok(c.store.Close()) })
	return &c
}

// forgetful has no statements.
type forgetful struct{ lease.Store }

func (forgetful) Statements(context.Context, string) ([]lease.IssuedStatement, error) {
	return nil, nil
}

// dying fails at its n-th write.
type dying struct {
	lease.Store
	n   *int
	hit bool // the write is done before it fails
}

var errKilled = errors.New("killed")

func (d dying) dies() bool {
	*d.n--
	return *d.n == 0
}

func (d dying) Seal(ctx context.Context, fromMs, toMs int64, batches []lease.SealedBatch) ([]lease.SealedBatch, error) {
	dies := d.dies()
	if dies && !d.hit {
		return nil, errKilled
	}
	b, err := d.Store.Seal(ctx, fromMs, toMs, batches)
	if dies {
		err = errKilled
	}
	return b, err
}

func (d dying) PutStatement(ctx context.Context, s lease.IssuedStatement) (lease.IssuedStatement, error) {
	dies := d.dies()
	if dies && !d.hit {
		return s, errKilled
	}
	s, err := d.Store.PutStatement(ctx, s)
	if dies {
		err = errKilled
	}
	return s, err
}

// Wherever a process is killed, the next one issues the statement that it would
// have issued.
func TestKilled(t *testing.T) {
	for _, hit := range []bool{false, true} {
		var want []byte
		for n := 3; n >= 0; n-- {
			w := newWorld(t)
			l := w.lease("alice")
			w.prepay(l, 1_000_000, "a")
			for range 10 {
				w.work(20, 20, l)
			}
			w.settle()
			left := n
			src := w.source()
			src.Store = dying{Store: w.store, n: &left, hit: hit}
			_, err := statement.Issue(w.ctx, src, statement.Request{Lease: l.ID})
			if killed := errors.Is(err, errKilled); killed != (left == 0 && n > 0) || !killed && err != nil {
				t.Fatalf("killed at write %d: %v", n, err)
			}
			all, err := w.store.Statements(w.ctx, l.ID)
			w.ok(err)
			leaves := 0
			for _, err := range w.store.Leaves(w.ctx, lease.LeafFilter{Kinds: []string{"statement"}}) {
				w.ok(err)
				leaves++
			}
			if leaves != len(all) {
				t.Errorf("killed at write %d: %d statements, %d leaves of such", n, len(all), leaves)
			}
			s := w.issue(l, 0, 0)
			if s.Number != 1 {
				t.Errorf("killed at write %d: number %d", n, s.Number)
			}
			text, err := s.Statement.Encode()
			w.ok(err)
			if want == nil {
				want = text
			}
			if len(text) != len(want) {
				t.Errorf("killed at write %d:\n%s\nelse\n%s", n, text, want)
			}
			w.holds(w.file(s))
		}
	}
}

// hurried closes the lease just before its statement is stored.
type hurried struct {
	lease.Store
	w    *world
	once *bool
}

func (h hurried) PutStatement(ctx context.Context, s lease.IssuedStatement) (lease.IssuedStatement, error) {
	if !*h.once {
		*h.once = true
		_, err := h.Store.ChangeLease(ctx, s.Lease, 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
			l.ClosedMs = h.w.nowMs
			return nil, nil
		})
		h.w.ok(err)
	}
	return h.Store.PutStatement(ctx, s)
}

// What changes while a statement is made is in the one that is returned.
func TestChangedMeanwhile(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	for range 5 {
		w.work(20, 20, l)
	}
	w.settle()
	src := w.source()
	src.Store = hurried{w.store, w, new(bool)}
	s, err := statement.Issue(w.ctx, src, statement.Request{Lease: l.ID})
	w.ok(err)
	if s.Number != 2 || s.Statement.StopMs != w.nowMs {
		t.Errorf("number %d, until %d", s.Number, s.Statement.StopMs)
	}
	w.holds(w.file(s))
}
