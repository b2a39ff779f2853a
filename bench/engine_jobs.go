package bench

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// jobSource is a miner.Feeder whose jobs are like those of a pool: each
// thread builds its own coinbase and folds it into a header when it takes up
// a job. No header ever meets the target.
type jobSource struct {
	versions []uint32
	job      atomic.Pointer[numberedJob]
	threads  []jobThread // each is its thread's own
}

// numberedJob is a job and its place in the order of jobs.
type numberedJob struct {
	number uint64
	stratum.Job
}

// jobThread is a thread's place in the job it works on.
type jobThread struct {
	job    *numberedJob
	header miner.Header
	nonce  uint64
	_      [64]byte // a cache line between threads
}

// newJobSource returns a source whose first job is there already. 1 version
// is the header's own, which is not rolled.
func newJobSource(threads, versions int) *jobSource {
	s := &jobSource{
		versions: stratum.RolledVersions(jobVersion, stratum.VersionMask, versions),
		threads:  make([]jobThread, threads),
	}
	s.publish(0)
	return s
}

const (
	jobVersion = 0x20000000
	jobBranch  = 12 // merkle branches, of a block of some thousand transactions
)

// publish makes the job of that number the newest one.
func (s *jobSource) publish(number uint64) {
	j := &numberedJob{number: number, Job: stratum.Job{
		Coinb1: make([]byte, 64), Coinb2: make([]byte, 160), Branches: make([]miner.Hash, jobBranch),
		Version: jobVersion, Bits: 0x1d00ffff, Time: 1_800_000_000 + uint32(number),
	}}
	binary.LittleEndian.PutUint64(j.PrevHash[:], number)
	s.job.Store(j)
}

// Next deals out the newest job, to each thread another extranonce.
func (s *jobSource) Next(thread int, most uint64) (miner.Task, bool) {
	t, job := &s.threads[thread], s.job.Load()
	if t.job != job {
		var extranonce [12]byte
		binary.LittleEndian.PutUint64(extranonce[:], uint64(thread))
		t.job, t.header, t.nonce = job, job.Header(extranonce[:], job.Version, job.Time, 0), 0
	}
	count := min(max(1, most/uint64(max(1, len(s.versions)))), 1<<32-t.nonce)
	task := miner.Task{Header: t.header, Versions: s.versions, Nonce: uint32(t.nonce), Count: count, Ref: job}
	t.nonce = (t.nonce + count) % (1 << 32)
	return task, true
}

func (*jobSource) Found(int, *miner.Task, miner.Header) {}

func (*jobSource) Done(int, *miner.Task, uint64) {}

// kickMeter observes the threads of an engine while jobs change.
type kickMeter struct {
	mu      sync.Mutex
	threads []uint64 // the job of each thread
	number  uint64   // of the newest job
	began   time.Time
	left    int                // threads that do not hash it yet
	all     chan time.Duration // gets how long the last thread took
	gaps    []time.Duration    // without hashing, of each thread at each new job
	own     []time.Duration    // the part of it that the thread itself took
}

func newKickMeter(threads int) *kickMeter {
	return &kickMeter{threads: make([]uint64, threads), all: make(chan time.Duration, 1)}
}

// expect begins a new job, which the threads are told of now.
func (m *kickMeter) expect(number uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.number, m.began, m.left = number, now, len(m.threads)
}

// switched is told of every new task of a thread.
func (m *kickMeter) switched(s miner.Switch) {
	job := s.Task.Ref.(*numberedJob).number
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.threads[s.Thread] == job {
		return // another task of the same job
	}
	m.threads[s.Thread] = job
	if !s.Ended.IsZero() {
		m.gaps = append(m.gaps, s.Began.Sub(s.Ended))
		m.own = append(m.own, s.Busy)
	}
	if job != m.number {
		return
	}
	if m.left--; m.left == 0 {
		m.all <- s.Began.Sub(m.began)
	}
}

// kickGap is the longest pause between two new jobs; the mean is half of it.
const kickGap = 4 * time.Millisecond

// kick changes the job so many times, at moments by chance, and returns how
// long each took to be hashed by every thread.
func (m *kickMeter) kick(ctx context.Context, kicks int, source *jobSource, engine *miner.Engine) ([]time.Duration, error) {
	var took []time.Duration
	for len(took) < kicks {
		if err := pause(ctx, rand.N(kickGap)); err != nil {
			return nil, err
		}
		number := uint64(len(took) + 1)
		m.expect(number, time.Now())
		source.publish(number)
		engine.Kick()
		select {
		case d := <-m.all:
			took = append(took, d)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return took, nil
}
