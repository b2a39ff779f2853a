package reward

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// rules: a window of 2 blocks, 1 day, at least 10 seconds.
var rules = lease.Tides{NetworkMultiple: 2, MaxDays: 1, MinSec: 10}

func TestWindow(t *testing.T) {
	const now = 10 * msPerDay
	shares := func(list ...Share) *Window {
		w := new(Window)
		for i, s := range list {
			s.Seq = int64(i) + 1
			w.Push(s)
		}
		return w
	}
	share := func(id string, work uint64, age int64) Share {
		return Share{Lease: id, Work: miner.Hashes(work), AtMs: now - age}
	}
	const hour = msPerDay / 24
	tests := []struct {
		name    string
		w       *Window
		network uint64
		want    []Weight
	}{
		{"empty", shares(), 100, []Weight{}},
		{"less than the window", shares(share("a", 30, hour), share("b", 50, hour)), 100, []Weight{hashes("a", 30), hashes("b", 50)}},
		{"exactly the window", shares(share("a", 150, hour), share("b", 50, hour)), 100, []Weight{hashes("a", 150), hashes("b", 50)}},
		{"the last one is cut", shares(share("a", 150, hour), share("b", 150, hour)), 100, []Weight{hashes("a", 50), hashes("b", 150)}},
		{"the last one is out", shares(share("a", 150, hour), share("b", 200, hour)), 100, []Weight{hashes("b", 200)}},
		{"one share is more than the window", shares(share("a", 1000, hour)), 100, []Weight{hashes("a", 200)}},
		{"too old", shares(share("a", 30, 25*hour), share("b", 50, hour)), 100, []Weight{hashes("b", 50)}},
		{"all too old", shares(share("a", 30, 25*hour)), 100, []Weight{}},
		{"exactly too old", shares(share("a", 30, 24*hour), share("b", 50, 24*hour-1)), 100, []Weight{hashes("b", 50)}},
		{"never less than the last seconds", shares(share("a", 9, hour), share("a", 300, 9999), share("b", 100, 1)), 10, []Weight{hashes("a", 300), hashes("b", 100)}},
		{"which end", shares(share("a", 300, 10_000), share("b", 100, 9999)), 10, []Weight{hashes("b", 100)}},
		{"no network", shares(share("a", 300, hour), share("b", 100, 1)), 0, []Weight{hashes("b", 100)}},
	}
	for _, tt := range tests {
		if got := tt.w.Weights(rules, miner.Hashes(tt.network), now); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPushTwice(t *testing.T) {
	var w Window
	w.Push(Share{Seq: 5, Lease: "a", Work: miner.Hashes(1)})
	w.Push(Share{Seq: 5, Lease: "a", Work: miner.Hashes(1)})
	w.Push(Share{Seq: 4, Lease: "b", Work: miner.Hashes(1)})
	if w.Len() != 1 {
		t.Errorf("%d shares, want 1", w.Len())
	}
}

// backwards yields shares as a store's receipts, newest first.
func backwards(shares []Share) func(func(lease.Receipt, error) bool) {
	return func(yield func(lease.Receipt, error) bool) {
		for _, s := range slices.Backward(shares) {
			if !yield(lease.Receipt{Seq: s.Seq, Lease: s.Lease, Work: s.Work, CommitMs: s.AtMs}, nil) {
				return
			}
		}
	}
}

func TestLoadError(t *testing.T) {
	want := errors.New("no")
	_, err := Load(func(yield func(lease.Receipt, error) bool) { yield(lease.Receipt{}, want) }, rules, miner.Hashes(1), 0)
	if !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
}

// However often the node was restarted and the window trimmed, and whatever
// happened to its memory, the split is the one over all shares there ever were;
// the network's work may rise fourfold at once.
func TestWindowSurvivesRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := miner.Hashes(rapid.Uint64Range(1, 2000).Draw(t, "network"))
		tides := lease.Tides{
			NetworkMultiple: rapid.Int64Range(1, 8).Draw(t, "multiple"),
			MaxDays:         rapid.Int64Range(1, 5).Draw(t, "days"),
			MinSec:          rapid.Int64Range(1, 100_000).Draw(t, "seconds"),
		}
		now := int64(100 * msPerDay)
		var all []Share
		var whole Window
		living := new(Window)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.Int64Range(0, msPerDay).Draw(t, "step") // the clock
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				living.Trim(tides, network, now)
			case 1:
				var err error
				if living, err = Load(backwards(all), tides, network, now); err != nil {
					t.Fatal(err)
				}
			default:
				s := Share{
					Seq: int64(len(all)) + 1, Lease: fmt.Sprintf("L-%d", rapid.IntRange(1, 4).Draw(t, "lease")),
					Work: miner.Hashes(rapid.Uint64Range(1, 3000).Draw(t, "work")),
					AtMs: now - rapid.Int64Range(0, 60_000).Draw(t, "jitter"),
				}
				all = append(all, s)
				whole.Push(s)
				living.Push(s)
			}
			raised := network.Mul(rapid.Uint64Range(1, 4).Draw(t, "retarget"))
			want := whole.Split(tides, 5_000_000_000, raised, now)
			if got := living.Split(tides, 5_000_000_000, raised, now); !reflect.DeepEqual(got, want) {
				t.Fatalf("after %d shares: %v, want %v", len(all), got, want)
			}
		}
	})
}

