package dispatch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// farm is rigs and leases over time, without anything else.
type farm struct {
	now    time.Time
	rigs   []supply
	leases []demand
	moves  int
}

// run lets the farm work for n ticks of a second.
func (f *farm) run(t *rapid.T, n int, check func()) {
	for range n {
		for _, m := range allocate(f.now, f.rigs, f.leases) {
			r := &f.rigs[m.rig]
			if m.from != r.lease || m.to == r.lease {
				t.Fatalf("move of rig %d from %q to %q, which is at %q", m.rig, m.from, m.to, r.lease)
			}
			active := slices.ContainsFunc(f.leases, func(l demand) bool { return l.lease == r.lease })
			if r.lease != "" && active && f.now.Sub(r.since) < quantum {
				t.Fatalf("rig %d moved after %v", m.rig, f.now.Sub(r.since))
			}
			r.lease, r.since = m.to, f.now
			f.moves++
		}
		f.now = f.now.Add(time.Second)
		for i := range f.leases {
			l := &f.leases[i]
			l.behind += l.rate
			for _, r := range f.rigs {
				if r.lease == l.lease {
					l.behind -= r.rate
				}
			}
		}
		check()
	}
}

// With enough rigs no lease is ever further off its contract than some quanta
// of the largest rig, however rigs and contracts are cut.
func TestAllocateKeepsDeficitsWithinTheLargestRig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &farm{now: time.Unix(1_700_000_000, 0)}
		var total, largest megahash
		for i := range rapid.IntRange(1, 12).Draw(t, "rigs") {
			rate := megahash(rapid.Int64Range(1_000_000, 200_000_000).Draw(t, "rate"))
			f.rigs = append(f.rigs, supply{rig: i, id: uint64(i), rate: rate})
			total += rate
			largest = max(largest, rate)
		}
		n := rapid.IntRange(1, 6).Draw(t, "leases")
		for i := range n {
			share := rapid.Int64Range(1, 90).Draw(t, "share")
			f.leases = append(f.leases, demand{lease: fmt.Sprint("L", i), rate: total * megahash(share) / megahash(100*n)})
			if f.leases[i].rate*maxRatio < largest {
				t.Skip("too small for the largest rig")
			}
		}
		bound := 3 * largest.of(quantum)
		f.run(t, 3600, func() {
			for _, l := range f.leases {
				if l.behind > bound || l.behind < -bound {
					t.Fatalf("lease %s of %d MH/s is %d MH behind, with rigs up to %d MH/s", l.lease, l.rate, l.behind, largest)
				}
			}
		})
		if most := 2*3600/60*len(f.rigs) + len(f.rigs); f.moves > most {
			t.Fatalf("%d moves in an hour of %d rigs", f.moves, len(f.rigs))
		}
	})
}

// Rigs that fit their leases stay there.
func TestAllocateLeavesWhatFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &farm{now: time.Unix(1_700_000_000, 0)}
		for i := range rapid.IntRange(1, 8).Draw(t, "rigs") {
			rate := megahash(rapid.Int64Range(1_000_000, 200_000_000).Draw(t, "rate"))
			f.rigs = append(f.rigs, supply{rig: i, id: uint64(i), rate: rate})
			f.leases = append(f.leases, demand{lease: fmt.Sprint("L", i), rate: rate})
		}
		f.run(t, 300, func() {})
		settled := f.moves
		f.run(t, 3600, func() {})
		if more := f.moves - settled; more > len(f.rigs) {
			t.Fatalf("%d moves although every lease has its rig", more)
		}
	})
}

// A rig of a lease that has ended goes on at once.
func TestAllocateFreesRigsOfEndedLeases(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	rigs := []supply{{rig: 0, rate: 100, lease: "ended", since: now}}
	moves := allocate(now, rigs, []demand{{lease: "L", rate: 100}})
	if want := []placement{{rig: 0, from: "ended", to: "L", need: 6000, rate: 100}}; !slices.Equal(moves, want) {
		t.Errorf("moves %+v, want %+v", moves, want)
	}
	if moves := allocate(now, rigs, []demand{{lease: "L", owner: "t", rate: 1}}); len(moves) != 1 || moves[0].to != "" {
		t.Errorf("a lease of a hundredth of the rig: %+v", moves)
	}
	moves = allocate(now, rigs, nil)
	if len(moves) != 1 || moves[0].to != "" {
		t.Errorf("without leases: %+v", moves)
	}
}

