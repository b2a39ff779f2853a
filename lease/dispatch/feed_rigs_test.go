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
	a.give(1<<61, s.now)
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
