package dispatch

import (
	"encoding/binary"
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

	// Of a lease that mines for a pool: the connection, and the job as the
	// pool gave it. Then there is no block.
	upstream *upstream
	issued   *stratum.Issue
	most     miner.Target // no easier one is looked for, whatever the pool asks for
}

// issue is the job as one thread gets it: extranonce1 is the thread's worker
// number, so that no two threads hash the same header.
func (w *work) issue(thread int) *stratum.Issue {
	return w.template.Issue(w.job.Tag, w.search(), binary.BigEndian.AppendUint16(nil, uint16(thread+1)))
}

// source names a hashing thread in meters and receipts.
func source(thread int) string { return "cpu" + strconv.Itoa(thread) }
