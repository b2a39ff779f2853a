package dispatch

import (
	"slices"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// keep pins the simulation's threads to processors, -1 to none.
func (s *simulation) keep(cpus ...int) {
	s.feed.place = func(thread int) miner.Place { return miner.Place{Begun: true, CPU: cpus[thread]} }
}

// fleet are a virtual-hosted lease with two of four processors, and two leases of
// what is left.
func fleet() []lease.Lease {
	return []lease.Lease{
		{ID: "L-0001", Model: lease.VirtualHosted, ContractedHps: 2_000_000, Cores: []int{1, 3}},
		{ID: "L-0002", Model: lease.Leased, ContractedHps: 600_000},
		{ID: "L-0003", Model: lease.Leased, ContractedHps: 900_000},
	}
}

// owners counts hashes by lease for each thread on its own.
func (s *simulation) owners() []map[string]uint64 {
	all := make([]map[string]uint64, len(s.rates))
	_, counts, _ := s.feed.take()
	for _, n := range counts {
		for i := range all {
			if n.Source == source(i) {
				if all[i] == nil {
					all[i] = make(map[string]uint64)
				}
				all[i][n.Lease] += n.Hashes
			}
		}
	}
	return all
}

// Threads on processors of a virtual-hosted lease work for it and nobody else,
// to the last hash; the others share what is left, as if those were not there.
func TestProcessorsOfOneLeaseAlone(t *testing.T) {
	s := newSimulation(t, fleet(), 1_000_000, 1_000_000, 1_000_000, 1_000_000)
	s.keep(0, 1, 2, 3)
	s.run(time.Minute)
	s.settle()
	for i, by := range s.owners() {
		alone := i == 1 || i == 3
		if _, its := by["L-0001"]; its != alone || alone && len(by) != 1 {
			t.Errorf("thread %d worked for %v", i, by)
		}
	}
	got := s.counted()
	within(t, "the slice", got["L-0001"], 2*60_000_000, 5000)
	within(t, "L-0002", got["L-0002"], 36_000_000, 5000)
	within(t, "L-0003", got["L-0003"], 54_000_000, 5000)
	if n := s.feed.dedicated(); n != 2 {
		t.Errorf("%d threads are one tenant's alone, want 2", n)
	}
	// While it is paused the house has them, and needs jobs of that size.
	if n, m := s.feed.keptFor(fleet()), s.feed.keptFor(fleet()[1:]); n != 2 || m != 0 {
		t.Errorf("%d threads are kept for the leases, %d while one is paused", n, m)
	}
}

// Stopped by anybody, the processors are the house's, and nobody's whose pool
// has no work; at the end of the term they are everybody's again. Nobody else
// ever gets them before.
func TestProcessorsWhileTheLeaseRests(t *testing.T) {
	leases := fleet()[:1]
	others := []lease.Lease{{ID: "L-0002", Model: lease.Leased, ContractedHps: 50_000_000}} // takes all it can get
	s := newSimulation(t, slices.Concat(leases, others), 1_000_000, 1_000_000, 1_000_000, 1_000_000)
	s.keep(0, 1, 2, 3)
	works := map[string]*work{lease.House: testWork(t, lease.House), "L-0001": testWork(t, "L-0001"), "L-0002": testWork(t, "L-0002")}
	set := func(change func(l *lease.Lease), with ...string) {
		l := leases[0]
		change(&l)
		jobs := map[string]*work{lease.House: works[lease.House], "L-0002": works["L-0002"]}
		for _, id := range with {
			jobs[id] = works[id]
		}
		s.settle()
		s.owners()
		s.feed.install(append([]lease.Lease{l}, others...), jobs)
		s.run(10 * time.Second)
		s.settle()
	}
	check := func(what, want string) {
		t.Helper()
		for i, by := range s.owners() {
			if i != 1 && i != 3 {
				continue
			}
			if want == "" && len(by) > 0 || want != "" && (len(by) != 1 || by[want] == 0) {
				t.Errorf("%s: thread %d worked for %v, want %q", what, i, by, want)
			}
		}
	}
	set(func(*lease.Lease) {}, "L-0001")
	check("at work", "L-0001")
	set(func(l *lease.Lease) { l.Pauses = []lease.Pause{{By: lease.PauseTenant}} })
	check("paused", lease.House)
	set(func(*lease.Lease) {})
	check("its pool is away", "")
	set(func(*lease.Lease) {}, "L-0001")
	check("back at work", "L-0001")
	set(func(l *lease.Lease) { l.EndMs = s.now.UnixMilli() }, "L-0001")
	check("over", "L-0002")
}

// Where a thread may be on any processor, none is one tenant's alone, and its
// lease gets nothing.
func TestThreadsThatAreNotPinnedShareNothing(t *testing.T) {
	s := newSimulation(t, fleet(), 1_000_000, 1_000_000)
	s.keep(-1, 1)
	s.run(10 * time.Second)
	s.settle()
	if got := s.counted(); got["L-0001"] > 50_000 || got["L-0003"] == 0 { // at most the first chunk
		t.Errorf("counted %v", got)
	}
	if n := s.feed.dedicated(); n != 0 {
		t.Errorf("%d threads are one tenant's alone", n)
	}
	why, cores := unserved(&fleet()[0], map[int]bool{-1: true, 1: true})
	if why == "" || !slices.Equal(cores, []int{1, 3}) {
		t.Errorf("missing %v: %q", cores, why)
	}
	if why, cores = unserved(&fleet()[0], map[int]bool{0: true, 1: true}); why == "" || !slices.Equal(cores, []int{3}) {
		t.Errorf("missing %v: %q", cores, why)
	}
	if why, _ = unserved(&fleet()[0], map[int]bool{1: true, 3: true}); why != "" {
		t.Errorf("missing nothing: %q", why)
	}
}

// Whatever is paused and goes on in whatever order, and whatever chunks are cut
// short: threads on a lease's processors never work for another tenant, and every
// hash is counted once.
func TestProcessorsAreNeverShared(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newSimulation(t, fleet(), 1_000_000, 1_500_000, 800_000, 1_000_000)
		s.keep(0, 1, 2, 3)
		s.cutEach = rapid.IntRange(0, 5).Draw(r, "cut each")
		for range rapid.IntRange(1, 8).Draw(r, "changes") {
			leases, jobs := fleet(), map[string]*work{lease.House: testWork(t, lease.House)}
			for i := range leases {
				switch rapid.IntRange(0, 3).Draw(r, "state") {
				case 0:
					leases[i].Pauses = []lease.Pause{{By: lease.PauseTenant}}
				case 1: // its pool is away
				default:
					jobs[leases[i].ID] = testWork(t, leases[i].ID)
				}
			}
			s.feed.install(leases, jobs)
			s.run(time.Duration(rapid.IntRange(1, 2000).Draw(r, "ms")) * time.Millisecond)
		}
		s.settle()
		var sum uint64
		for i, by := range s.owners() {
			for id, n := range by {
				sum += n
				if (i == 1 || i == 3) && id != "L-0001" && id != lease.House || i != 1 && i != 3 && id == "L-0001" {
					r.Fatalf("thread %d worked for %v", i, by)
				}
			}
		}
		if sum != s.hashed {
			r.Fatalf("%d hashes are counted of %d", sum, s.hashed)
		}
	})
}
