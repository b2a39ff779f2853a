package reward

import (
	"fmt"
	"math/big"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// sub is a share of work hashes while the network's work was network.
func sub(id string, work, network uint64) Share {
	return Share{Lease: id, Work: miner.Hashes(work), Network: miner.Hashes(network)}
}

func windowOf(list ...Share) *Window {
	w := new(Window)
	for i, s := range list {
		s.Seq = int64(i) + 1
		w.Push(s)
	}
	return w
}

func TestSplitPPLNS(t *testing.T) {
	const two = 2 * million
	tests := []struct {
		name  string
		w     *Window
		xppm  int64
		sat   int64
		want  []lease.Part
		carry int64
	}{
		{"empty", windowOf(), two, 100, parts(), 100},
		{"nothing to split", windowOf(sub("a", 1, 1)), two, 0, nil, 0},
		{"a debt", windowOf(sub("a", 1, 1)), two, -5, nil, 0},
		{"half full", windowOf(sub("a", 100, 100)), two, 100, parts("a", 50), 50},
		{"exactly full", windowOf(sub("a", 50, 100), sub("b", 150, 100)), two, 100, parts("a", 25, "b", 75), 0},
		{"the last one is cut", windowOf(sub("a", 900, 100), sub("b", 150, 100)), two, 100, parts("a", 25, "b", 75), 0},
		{"the last one is out", windowOf(sub("a", 900, 100), sub("b", 200, 100)), two, 100, parts("b", 100), 0},
		{"one share is more than the window", windowOf(sub("a", 900, 100)), two, 100, parts("a", 100), 0},
		{"the house like anybody", windowOf(sub(lease.House, 100, 100)), two, 9, parts(lease.House, 5), 4},
		{"a tie with the carry goes to the lease", windowOf(sub("a", 1, 2)), million, 1, parts("a", 1), 0},
		{"half a block", windowOf(sub("a", 1, 4)), million / 2, 100, parts("a", 50), 50},
		// The network's work rises fourfold: what was submitted before keeps
		// its s of a half, the same work after has an eighth.
		{"over a retarget", windowOf(sub("a", 50, 100), sub("b", 50, 400)), million, 800, parts("a", 400, "b", 100), 300},
		{"no network work", windowOf(sub("a", 50, 0)), million, 100, parts(), 100},
		{"a test chain", windowOf(sub("a", 1<<62, 1), sub("b", 1, 2)), lease.MaxPPLNSPPM, 2000, parts("a", 1999, "b", 1), 0},
	}
	for _, tt := range tests {
		got, carry, err := tt.w.SplitPPLNS(tt.xppm, tt.sat)
		if err != nil || !reflect.DeepEqual(got, tt.want) && len(got)+len(tt.want) > 0 || carry != tt.carry {
			t.Errorf("%s: %v and %d (%v), want %v and %d", tt.name, got, carry, err, tt.want, tt.carry)
		}
	}
	for _, xppm := range []int64{0, -1, lease.MaxPPLNSPPM + 1} {
		if _, _, err := windowOf(sub("a", 1, 1)).SplitPPLNS(xppm, 100); err == nil {
			t.Errorf("a window of %d ppm is no error", xppm)
		}
	}
}

// drawShares are n shares over retargets, each of a fiftieth to a twentieth of a
// block.
func drawShares(t *rapid.T, n int, name func(i int) string) []Share {
	network := rapid.Uint64Range(1<<20, 1<<40).Draw(t, "network")
	shares := make([]Share, n)
	for i := range shares {
		if rapid.IntRange(0, 15).Draw(t, "retarget") == 0 {
			// By up to four, either way.
			network = min(1<<50, max(1<<20, network/4*rapid.Uint64Range(1, 16).Draw(t, "to")))
		}
		work := network / 1000 * rapid.Uint64Range(20, 50).Draw(t, "work")
		shares[i] = Share{Seq: int64(i) + 1, Lease: name(i), Work: miner.Hashes(work), Network: miner.Hashes(network)}
	}
	return shares
}

// Whatever the shares, parts and carry are the reward, everybody is within a
// satoshi of what the formula says, there is a carry only while the window is
// not full, and trimming and loading again changes nothing.
func TestPPLNSProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sat := rapid.Int64Range(1, lease.MaxSat).Draw(t, "sat")
		xppm := rapid.Int64Range(1, 4*million).Draw(t, "x")
		shares := drawShares(t, rapid.IntRange(0, 120).Draw(t, "shares"), func(int) string { return fmt.Sprintf("L-%d", rapid.IntRange(1, 5).Draw(t, "lease")) })
		w := new(Window)
		for _, s := range shares {
			w.Push(s)
		}
		got, carry, err := w.SplitPPLNS(xppm, sat)
		if err != nil {
			t.Fatal(err)
		}
		sum := carry
		for _, p := range got {
			sum += p.Sat
		}
		if sum != sat || carry < 0 {
			t.Fatalf("%v and a carry of %d sum to %d, want %d", got, carry, sum, sat)
		}
		exact, full := formula(shares, xppm, sat)
		if full && carry != 0 {
			t.Fatalf("a full window carries %d", carry)
		}
		for _, p := range got {
			// One satoshi of rounding, and of s, 2^-96 block a share.
			slack := new(big.Rat).SetFrac(big.NewInt(int64(len(shares))), new(big.Int).Lsh(big.NewInt(1), fineBits))
			slack.Mul(slack, big.NewRat(million, xppm))
			slack.Mul(slack, new(big.Rat).SetInt64(sat))
			slack.Add(slack, big.NewRat(1, 1))
			d := new(big.Rat).Sub(exact[p.Lease], new(big.Rat).SetInt64(p.Sat))
			if d.Abs(d).Cmp(slack) > 0 {
				t.Fatalf("%s gets %d, the formula gives %s", p.Lease, p.Sat, exact[p.Lease].FloatString(3))
			}
		}

		needs := Needs{XPPM: max(xppm, rapid.Int64Range(1, 4*million).Draw(t, "widest"))}
		w.TrimTo(needs, miner.Hashes(1), 0)
		again, carryAgain, _ := w.SplitPPLNS(xppm, sat)
		if !reflect.DeepEqual(again, got) || carryAgain != carry {
			t.Fatalf("trimmed: %v and %d, before %v and %d", again, carryAgain, got, carry)
		}
		loaded, err := LoadShares(sharesBack(shares), needs, miner.Hashes(1), 0)
		if err != nil {
			t.Fatal(err)
		}
		if loaded.Len() != w.Len() {
			t.Fatalf("%d shares loaded, %d left by trimming", loaded.Len(), w.Len())
		}
		again, carryAgain, _ = loaded.SplitPPLNS(xppm, sat)
		if !reflect.DeepEqual(again, got) || carryAgain != carry {
			t.Fatalf("loaded: %v and %d, before %v and %d", again, carryAgain, got, carry)
		}
	})
}

