package miner

import "slices"

// Task is one stretch of nonces of one header for one thread.
type Task struct {
	Header   Header   // its version and nonce fields are replaced while scanning
	Versions []uint32 // rolled versions to scan, best below a few thousand; empty means the header's own
	Target   Target   // the largest hash that is Found
	Nonce    uint32   // first nonce
	Count    uint64   // nonces to scan, 1 … 2^32-Nonce; more is cut to that
	Ref      any      // the feeder's own reference, handed back unchanged
}

// versions is the number of headers of each nonce.
func (t *Task) versions() uint64 { return uint64(max(1, len(t.Versions))) }

// Headers returns the number of headers of the whole task: nonces × versions.
func (t *Task) Headers() uint64 { return t.nonces() * t.versions() }

// nonces returns Count, cut to the end of the nonces.
func (t *Task) nonces() uint64 { return min(t.Count, 1<<32-uint64(t.Nonce)) }

// sameHeaders reports whether two tasks differ in their nonces only.
func (t *Task) sameHeaders(o *Task) bool {
	a, b := t.Header, o.Header
	a.SetNonce(0)
	b.SetNonce(0)
	return a == b && t.Target == o.Target && slices.Equal(t.Versions, o.Versions)
}

// Feeder gives an engine's threads their work. Its methods are called by the
// hashing threads, concurrently, and must not call Stop or SetThreads of the
// engine, which wait for the threads.
type Feeder interface {
	// Next returns the next task for a thread. max is the number of headers the
	// thread hashes in about 50 ms, its pauses included, and the most the task
	// should hold. ok = false: there is nothing to do, the thread sleeps until
	// Kick.
	Next(thread int, max uint64) (t Task, ok bool)

	// Found hands over a header that meets the task's target, confirmed with
	// crypto/sha256. It must not block.
	Found(thread int, t *Task, h Header)

	// Done is called exactly once for each task that Next gave out, after the
	// last Found of it, with the exact number of headers hashed: t.Headers(),
	// or less when a Kick, SetThreads or Stop cut it short. Those hashed are
	// all versions of the first hashes / versions nonces.
	Done(thread int, t *Task, hashes uint64)
}
