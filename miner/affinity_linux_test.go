package miner

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// schedFeeder looks at the scheduling of the threads that ask it for work.
type schedFeeder struct {
	mu     sync.Mutex
	cpus   map[int][]int // by thread
	modest map[int]bool  // SCHED_IDLE or nice 19
	seen   chan struct{}
}

func (f *schedFeeder) Next(thread int, _ uint64) (t Task, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cpus[thread] = allowedCPUs()
	attr, err := unix.SchedGetAttr(0, 0)
	nice, niceErr := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	f.modest[thread] = err == nil && attr.Policy == unix.SCHED_IDLE || niceErr == nil && nice == 1 // 20 - 19
	f.seen <- struct{}{}
	return t, false
}
func (f *schedFeeder) Found(int, *Task, Header) {}
func (f *schedFeeder) Done(int, *Task, uint64)  {}

func TestThreadsArePinnedAndIdle(t *testing.T) {
	f := &schedFeeder{cpus: map[int][]int{}, modest: map[int]bool{}, seen: make(chan struct{}, 10)}
	e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 3, Feeder: f, Pin: true, Idle: true})
	all := allowedCPUs()
	e.Start()
	for range 3 {
		wait(t, "a thread", f.seen)
	}
	places := e.Places()
	e.Stop()
	for i, p := range e.Places() {
		if p != (Place{CPU: -1}) {
			t.Errorf("after Stop thread %d is at %+v", i, p)
		}
	}
	if notes := e.Notes(); len(notes) > 0 {
		t.Log("not permitted here:", notes)
		return
	}
	for i := range 3 {
		if want := []int{all[i%len(all)]}; !slices.Equal(f.cpus[i], want) {
			t.Errorf("thread %d may run on %v, want %v", i, f.cpus[i], want)
		}
		if want := (Place{Begun: true, CPU: all[i%len(all)]}); places[i] != want {
			t.Errorf("thread %d is at %+v, want %+v", i, places[i], want)
		}
		if !f.modest[i] {
			t.Errorf("thread %d has normal priority", i)
		}
	}
	if got := allowedCPUs(); !slices.Equal(got, all) {
		t.Errorf("after Stop the process may use %v, before %v", got, all)
	}
}

func TestPinningThatFailsIsNoted(t *testing.T) {
	f := newRangeFeeder(func() Task { t := randomTask(1, 0, 8); t.Count = 100; return t }(), 10)
	e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 2, Feeder: f, Pin: true})
	e.cpus = []int{1023} // not there
	e.Start()
	wait(t, "the end of the range", f.idle)
	// The other thread may have been faster than this one began.
	eventually(t, "the thread has begun", func() bool { return e.Place(0).Begun })
	if p := e.Place(0); p != (Place{Begun: true, CPU: -1}) {
		t.Errorf("the thread is at %+v", p)
	}
	e.Stop()
	f.check(t)
	if notes := e.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "not pinned") {
		t.Errorf("notes %q", notes)
	}
}
