package statement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/receipt"
)

// A block that the node refused, or that nobody has adopted yet, is in the bundle
// although nothing was booked for it: the tenant sees that there was one.
func TestFoundAndNotBooked(t *testing.T) {
	for _, state := range []lease.BlockState{lease.Candidate, lease.Rejected} {
		w := newWorld(t)
		l := w.lease("alice")
		w.prepay(l, 1_000_000, "a")
		w.work(30, 20, l)
		b := w.candidate(l)
		w.work(30, 20, l)
		if state == lease.Rejected {
			w.ok(w.store.MoveBlock(w.ctx, b.Hash, lease.Candidate, lease.Rejected, "stale"))
		}
		w.work(60, 20, l)
		w.settle()
		s := w.issue(l, 0, 0)
		r := w.holds(w.file(s))
		if text := strings.Join(r.Word, "\n"); !strings.Contains(text, "nothing is booked here for the block "+b.Hash.String()) || !strings.Contains(text, string(state)) {
			t.Errorf("%s: unchecked %q", state, r.Word)
		}
		// Once it is in the books the next statement has it there, and this one stays.
		if state == lease.Candidate {
			w.adopt(&b, l)
			w.work(60, 20, l)
			w.holds(w.file(s))
			if r := w.holds(w.file(w.issue(l, 0, 0))); strings.Contains(strings.Join(r.Word, "\n"), b.Hash.String()) {
				t.Errorf("unchecked %q", r.Word)
			}
		}
	}
}

// A block of before a period is in the period's bundle: by the coin's chain it
// cannot always be told on which side it is.
func TestFoundAround(t *testing.T) {
	w := newWorld(t)
	l := w.lease("alice")
	w.prepay(l, 1_000_000, "a")
	w.work(30, 20, l)
	b := w.findBlock(l)
	for range 9 {
		w.work(60, 20, l)
	}
	w.settle()
	start := lease.HourOf(l.StartMs)
	for _, after := range []int64{1, 3, 6} {
		from := (start + after) * lease.MsPerHour
		s := w.issue(l, from, from+lease.MsPerHour)
		if slices.ContainsFunc(s.Statement.Rewards, func(r bundle.Reward) bool { return r.Block == receipt.U256(b.Hash) }) {
			t.Fatalf("the block is one of hour %d", after)
		}
		got, err := bundleOf(w, s)
		w.ok(err)
		if !slices.ContainsFunc(got.Leaves, func(l bundle.Leaf) bool { return strings.Contains(string(l.Body), b.Hash.String()) }) {
			t.Errorf("hour %d: no leaf tells of the block", after)
		}
		w.holds(w.file(s))
	}
}
