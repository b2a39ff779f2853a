package miner

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
)

// rangeFeeder deals out the nonces of one header, a piece at a time, and
// keeps the books.
type rangeFeeder struct {
	mu       sync.Mutex
	task     Task   // what is left
	piece    uint64 // nonces of a task; 0: as many as fit in max
	open     map[int]Task
	given    int
	done     int
	hashes   uint64
	hits     []Header
	problems []string
	idle     chan struct{} // closed when nothing is left and all are done
}

func newRangeFeeder(task Task, piece uint64) *rangeFeeder {
	return &rangeFeeder{task: task, piece: piece, open: map[int]Task{}, idle: make(chan struct{})}
}

func (f *rangeFeeder) Next(thread int, max uint64) (Task, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.task.Count == 0 {
		return Task{}, false
	}
	if _, ok := f.open[thread]; ok {
		f.problems = append(f.problems, "Next before Done")
	}
	t := f.task
	n := f.piece
	if n == 0 {
		n = max / t.versions()
	}
	t.Count = min(t.Count, n)
	f.task.Count -= t.Count
	f.task.Nonce += uint32(t.Count)
	f.open[thread] = t
	f.given++
	return t, true
}

func (f *rangeFeeder) Found(thread int, t *Task, h Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !h.Hash().Meets(t.Target) {
		f.problems = append(f.problems, "Found a header that is no hit")
	}
	if t.Ref != f.task.Ref {
		f.problems = append(f.problems, "Ref was not handed back")
	}
	f.hits = append(f.hits, h)
}

func (f *rangeFeeder) Done(thread int, t *Task, hashes uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.open[thread]; !ok {
		f.problems = append(f.problems, "Done without Next")
	}
	delete(f.open, thread)
	f.done++
	f.hashes += hashes
	if hashes%t.versions() != 0 || hashes > t.Headers() {
		f.problems = append(f.problems, "Done with a wrong number of hashes")
	}
	if f.task.Count == 0 && len(f.open) == 0 {
		select {
		case <-f.idle:
		default:
			close(f.idle)
		}
	}
}

// check reports what the feeder saw go wrong.
func (f *rangeFeeder) check(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.open) != 0 || f.given != f.done {
		t.Errorf("%d tasks given, %d done", f.given, f.done)
	}
	for _, p := range f.problems {
		t.Error(p)
	}
}

func randomTask(seed uint64, versions int, leadingZeros int) Task {
	rng := rand.New(rand.NewPCG(seed, 0))
	var t Task
	for i := range t.Header {
		t.Header[i] = byte(rng.Uint32())
	}
	for range versions {
		t.Versions = append(t.Versions, rng.Uint32())
	}
	t.Target = targetOfZeros(leadingZeros)
	t.Ref = seed
	return t
}

// targetOfZeros returns the largest target with that many leading zero bits.
func targetOfZeros(n int) Target {
	t := MaxTarget
	for i := range n {
		t[31-i/8] &^= 0x80 >> (i % 8)
	}
	return t
}

func wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("waited 20 s for %s", what)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("waited 20 s until %s", what)
		}
	}
}

func mustEngine(t testing.TB, cfg EngineConfig) *Engine {
	t.Helper()
	e, err := NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
