package stratum

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/hashlease/hashlease/miner"
)

// Submitter takes shares: a Client.
type Submitter interface {
	Submit(issue *Issue, share Share, done func(Verdict))
}

// Worker lets hashing threads mine for a pool: it is the Handler of a Client
// and the miner.Feeder of an engine. Each thread walks its own Space of the
// newest issue, from a start by chance, so that neither another thread nor a
// restarted process hashes the same headers.
type Worker struct {
	pool Submitter
	kick func()

	mu      sync.Mutex
	issue   *Issue // nil: nothing to do
	start   uint64 // extranonce2 of thread 0
	threads []workerThread

	hashes atomic.Uint64
	found  atomic.Uint64
	jobs   atomic.Uint64
}

// workerThread is a thread's place in the newest issue it asked for.
type workerThread struct {
	issue *Issue
	space *Space
}

// WorkerStats counts what a Worker did since it was made.
type WorkerStats struct {
	Hashes uint64 // headers hashed, as the engine counted them
	Found  uint64 // shares found
	Jobs   uint64 // issues taken up
}

// NewWorker returns a worker that submits to pool. kick is called, without
// blocking, when threads should drop what they do: it is the engine's Kick.
func NewWorker(pool Submitter, kick func()) *Worker {
	return &Worker{pool: pool, kick: kick}
}

// Work takes up an issue. Threads go over to it when their task ends, or at
// once when what they do is worthless or they have nothing to do.
func (w *Worker) Work(issue *Issue) {
	w.mu.Lock()
	old := w.issue
	w.issue, w.start = issue, rand.Uint64()
	w.mu.Unlock()
	w.jobs.Add(1)
	if old == nil || issue.Clean || old.PrevHash != issue.PrevHash {
		w.kick()
	}
}

// Idle drops the work: the shares of a lost connection cannot be submitted.
func (w *Worker) Idle(error) {
	w.mu.Lock()
	w.issue = nil
	w.mu.Unlock()
	w.kick()
}

// Next returns the next task of a thread.
func (w *Worker) Next(thread int, max uint64) (miner.Task, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.issue == nil || thread < 0 || thread >= miner.MaxThreads {
		return miner.Task{}, false
	}
	for len(w.threads) <= thread {
		w.threads = append(w.threads, workerThread{})
	}
	t := &w.threads[thread]
	if t.issue != w.issue {
		// A stride of all threads there could ever be keeps their spaces
		// disjoint whatever their number is in the meantime.
		t.issue, t.space = w.issue, NewSpace(w.issue, w.start+uint64(thread), miner.MaxThreads)
	}
	return t.space.Task(max, nil), true
}

// Found submits a share.
func (w *Worker) Found(_ int, t *miner.Task, h miner.Header) {
	if ref, ok := t.Ref.(*Ref); ok {
		w.found.Add(1)
		w.pool.Submit(ref.Issue, ref.ShareOf(h), nil)
	}
}

// Done counts the headers hashed.
func (w *Worker) Done(_ int, _ *miner.Task, hashes uint64) { w.hashes.Add(hashes) }

// Stats returns a snapshot.
func (w *Worker) Stats() WorkerStats {
	return WorkerStats{Hashes: w.hashes.Load(), Found: w.found.Load(), Jobs: w.jobs.Load()}
}

var (
	_ Handler      = (*Worker)(nil)
	_ miner.Feeder = (*Worker)(nil)
)
