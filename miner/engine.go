package miner

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// MaxThreads is the most hashing threads an engine takes.
const MaxThreads = 4096

// EngineConfig says how an engine hashes. Only the Feeder must be given.
type EngineConfig struct {
	Kernel      *Kernel // nil: the fastest, as Best measures it in a fraction of a second
	Threads     int     // 0: one for each processor the process may use
	DutyPercent int     // share of the time a thread hashes, 1 … 100; 0: 100
	Feeder      Feeder
	Pin         bool // keep each thread on one processor (Linux)
	Idle        bool // let threads run only when nothing else wants to (Linux)

	// OnSwitch, for measuring, is called by each thread just before the first
	// kernel call of a task. It must be quick: nothing is hashed meanwhile.
	OnSwitch func(Switch)
}

// Engine runs the hashing threads. Its methods are safe for concurrent use.
type Engine struct {
	kernel   *Kernel
	feeder   Feeder
	pin      bool
	idle     bool
	onSwitch func(Switch) // nil: nobody measures
	cpus     []int        // the processors threads are pinned to, in this order

	generation atomic.Uint64 // counts Kicks
	duty       atomic.Int64  // percent
	firstRate  uint64        // headers a second as measured at the start

	control sync.Mutex // held by Start, Stop and SetThreads from end to end
	running bool
	want    atomic.Int64 // threads

	mu      sync.Mutex
	wake    chan struct{} // closed and replaced to wake all sleeping threads
	threads []*thread     // all that ever ran, by index
	notes   []string
}

// NewEngine returns an engine that does not run yet. It tests its kernel,
// which takes some milliseconds, and fails if the kernel does not pass.
func NewEngine(cfg EngineConfig) (*Engine, error) {
	if cfg.Feeder == nil {
		return nil, errors.New("engine: no feeder")
	}
	e := &Engine{
		kernel:   cfg.Kernel,
		feeder:   cfg.Feeder,
		pin:      cfg.Pin,
		idle:     cfg.Idle,
		onSwitch: cfg.OnSwitch,
		cpus:     allowedCPUs(),
		wake:     make(chan struct{}),
	}
	if cfg.DutyPercent == 0 {
		cfg.DutyPercent = 100
	}
	if err := e.SetDuty(cfg.DutyPercent); err != nil {
		return nil, err
	}
	if cfg.Threads == 0 {
		cfg.Threads = max(1, len(e.cpus))
	}
	if err := e.SetThreads(cfg.Threads); err != nil {
		return nil, err
	}
	if err := e.chooseKernel(); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return e, nil
}

// chooseKernel tests and measures.
func (e *Engine) chooseKernel() error {
	if e.kernel != nil {
		if err := SelfTest(e.kernel); err != nil {
			return err
		}
		e.firstRate = uint64(Measure(e.kernel, 5*time.Millisecond))
		return nil
	}
	k, all := Best(20 * time.Millisecond)
	if k == nil {
		var errs []error
		for _, m := range all {
			errs = append(errs, m.Err)
		}
		return errors.Join(errs...)
	}
	e.kernel = k
	for _, m := range all {
		if m.Chosen {
			e.firstRate = uint64(m.Hps)
		}
	}
	return nil
}

// Start starts the threads. Starting a running engine does nothing; a stopped
// one may be started again.
func (e *Engine) Start() {
	e.control.Lock()
	defer e.control.Unlock()
	if !e.running {
		e.running = true
		e.resize(int(e.want.Load()))
	}
}

// Stop ends the threads and waits until each has called Done for its task.
// Stopping a stopped engine does nothing.
func (e *Engine) Stop() {
	e.control.Lock()
	defer e.control.Unlock()
	if e.running {
		e.running = false
		e.resize(0)
	}
}

// SetThreads changes the number of hashing threads; 0 makes a pause. Threads
// beyond it end at their next call boundary and SetThreads waits for that;
// their tasks are Done. It may be more than there are processors.
func (e *Engine) SetThreads(n int) error {
	if n < 0 || n > MaxThreads {
		return fmt.Errorf("engine: %d threads; want 0 to %d", n, MaxThreads)
	}
	e.control.Lock()
	defer e.control.Unlock()
	e.want.Store(int64(n))
	if e.running {
		e.resize(n)
	}
	return nil
}

// Threads returns the number of hashing threads asked for.
func (e *Engine) Threads() int { return int(e.want.Load()) }

// resize makes threads 0 … n-1 run and all others end, under e.control.
func (e *Engine) resize(n int) {
	e.mu.Lock()
	for len(e.threads) < n {
		e.threads = append(e.threads, newThread(e, len(e.threads)))
	}
	threads := slices.Clone(e.threads)
	e.mu.Unlock()

	for _, t := range threads[n:] {
		t.quit.Store(1)
	}
	e.broadcast()
	for _, t := range threads[n:] {
		if t.ended != nil {
			<-t.ended
			t.ended = nil
		}
	}
	for _, t := range threads[:n] {
		if t.ended == nil {
			t.quit.Store(0)
			t.ended = make(chan struct{})
			go t.run(t.ended)
		}
	}
}

// SetDuty changes the share of the time that threads hash, 1 … 100 percent.
func (e *Engine) SetDuty(percent int) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("engine: duty of %d %%; want 1 to 100 (0 threads make a pause)", percent)
	}
	e.duty.Store(int64(percent))
	e.broadcast()
	return nil
}

// Kick says that there is new work: every thread drops its task at the end of
// its kernel call, about half a millisecond, and asks for another; sleeping
// threads wake.
func (e *Engine) Kick() {
	e.generation.Add(1)
	e.broadcast()
}

// broadcast wakes the sleeping threads, which then see what has changed.
func (e *Engine) broadcast() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.wake)
	e.wake = make(chan struct{})
}

// awake returns the channel that the next broadcast closes.
func (e *Engine) awake() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wake
}

// Hashes returns the headers hashed since the engine was made, never less
// than those told to Done and, once stopped, exactly those.
func (e *Engine) Hashes() (sum uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.threads {
		sum += t.hashes.Load()
	}
	return sum
}

// Busy returns the processor time that all threads together have spent in
// kernel calls since the engine was made: hashes over busy time is the rate
// that neighbours on the machine do not change. Where the system does not
// tell a thread's processor time, it is the wall clock's.
func (e *Engine) Busy() (sum time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.threads {
		sum += time.Duration(t.busy.Load())
	}
	return sum
}

// ThreadRate returns the headers a second of one thread while it hashes,
// without its pauses: the mean of the running threads' last measurements.
func (e *Engine) ThreadRate() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(uint64(e.want.Load()), uint64(len(e.threads)))
	if n == 0 {
		return e.firstRate
	}
	var sum uint64
	for _, t := range e.threads[:n] {
		sum += t.rate.Load()
	}
	return sum / n
}

// Kernel returns the kernel in use.
func (e *Engine) Kernel() *Kernel { return e.kernel }

// Notes returns what could not be done as asked, for people; nothing in it
// keeps the engine from hashing.
func (e *Engine) Notes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.notes)
}

// note remembers a note once.
func (e *Engine) note(s string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.notes, s) {
		e.notes = append(e.notes, s)
	}
}

// GoMaxProcs returns the GOMAXPROCS a process with that many hashing threads
// needs. A thread has a slot between its kernel calls, also while it waits for a
// processor; with a few to spare, goroutines of the network do not wait for one.
func GoMaxProcs(threads int) int { return threads + max(2, runtime.NumCPU()) }
