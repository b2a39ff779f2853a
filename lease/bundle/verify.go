package bundle

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// Verify checks a bundle of size bytes, offline but for Options.Chain. It goes
// on after a failure wherever that makes sense, so that the report says all that
// is wrong. Leaves, receipts and headers are read as a stream: what it keeps of
// them in memory is at most a quarter of Options.MaxBytes, and a tenth of the file
// as a rule.
func Verify(ctx context.Context, r io.ReaderAt, size int64, o Options) *Report {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	c := &contents{r: r}
	files, err := openArchive(r, size, o.MaxBytes)
	var tenant *packedFile
	var folders []folder
	if err == nil {
		tenant, folders, err = foldersOf(files)
	}
	if err != nil {
		v := newVerifier(ctx, o, c, folder{})
		v.report("form", err, "")
		return v.r
	}
	if tenant != nil {
		return verifyTenant(ctx, o, c, tenant, folders)
	}
	v := newVerifier(ctx, o, c, folders[0])
	v.run()
	return v.r
}

// verifier is one run of Verify for one lease. Checks of the form, the log and
// the work are in files of their own (load, head, receipts, headers, …), those
// of the contract and of money in files checks_*.go.
type verifier struct {
	Options
	ctx context.Context
	c   *contents
	d   folder
	r   *Report

	// What was read.
	note      []byte // the signed statement
	s         *Statement
	unsigned  error              // why the statement counts as unsigned; nil: it is signed
	id        *translog.Identity // the log's keys; the last one signs now
	rotations []Rotation
	growth    []Growth
	tagProofs []Tag
	splits    map[receipt.B32]receipt.Split // of blocks' jobs, by hash
	derived   []byte
	head      *translog.Signed // the checkpoint; nil: it is not the log's

	indexes []int64     // of all leaves
	hashes  []tlog.Hash // of all leaves; nil once they are proven
	kept    []keptLeaf  // by index; all but those of jobs and batches
	jobs    []jobLeaf   // by index
	batches []batchLeaf // by index: the lease's

	// templates are those of the jobs that the statement's rewards name, by the
	// index of the leaf; nil for one that is not well-formed.
	templates map[int64]*receipt.Template

	work   miner.Work   // of the target that every receipt meets by the contract, as the statement has it
	target miner.Target // that target
	hashed hashing      // what came of the receipts

	tips  []tip
	tipOf map[miner.Hash]int32

	facts *facts // what the checks of contract and money compare with
}

// keptLeaf is a leaf that is looked at again.
type keptLeaf struct {
	index   int64
	body    []byte
	opening []byte // nil: not in the bundle
	kind    translog.Kind
}

// jobLeaf is a job's leaf and what became of it.
type jobLeaf struct {
	index     int64
	createdMs int64
	height    int64 // 0: a pool's job that does not say
	bits      miner.Bits
	tip       int32 // that it was built on, in verifier.tips
	pool      bool  // a pool's job: the house's or the tenant's own pool
	unsound   bool  // its template is not well-formed: receipts on it do not hold
	// fromMs and toMs are from when until when batches have receipts on it, with
	// the smallest ntime of them; all zero: none has.
	fromMs, toMs int64
	minTime      uint32
}

// batchLeaf is what the leaf of a batch says, and which of its receipts are
// there.
type batchLeaf struct {
	index        int64
	number       int64
	fromMs, toMs int64
	n            int64
	kept         int32 // records in the bundle
	thin         int32 // of a thinned one: those that meet the smaller target; else -1
}

// tally says that so many receipts of a batch that are in the bundle hold and are
// on a job.
type tally struct {
	batch, job int32 // places in verifier.batches and verifier.jobs
	n          int32
}

// tip is a block that jobs were built on.
type tip struct {
	hash   miner.Hash
	found  bool // its header is there
	fork   bool // it left the chain
	height int64
	time   int64 // of its header, Unix seconds
	bits   miner.Bits
	next   int64      // time of the header that outlived it; 0: not there
	nextIs miner.Bits // bits of that one
	median int64      // of the last 11 times up to it; 0: not known
}

func newVerifier(ctx context.Context, o Options, c *contents, d folder) *verifier {
	return &verifier{
		Options: o, ctx: ctx, c: c, d: d, r: &Report{Kind: "lease", Unchecked: []string{}, Word: []string{}},
		splits: make(map[receipt.B32]receipt.Split), templates: make(map[int64]*receipt.Template), tipOf: make(map[miner.Hash]int32),
	}
}

// run makes all checks of one lease.
func (v *verifier) run() {
	err := v.load()
	if v.s != nil {
		v.fill()
	}
	if stopped := v.ctx.Err(); stopped != nil {
		v.report("complete", fmt.Errorf("stopped: %w", stopped), "")
		return
	}
	v.report("form", err, "%d files, %d leaves of the log, everything in the one spelling there is", v.fileCount(), len(v.indexes))
	if err != nil {
		return
	}
	v.checkHead()
	v.checkProof()
	v.report("signature", v.unsigned, "of the statement, by a key of the log")
	v.report("logged", v.checkLogged(), "leaf %d has the hash of the signed statement", v.statementLeaf())
	v.report("openings", v.checkOpenings(), "each is what its leaf commits to")
	v.checkContract()
	v.checkTags()
	v.checkTemplates()
	v.checkReceipts()
	v.checkHeaders()
	v.checkDelivery()
	v.checkMoney()
	v.checkBlocks()
	v.report("superseded", v.checkSuperseded(), "number %d of this lease and period, by the leaves here", v.s.Number)
	v.word("that no later statement supersedes this one: the log has it")
	if stopped := v.ctx.Err(); stopped != nil {
		v.report("complete", fmt.Errorf("stopped: %w", stopped), "")
	}
}

// fill puts into the report what the statement says of itself.
func (v *verifier) fill() {
	s := v.s
	v.r.Lease, v.r.Tenant, v.r.Period, v.r.State, v.r.ContractedHps = s.Lease, s.Tenant, s.Period, s.State, s.ContractedHps
	v.r.Leaves = int64(len(v.indexes))
}

func (v *verifier) fileCount() (n int) {
	for _, f := range v.d.files {
		if f != nil {
			n++
		}
	}
	return n
}

// workers is on how many processors receipts are hashed.
func workers() int { return runtime.GOMAXPROCS(0) }
