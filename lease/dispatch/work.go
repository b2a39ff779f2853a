package dispatch

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// tip is a previous block that jobs build on. Shares of its jobs are stale
// once it is outlived.
type tip struct {
	prev     miner.Hash
	since    time.Time // when this node learned of it
	outlived atomic.Bool

	// A candidate on this block waits for its verdict or was adopted. Another
	// one could only lose against it.
	solved atomic.Bool
}

// work is one lease's job, as it is durable in the store.
type work struct {
	job      lease.Job
	credit   miner.Work // of the job's target
	template *receipt.Template
	block    *solo.Template // what a block of it is assembled from; nil: a pool's
	network  miner.Target
	tip      *tip

	// Of a lease that mines for a pool, its own or the house's: the connection,
	// and the job as the pool gave it. Then there is no block.
	upstream *upstream
	issued   *stratum.Issue
	most     miner.Target // no easier one is looked for, whatever the pool asks for
}

// ownPool reports whether the job is of a pool that the lease has for itself.
func (w *work) ownPool() bool { return w.upstream != nil && !w.upstream.ofHouse() }

// issue is the job as one thread gets it: extranonce1 is the thread's worker
// number, so that no two threads hash the same header. Where a pool leaves no
// room for that, it is empty, and space keeps them apart.
func (w *work) issue(thread int) *stratum.Issue {
	var number []byte
	if w.template.FitsRigs() {
		number = binary.BigEndian.AppendUint16(nil, uint16(thread+1))
	}
	return w.template.Issue(w.job.Tag, w.search(), number)
}

// space is what one thread has to search. It begins by chance, so that a node
// that was started again does not repeat what it did.
func (w *work) space(thread int) *stratum.Space {
	if w.template.FitsRigs() {
		return stratum.NewSpace(w.issue(thread), rand.Uint64(), 1)
	}
	// Each thread takes every nth extranonce2. n is a power of two: with
	// others they would meet when the numbers begin again.
	turns := bits.Len(uint(max(w.upstream.d.engine.Threads(), thread+1) - 1))
	return stratum.NewSpace(w.issue(thread), rand.Uint64()<<turns|uint64(thread), 1<<turns)
}

// source names a hashing thread in meters and receipts.
func source(thread int) string { return "cpu" + strconv.Itoa(thread) }
