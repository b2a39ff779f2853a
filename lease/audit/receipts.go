package audit

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// clockSlackMs is how much later than its receipts a job may seem to be made,
// where a clock was put back in between: the store's time stands still then, at
// the last heartbeat, which may have been a while before the job.
const clockSlackMs = 60_000

// job is what receipts are held against.
type job struct {
	lease     string
	template  int64
	tag       lease.Tag
	work      miner.Work
	createdMs int64
	tip       *tip
}

// tip is a previous block, under which headers must differ.
type tip struct {
	prev   miner.Hash
	prints []uint64 // of the receipts
}

// sumKey names receipts of one work.
type sumKey struct {
	meterKey
	work miner.Work
}

// meterKey names a metered hour of a source.
type meterKey struct {
	hour          int64
	lease, source string
}

// walk is one pass over all receipts.
type walk struct {
	*auditor
	seed      maphash.Seed
	jobs      map[int64]*job
	templates map[int64]*tip
	tips      map[miner.Hash]*tip
	sums      map[sumKey]uint64
	thinned   map[hourKey]*lease.Evidence // of batches whose receipts are not all kept
}

// hourKey names a metered hour of a lease.
type hourKey struct {
	hour  int64
	lease string
}

// receipts adds all receipts up again, and compares the sums with the hours
// that were metered.
func (a *auditor) receipts(ctx context.Context) error {
	w := &walk{
		auditor: a, seed: maphash.MakeSeed(), jobs: make(map[int64]*job), templates: make(map[int64]*tip),
		tips: make(map[miner.Hash]*tip), sums: make(map[sumKey]uint64), thinned: make(map[hourKey]*lease.Evidence),
	}
	a.checkTags()
	sealedMs, unsealed, err := w.unsealed(ctx)
	if err != nil {
		return err
	}
	if err := w.sealed(ctx, sealedMs); err != nil {
		return err
	}
	last := int64(0)
	for i := range unsealed {
		r := &unsealed[i]
		if r.Seq <= last {
			a.report.find(checkOnce, "receipt %d comes after %d", r.Seq, last)
		}
		last = r.Seq
		if err := w.count(ctx, r, true); err != nil {
			return err
		}
	}
	a.report.counted(checkTags, int64(len(w.jobs)))
	if err := w.once(ctx); err != nil {
		return err
	}
	return w.compare(ctx)
}

// count holds a receipt against its job, and adds it to its hour if the sums of
// that are not known otherwise.
func (w *walk) count(ctx context.Context, r *lease.Receipt, adds bool) error {
	j, err := w.jobOf(ctx, r.Job)
	if err != nil {
		return err
	}
	w.hold(r, j)
	if hour := r.CommitMs / lease.MsPerHour; adds && hour < w.final() {
		w.sums[sumKey{meterKey{hour, r.Lease, r.Source}, r.Work}]++
	}
	return nil
}

// checkTags wants leases to be told apart.
func (a *auditor) checkTags() {
	var before []lease.Lease
	for _, id := range a.ids {
		if err := lease.Distinct(before, a.leases[id]); err != nil {
			a.report.find(checkTags, "lease %s: %v", id, err)
		}
		before = append(before, *a.leases[id])
	}
	a.report.counted(checkTags, int64(len(before)))
}

// jobOf reads a job once, and checks that it is its lease's.
func (w *walk) jobOf(ctx context.Context, seq int64) (*job, error) {
	if j, ok := w.jobs[seq]; ok {
		return j, nil
	}
	stored, err := w.store.Job(ctx, seq)
	if errors.Is(err, lease.ErrNotFound) {
		w.jobs[seq] = nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("job %d: %w", seq, err)
	}
	at, ok := w.templates[stored.Template]
	if !ok {
		t, err := w.store.Template(ctx, stored.Template)
		if err != nil {
			return nil, fmt.Errorf("template %d of job %d: %w", stored.Template, seq, err)
		}
		if at = w.tips[t.Prev]; at == nil {
			at = &tip{prev: t.Prev}
			w.tips[t.Prev] = at
		}
		w.templates[stored.Template] = at
	}
	j := &job{stored.Lease, stored.Template, stored.Tag, stored.Target.Work(), stored.CreatedMs, at}
	w.jobs[seq] = j
	w.checkTag(seq, j)
	return j, nil
}

