package miner

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestEngineScansAllAndCountsExactly(t *testing.T) {
	for _, versions := range []int{0, 1, 3} {
		task := randomTask(uint64(versions), versions, 10)
		task.Nonce, task.Count = 1<<32-30011, 30011
		f := newRangeFeeder(task, 997)
		e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 3, Feeder: f, Pin: true, Idle: true})
		e.Start()
		e.Start()
		wait(t, "the end of the range", f.idle)
		e.Stop()
		e.Stop()
		f.check(t)
		if want := task.Headers(); f.hashes != want || e.Hashes() != want {
			t.Errorf("%d versions: %d hashes done, %d counted, want %d", versions, f.hashes, e.Hashes(), want)
		}
		h := task.Header
		list := task.Versions
		if len(list) == 0 {
			list = []uint32{h.Version()}
		}
		if want := countHits(&h, list, task.Target, task.Nonce, uint32(task.Count)); len(f.hits) != want {
			t.Errorf("%d versions: %d hits, want %d", versions, len(f.hits), want)
		}
		slices.SortFunc(f.hits, func(a, b Header) int { return strings.Compare(a.String(), b.String()) })
		if n := len(slices.Compact(f.hits)); n != len(f.hits) {
			t.Errorf("%d versions: hits handed over twice", versions)
		}
	}
}

// endlessFeeder always has a task as large as wanted.
type endlessFeeder struct {
	task   Task
	next   [8]atomic.Uint64 // calls of a thread
	done   [8]atomic.Uint64
	hashes atomic.Uint64
	max    atomic.Uint64
	called chan int // if not nil, gets the thread of each Next
}

func (f *endlessFeeder) Next(thread int, max uint64) (Task, bool) {
	f.next[thread].Add(1)
	f.max.Store(max)
	if f.called != nil {
		f.called <- thread
	}
	t := f.task
	t.Count = 1 << 32
	return t, true
}

func (f *endlessFeeder) Found(int, *Task, Header) {}

func (f *endlessFeeder) Done(thread int, t *Task, hashes uint64) {
	f.done[thread].Add(1)
	f.hashes.Add(hashes)
}

// check reports tasks that are not done, and counts that do not agree.
func (f *endlessFeeder) check(t *testing.T, e *Engine) {
	t.Helper()
	for i := range f.next {
		if n, d := f.next[i].Load(), f.done[i].Load(); n != d {
			t.Errorf("thread %d: %d tasks given, %d done", i, n, d)
		}
	}
	if e.Hashes() != f.hashes.Load() {
		t.Errorf("%d hashes counted, %d done", e.Hashes(), f.hashes.Load())
	}
}

// emptyFeeder never has work.
type emptyFeeder struct{ asked atomic.Uint64 }

func (f *emptyFeeder) Next(int, uint64) (t Task, ok bool) { f.asked.Add(1); return t, false }
func (f *emptyFeeder) Found(int, *Task, Header)           {}
func (f *emptyFeeder) Done(int, *Task, uint64)            { f.asked.Add(1 << 32) }

func TestStopEndsEndlessTasks(t *testing.T) {
	for _, k := range usable(t) {
		f := &endlessFeeder{task: randomTask(1, 2, 40)}
		e := mustEngine(t, EngineConfig{Kernel: k, Threads: 3, Feeder: f})
		e.Start()
		eventually(t, "all threads hash", func() bool { return f.next[2].Load() > 0 && e.Hashes() > 0 })
		e.Stop()
		f.check(t, e)
		before := e.Hashes()
		e.Start()
		eventually(t, "the engine hashes again", func() bool { return e.Hashes() > before })
		e.Stop()
		f.check(t, e)
	}
}

func TestKickDropsTasks(t *testing.T) {
	f := &endlessFeeder{task: randomTask(2, 0, 40), called: make(chan int, 100)}
	e := mustEngine(t, EngineConfig{Threads: 2, Feeder: f})
	e.Start()
	<-f.called
	<-f.called
	for range 20 {
		e.Kick()
		seen := [2]bool{}
		for !seen[0] || !seen[1] {
			select {
			case thread := <-f.called:
				seen[thread] = true
			case <-time.After(10 * time.Second):
				t.Fatal("a thread did not ask for work after a Kick")
			}
		}
	}
	e.Stop()
}

