package lease

import (
	"math/big"

	"github.com/hashlease/hashlease/miner"
)

// Template is a block that leases may work on, without the lease's tag. It is
// stored once and shared by the jobs of all leases.
type Template struct {
	Seq       int64 // given by the Store
	CreatedMs int64 // Unix milliseconds
	Height    int64
	Prev      miner.Hash
	Body      []byte // the public document, as lease/receipt writes it
	Split     []byte // the document of the split that it names, as lease/receipt writes it; nil without one
}

// Job is a template made one lease's by its tag and the target at which
// shares count. It is durable before any source works on it.
type Job struct {
	Seq       int64 // given by the Store
	Template  int64 // its Seq
	Lease     string
	Tag       Tag
	Target    miner.Target
	CreatedMs int64  // Unix milliseconds
	Earns     *Earns // what its shares earn by themselves; nil: blocks are shared
}

// ProofWork is the work that a contract plans for one receipt: the hashes that
// its rate, in hashes per second, makes in so many milliseconds, rounded down,
// at least one.
func ProofWork(hps miner.Work, ms int64) miner.Work {
	w := hps.Mul(uint64(max(ms, 0))).Big()
	w.Quo(w, big.NewInt(1000))
	planned, _ := miner.WorkFromBig(w)
	if planned.IsZero() {
		return miner.Hashes(1)
	}
	return planned
}

// Receipt is an accepted share, kept as proof of the work of its job's
// target. Its order is its Seq, never a time.
type Receipt struct {
	Seq         int64 // given by the Store
	Lease       string
	Job         int64 // its Seq
	Source      string
	CommitMs    int64  // when it was made durable, Unix milliseconds
	Extranonce  []byte // extranonce1 and extranonce2
	Time        uint32 // ntime, Unix seconds
	Nonce       uint32
	VersionBits uint32
	Work        miner.Work // of the job's target
}

// Count is what a source counted for a lease since the last commit.
type Count struct {
	Lease, Source string
	Hashes        uint64
}

// Verdict counts shares that were not accepted.
type Verdict struct {
	Lease, Source string
	Reason        string // stale, duplicate, low-difficulty, …
	N             uint64
}

// Stale is the reason of shares whose job was outlived by a new block.
const Stale = "stale"

// Batch is what becomes durable in one step.
type Batch struct {
	Run      int64  // as given by Store.BeginRun
	N        uint64 // number of the batch in its run, from 1: the same batch is stored once; 0 = never sent again
	AtMs     int64  // heartbeat of the run, Unix milliseconds
	Receipts []Receipt
	Counts   []Count
	Verdicts []Verdict
	Upstream []Upstream
}

// Meter sums up what a lease was delivered in a period.
type Meter struct {
	Counted  miner.Work        // hashes counted by the engine
	Evidence Evidence          // of the receipts
	Verdicts map[string]uint64 // shares not accepted, by reason
	Upstream Upstream          // what the lease's pool said; zero without one
}

// Stale returns the number of shares that came too late.
func (m *Meter) Stale() uint64 { return m.Verdicts[Stale] }

// Rejected returns the number of shares refused for any other reason.
func (m *Meter) Rejected() uint64 {
	var n uint64
	for reason, k := range m.Verdicts {
		if reason != Stale {
			n += k
		}
	}
	return n
}