// A window that two schemes share forgets nothing that either needs.
func TestWindowOfTwoSchemes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := miner.Hashes(rapid.Uint64Range(100, 2000).Draw(t, "network"))
		needs := Needs{XPPM: rapid.Int64Range(1, 4*million).Draw(t, "x")}
		if rapid.Bool().Draw(t, "tides") {
			needs.Tides = &lease.Tides{NetworkMultiple: rapid.Int64Range(1, 4).Draw(t, "multiple"), MaxDays: 2, MinSec: 1000}
		}
		now := int64(100 * msPerDay)
		var all []Share
		var whole Window
		living := new(Window)
		for range 40 {
			now += rapid.Int64Range(0, msPerDay/2).Draw(t, "step")
			s := Share{
				Seq: int64(len(all)) + 1, Lease: fmt.Sprintf("L-%d", rapid.IntRange(1, 4).Draw(t, "lease")),
				Work: miner.Hashes(rapid.Uint64Range(1, 3000).Draw(t, "work")), Network: network, AtMs: now,
			}
			all = append(all, s)
			whole.Push(s)
			living.Push(s)
			if rapid.Bool().Draw(t, "restart") {
				var err error
				if living, err = LoadShares(sharesBack(all), needs, network, now); err != nil {
					t.Fatal(err)
				}
			}
			living.TrimTo(needs, network, now)
			if needs.Tides != nil {
				want := whole.Split(*needs.Tides, 1_000_000, network, now)
				if got := living.Split(*needs.Tides, 1_000_000, network, now); !reflect.DeepEqual(got, want) {
					t.Fatalf("TIDES: %v, want %v", got, want)
				}
			}
			want, wantCarry, _ := whole.SplitPPLNS(needs.XPPM, 1_000_000)
			got, carry, _ := living.SplitPPLNS(needs.XPPM, 1_000_000)
			if !reflect.DeepEqual(got, want) || carry != wantCarry {
				t.Fatalf("PPLNS: %v and %d, want %v and %d", got, carry, want, wantCarry)
			}
		}
	})
}

// More work of one's own never means less money.
func TestSplitIsMonotonic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a, b Window
		n := rapid.IntRange(1, 10).Draw(t, "shares")
		more := rapid.IntRange(0, n-1).Draw(t, "which has more")
		for i := range n {
			s := Share{Seq: int64(i) + 1, Lease: fmt.Sprintf("L-%d", rapid.IntRange(1, 3).Draw(t, "lease")), AtMs: msPerDay}
			s.Work = miner.Hashes(rapid.Uint64Range(1, 100).Draw(t, "work"))
			a.Push(s)
			if i == more {
				s.Lease = "L-1"
			}
			b.Push(s)
		}
		part := func(w *Window) int64 {
			for _, p := range w.Split(rules, 1000, miner.Hashes(200), msPerDay) {
				if p.Lease == "L-1" {
					return p.Sat
				}
			}
			return 0
		}
		if before, after := part(&a), part(&b); after < before {
			t.Fatalf("L-1 gets %d for more shares, %d before", after, before)
		}
	})
}

func TestTrimFreesMemory(t *testing.T) {
	var w Window
	now := int64(100 * msPerDay)
	for i := range int64(10_000) {
		w.Push(Share{Seq: i + 1, Lease: "a", Work: miner.Hashes(1), AtMs: now - (10_000-i)*60_000})
	}
	w.Trim(rules, miner.Hashes(10), now)
	// A day and ten seconds of one a minute.
	if w.Len() < 1440 || w.Len() > 1442 || cap(w.shares) > 2000 {
		t.Errorf("%d shares in room for %d", w.Len(), cap(w.shares))
	}
	w.Trim(lease.Tides{NetworkMultiple: 1, MaxDays: 1 << 60, MinSec: 1 << 60}, miner.Work{}, now)
	if w.Len() < 1440 {
		t.Error("terms without bounds made the window forget")
	}
	if w, err := Load(backwards(nil), rules, miner.Hashes(10), now); err != nil || w.Len() != 0 {
		t.Errorf("empty log: %d shares, %v", w.Len(), err)
	}
}

func filled(n int) *Window {
	w := new(Window)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		w.Push(Share{Seq: int64(i) + 1, Lease: fmt.Sprintf("L-%04d", rng.IntN(50)), Work: miner.Hashes(1 << 40), Network: miner.Work{Hi: 1 << 15}, AtMs: int64(i)})
	}
	return w
}

func BenchmarkSplit100k(b *testing.B) {
	w := filled(100_000)
	for b.Loop() {
		w.Split(lease.DefaultTides, 312_500_000, miner.Work{Hi: 1 << 30}, 200_000)
	}
}

func BenchmarkSplitPPLNS100k(b *testing.B) {
	w := filled(100_000)
	for b.Loop() {
		if _, _, err := w.SplitPPLNS(2*million, 312_500_000); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPush(b *testing.B) {
	w := new(Window)
	s := Share{Lease: "L-0001", Work: miner.Hashes(1 << 40), Network: miner.Work{Hi: 1 << 15}}
	for b.Loop() {
		s.Seq++
		w.Push(s)
	}
}