func TestSetThreadsWhileRunning(t *testing.T) {
	f := &endlessFeeder{task: randomTask(3, 0, 40)}
	e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 1, Feeder: f})
	e.Start()
	for _, n := range []int{4, 2, 0, 3, 1, 8} {
		before := [8]uint64{}
		if err := e.SetThreads(n); err != nil {
			t.Fatal(err)
		}
		for i := range f.next {
			before[i] = f.next[i].Load()
		}
		if e.Threads() != n {
			t.Errorf("%d threads, want %d", e.Threads(), n)
		}
		for i := range f.next {
			if i < n {
				eventually(t, "the thread asks for work", func() bool { return f.next[i].Load() > 0 })
				continue
			}
			if f.next[i].Load() != f.done[i].Load() || f.next[i].Load() != before[i] {
				t.Errorf("thread %d goes on after SetThreads(%d)", i, n)
			}
		}
		e.Kick()
	}
	e.Stop()
	f.check(t, e)
	for _, bad := range []int{-1, MaxThreads + 1} {
		if e.SetThreads(bad) == nil {
			t.Errorf("%d threads accepted", bad)
		}
	}
}

// In a bubble, Wait returns only when every thread is blocked with no timer:
// without work the engine does nothing at all, and after Stop nothing is left.
func TestWithoutWorkThreadsSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &emptyFeeder{}
		e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 4, Feeder: f})
		e.Start()
		synctest.Wait()
		if n := f.asked.Load(); n != 4 {
			t.Errorf("4 threads asked %d times", n)
		}
		time.Sleep(time.Hour)
		if n := f.asked.Load(); n != 4 {
			t.Errorf("4 threads asked %d times in an hour without work", n)
		}
		for i := range uint64(5) {
			e.Kick()
			synctest.Wait()
			if n, want := f.asked.Load(), 4*(i+2); n != want {
				t.Errorf("asked %d times after %d Kicks, want %d", n, i+1, want)
			}
		}
		if err := e.SetDuty(50); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := f.asked.Load(); n != 24 {
			t.Errorf("asked %d times, want 24: a change of duty is no work", n)
		}
		e.Stop()
	})
}

// A task without nonces is an error of the feeder; it must not make the
// thread ask again and again.
func TestTaskWithoutNonces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &zeroFeeder{}
		e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 1, Feeder: f})
		e.Start()
		synctest.Wait()
		e.Stop()
		if f.done.Load() != 1 || e.Hashes() != 0 {
			t.Errorf("%d empty tasks done, %d hashes", f.done.Load(), e.Hashes())
		}
	})
}

type zeroFeeder struct{ done atomic.Uint64 }

func (f *zeroFeeder) Next(int, uint64) (Task, bool) { return Task{}, true }
func (f *zeroFeeder) Found(int, *Task, Header)      {}
func (f *zeroFeeder) Done(_ int, _ *Task, n uint64) { f.done.Add(1 + n<<32) }

// Duty is hashing in real processor time, pauses are in the bubble's: what
// passes there is the pauses alone.
func TestDutyCycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		task := randomTask(4, 0, 40)
		task.Count = 200_000
		f := newRangeFeeder(task, 0)
		e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 1, Feeder: f, DutyPercent: 10})
		start := time.Now()
		e.Start()
		<-f.idle
		synctest.Wait()
		paused := time.Since(start)
		e.Stop()
		f.check(t)
		busy := time.Duration(float64(task.Count) / float64(e.ThreadRate()) * float64(time.Second))
		// Nine parts of ten are pauses; the rate is a recent one, and the last
		// pause may still be due.
		if low, high := 9*busy/3-dutyPeriod, 9*busy*3+dutyPeriod; paused < low || paused > high {
			t.Errorf("paused %v for about %v of hashing, want %v to %v", paused, busy, low, high)
		}
	})
}

func TestDutyAccount(t *testing.T) {
	e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Feeder: &emptyFeeder{}, DutyPercent: 25})
	th := newThread(e, 0)
	th.account(1000, 10*time.Millisecond)
	if th.debt != 30*time.Millisecond {
		t.Errorf("at 25 %%, 10 ms of hashing ask for a pause of %v", th.debt)
	}
	if full := perDuration(th.rate.Load(), taskTime); th.taskSize() > full/3 || th.taskSize() < full/5 {
		t.Errorf("at 25 %%, tasks hold %d headers, at 100 %% %d", th.taskSize(), full)
	}
	if err := e.SetDuty(100); err != nil {
		t.Error(err)
	}
	th.debt = 0
	th.account(1000, 10*time.Millisecond)
	if th.debt != 0 {
		t.Errorf("at 100 %%, a pause of %v", th.debt)
	}
	for _, bad := range []int{-1, 0, 101} {
		if e.SetDuty(bad) == nil {
			t.Errorf("duty of %d %% accepted", bad)
		}
	}
}