// A lease much smaller than a rig is the threads' business until it is behind
// by half of what the rig makes in a quantum.
func TestAllocateSparesLargeRigs(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	rigs := []supply{{rig: 0, rate: 1000}}
	if moves := allocate(now, rigs, []demand{{lease: "L", rate: 100}}); len(moves) != 0 {
		t.Errorf("moves %+v", moves)
	}
	if moves := allocate(now, rigs, []demand{{lease: "L", rate: 100, behind: 24_000}}); len(moves) != 1 {
		t.Errorf("moves %+v", moves)
	}
}

// A tenant's own machine works for that tenant only.
func TestAllocateKeepsTenantsRigsApart(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	rigs := []supply{{rig: 0, rate: 1000, owner: "alice"}, {rig: 1, rate: 1000}}
	leases := []demand{{lease: "B", owner: "bob", rate: 5000}, {lease: "A", owner: "alice", rate: 900}}
	want := []placement{{rig: 0, to: "A", need: 54_000, rate: 1000}, {rig: 1, to: "B", need: 300_000, rate: 1000}}
	if got := allocate(now, rigs, leases); !slices.Equal(got, want) {
		t.Errorf("moves %+v, want %+v", got, want)
	}
}

// The order of the arguments does not matter beyond ties.
func TestAllocateIsDeterministic(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	rigs := []supply{{rig: 0, id: 0, rate: 50}, {rig: 1, id: 1, rate: 70}, {rig: 2, id: 2, rate: 20}}
	leases := []demand{{lease: "A", rate: 90}, {lease: "B", rate: 45}}
	want := allocate(now, rigs, leases)
	for range 20 {
		rand.Shuffle(len(rigs), func(i, j int) { rigs[i], rigs[j] = rigs[j], rigs[i] })
		if got := allocate(now, rigs, leases); !slices.Equal(got, want) {
			t.Fatalf("moves %+v, want %+v", got, want)
		}
	}
}

// A tenant's own machine stays with its tenant even when nothing is needed of
// it, whatever it makes, and has nowhere to go when there is no lease.
func TestAllocateNeverIdlesTenantsRigs(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	leases := []demand{{lease: "A", owner: "alice", rate: 100, behind: -1_000_000}, {lease: "B", owner: "bob", rate: 100, behind: 1000}}
	for _, rate := range []megahash{0, 1, 100, 1600} {
		rigs := []supply{{rig: 0, rate: rate, owner: "alice"}}
		moves := allocate(now, rigs, leases)
		if len(moves) != 1 || moves[0].to != "A" {
			t.Errorf("%d MH/s: moves %+v", rate, moves)
		}
		rigs[0].lease, rigs[0].since = "A", now.Add(-time.Hour)
		if moves := allocate(now, rigs, leases); len(moves) != 0 {
			t.Errorf("%d MH/s: away by %+v", rate, moves)
		}
		if moves := allocate(now, rigs, leases[1:]); len(moves) != 1 || moves[0].to != "" {
			t.Errorf("%d MH/s: without a lease %+v", rate, moves)
		}
	}
	if moves := allocate(now, []supply{{rate: 1601, owner: "alice"}}, leases); len(moves) != 0 {
		t.Errorf("sixteen times too large: %+v", moves)
	}
}

// A rig does not stay with a lease whose pool took back what the rig rolls.
func TestAllocateTakesRigsFromNarrowedMasks(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	rigs := []supply{{rig: 0, mask: 0x1fffe000, rate: 1000, lease: "L-0001", since: now.Add(-2 * quantum)}}
	leases := []demand{{lease: "L-0001", rate: 1000, behind: 1000}, {lease: "L-0002", mask: 0x1fffe000, rate: 1000}}
	moves := allocate(now, rigs, leases)
	if len(moves) != 1 || moves[0].to != "L-0002" {
		t.Errorf("moves %+v of a rig that rolls what its lease's pool refuses", moves)
	}
}
