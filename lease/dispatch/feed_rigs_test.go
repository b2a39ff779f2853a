package dispatch

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// tell is what the rigs' allocation says every second.
func (s *simulation) tell(d time.Duration, byRigs map[string]bool, any bool, threads uint64) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.feed.leaveToRigs(byRigs, any, threads)
		s.run(time.Second)
	}
}

// When the rigs of a large lease go away, the threads that could not make a
// hundredth of it do not starve the leases they can serve; it gets what they
// leave.
func TestLargeLeaseDoesNotStarveSmallOnes(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", ContractedHps: 10_000_000_000},
		{ID: "L-0002", ContractedHps: 20_000_000},
		{ID: "L-0003", ContractedHps: 10_000_000},
	}
	s := newSimulation(t, leases, 50_000_000)
	s.tell(time.Minute, map[string]bool{"L-0001": true}, true, 50_000_000)
	if n := s.counted()["L-0001"]; n != 0 {
		t.Errorf("%d hashes of the threads for a lease that is left to rigs", n)
	}
	s.tell(5*time.Minute, nil, false, 50_000_000)
	s.settle()
	counted := s.counted()
	within(t, "L-0002", counted["L-0002"], 20_000_000*360, 20_000)
	within(t, "L-0003", counted["L-0003"], 10_000_000*360, 20_000)
	within(t, "L-0001", counted["L-0001"], 20_000_000*300, 50_000)
}

// What a lease is behind or ahead by more than rigs can make up for is
// forgotten.
func TestLagAndLeadAreBounded(t *testing.T) {
	leases := []lease.Lease{{ID: "L-0001", ContractedHps: 1 << 40}}
	s := newSimulation(t, leases, 1_000_000)
	byRigs := map[string]bool{"L-0001": true}
	s.now = s.now.Add(24 * time.Hour)
	s.feed.leaveToRigs(byRigs, true, 1_000_000)
	most := megahash(1<<20) * megahash(rigLag/time.Second)
	if got := s.feed.demands()[0].behind; got != most {
		t.Errorf("behind by %d after a day, want %d", got, most)
	}
	a := s.feed.all["L-0001"]
	a.give(miner.Hashes(1 << 61))
	s.feed.leaveToRigs(byRigs, true, 1_000_000)
	if got := s.feed.demands()[0].behind; got > -most+2 || got < -most-2 {
		t.Errorf("ahead by %d after a flood of shares, want %d", -got, most)
	}
}

// Shares that the committer has no room for are counted, and those that solve
// blocks are kept all the same.
func TestOverloadIsCounted(t *testing.T) {
	s := newSimulation(t, []lease.Lease{{ID: "L-0001", ContractedHps: 1_000_000}}, 1_000_000)
	d := &Dispatcher{feed: s.feed}
	w := s.feed.all["L-0001"].work
	w.job.Target = miner.MaxTarget
	share := func() error {
		return desk{d}.Accepted(&stratum.Accepted{
			Worker: "rig", Owner: w, At: s.now, Issue: &stratum.Issue{Target: miner.MaxTarget, Extranonce1: []byte{1, 0}},
			Share: stratum.Share{Extranonce2: make([]byte, 4)},
		})
	}
	s.feed.found = make([]found, maxFound)
	w.network = miner.Target{}
	for range 3 {
		if err := share(); err != nil {
			t.Error(err)
		}
	}
	w.network = miner.MaxTarget
	if err := share(); err != nil {
		t.Error(err)
	}
	shares, _, verdicts := s.feed.take()
	if len(shares) != maxFound+1 || len(verdicts) != 1 || verdicts[0] != (lease.Verdict{Lease: lease.House, Source: "node", Reason: overflow, N: 3}) {
		t.Errorf("%d shares kept, verdicts %+v", len(shares)-maxFound, verdicts)
	}
}

// Accounts of leases of the largest rate neither run over nor forget: what was
// not delivered for ten minutes is still owed, exactly.
func TestLargestLeasesAreAccountedExactly(t *testing.T) {
	for _, hps := range []uint64{1 << 50, 1 << 54, lease.MaxContractedHps} {
		s := newSimulation(t, []lease.Lease{{ID: "L-0001", ContractedHps: hps}}, 1_000_000)
		s.now = s.now.Add(10 * time.Minute)
		a := s.feed.all["L-0001"]
		want := miner.Hashes(hps).Mul(600)
		if got := a.deficit(s.now); got != want {
			t.Errorf("%d H/s: behind by %v after ten minutes, want %v", hps, got, want)
		}
		if got := a.lag(a.deficit(s.now)); got != 10*time.Minute {
			t.Errorf("%d H/s: a lag of %v", hps, got)
		}
		for range 600 {
			a.give(miner.Hashes(hps))
		}
		if got := s.feed.demands()[0].behind; got != 0 {
			t.Errorf("%d H/s: behind by %d Mh when all was given", hps, got)
		}
		for range 60 {
			a.give(miner.Hashes(hps))
		}
		if got, want := s.feed.demands()[0].behind, -megahashes(hps)*60; got > want+60 || got < want-60 {
			t.Errorf("%d H/s: behind by %d Mh after a minute ahead, want %d", hps, got, want)
		}
	}
}

// A lease whose pool is away is owed nothing for that time, so its return
// costs nobody what he is behind; nor is it forgiven what it was ahead.
func TestClockStandsStillWithoutWork(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", ContractedHps: 30_000_000},
		{ID: "L-0002", ContractedHps: 10_000_000},
	}
	s := newSimulation(t, leases, 20_000_000)
	s.run(18 * time.Second) // both fall back, to not quite maxLag
	honest, flapping := s.feed.all["L-0001"], s.feed.all["L-0002"]
	w := flapping.work
	behind, before := honest.deficit(s.now), flapping.deficit(s.now)
	s.feed.setWork("L-0002", nil)
	s.feed.install(leases, map[string]*work{"L-0001": honest.work, lease.House: s.feed.house.work})
	honest.since = honest.since.Add(time.Hour)
	s.now = s.now.Add(time.Hour)
	s.feed.setWork("L-0002", w)
	s.feed.mu.Lock()
	s.feed.pick(s.now, 1_000_000)
	s.feed.mu.Unlock()
	if got := honest.deficit(s.now); got != behind {
		t.Errorf("a lease was behind by %v, and by %v when another's pool was back", behind, got)
	}
	if got := flapping.deficit(s.now); got != before {
		t.Errorf("behind by %v before the pool went away, by %v when it is back", before, got)
	}

	flapping.give(miner.Hashes(1 << 40))
	ahead := flapping.given.Sub(flapping.owed(s.now))
	s.feed.setWork("L-0002", nil)
	s.feed.install(leases, map[string]*work{"L-0001": honest.work, lease.House: s.feed.house.work})
	s.feed.setWork("L-0002", w)
	if got := flapping.given.Sub(flapping.owed(s.now)); got != ahead {
		t.Errorf("ahead by %v, and by %v after its pool was away: it could have the rigs all day", ahead, got)
	}
}
