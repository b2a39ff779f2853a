package seal

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// Work is what receipts are hashed by.
type Work interface {
	Template(ctx context.Context, seq int64) (lease.Template, error)
	Job(ctx context.Context, seq int64) (lease.Job, error)
	TemplateLeaves(ctx context.Context, seqs []int64) (map[int64]int64, error)
}

// Hasher hashes stored receipts once more. It is not safe for concurrent use.
type Hasher struct {
	w         Work
	judge     *work.Judge
	jobs      map[int64]known // by Seq
	templates map[int64]*receipt.Template
}

// known is what is known of a job.
type known struct {
	leaf   int64 // of its template
	target miner.Target
	issue  *work.Issue
	size1  int // bytes of extranonce1
}

// maxKnown is how many jobs a Hasher remembers.
const maxKnown = 20_000

// NewHasher returns one that looks jobs up in w.
func NewHasher(w Work) *Hasher {
	h := &Hasher{w: w, judge: work.NewJudge()}
	h.forget()
	return h
}

func (h *Hasher) forget() {
	h.judge.Forget(math.MaxInt64)
	h.jobs, h.templates = make(map[int64]known), make(map[int64]*receipt.Template)
}

// know looks the jobs of receipts up.
func (h *Hasher) know(ctx context.Context, receipts []lease.Receipt) error {
	if len(h.jobs) > maxKnown {
		h.forget()
	}
	found := make(map[int64]lease.Job) // by Seq
	leaves := make(map[int64]bool)     // of templates
	for i := range receipts {
		seq := receipts[i].Job
		if _, ok := h.jobs[seq]; ok {
			continue
		}
		if _, ok := found[seq]; ok {
			continue
		}
		j, err := h.w.Job(ctx, seq)
		if err != nil {
			return fmt.Errorf("receipt %d: %w", receipts[i].Seq, err)
		}
		found[seq], leaves[j.Template] = j, true
	}
	if len(found) == 0 {
		return nil
	}
	leafOf, err := h.w.TemplateLeaves(ctx, slices.Sorted(maps.Keys(leaves)))
	if err != nil {
		return err
	}
	for seq, j := range found {
		t, err := h.template(ctx, j.Template)
		if err != nil {
			return fmt.Errorf("job %d: %w", seq, err)
		}
		leaf, ok := leafOf[j.Template]
		if !ok {
			return fmt.Errorf("job %d: the leaf of template %d: %w", seq, j.Template, lease.ErrNotFound)
		}
		// Whose work it is and at which target it counts, the leaf does not say,
		// so that issues are those of jobs.
		issue := t.Issue(j.Tag, j.Target, nil)
		if err := h.judge.Add(seq, issue, t.Extranonce1Size); err != nil {
			return fmt.Errorf("job %d: %w", seq, err)
		}
		h.jobs[seq] = known{leaf, j.Target, issue, t.Extranonce1Size}
	}
	return nil
}

func (h *Hasher) template(ctx context.Context, seq int64) (*receipt.Template, error) {
	if t, ok := h.templates[seq]; ok {
		return t, nil
	}
	stored, err := h.w.Template(ctx, seq)
	if err != nil {
		return nil, err
	}
	t, err := receipt.DecodeTemplate(stored.Body)
	if err != nil {
		return nil, fmt.Errorf("template %d: %w", seq, err)
	}
	h.templates[seq] = t
	return t, nil
}

// Hash returns receipts as they stand in the log, and the hashes of their
// headers. It fails when one is no proof of its work.
func (h *Hasher) Hash(ctx context.Context, receipts []lease.Receipt) ([]receipt.Record, []miner.Hash, error) {
	if err := h.know(ctx, receipts); err != nil {
		return nil, nil, err
	}
	records, hashes := make([]receipt.Record, len(receipts)), make([]miner.Hash, len(receipts))
	var answers [chunk]work.Answer
	var judged [chunk]work.Judged
	for from := 0; from < len(receipts); from += chunk {
		these := receipts[from:min(from+chunk, len(receipts))]
		for i := range these {
			r := &these[i]
			records[from+i] = receipt.Record{Job: h.jobs[r.Job].leaf, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits}
			answers[i] = work.Answer{Issue: r.Job, Extranonce: r.Extranonce, Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits}
		}
		h.judge.Judge(answers[:len(these)], judged[:len(these)])
		for i := range these {
			if err := judged[i].Err; err != nil {
				return nil, nil, fmt.Errorf("receipt %d of job %d: %w", these[i].Seq, these[i].Job, err)
			}
			hashes[from+i] = judged[i].Hash
		}
	}
	return records, hashes, nil
}

// Header returns the header of a receipt, which must be among those that were
// hashed last, and the index of its job's leaf.
func (h *Hasher) Header(r *lease.Receipt) (miner.Header, int64, error) {
	j, ok := h.jobs[r.Job]
	if !ok || len(r.Extranonce) < j.size1 {
		return miner.Header{}, 0, fmt.Errorf("receipt %d: job %d: %w", r.Seq, r.Job, lease.ErrNotFound)
	}
	issue := *j.issue
	issue.Extranonce1 = r.Extranonce[:j.size1]
	header, err := issue.Rebuild(work.Share{Extranonce2: r.Extranonce[j.size1:], Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits, HasVersion: true})
	return header, j.leaf, err
}

// chunk is how many receipts are hashed at a time.
const chunk = 1024

// seal makes a batch of receipts of one lease and window.
func (h *Hasher) seal(ctx context.Context, receipts []lease.Receipt) (b lease.SealedBatch, err error) {
	records, hashes, err := h.Hash(ctx, receipts)
	if err != nil {
		return b, err
	}
	order, tree, err := receipt.Seal(records, hashes)
	if err != nil {
		return b, err
	}
	sorted := make([]lease.Receipt, len(receipts))
	b.N, b.Root = int64(len(receipts)), tree.Root()
	b.FirstSeq, b.LastSeq = receipts[0].Seq, receipts[0].Seq
	for i, at := range order {
		r := &receipts[at]
		sorted[i] = *r
		b.Evidence.Add(r.Work)
		b.FirstSeq, b.LastSeq = min(b.FirstSeq, r.Seq), max(b.LastSeq, r.Seq)
	}
	b.Packed, err = lease.PackReceipts(sorted)
	return b, err
}
