package miner

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/cpu"
)

const (
	callTime    = 500 * time.Microsecond // of a kernel call
	stretchTime = 10 * time.Millisecond  // of kernel calls, after which counters are brought up to date
	taskTime    = 50 * time.Millisecond  // of a task, pauses included
	dutyPeriod  = 100 * time.Millisecond // of hashing and pausing
	rateWindow  = 4 * time.Millisecond   // of one measurement of the rate
)

// thread is one hashing thread of an engine. Its counters stay when it ends.
type thread struct {
	e     *Engine
	index int
	quit  atomic.Uint64 // 1: the thread is to end
	ended chan struct{} // nil when not running; under Engine.control
	place atomic.Int64  // 0: has not begun; 1: on any processor; else a processor's number + 2

	_      cpu.CacheLinePad // the counters are written every call
	hashes atomic.Uint64    // headers since ever
	rate   atomic.Uint64    // headers a second of the thread's time
	busy   atomic.Int64     // nanoseconds of its time in kernel calls since ever
	_      cpu.CacheLinePad

	// The rest is the running goroutine's own.
	scanner *Scanner
	loaded  Task          // what the scanner was loaded with
	last    callEnd       // kept for Engine.onSwitch only
	debt    time.Duration // pause still to make
	window  struct {
		hashes uint64
		busy   time.Duration
	}
}

func newThread(e *Engine, index int) *thread {
	t := &thread{e: e, index: index}
	t.rate.Store(max(1, e.firstRate))
	return t
}

// run is the life of a thread, until quit. The system thread is not given
// back, since its scheduling has been changed: it ends with the goroutine.
func (t *thread) run(ended chan<- struct{}) {
	defer close(ended)
	defer t.place.Store(notBegun)
	runtime.LockOSThread()
	t.settle()
	t.last = callEnd{}
	for {
		t.rest(nil)
		if t.quitting() {
			return
		}
		generation := t.e.generation.Load()
		task, ok := t.e.feeder.Next(t.index, t.taskSize())
		if ok {
			t.e.feeder.Done(t.index, &task, t.work(&task, generation))
		}
		if !ok || task.Count == 0 {
			t.sleep(generation)
		}
	}
}

// settle pins the thread and lowers its priority, as far as permitted.
func (t *thread) settle() {
	at := int64(anywhere)
	if t.e.pin {
		cpu, err := pinThread(t.e.cpus, t.index)
		if err != nil {
			t.e.note("hashing threads are not pinned to processors: " + err.Error())
		} else {
			at = int64(cpu) + firstPlace
		}
	}
	defer t.place.Store(at)
	if t.e.idle {
		if note, err := idleThread(); err != nil {
			t.e.note("hashing threads run at normal priority: " + err.Error())
		} else if note != "" {
			t.e.note(note)
		}
	}
}

// work scans the task until its end, a Kick, or the thread's, and returns the
// number of headers hashed.
func (t *thread) work(task *Task, generation uint64) (hashed uint64) {
	t.load(task)
	versions := task.versions()
	nonce := task.Nonce
	for left := task.nonces(); left > 0; {
		t.rest(&generation)
		if t.quitting() || t.e.generation.Load() != generation {
			break
		}
		start := threadTime()
		if t.e.onSwitch != nil && hashed == 0 {
			t.switched(task, start)
		}
		hits, scanned := t.scan(nonce, left, versions, generation)
		for _, hit := range hits {
			h := task.Header
			if len(task.Versions) > 0 {
				h.SetVersion(task.Versions[hit.Version])
			}
			h.SetNonce(hit.Nonce)
			t.e.feeder.Found(t.index, task, h)
		}
		nonce += scanned
		left -= uint64(scanned)
		n := uint64(scanned) * versions
		hashed += n
		t.hashes.Add(n)
		end := threadTime()
		t.account(n, end-start)
		if t.e.onSwitch != nil {
			t.last = callEnd{time.Now(), end}
		}
	}
	return hashed
}