// formula is the definition, in rational numbers. The window is full when there
// is more than enough, by more than rounding s can take away.
func formula(shares []Share, xppm, sat int64) (pay map[string]*big.Rat, full bool) {
	pay = make(map[string]*big.Rat)
	x := big.NewRat(xppm, million)
	left := new(big.Rat).Set(x)
	sum := new(big.Rat)
	for i := len(shares) - 1; i >= 0; i-- {
		s := new(big.Rat).SetFrac(shares[i].Work.Big(), shares[i].Network.Big())
		if sum.Add(sum, s); left.Sign() == 0 {
			continue
		}
		if s.Cmp(left) > 0 {
			s.Set(left)
		}
		left.Sub(left, s)
		s.Mul(s, new(big.Rat).SetInt64(sat))
		s.Quo(s, x)
		if pay[shares[i].Lease] == nil {
			pay[shares[i].Lease] = new(big.Rat)
		}
		pay[shares[i].Lease].Add(pay[shares[i].Lease], s)
	}
	return pay, sum.Sub(sum, x).Cmp(big.NewRat(1, 1<<50)) > 0
}

func sharesBack(shares []Share) func(func(Share, error) bool) {
	return func(yield func(Share, error) bool) {
		for i := len(shares) - 1; i >= 0; i-- {
			if !yield(shares[i], nil) {
				return
			}
		}
	}
}

// A share is worth sat·s on average wherever it stands before or after a
// retarget, so there is no better moment to come or to go. Each share that
// follows finds a block with the chance of its own s, and pays by the window
// before it; summed over all that follow, the mean is the same for all but for
// the size of one share.
func TestPPLNSCannotBeHopped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const sat, xppm = lease.MaxSat, million
		shares := drawShares(t, 120, func(i int) string { return fmt.Sprintf("S-%03d", i) })
		s := make([]*big.Rat, len(shares))
		mean := make([]*big.Rat, len(shares))
		after := make([]*big.Rat, len(shares)) // s of those that follow
		w := new(Window)
		for j := range shares {
			s[j] = new(big.Rat).SetFrac(shares[j].Work.Big(), shares[j].Network.Big())
			mean[j], after[j] = new(big.Rat), new(big.Rat)
			split, _, err := w.SplitPPLNS(xppm, sat) // frozen before the share that finds
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range split {
				var i int
				if _, err := fmt.Sscanf(p.Lease, "S-%d", &i); err != nil {
					t.Fatal(err)
				}
				paid := new(big.Rat).SetInt64(p.Sat)
				mean[i].Add(mean[i], paid.Mul(paid, s[j]))
			}
			for i := range j {
				after[i].Add(after[i], s[j])
			}
			w.Push(shares[j])
		}
		checked := 0
		for i := range shares {
			if after[i].Cmp(big.NewRat(12, 10)) < 0 {
				continue // not all its blocks are here
			}
			checked++
			want := new(big.Rat).Mul(s[i], new(big.Rat).SetInt64(sat))
			// A block more or less at the ends of the window is one share of
			// at most a twentieth; and one satoshi of rounding a block.
			slack := new(big.Rat).Mul(want, big.NewRat(1, 20))
			slack.Add(slack, big.NewRat(2, 1))
			d := new(big.Rat).Sub(mean[i], want)
			if d.Abs(d).Cmp(slack) > 0 {
				t.Fatalf("share %d has a mean of %s, want %s", i, mean[i].FloatString(1), want.FloatString(1))
			}
		}
		if checked == 0 {
			t.Fatal("no share was followed to the end of its window")
		}
	})
}
