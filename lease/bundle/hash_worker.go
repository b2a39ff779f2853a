package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// clockSlackSec is by how much times of blocks and shares may be ahead of clocks,
// in seconds: what the network's rules allow.
const clockSlackSec = 7200

// hashWorker hashes receipts, one run of batches after the other.
type hashWorker struct {
	h      *hashing
	hasher *receipt.Hasher
	jobs   map[int64]*workerJob // that the hasher knows

	raw     [][]byte
	records []receipt.Record
	of      []*workerJob // by record; nil: the job is not there
	judged  []receipt.Judged
	hashes  []miner.Hash
}

// workerJob is a job that a worker knows.
type workerJob struct {
	place int32 // in verifier.jobs
	err   error // why no receipt on it holds

	network miner.Target // that makes a receipt a block, if solves
	solves  bool

	batch *openBatch // the last one that has a receipt on it
	at    int        // place in openBatch.jobs
}

func newHashWorker(h *hashing) *hashWorker {
	s := h.v.s
	return &hashWorker{h: h, hasher: receipt.NewHasher([16]byte(s.Tag), h.v.target), jobs: make(map[int64]*workerJob)}
}

// hash hashes the receipts of some batches at once, and checks each batch.
func (w *hashWorker) hash(run []*openBatch) {
	w.raw, w.records, w.of = w.raw[:0], w.records[:0], w.of[:0]
	for _, o := range run {
		for rest := o.records; len(rest) > 0; {
			end := 1 + int(rest[0])
			r, err := receipt.DecodeRecord(rest[1:end])
			if err != nil && o.receipt == nil {
				o.receipt = err
			}
			w.raw, w.records, w.of = append(w.raw, rest[1:end:end]), append(w.records, r), append(w.of, w.job(o, r.Job))
			rest = rest[end:]
		}
	}
	if n := len(w.records); n > len(w.judged) {
		w.judged, w.hashes = make([]receipt.Judged, n), make([]miner.Hash, n)
	}
	w.hasher.Hash(w.records, w.judged[:len(w.records)])
	for i := range w.records {
		w.hashes[i] = w.judged[i].Hash
	}
	at := 0
	for _, o := range run {
		w.check(o, at, at+o.count)
		at += o.count
	}
	w.forget()
}

// job finds a job that a receipt names; nil if it is not there.
func (w *hashWorker) job(o *openBatch, leaf int64) *workerJob {
	j, ok := w.h.jobs[leaf]
	if !ok || leaf > o.index { // one that is further on may have been read already
		if o.missing < 0 {
			o.missing = leaf
		}
		return nil
	}
	if k := w.jobs[leaf]; k != nil {
		return k
	}
	k := &workerJob{place: j.place, err: w.hasher.AddJob(leaf, j.template)}
	k.network, k.solves = w.h.v.network(j.template)
	w.jobs[leaf] = k
	return k
}

// forget drops jobs that no receipt may name any more.
func (w *hashWorker) forget() {
	if len(w.jobs) < 2*windowJobs {
		return
	}
	oldest := w.h.recent[0]
	w.hasher.Forget(oldest)
	for leaf := range w.jobs {
		if leaf < oldest {
			delete(w.jobs, leaf)
		}
	}
}

// check checks the receipts [from, to) of the run, which are the batch's.
func (w *hashWorker) check(o *openBatch, from, to int) {
	switch {
	case int64(o.count) > o.N:
		o.err = fmt.Errorf("there are %d receipts, the leaf says %d", o.count, o.N)
	case int64(o.count) < o.N && len(o.proof) == 0:
		o.err = fmt.Errorf("of %d receipts %d are missing, and nothing proves that these are those that thinning drops", o.N, o.N-int64(o.count))
	default:
		o.root, o.thin, o.err = receipt.CheckBatch(o.N, w.raw[from:to], w.hashes[from:to], w.h.v.target, o.proof)
	}
	o.marks = make([][2]uint64, 0, o.count)
	latest := o.ToMs/1000 + clockSlackSec
	for i := from; i < to; i++ {
		r, k, err := &w.records[i], w.of[i], w.judged[i].Err
		switch {
		case k == nil:
			err = errNoJob
		case k.err != nil:
			err = k.err
		}
		if err != nil {
			if o.receipt == nil {
				o.receipt = fmt.Errorf("receipt %d, on the job of leaf %d: %w", i-from, r.Job, err)
			}
			continue
		}
		if int64(r.Time) > latest && o.time == nil {
			o.time = fmt.Errorf("receipt %d has the time %d, later than the end of its window, %d, by more than %d s", i-from, r.Time, o.ToMs/1000, clockSlackSec)
		}
		if k.batch != o {
			k.batch, k.at = o, len(o.jobs)
			o.jobs = append(o.jobs, jobTally{job: k.place, minTime: r.Time})
		}
		t := &o.jobs[k.at]
		t.n++
		t.minTime = min(t.minTime, r.Time)
		o.held++
		hash := &w.hashes[i]
		if k.solves && hash.Meets(k.network) {
			o.solved = append(o.solved, *hash)
		}
		o.marks = append(o.marks, [2]uint64{binary.BigEndian.Uint64(hash[:]), binary.BigEndian.Uint64(hash[8:])})
	}
}

// errNoJob is said of a receipt whose job no leaf describes.
var errNoJob = errors.New("there is no such job, or not before the batch and near it")
