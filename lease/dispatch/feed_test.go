package dispatch

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// simulation drives a feed with threads of known speed in invented time.
type simulation struct {
	feed    *feed
	now     time.Time
	rates   []uint64 // H/s by thread
	busy    []time.Time
	tasks   []*miner.Task
	hashed  uint64
	cutEach int // every so many tasks is cut to half, as a Kick would
	n       int
}

func newSimulation(t *testing.T, leases []lease.Lease, rates ...uint64) *simulation {
	t.Helper()
	s := &simulation{now: time.Unix(1_700_000_000, 0), rates: rates}
	s.feed = newFeed(func() time.Time { return s.now })
	s.busy = make([]time.Time, len(rates))
	s.tasks = make([]*miner.Task, len(rates))
	for i := range s.busy {
		s.busy[i] = s.now
	}
	works := map[string]*work{lease.House: testWork(t, lease.House)}
	for _, l := range leases {
		works[l.ID] = testWork(t, l.ID)
	}
	s.feed.install(leases, works)
	return s
}

func testWork(t *testing.T, id string) *work {
	t.Helper()
	return &work{
		job:      lease.Job{Lease: id, Target: miner.DifficultyOne},
		template: testDocument(t),
		tip:      &tip{},
	}
}

func testDocument(t *testing.T) *receipt.Template {
	t.Helper()
	return &receipt.Template{
		Head: make([]byte, 60), Coinb2: make([]byte, 60), Bits: 0x1d00ffff, Mask: stratum.VersionMask, Extranonce1Size: 2, Extranonce2Size: 4,
	}
}

// run lets the threads hash for d.
func (s *simulation) run(d time.Duration) {
	for end := s.now.Add(d); ; {
		next := 0
		for i := range s.busy {
			if s.busy[i].Before(s.busy[next]) {
				next = i
			}
		}
		if s.busy[next].After(end) {
			s.now = end
			return
		}
		s.now = s.busy[next]
		s.step(next)
	}
}

// step ends a thread's task and starts its next.
func (s *simulation) step(thread int) {
	if t := s.tasks[thread]; t != nil {
		s.feed.Done(thread, t, t.Headers())
		s.hashed += t.Headers()
	}
	rate := s.rates[thread]
	t, ok := s.feed.Next(thread, rate/20)
	if !ok {
		s.tasks[thread] = nil
		s.busy[thread] = s.now.Add(time.Millisecond)
		return
	}
	if s.n++; s.cutEach > 0 && s.n%s.cutEach == 0 {
		half := t.Headers() / 2
		s.feed.Done(thread, &t, half)
		s.hashed += half
		s.tasks[thread] = nil
		s.busy[thread] = s.now.Add(time.Duration(half * uint64(time.Second) / rate))
		return
	}
	s.tasks[thread] = &t
	s.busy[thread] = s.now.Add(time.Duration(t.Headers() * uint64(time.Second) / rate))
}

// counted returns the hashes by lease.
func (s *simulation) counted() map[string]uint64 {
	out := make(map[string]uint64)
	for id, t := range s.feed.tallies() {
		out[id] = t.counted
	}
	return out
}

// settle ends all tasks where they are.
func (s *simulation) settle() {
	for i, t := range s.tasks {
		if t != nil {
			s.feed.Done(i, t, 0)
			s.tasks[i] = nil
		}
	}
}

func within(t *testing.T, what string, got, want uint64, ppm uint64) {
	t.Helper()
	diff := max(got, want) - min(got, want)
	if diff > want*ppm/1_000_000+1 {
		t.Errorf("%s: %d hashes, want %d within %d ppm", what, got, want, ppm)
	}
}

func TestLeasesGetTheirRateAndTheHouseTheRest(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", ContractedHps: 40_000_000},
		{ID: "L-0002", ContractedHps: 20_000_000},
		{ID: "L-0003", ContractedHps: 150_000},
		{ID: "L-0004", ContractedHps: 33_333_333},
	}
	s := newSimulation(t, leases, 50_000_000, 50_000_000)
	s.cutEach = 7
	s.run(time.Minute)
	s.settle()
	var sum uint64
	counted := s.counted()
	for _, l := range leases {
		within(t, l.ID, counted[l.ID], l.ContractedHps*60, 10_000)
		sum += counted[l.ID]
	}
	if sum+counted[lease.House] != s.hashed {
		t.Errorf("counted %d for leases and %d for the house, %d were hashed", sum, counted[lease.House], s.hashed)
	}
	if counted[lease.House] == 0 {
		t.Error("the house got nothing of the rest")
	}
}