// scan scans some of the nonces left, one kernel call after the other. It ends
// with the call after which there is something to do: hits, a Kick, the
// thread's end, a pause.
func (t *thread) scan(nonce uint32, left, versions, generation uint64) (hits []Hit, scanned uint32) {
	call := t.callSize(versions)
	stretch := call
	if t.e.duty.Load() == 100 {
		stretch *= uint64(stretchTime / callTime)
	}
	t.scanner.watch = watch{
		nonces: call, present: generation,
		generation: (*uint64)(unsafe.Pointer(&t.e.generation)), quit: (*uint64)(unsafe.Pointer(&t.quit)),
	}
	return t.scanner.scan(nonce, uint32(min(left, stretch, 1<<31)))
}

func (t *thread) quitting() bool { return t.quit.Load() != 0 }

// load puts the task into the scanner, unless it goes on with the headers of
// the one before: midstates of many versions take as long as many hashes.
func (t *thread) load(task *Task) {
	if t.scanner == nil {
		t.scanner = t.e.kernel.NewScanner(&task.Header, task.Versions, task.Target)
	} else if !task.sameHeaders(&t.loaded) {
		t.scanner.Load(&task.Header, task.Versions, task.Target)
	}
	// The feeder's versions may change once the task is done.
	t.loaded.Versions = append(t.loaded.Versions[:0], task.Versions...)
	t.loaded.Header, t.loaded.Target = task.Header, task.Target
}

// callSize returns the nonces of a kernel call: a whole number of groups that
// take about callTime.
func (t *thread) callSize(versions uint64) uint64 {
	lanes := uint64(t.e.kernel.Lanes)
	headers := perDuration(t.rate.Load(), callTime)
	return min(1<<31, max(1, headers/(lanes*versions))*lanes)
}

// taskSize returns the headers of taskTime, pauses included.
func (t *thread) taskSize() uint64 {
	busy := taskTime * time.Duration(t.e.duty.Load()) / 100
	return max(uint64(t.e.kernel.Lanes), perDuration(t.rate.Load(), busy))
}

// perDuration is what a rate a second gives in d, which is less than one.
func perDuration(rate uint64, d time.Duration) uint64 {
	return rate * uint64(d/time.Microsecond) / uint64(time.Second/time.Microsecond)
}

// account keeps the measured rate and the pause that the duty cycle asks for.
func (t *thread) account(hashes uint64, busy time.Duration) {
	duty := time.Duration(t.e.duty.Load())
	t.debt += busy * (100 - duty) / duty
	t.busy.Add(int64(busy))

	t.window.hashes += hashes
	t.window.busy += busy
	if t.window.busy < rateWindow {
		return
	}
	now := float64(t.window.hashes) / t.window.busy.Seconds()
	t.rate.Store(max(1, uint64((3*float64(t.rate.Load())+now)/4)))
	t.window.hashes, t.window.busy = 0, 0
}

// rest makes the pause that is due, if it is long enough to make. It ends
// early, and keeps what is left for later, when the thread is to quit or the
// generation is not the given one any more. A change of the duty cycle
// forgives the rest of the pause.
func (t *thread) rest(generation *uint64) {
	for {
		duty := t.e.duty.Load()
		if duty == 100 || t.debt < dutyPeriod*time.Duration(100-duty)/100 {
			return
		}
		wake := t.e.awake()
		if t.quitting() || generation != nil && t.e.generation.Load() != *generation {
			return
		}
		start := time.Now()
		timer := time.NewTimer(t.debt)
		select {
		case <-timer.C:
			t.debt = 0
		case <-wake:
			timer.Stop()
			t.debt -= time.Since(start)
			if t.e.duty.Load() != duty {
				t.debt = 0
			}
		}
	}
}

// sleep waits for a Kick after the given generation, or for the thread's end.
func (t *thread) sleep(generation uint64) {
	for {
		wake := t.e.awake()
		if t.quitting() || t.e.generation.Load() != generation {
			return
		}
		<-wake
	}
}

// anyCPUs numbers n processors whose names are not known.
func anyCPUs(n int) []int {
	cpus := make([]int, n)
	for i := range cpus {
		cpus[i] = i
	}
	return cpus
}
