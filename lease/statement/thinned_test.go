package statement_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/statement"
)

// What thinning leaves of a period still proves it, and changes nothing that is
// stated. Without any receipts the statement stays, but nothing proves it.
func TestThinned(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	for range 20 {
		w.work(5, 120, l)
	}
	w.settle()
	s := w.issue(l, 0, 0)
	whole := w.file(s)
	done, err := seal.Thin(w.ctx, w.store, w.nowMs, 0)
	w.ok(err)
	if done.Thinned == 0 {
		t.Fatalf("%+v", done)
	}
	if again := w.issue(l, 0, 0); !again.Again || again.Leaf != s.Leaf {
		t.Error("thinning changes the statement")
	}
	thin := w.file(s)
	if r := w.holds(thin); len(thin) >= len(whole) || r.Kept >= r.Receipts && r.Receipts == s.Statement.Delivery.Receipts || r.ProvenWork != s.Statement.Delivery.ProvenWork {
		t.Errorf("%d bytes of %d; %+v", len(thin), len(whole), r)
	}
	_, err = seal.Thin(w.ctx, w.store, w.nowMs, w.nowMs)
	w.ok(err)
	if again := w.issue(l, 0, 0); !again.Again {
		t.Error("dropping receipts changes the statement")
	}
	if _, err := bundleOf(w, s); !errors.Is(err, statement.ErrDropped) {
		t.Errorf("bundle of dropped receipts: %v, want %v", err, statement.ErrDropped)
	}
}

// The evidence of what the SLA does not count is in the bundle, and the windows
// of jobs whose blocks left the chain are shown by their headers.
func TestExclusionsAndForks(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	_, err := w.store.PutExclusion(w.ctx, lease.Exclusion{Kind: lease.ExcludeMaintenance, FromMs: begin + 3*hour, ToMs: begin + 5*hour, Evidence: "new cables"})
	w.ok(err)
	_, err = w.store.PutExclusion(w.ctx, lease.Exclusion{Kind: lease.ExcludeMaintenance, FromMs: begin + 50*hour, ToMs: begin + 51*hour})
	w.ok(err)
	for range 9 {
		w.work(20, 20, l)
	}
	w.work(120, 0, l)
	for range 9 {
		w.work(20, 20, l)
	}
	// Work on a tip that another one takes the place of.
	before, height := w.tip, w.height
	w.newTip()
	w.work(10, 10, l)
	w.newTip()
	w.work(1, 1, l)
	w.tip, w.height = before, height
	w.nowMs += 1000
	w.newTip()
	w.work(10, 10, l)
	w.newTip()
	w.nowMs += 1000
	w.newTip()
	w.work(29, 39, l)
	w.work(20, 20, l)
	w.settle()
	s := w.issue(l, 0, 0)
	st := &s.Statement
	if st.SLA.Excluded != 2 || st.SLA.Down != 0 {
		t.Errorf("%+v of %+v", st.SLA, st.Hours)
	}
	b, err := bundleOf(w, s)
	w.ok(err)
	exclusions := 0
	for _, leaf := range b.Leaves {
		if bytes.Contains(leaf.Body, []byte(`"about":"exclusion"`)) {
			exclusions++
		}
	}
	if exclusions != 1 || len(b.Forks) != 2 || len(b.Headers) < 11 {
		t.Errorf("%d exclusions, %d forks, %d headers", exclusions, len(b.Forks), len(b.Headers))
	}
	w.holds(w.file(s))
	for i := 1; i < len(b.Leaves); i++ {
		if b.Leaves[i].Index <= b.Leaves[i-1].Index {
			t.Error("leaves are out of order")
		}
	}
	if len(b.LogProof) == 0 {
		t.Error("nothing is proved")
	}
}

// The first job with receipts is proved to have the lease's tag, even if it is
// known already for a block that was found on it.
func TestFirstJobHasBlock(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	b := w.findBlock(l) // on the first job of all
	w.lease("bob")      // which makes another map of tags
	for range 3 {
		w.work(20, 10, l)
		w.newTip()
	}
	w.settle()
	w.mature(&b)
	w.holds(w.file(w.issue(l, 0, 0)))
}