// What the threads cannot deliver is missing in proportion to the contracts,
// and the house gets nothing.
func TestShortageIsShared(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", ContractedHps: 60_000_000},
		{ID: "L-0002", ContractedHps: 20_000_000},
	}
	s := newSimulation(t, leases, 40_000_000)
	s.run(2 * time.Minute)
	s.settle()
	counted := s.counted()
	within(t, "L-0001", counted["L-0001"], 30_000_000*120, 30_000)
	within(t, "L-0002", counted["L-0002"], 10_000_000*120, 30_000)
	if got := counted[lease.House]; got > 40_000_000/20 {
		t.Errorf("the house got %d hashes, more than the chunk before anybody was behind", got)
	}
}

// A lease that could not be served for an hour catches up by maxLag and no
// more.
func TestCatchingUpIsBounded(t *testing.T) {
	leases := []lease.Lease{{ID: "L-0001", ContractedHps: 10_000_000}}
	s := newSimulation(t, leases, 50_000_000)
	s.run(time.Second)
	s.now = s.now.Add(time.Hour)
	s.busy[0] = s.now
	before := s.counted()["L-0001"]
	s.run(time.Minute)
	s.settle()
	want := 10_000_000 * uint64(60+maxLag/time.Second)
	within(t, "after the pause", s.counted()["L-0001"]-before, want, 20_000)
}

// A lease too small to keep a thread busy for long is served all the same.
func TestSmallLeasesGetTheirRate(t *testing.T) {
	leases := []lease.Lease{
		{ID: "L-0001", ContractedHps: 20_000_000},
		{ID: "L-0002", ContractedHps: 10_000},
		{ID: "L-0003", ContractedHps: 1_000},
	}
	s := newSimulation(t, leases, 50_000_000)
	s.run(5 * time.Minute)
	s.settle()
	counted := s.counted()
	for _, l := range leases {
		within(t, l.ID, counted[l.ID], l.ContractedHps*300, 10_000)
	}
}

func TestNoWorkAfterTheEnd(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	leases := []lease.Lease{{ID: "L-0001", ContractedHps: 10_000_000, EndMs: start.Add(30 * time.Second).UnixMilli()}}
	s := newSimulation(t, leases, 50_000_000)
	s.run(time.Minute)
	s.settle()
	within(t, "L-0001", s.counted()["L-0001"], 10_000_000*30, 10_000)
}

func TestNothingToDo(t *testing.T) {
	f := newFeed(time.Now)
	if _, ok := f.Next(0, 1000); ok {
		t.Error("a feed without work gave a task")
	}
}

// Every hash is handed to the committer once, under its lease and thread.
func TestTakeGivesCountsOnce(t *testing.T) {
	leases := []lease.Lease{{ID: "L-0001", ContractedHps: 10_000_000}}
	s := newSimulation(t, leases, 50_000_000, 30_000_000)
	var taken uint64
	for range 10 {
		s.run(time.Second)
		_, counts, _ := s.feed.take()
		for _, c := range counts {
			taken += c.Hashes
		}
	}
	s.settle()
	if taken != s.hashed {
		t.Errorf("took %d hashes, %d were hashed", taken, s.hashed)
	}
}

func TestProofTarget(t *testing.T) {
	for _, c := range []struct {
		rate uint64
		ms   int64
		work uint64
	}{{50_000_000, 5000, 250_000_000}, {1, 100, 1}, {0, 100, 1}, {2000, 500, 1000}} {
		if got := proofTarget(c.rate, c.ms).Work(); got != miner.Hashes(c.work) {
			t.Errorf("%d H/s for %d ms: work %v, want %d", c.rate, c.ms, got, c.work)
		}
	}
}

// A lease that has no work any more, as while it is paused, keeps the size of
// its receipts: without it nothing found would seem to be nothing possible.
func TestTallyKeepsUnit(t *testing.T) {
	s := newSimulation(t, []lease.Lease{{ID: "L-0001", ContractedHps: 1000}}, 1000)
	w := testWork(t, "L-0001")
	w.credit = miner.Hashes(5000)
	s.feed.setWork("L-0001", w)
	s.feed.setWork("L-0001", nil)
	if got := s.feed.tallies()["L-0001"].unit; got != w.credit {
		t.Errorf("a receipt is of %v hashes, want %v", got, w.credit)
	}
}
