package bench

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/miner"
)

const (
	callTime = 5 * time.Millisecond  // of a stretch of kernel calls
	loadTime = callTime / 10         // of work before a sample of the clock
	warmTime = 10 * time.Millisecond // before a measurement: clocks rise, pages come in, the call size is found
	warmHead = 1 << 31               // nonces of the warm-up, whose hits nobody wants
	maxCall  = 1 << 24               // nonces
)

// scan is one round's work, done by some threads together: they take nonces
// from one counter, so that what was hashed is all from 0 to where it stands.
type scan struct {
	kernel   *miner.Kernel
	work     work
	versions []uint32
	target   miner.Target
	threads  int
	cpus     []int // to pin the threads to, in this order; none: not pinned

	time   time.Duration // until this is over
	nonces uint64        // or, if above zero, until so many are scanned
	clock  bool          // find the processor's clock right after, with more of the same work

	next  atomic.Uint64 // the first nonce nobody has taken
	stop  atomic.Bool
	start time.Time
}

// scanned is what a scan did.
type scanned struct {
	nonces  uint64
	wall    time.Duration // from the common start until the last thread ended
	cpu     time.Duration // of all threads
	clockHz uint64
	hits    []hit
	pinned  bool
}

// worker is one thread of a scan.
type worker struct {
	scanner *miner.Scanner
	epoch   uint32 // whose header is loaded
	call    uint64 // nonces
	end     time.Duration
	cpu     time.Duration
	clockHz uint64
	hits    []hit
	pinned  bool
}

// run scans until it is over or ctx ends, which is an error. around, if not
// nil, is called when all threads are ready and again when all have ended.
func (s *scan) run(ctx context.Context, around func()) (scanned, error) {
	if around == nil {
		around = func() {}
	}
	defer context.AfterFunc(ctx, func() { s.stop.Store(true) })()
	workers := make([]worker, s.threads)
	var ready, ended sync.WaitGroup
	gate := make(chan struct{})
	ready.Add(len(workers))
	for i := range workers {
		ended.Go(func() {
			w := &workers[i]
			runtime.LockOSThread() // and not unlocked: a pinned thread ends with its goroutine
			w.pinned = len(s.cpus) > 0 && miner.PinThread(s.cpus[i%len(s.cpus)]) == nil
			s.warm(w)
			ready.Done()
			<-gate
			s.work1(w)
		})
	}
	ready.Wait()
	around()
	s.start = time.Now()
	close(gate)
	ended.Wait()
	around()

	out := scanned{nonces: s.next.Load(), clockHz: workers[0].clockHz, pinned: len(workers) <= len(s.cpus)}
	if s.nonces > 0 {
		out.nonces = min(out.nonces, s.nonces)
	}
	for i := range workers {
		w := &workers[i]
		out.wall = max(out.wall, w.end)
		out.cpu += w.cpu
		out.hits = append(out.hits, w.hits...)
		out.pinned = out.pinned && w.pinned
	}
	return out, ctx.Err()
}

// warm prepares a worker and finds its call size.
func (s *scan) warm(w *worker) {
	header := s.work.header(0)
	w.scanner = s.kernel.NewScanner(&header, s.versions, s.target)
	lanes := uint64(s.kernel.Lanes)
	w.call = lanes
	for warmed := time.Duration(0); warmed < min(warmTime, s.time) && !s.stop.Load(); {
		start := miner.ThreadTime()
		w.scanner.Scan(warmHead, uint32(w.call))
		took := max(1, miner.ThreadTime()-start)
		if warmed += took; took < callTime/2 && w.call < maxCall {
			w.call *= 2
		} else {
			w.call = min(maxCall, max(1, w.call*uint64(callTime)/uint64(took)/lanes)*lanes)
		}
	}
}

// work1 is the measured part of a worker. It makes at least one call, so that
// there is something to measure on a machine that is too busy.
func (s *scan) work1(w *worker) {
	before := miner.ThreadTime()
	for {
		first := s.next.Add(w.call) - w.call
		last := first + w.call
		if s.nonces > 0 {
			last = min(last, s.nonces)
		}
		if first >= last {
			break
		}
		s.stretch(w, first, last)
		if s.stop.Load() || s.nonces == 0 && time.Since(s.start) >= s.time {
			break
		}
	}
	w.cpu, w.end = miner.ThreadTime()-before, time.Since(s.start)
	if s.clock {
		load := max(uint64(s.kernel.Lanes), w.call*uint64(loadTime)/uint64(callTime))
		w.clockHz = clockHz(func() { w.scanner.Scan(warmHead, uint32(load)) })
	}
}

// stretch scans the nonces from first to before last.
func (s *scan) stretch(w *worker, first, last uint64) {
	for first < last {
		if epoch := uint32(first >> 32); epoch != w.epoch {
			header := s.work.header(epoch)
			w.scanner.Load(&header, s.versions, s.target)
			w.epoch = epoch
		}
		hits, n := w.scanner.Scan(uint32(first), uint32(min(last-first, maxCall)))
		for _, h := range hits {
			w.hits = append(w.hits, hit{round: s.work.round, nonce: first>>32<<32 | uint64(h.Nonce), version: h.Version})
		}
		first += uint64(n)
	}
}
