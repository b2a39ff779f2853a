package miner

import (
	"runtime"
	"slices"
	"sync"
	"testing"
)

// A thread tells of each task once, before it hashes any of it.
func TestOnSwitch(t *testing.T) {
	task := randomTask(1, 2, 40)
	task.Count = 10_000
	f := newRangeFeeder(task, 500)
	var mu sync.Mutex
	told := map[uint32]int{} // by first nonce
	first := map[int]bool{}  // by thread
	e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 3, Feeder: f, OnSwitch: func(s Switch) {
		mu.Lock()
		defer mu.Unlock()
		told[s.Task.Nonce]++
		if s.Ended.IsZero() == first[s.Thread] {
			t.Errorf("thread %d: the end of the task before is %v", s.Thread, s.Ended)
		}
		if s.Began.Before(s.Ended) || s.Busy < 0 {
			t.Errorf("thread %d: %+v", s.Thread, s)
		}
		first[s.Thread] = true
	}})
	if e.Busy() != 0 {
		t.Errorf("busy for %v before the start", e.Busy())
	}
	e.Start()
	wait(t, "the end of the range", f.idle)
	e.Stop()
	f.check(t)
	for nonce := uint32(0); nonce < uint32(task.Count); nonce += 500 {
		if told[nonce] != 1 {
			t.Errorf("task at nonce %d told %d times", nonce, told[nonce])
		}
	}
	if len(told) != f.given || e.Busy() <= 0 {
		t.Errorf("%d tasks told of %d, busy for %v", len(told), f.given, e.Busy())
	}
}

// listFeeder gives one thread a list of tasks, one nonce of each.
type listFeeder struct {
	tasks []func() Task
	next  int
	idle  chan struct{}
}

func (f *listFeeder) Next(int, uint64) (t Task, ok bool) {
	if f.next == len(f.tasks) {
		close(f.idle)
		return t, false
	}
	t = f.tasks[f.next]()
	t.Count = 1
	f.next++
	return t, true
}
func (f *listFeeder) Found(int, *Task, Header) {}
func (f *listFeeder) Done(int, *Task, uint64)  {}

// Midstates are computed for other headers, and not for other nonces.
func TestTasksOfTheSameHeadersAreLoadedOnce(t *testing.T) {
	k := faulty(func(*Scanner, []uint32) {})
	loads, want := 0, 0
	k.load = func(*Scanner) { loads++ }
	if err := SelfTest(k); err != nil {
		t.Fatal(err)
	}
	base, shared := randomTask(1, 3, 8), randomTask(2, 3, 8)
	f := &listFeeder{idle: make(chan struct{})}
	give := func(anew int, task func() Task) {
		f.tasks = append(f.tasks, task)
		want += anew
	}
	give(1, func() Task { return base })
	give(0, func() Task { t := base; t.Nonce = 77; return t })
	give(0, func() Task { t := base; t.Header.SetNonce(99); return t })
	give(0, func() Task { t := base; t.Versions = slices.Clone(t.Versions); return t })
	give(1, func() Task { t := base; t.Header[70] ^= 1; return t })
	give(1, func() Task { t := base; t.Target[3] ^= 1; return t })
	give(1, func() Task { t := base; t.Versions = t.Versions[:2]; return t })
	give(1, func() Task { t := base; t.Versions = nil; return t })
	give(1, func() Task { t := base; t.Versions = nil; t.Header.SetVersion(5); return t })
	give(1, func() Task { return shared })
	give(1, func() Task { shared.Versions[1]++; return shared }) // the feeder's own slice, changed
	give(0, func() Task { return shared })

	e := mustEngine(t, EngineConfig{Kernel: k, Threads: 1, Feeder: f})
	loads = 0
	e.Start()
	wait(t, "the last task", f.idle)
	e.Stop()
	if loads != want || e.Hashes() == 0 {
		t.Errorf("%d loads, want %d", loads, want)
	}
}

// Kernels run outside of Go's scheduler: the garbage collector and growing
// stacks beside them must not disturb their memory.
func TestKernelsBesideTheCollector(t *testing.T) {
	for _, k := range usable(t) {
		task := randomTask(11, 4, 10)
		task.Count = 20_000
		f := newRangeFeeder(task, 500)
		e := mustEngine(t, EngineConfig{Kernel: k, Threads: 3, Feeder: f})
		e.Start()
		for working := true; working; {
			select {
			case <-f.idle:
				working = false
			default:
				runtime.GC()
				grown := make(chan int)
				go func() { grown <- deep(200) }()
				<-grown
			}
		}
		e.Stop()
		f.check(t)
		if want := countHits(&task.Header, task.Versions, task.Target, 0, uint32(task.Count)); len(f.hits) != want {
			t.Errorf("%s: %d hits, want %d", k.Name, len(f.hits), want)
		}
	}
}

// deep makes the stack grow.
func deep(n int) int {
	var room [256]byte
	if n == 0 {
		return len(room)
	}
	room[n%len(room)] = byte(n)
	return deep(n-1) + int(room[n%len(room)])
}