// checkTag wants a job to carry its lease's tag. The house has several, which
// are no lease's.
func (w *walk) checkTag(seq int64, j *job) {
	if l := w.leases[j.lease]; l != nil {
		if l.Tag != j.tag {
			w.report.find(checkTags, "job %d of lease %s carries the tag %v, not the lease's %v", seq, j.lease, j.tag, l.Tag)
		}
		return
	}
	if j.lease != lease.House {
		w.report.find(checkTags, "job %d is of lease %s, which there is not", seq, j.lease)
		return
	}
	for _, id := range w.ids {
		if w.leases[id].Tag == j.tag {
			w.report.find(checkTags, "job %d of the house carries the tag of lease %s", seq, id)
		}
	}
}

// hold holds a receipt against its job.
func (w *walk) hold(r *lease.Receipt, j *job) {
	w.report.counted(checkJobs, 1)
	switch {
	case j == nil:
		w.report.find(checkJobs, "receipt %d is of job %d, which there is not", r.Seq, r.Job)
		return
	case j.lease != r.Lease || j.work != r.Work:
		w.report.find(checkJobs, "receipt %d is of lease %s with work %v, its job %d of lease %s with work %v", r.Seq, r.Lease, r.Work, r.Job, j.lease, j.work)
	case j.createdMs > r.CommitMs+clockSlackMs:
		w.report.find(checkJobs, "receipt %d was committed at %d ms, its job %d was made at %d ms", r.Seq, r.CommitMs, r.Job, j.createdMs)
	}
	w.report.counted(checkOnce, 1)
	j.tip.prints = append(j.tip.prints, w.print(r, j))
}

// identity is what a header follows from: two receipts with one are one share.
// Jobs of one template and tag have one coinbase, whatever their targets are.
type identity struct {
	template                 int64
	tag                      lease.Tag
	extranonce               string
	time, nonce, versionBits uint32
}

func identityOf(r *lease.Receipt, j *job) identity {
	return identity{j.template, j.tag, string(r.Extranonce), r.Time, r.Nonce, r.VersionBits}
}

// print is 64 bits of an identity.
func (w *walk) print(r *lease.Receipt, j *job) uint64 {
	return maphash.Comparable(w.seed, identityOf(r, j))
}

// once looks for receipts that are the same share. Equal prints are looked at
// closely.
func (w *walk) once(ctx context.Context) error {
	for _, t := range w.tips {
		slices.Sort(t.prints)
		suspects := make(map[uint64]bool)
		for i := 1; i < len(t.prints); i++ {
			if t.prints[i] == t.prints[i-1] {
				suspects[t.prints[i]] = true
			}
		}
		t.prints = nil
		if len(suspects) == 0 {
			continue
		}
		seen := make(map[identity]int64)
		for r, err := range w.store.ReceiptsOn(ctx, t.prev) {
			if errors.Is(err, lease.ErrThinned) {
				w.report.Unchecked = append(w.report.Unchecked, fmt.Sprintf("whether shares on block %v count twice: %v", t.prev, err))
				break
			}
			if err != nil {
				return err
			}
			j, err := w.jobOf(ctx, r.Job)
			if err != nil {
				return err
			}
			if j == nil || !suspects[w.print(&r, j)] {
				continue
			}
			id := identityOf(&r, j)
			if first, ok := seen[id]; ok {
				w.report.find(checkOnce, "receipts %d and %d are one share of lease %s", first, r.Seq, r.Lease)
				continue
			}
			seen[id] = r.Seq
		}
	}
	return nil
}

// same reports whether two sums are equal in all that they keep.
func same(a, b lease.Evidence) bool {
	if a.N != b.N || a.Sum != b.Sum || a.Max != b.Max {
		return false
	}
	return a.N == 0 || a.SumSq.Cmp(b.SumSq) == 0
}
