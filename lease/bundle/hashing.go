package bundle

import (
	"bufio"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashlease/hashlease/lease/leaf"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// Sizes of what is worked on at once.
const (
	groupReceipts = 1 << 14 // hashed before more is read
	runReceipts   = 1 << 10 // hashed by one worker at once

	// windowJobs is how many job leaves before a batch its receipts may name.
	windowJobs = 4096
)

// hashing hashes receipts while the leaves are read. What came of it is reported
// afterwards.
type hashing struct {
	v       *verifier
	file    *packedFile
	in      *bufio.Reader
	room    int64 // bytes of leaves that may still be kept
	rewards map[int64]struct{}
	jobs    map[int64]windowJob
	recent  []int64 // the same, by index; of the last windowJobs
	group   []*openBatch
	waiting int // receipts of the group
	workers []*hashWorker

	kept, held int64       // receipts that are there, and of these those that hold
	n          int64       // receipts that the batches commit to
	thinned    int64       // of those, in batches up to the last thinned one; 0: none is
	thin       int64       // of those, in the bundle and meeting the smaller target
	whole      int64       // in batches behind that one
	wholeThin  int64       // of those, meeting the smaller target
	marks      [][2]uint64 // 16 bytes of each receipt's hash
	tallies    []tally     // by batch

	// The first thing that is wrong, of each kind.
	batches, receipts, times error
	solved                   error // a receipt is a block that no leaf tells of

	blocks     map[receipt.U256]bool // that leaves tell of
	blocksSeen int                   // so many of verifier.kept were looked at for them
	missing    *missingJob
}

// missingJob is a job that a batch has receipts on, and that no leaf before it
// describes.
type missingJob struct{ batch, job int64 }

// windowJob is a job that receipts may name.
type windowJob struct {
	place    int32 // in verifier.jobs
	template *receipt.Template
}

// openBatch is a batch whose receipts were read.
type openBatch struct {
	leaf.Batch
	index   int64
	place   int32 // in verifier.batches
	count   int   // records that are there
	records []byte
	proof   []tlog.Hash

	// What came of it.
	root          tlog.Hash
	thin          int
	err           error // of the tree
	receipt, time error // the first that does not hold
	missing       int64 // job leaf that is not there; -1: none
	held          int
	solved        []miner.Hash // receipts that are blocks of the network
	jobs          []jobTally
	marks         [][2]uint64
}

// jobTally is what a batch has on a job.
type jobTally struct {
	job     int32
	n       int32 // that hold
	minTime uint32
}

func (h *hashing) start(v *verifier) {
	h.v, h.file, h.room = v, v.d.files[fileReceipts], v.MaxBytes>>keptShift
	h.in = bufio.NewReaderSize(v.c.open(h.file), bufferSize(h.file.size))
	h.jobs, h.rewards = make(map[int64]windowJob), make(map[int64]struct{})
	for i := range v.s.Rewards {
		h.rewards[v.s.Rewards[i].Job] = struct{}{}
	}
}

// add lets receipts of the batches to come name a job.
func (h *hashing) add(index int64, place int32, t *receipt.Template) {
	if len(h.recent) == windowJobs {
		if len(h.group) > 0 {
			h.flush()
		}
		drop := windowJobs / 4
		for _, old := range h.recent[:drop] {
			delete(h.jobs, old)
		}
		h.recent = append(h.recent[:0], h.recent[drop:]...)
	}
	h.recent = append(h.recent, index)
	h.jobs[index] = windowJob{place, t}
}

// batch reads the receipts of the next batch, and hashes them with others.
func (h *hashing) batch(place int, index int64, b *leaf.Batch) error {
	o := &openBatch{Batch: *b, index: index, place: int32(place), missing: -1}
	if err := h.read(o); err != nil {
		return err
	}
	if h.kept += int64(o.count); h.kept > h.v.MaxBytes>>receiptsShift {
		return fmt.Errorf("more than %d receipts: ask for a shorter period, or allow more", h.v.MaxBytes>>receiptsShift)
	}
	h.n += b.N
	h.note(&h.batches, index, h.v.checkBatch(o))
	h.v.batches = append(h.v.batches, batchLeaf{
		index: index, number: b.Number, fromMs: b.FromMs, toMs: b.ToMs, n: b.N, kept: int32(o.count), thin: -1,
	})
	h.group = append(h.group, o)
	if h.waiting += o.count; h.waiting >= groupReceipts {
		h.flush()
	}
	return nil
}

// finish hashes what is left and checks that the file ends.
func (h *hashing) finish() error {
	h.flush()
	h.progress(h.kept)
	switch _, err := h.in.ReadByte(); {
	case err == nil:
		return fmt.Errorf("%w: file %q goes on after the receipts of the last batch", ErrForm, h.file.name)
	case err != io.EOF:
		return err
	}
	return nil
}

// flush hashes the group on all processors.
func (h *hashing) flush() {
	var runs [][]*openBatch
	for rest := h.group; len(rest) > 0; {
		n := 0
		k := 0
		for ; k < len(rest) && n < runReceipts; k++ {
			n += rest[k].count
		}
		runs, rest = append(runs, rest[:k]), rest[k:]
	}
	count := min(workers(), len(runs))
	for len(h.workers) < count {
		h.workers = append(h.workers, newHashWorker(h))
	}
	var next atomic.Int32
	work := func(w *hashWorker) {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(runs) || h.v.ctx.Err() != nil {
				return
			}
			w.hash(runs[i])
		}
	}
	if count == 1 {
		work(h.workers[0])
	} else {
		var running sync.WaitGroup
		for _, w := range h.workers[:count] {
			running.Go(func() { work(w) })
		}
		running.Wait()
	}
	if h.v.ctx.Err() == nil {
		for _, o := range h.group {
			h.merge(o)
		}
	}
	h.group, h.waiting = h.group[:0], 0
	h.progress(max(h.kept, h.v.s.Delivery.Receipts))
}