// A pause ends for a Kick's sake: the old task is done at once.
func TestKickInAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &endlessFeeder{task: randomTask(5, 0, 40)}
		e := mustEngine(t, EngineConfig{Kernel: newStdlib(), Threads: 1, Feeder: f, DutyPercent: 1})
		e.Start()
		for range 3 {
			synctest.Wait() // pausing
			if f.next[0].Load() != f.done[0].Load()+1 {
				t.Fatal("the thread has no task in its pause")
			}
			before, done := time.Now(), f.done[0].Load()
			e.Kick()
			synctest.Wait()
			if f.done[0].Load() == done || time.Since(before) != 0 {
				t.Error("the task is not done when a Kick comes in a pause")
			}
			time.Sleep(10 * dutyPeriod)
		}
		e.Stop()
		f.check(t, e)
	})
}

func TestNewEngineRefuses(t *testing.T) {
	elsewhere := &Kernel{Name: "elsewhere", Lanes: 1, supported: func() error { return errors.New("needs another machine") }}
	for what, cfg := range map[string]EngineConfig{
		"no feeder":        {Kernel: newStdlib()},
		"duty":             {Kernel: newStdlib(), Feeder: &emptyFeeder{}, DutyPercent: 101},
		"threads":          {Kernel: newStdlib(), Feeder: &emptyFeeder{}, Threads: -1},
		"another machine":  {Kernel: elsewhere, Feeder: &emptyFeeder{}},
		"failed its self-": {Kernel: brokenKernels()["swaps lanes"], Feeder: &emptyFeeder{}},
	} {
		if _, err := NewEngine(cfg); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEngineDefaults(t *testing.T) {
	e := mustEngine(t, EngineConfig{Feeder: &emptyFeeder{}})
	if e.Kernel() == nil || e.Threads() != len(allowedCPUs()) || e.ThreadRate() == 0 || len(e.Notes()) != 0 {
		t.Errorf("kernel %v, %d threads, rate %d, notes %q", e.Kernel(), e.Threads(), e.ThreadRate(), e.Notes())
	}
	e.Stop() // before Start: nothing to do
	if got := GoMaxProcs(3); got < 3+2 || got < 3+runtime.NumCPU() {
		t.Errorf("GOMAXPROCS for 3 threads = %d", got)
	}
}

// Kernel calls and tasks follow the measured rate.
func TestCallAndTaskSizes(t *testing.T) {
	e := mustEngine(t, EngineConfig{Kernel: faulty(func(*Scanner, []uint32) {}), Feeder: &emptyFeeder{}}) // 8 lanes
	th := newThread(e, 0)
	for _, c := range []struct{ rate, versions, call, task uint64 }{
		{100_000_000, 1, 50_000, 5_000_000},
		{100_000_000, 1000, 48, 5_000_000},
		{1, 1, 8, 8},
		{1 << 40, 1, 549_755_808, 54_975_581_388},
	} {
		th.rate.Store(c.rate)
		if got := th.callSize(c.versions); got != c.call {
			t.Errorf("%d H/s, %d versions: calls of %d nonces, want %d", c.rate, c.versions, got, c.call)
		}
		if got := th.taskSize(); got != c.task {
			t.Errorf("%d H/s: tasks of %d headers, want %d", c.rate, got, c.task)
		}
	}
}

// BenchmarkKick is the time from a Kick until every thread has asked for new
// work.
func BenchmarkKick(b *testing.B) {
	f := &endlessFeeder{task: randomTask(6, 0, 40), called: make(chan int, 100)}
	e := mustEngine(b, EngineConfig{Threads: 2, Feeder: f})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(GoMaxProcs(2)))
	e.Start()
	for range 2 {
		<-f.called
	}
	var worst time.Duration
	for b.Loop() {
		start := time.Now()
		e.Kick()
		for seen := [2]bool{}; !seen[0] || !seen[1]; {
			seen[<-f.called] = true
		}
		worst = max(worst, time.Since(start))
	}
	b.ReportMetric(float64(worst.Microseconds()), "worst-µs")
	go func() { // Stop waits for threads that may want to tell
		for range f.called {
		}
	}()
	e.Stop()
	close(f.called)
}
