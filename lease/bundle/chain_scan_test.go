package bundle

import (
	"context"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/miner"
)

// grow lets blocks come behind the world's chain, so many seconds after each other.
func (w *world) grow(n int, every int64) {
	last := w.chain[len(w.chain)-1]
	if k := len(w.behind); k > 0 {
		last = w.behind[k-1]
	}
	for range n {
		last = header(last.Hash(), int64(last.Time())+every, 0)
		w.behind = append(w.behind, last)
	}
}

// longer makes the period so many hours long, without further receipts.
func (w *world) longer(hours int64) {
	w.s.Period.ToMs = testFromMs + hours*lease.MsPerHour
	w.s.Period.RunningMs = hours * lease.MsPerHour
}

// secondHour lets the period begin an hour after the lease. What else the
// statement says is not right then.
func (w *world) secondHour() {
	w.s.StartMs -= 5 * lease.MsPerHour
}

// TestHiddenAround hides blocks before and behind the headers of a bundle.
func TestHiddenAround(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world)
		tagged int // by its place in world.chain, which has 15
		words  string
		word   string // that is said
	}{
		{"before the headers, in what may be the first hours", func(*world) {}, -2, "a hidden block", ""},
		{"before the lease", func(*world) {}, -5, "a hidden block", ""},
		{"before the headers, near the period before", (*world).secondHour, -4, "a hidden block", ""},
		{"before the headers, in the period before", (*world).secondHour, -12, "", ""},
		{"of the period before, with its header", (*world).secondHour, -10, "", ""},
		{"behind the headers, with a time of before the end", func(w *world) { w.grow(5, 60) }, 16, "", "of height 116"},
		{"in a stretch without receipts", func(w *world) { w.longer(9); w.grow(60, 600) }, 18, "a hidden block", ""},
		{"late in a stretch without receipts", func(w *world) { w.longer(9); w.grow(90, 600) }, 48, "", "of height 148"},
		{"in the next period", func(w *world) { w.grow(60, 600) }, 25, "", "of height 125"},
		{"long after", func(w *world) { w.grow(60, 600) }, 60, "", ""},
		{"after the lease", func(w *world) { w.s.StopMs = testToMs; w.grow(60, 600) }, 20, "a hidden block", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := honest(t, 4)
			tt.change(w)
			r := verify(t, pack(t, w.bundle()), Options{Chain: coin{w, tt.tagged}})
			if tt.words != "" {
				refuse(t, r, "chain", tt.words)
			} else if c := check(r, "chain"); !c.OK {
				t.Error(c.Detail)
			}
			if word := strings.Join(r.Word, "\n"); tt.word != "" && !strings.Contains(word, tt.word) || tt.word == "" && strings.Contains(word, "which has the lease's tag") {
				t.Errorf("said %q, want %q", word, tt.word)
			}
		})
	}
}

// TestNeighboursMeet has a block at every height around the end of a period of
// which no receipt shows on which side it is: the bundle of the one or the other
// has to tell of each.
func TestNeighboursMeet(t *testing.T) {
	const hours = 4
	var both [2]int
	for tagged := 15; tagged < 56; tagged++ {
		demands := func(change func(w *world)) bool {
			w := honest(t, 1)
			w.grow(70, 300)
			change(w)
			return !check(verify(t, pack(t, w.bundle()), Options{Chain: coin{w, tagged}}), "chain").OK
		}
		before := demands(func(w *world) { w.longer(hours) })
		next := demands(func(w *world) {
			w.s.Period.FromMs, w.s.Period.ToMs = testFromMs+hours*lease.MsPerHour, testFromMs+100*lease.MsPerHour
			w.log, w.batches = w.log[:w.batches[0].leaf], nil
			for i := range w.in {
				if i >= int64(len(w.log)) {
					delete(w.in, i)
				}
			}
		})
		switch {
		case before == next:
			t.Errorf("block of height %d: the one bundle has to tell of it: %v, the other: %v", 100+tagged, before, next)
		case before:
			both[0]++
		default:
			both[1]++
		}
	}
	if both[0] < 5 || both[1] < 5 {
		t.Errorf("%v blocks", both)
	}
}

// TestTaggedWithLeaf has a block of before the headers that a leaf tells of.
func TestTaggedWithLeaf(t *testing.T) {
	for _, id := range []string{testLease, "L-0001"} {
		w := honest(t, 4)
		tag := w.s.Tag
		b := lease.Block{Hash: w.before[len(w.before)-1].Hash(), Height: 99, Lease: id, Extranonce: make([]byte, 6), State: lease.Candidate}
		w.append(must(leaf.NewBlock(&b, w.records(0)[0].Job, lease.Tag(tag))), true)
		c := check(verify(t, pack(t, w.bundle()), Options{Chain: coin{w, -1}}), "chain")
		if c.OK != (id == testLease) {
			t.Errorf("%s: %+v", id, c)
		}
	}
}

// changing is a chain that is another one below a height.
type changing struct {
	coin
	at int64
}

func (c changing) Block(ctx context.Context, height int64) (miner.Header, []byte, error) {
	h, coinbase, err := c.coin.Block(ctx, height)
	if err == nil && height == c.at {
		h.SetTime(h.Time() + 1)
	}
	return h, coinbase, err
}

// TestChainChanges asks a node whose chain changes meanwhile.
func TestChainChanges(t *testing.T) {
	for _, at := range []int64{99, 97, 115} {
		w := honest(t, 4)
		w.grow(2, 600)
		refuse(t, verify(t, pack(t, w.bundle()), Options{Chain: changing{coin{w, noBlock}, at}}), "chain", "changed while it was asked")
	}
}

// TestChainBound has more blocks than are gone through.
func TestChainBound(t *testing.T) {
	w := honest(t, 4)
	w.grow(1100, 1)
	file := pack(t, w.bundle())
	r := verify(t, file, Options{Chain: coin{w, noBlock}})
	if text := strings.Join(r.Unchecked, "\n"); !r.OK() || !strings.Contains(text, "too many to ask for") {
		t.Errorf("%q, unchecked %q", failed(r), text)
	}
	refuse(t, verify(t, file, Options{Chain: coin{w, noBlock}, Strict: true}), "chain", "too many to ask for")
}

// check is that of a name.
func check(r *Report, name string) Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return Check{Name: name, Detail: "it was not made"}
}