// progress tells how many of all receipts have been hashed.
func (h *hashing) progress(all int64) {
	if h.v.Progress != nil {
		h.v.Progress(h.kept, all)
	}
}

// merge takes up what came of a batch.
func (h *hashing) merge(o *openBatch) {
	b := &h.v.batches[o.place]
	if o.err == nil && o.root != tlog.Hash(o.Root) {
		o.err = fmt.Errorf("its receipts have the root %v, the leaf says %v: they are not those that were committed to", o.root, tlog.Hash(o.Root))
	}
	h.note(&h.batches, o.index, o.err)
	h.note(&h.receipts, o.index, o.receipt)
	h.note(&h.times, o.index, o.time)
	if o.missing >= 0 && h.missing == nil {
		h.missing = &missingJob{o.index, o.missing}
	}
	h.held += int64(o.held)
	for _, hash := range o.solved {
		if h.solved == nil && !h.blockLogged(hash) {
			h.note(&h.solved, o.index, errHidden(hash))
		}
	}
	// Thinning goes by age. Whole batches before thinned ones count too, or a
	// provider could make up receipts where chance was kind, and thin these alone.
	h.whole, h.wholeThin = h.whole+o.N, h.wholeThin+int64(o.thin)
	if int64(o.count) < o.N {
		b.thin = int32(o.thin)
		h.thinned, h.thin = h.thinned+h.whole, h.thin+h.wholeThin
		h.whole, h.wholeThin = 0, 0
	}
	h.marks = append(h.marks, o.marks...)
	for _, t := range o.jobs {
		j := &h.v.jobs[t.job]
		if j.toMs == 0 {
			j.fromMs, j.minTime = o.FromMs, t.minTime
		}
		j.toMs, j.minTime = max(j.toMs, o.ToMs), min(j.minTime, t.minTime)
		h.tallies = append(h.tallies, tally{o.place, t.job, t.n})
	}
}

// note keeps the first error of a kind.
func (h *hashing) note(first *error, index int64, err error) {
	if *first == nil && err != nil {
		*first = fmt.Errorf("batch of leaf %d: %w", index, err)
	}
}
