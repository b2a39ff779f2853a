package statement_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
)

// play lets two days and a bit pass in which everything happens to a lease, and
// returns it.
func (w *world) play(rng *rand.Rand) lease.Lease {
	w.Helper()
	w.nowMs += 5*hour + int64(rng.IntN(59))*minute
	l := w.lease("alice", func(l *lease.Lease) { l.StartMs += int64(rng.IntN(90)) * minute })
	w.prepay(l, 500_000, "first")
	var blocks []lease.Block
	for n := 0; w.nowMs < begin+2*day+7*hour; n++ {
		shares := rng.IntN(50)
		if rng.IntN(10) == 0 || w.nowMs < l.StartMs {
			shares = 0
		}
		w.work(int64(15+rng.IntN(40)), shares, l)
		if w.nowMs < l.StartMs {
			continue
		}
		switch rng.IntN(8) {
		case 0:
			blocks = append(blocks, w.findBlock(l))
		case 1:
			w.prepay(l, int64(1+rng.IntN(100_000)), fmt.Sprint("more-", n))
		case 2:
			w.settle()
		case 3:
			w.nowMs += int64(rng.IntN(100)) * minute
			w.begin()
		}
		for i := range blocks {
			b := &blocks[i]
			switch k := rng.IntN(60); {
			case k < 3 && b.State == lease.Adopted:
				w.mature(b)
			case k == 3 && b.State != lease.Orphaned, k == 4 && b.State == lease.Mature:
				w.orphan(b)
			case k == 5 && b.State == lease.Orphaned:
				w.adopt(b, l)
			}
		}
	}
	w.settle()
	return l
}

// figures are the additive figures of statements.
type figures struct {
	Receipts, Batches                  int64
	Proven, Counted, Billable          lease.Quantity
	Rejected, Stale, Verdicts          uint64
	Running                            int64
	Due, Charged                       int64
	Up, Down, Excluded, Idle, Credited int64
	Hours                              []bundle.Hour
	Lines                              []bundle.Line
	Months                             []bundle.Month
}

func (f *figures) add(s *bundle.Statement) {
	d := &s.Delivery
	f.Receipts += d.Receipts
	f.Batches += d.Batches
	f.Running += s.Period.RunningMs
	f.Rejected += d.Rejected
	f.Stale += d.Stale
	for _, n := range d.Verdicts {
		f.Verdicts += n
	}
	for _, q := range []struct{ to, from *lease.Quantity }{{&f.Proven, &d.ProvenWork}, {&f.Counted, &d.CountedHashes}, {&f.Billable, &s.Charges.Billable}} {
		*q.to = lease.Quantity(q.to.Work().Add(q.from.Work()))
	}
	f.Due += s.Charges.Due
	f.Charged += s.Charges.Charged
	f.Up += s.SLA.Up
	f.Down += s.SLA.Down
	f.Excluded += s.SLA.Excluded
	f.Idle += s.SLA.Idle
	f.Credited += s.Credited()
	f.Hours = append(f.Hours, s.Hours...)
	f.Lines = append(f.Lines, s.Books.Lines...)
	f.Months = append(f.Months, s.SLA.Closed...)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The additive figures of periods that follow one another are those of the
// whole, nothing is in two of them, and what one closes with the next opens with.
func TestPeriodsAddUp(t *testing.T) {
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		l := w.play(rng)
		end := begin + 2*day + 6*hour
		var whole figures
		all := w.issue(l, 0, end)
		whole.add(&all.Statement)
		if all.Statement.State != bundle.Final || len(whole.Lines) < 20 || len(whole.Months) != 1 {
			t.Fatalf("seed %d: %s, %d lines, %d months", seed, all.Statement.State, len(whole.Lines), len(whole.Months))
		}
		steps := []int64{6 * hour, day, end - begin - day}
		if seed == 0 {
			steps = append(steps, 3*hour)
		}
		for _, step := range steps {
			var parts figures
			var before []bundle.Account
			last := -1
			for from := begin; from < end; from += step {
				to := min(from+step, end)
				if to <= l.StartMs {
					continue
				}
				s := &w.issue(l, from, to).Statement
				parts.add(s)
				if s.Books.FirstLine != int64(last+1) {
					t.Errorf("seed %d: lines from %d on after %d", seed, s.Books.FirstLine, last)
				}
				last += len(s.Books.Lines)
				opens := slices.DeleteFunc(slices.Clone(s.Books.Accounts), func(a bundle.Account) bool { return a.Opening == 0 })
				for i := range opens {
					opens[i].Closing = opens[i].Opening
				}
				if had := asJSON(t, opens); had != asJSON(t, before) && len(opens)+len(before) > 0 {
					t.Errorf("seed %d: closed with %s, opened with %s", seed, asJSON(t, before), had)
				}
				before = slices.DeleteFunc(slices.Clone(s.Books.Accounts), func(a bundle.Account) bool { return a.Closing == 0 })
				for i := range before {
					before[i].Opening = before[i].Closing
				}
			}
			if have, want := asJSON(t, parts), asJSON(t, whole); have != want {
				t.Errorf("seed %d: in steps of %d h:\n%s\nas a whole:\n%s", seed, step/hour, have, want)
			}
		}
		w.holds(w.file(all))
	}
}
