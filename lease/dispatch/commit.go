package dispatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

const (
	batchAge      = 250 * time.Millisecond // a share waits no longer for its commit
	batchSize     = 1000                   // receipts
	heartbeat     = time.Second            // a batch is made even without shares
	warnEvery     = 5 * time.Second        // how often the log says that it still fails
	storePatience = 30 * time.Second       // how long a store may fail before the node stops
	slept         = time.Minute            // between two commits, the machine did not run
)

// overflow is the verdict on shares that were dropped because the store did
// not take the earlier ones.
const overflow = "overflow"

// committer collects what becomes durable together.
type committer struct {
	run      int64        // what batches are of
	n        uint64       // number of the last batch that was sealed
	batch    *lease.Batch // sealed, not yet stored
	receipts []lease.Receipt
	verdicts map[lease.Verdict]uint64 // keyed with N = 0
	counts   map[lease.Count]uint64   // keyed with Hashes = 0
	upstream []lease.Upstream         // what pools said
	opened   time.Time                // when the first receipt came in
	last     time.Time                // the last commit
	failing  time.Time                // since when the store fails
	warned   time.Time                // when that was last logged
	lastFind time.Time                // the last block candidate
	seen     headers                  // what counts already
}

// commitLoop judges shares as they come and commits them in batches until ctx
// is done; then it commits the rest.
func (d *Dispatcher) commitLoop(ctx context.Context) error {
	c := &d.commit
	c.verdicts = make(map[lease.Verdict]uint64)
	c.counts = make(map[lease.Count]uint64)
	c.seen = make(headers)
	c.last = d.Now()
	c.run = d.run
	tick := time.NewTicker(batchAge / 5)
	defer tick.Stop()
	for {
		final := false
		select {
		case <-ctx.Done():
			final = true
		case <-d.feed.wake:
		case <-tick.C:
		}
		// What was found before the end is still to be kept.
		keep := context.WithoutCancel(ctx)
		if err := d.collect(keep); err != nil {
			return err
		}
		now := d.Now()
		for final || c.due(now) {
			if err := d.commitBatch(keep, now); err != nil {
				if c.failing.IsZero() {
					c.failing = now
				}
				if final || now.Sub(c.failing) >= storePatience {
					return fmt.Errorf("storing receipts: %w", err)
				}
				if now.Sub(c.warned) >= warnEvery {
					c.warned = now
					d.Log.Error("receipts cannot be stored, trying again", "err", err)
				}
				break
			}
			if final && c.empty() {
				return nil
			}
		}
	}
}

// due reports whether it is time for a commit.
func (c *committer) due(now time.Time) bool {
	return c.batch != nil || len(c.receipts) >= batchSize || now.Sub(c.last) >= heartbeat ||
		len(c.receipts) > 0 && now.Sub(c.opened) >= batchAge
}

// empty reports whether nothing is left to commit.
func (c *committer) empty() bool {
	return c.batch == nil && len(c.receipts) == 0 && len(c.counts) == 0 && len(c.verdicts) == 0 && len(c.upstream) == 0
}

// collect judges the shares that wait.
func (d *Dispatcher) collect(ctx context.Context) error {
	c := &d.commit
	shares, counts, verdicts := d.feed.take()
	for _, n := range counts {
		hashes := n.Hashes
		n.Hashes = 0
		c.counts[n] += hashes
	}
	c.upstream = append(c.upstream, d.pools.take()...)
	for _, v := range verdicts {
		n := v.N
		v.N = 0
		c.verdicts[v] += n
	}
	for i := range shares {
		if err := d.judge(ctx, &shares[i]); err != nil {
			return err
		}
	}
	return nil
}

// judge makes a receipt of a share, or counts why not. A share that solves a
// block becomes a candidate in any case.
func (d *Dispatcher) judge(ctx context.Context, s *found) error {
	c := &d.commit
	share := s.ref.ShareOf(s.header)
	header, hash, err := s.ref.Issue.Check(share)
	if err == nil {
		seen := c.seen.on(s.work.tip.prev, d.Now())
		if err := d.loadSeen(ctx, s.work.tip.prev, seen); err != nil {
			return err
		}
		if !seen.Add(hash) {
			err = &stratum.Error{Code: stratum.CodeDuplicate, Message: "Duplicate share"}
		}
	}
	var refused *stratum.Error
	switch {
	case errors.As(err, &refused):
		level := slog.LevelError // the node's own threads make none such
		if s.rig {
			level = slog.LevelDebug
		}
		d.Log.Log(ctx, level, "a share was refused", "lease", s.work.job.Lease, "source", s.source, "err", err)
		c.verdicts[lease.Verdict{Lease: s.work.job.Lease, Source: s.source, Reason: refused.Reason()}]++
		return nil
	case err != nil:
		return err
	}
	// A pool gets what is counted and nothing else, or it could have work for
	// nothing by new blocks that are none. Only a share that solves a block of
	// a pool's is worth sending when the chain has gone on, so it counts.
	late := (s.stale || d.asleep(s.work)) && !(s.work.upstream != nil && hash.Meets(s.work.network))
	if !late && !s.blockOnly || hash.Meets(s.work.network) {
		s.work.forward(s.ref, share, hash)
	}
	if s.work.block != nil && hash.Meets(s.work.network) {
		if err := d.candidate(ctx, s, share, header, hash); err != nil {
			return err
		}
	}
	if s.blockOnly || !hash.Meets(s.work.job.Target) {
		return nil // it was for the pool, or a block
	}
	if late {
		c.verdicts[lease.Verdict{Lease: s.work.job.Lease, Source: s.source, Reason: lease.Stale}]++
		return nil
	}
	if len(c.receipts) == 0 {
		c.opened = d.Now()
	}
	c.receipts = append(c.receipts, lease.Receipt{
		Lease: s.work.job.Lease, Job: s.work.job.Seq, Source: s.source,
		Extranonce: slices.Concat(s.ref.Issue.Extranonce1, share.Extranonce2),
		Time:       share.Time, Nonce: share.Nonce, VersionBits: share.VersionBits,
		Work: s.work.credit,
	})
	return nil
}

// oldestWork is how long a job counts. Those of a node that is awake are made
// anew much sooner, also where the tip stays, and pools that wait for a block do
// so for longer once in 20 000. Headers show a tip to be one for two hours.
const oldestWork = 100 * time.Minute

// asleep reports whether a job is so old that the machine must have slept, or the
// coin's node been away: its tip may have been outlived for hours, and what is
// done on it can be shown to nobody as work of its time.
func (d *Dispatcher) asleep(w *work) bool {
	// By the clock on the wall, for the other may stand still meanwhile.
	return d.Now().UnixMilli()-w.job.CreatedMs > oldestWork.Milliseconds()
}

// candidate makes a solved block durable and sends it on its way.
func (d *Dispatcher) candidate(ctx context.Context, s *found, share stratum.Share, header miner.Header, hash miner.Hash) error {
	c := &d.commit
	if gap := d.params.MinBlockGap; gap > 0 && s.at.Sub(c.lastFind) < gap {
		return nil // the network's target is no obstacle: do not flood the node
	}
	if !s.work.tip.solved.CompareAndSwap(false, true) {
		return nil
	}
	extranonce := slices.Concat(s.ref.Issue.Extranonce1, share.Extranonce2)
	raw, err := solo.AssembleBlock(s.work.block, s.ref.Issue.Coinbase(extranonce), header)
	if err != nil {
		return fmt.Errorf("block %v: %w", hash, err)
	}
	b := lease.Block{
		Hash: hash, Height: s.work.block.Height, Template: s.work.job.Template, Job: s.work.job.Seq,
		Lease: s.work.job.Lease, Extranonce: extranonce,
		Time: share.Time, Nonce: share.Nonce, VersionBits: share.VersionBits,
		Raw: raw, FoundMs: s.at.UnixMilli(), State: lease.Candidate,
	}
	err = d.Store.PutBlock(ctx, b)
	if err != nil {
		// It is submitted anyway, and stored as soon as that is possible;
		// should the node end before, its bytes stand in the log.
		d.Log.Error("a block cannot be stored", "hash", hash, "err", err, "block", fmt.Sprintf("%x", raw))
	}
	c.lastFind = s.at
	d.settle.submit(candidate{b, s.work.tip, err == nil})
	return nil
}

// loadSeen remembers the receipts that the store has on a block.
func (d *Dispatcher) loadSeen(ctx context.Context, prev miner.Hash, seen *seenOn) error {
	if seen.loaded {
		return nil
	}
	jobs := make(map[int64]lease.Job)
	templates := make(map[int64]*receipt.Template)
	for r, err := range d.Store.ReceiptsOn(ctx, prev) {
		if errors.Is(err, lease.ErrThinned) {
			// Their jobs are of days ago, and no job is handed out twice.
			d.Log.Warn("a block has stood for so long that receipts on it were thinned", "block", prev, "err", err)
			break
		}
		if err != nil {
			return fmt.Errorf("receipts on block %v: %w", prev, err)
		}
		job, ok := jobs[r.Job]
		if !ok {
			if job, err = d.Store.Job(ctx, r.Job); err != nil {
				return fmt.Errorf("job %d: %w", r.Job, err)
			}
			jobs[r.Job] = job
		}
		document := templates[job.Template]
		if document == nil {
			if document, err = d.templateDocument(ctx, job.Template); err != nil {
				return err
			}
			templates[job.Template] = document
		}
		n := document.Extranonce1Size
		if len(r.Extranonce) < n {
			return fmt.Errorf("receipt %d: extranonce of %d bytes", r.Seq, len(r.Extranonce))
		}
		issue := document.Issue(job.Tag, job.Target, r.Extranonce[:n])
		h, err := issue.Rebuild(stratum.Share{Extranonce2: r.Extranonce[n:], Time: r.Time, Nonce: r.Nonce, VersionBits: r.VersionBits, HasVersion: true})
		if err != nil {
			return fmt.Errorf("receipt %d: %w", r.Seq, err)
		}
		seen.Add(h.Hash())
	}
	seen.loaded = true
	return nil
}

func (d *Dispatcher) templateDocument(ctx context.Context, seq int64) (*receipt.Template, error) {
	document, _, err := d.storedTemplate(ctx, seq)
	return document, err
}

func (d *Dispatcher) storedTemplate(ctx context.Context, seq int64) (*receipt.Template, lease.Template, error) {
	stored, err := d.Store.Template(ctx, seq)
	if err != nil {
		return nil, stored, fmt.Errorf("template %d: %w", seq, err)
	}
	document, err := receipt.DecodeTemplate(stored.Body)
	if err != nil {
		return nil, stored, fmt.Errorf("template %d: %w", seq, err)
	}
	return document, stored, nil
}

// splitOf reads a template of the house with its split.
func (d *Dispatcher) splitOf(ctx context.Context, seq int64) (*receipt.Template, receipt.Split, error) {
	document, stored, err := d.storedTemplate(ctx, seq)
	if err != nil {
		return nil, nil, err
	}
	split, err := receipt.DecodeSplit(stored.Split)
	if err == nil {
		err = document.CheckSplit(split)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("template %d: %w", seq, err)
	}
	return document, split, nil
}

// commitBatch makes everything collected durable, and only then lets it
// count. A batch that failed is tried again as it was, so that a failure that
// came after the fact does not store it twice.
func (d *Dispatcher) commitBatch(ctx context.Context, now time.Time) error {
	c := &d.commit
	if c.batch == nil {
		// Or the time that a machine slept, or that its clock jumped, would
		// be time that the node ran.
		if now.UnixMilli()-c.last.UnixMilli() > slept.Milliseconds() {
			run, err := d.Store.BeginRun(ctx, now.UnixMilli())
			if err != nil {
				return err
			}
			d.Log.Warn("the node stood still, or the clock was moved", "for", now.Round(0).Sub(c.last.Round(0)))
			c.run = run
		}
		c.batch = c.seal(c.run, now.UnixMilli())
	}
	stored, err := d.Store.CommitBatch(ctx, *c.batch)
	if err != nil {
		return err
	}
	d.window.push(slices.DeleteFunc(slices.Clone(stored), func(r lease.Receipt) bool { return d.pools.ownPool(r.Lease) }))
	d.status.add(stored, c.batch.Verdicts)
	c.batch, c.last, c.failing = nil, now, time.Time{}
	return nil
}

// seal turns what was collected into the next batch.
func (c *committer) seal(run, atMs int64) *lease.Batch {
	c.n++
	b := &lease.Batch{Run: run, N: c.n, AtMs: atMs, Receipts: c.receipts, Upstream: c.upstream}
	for n, hashes := range c.counts {
		n.Hashes = hashes
		b.Counts = append(b.Counts, n)
	}
	for v, n := range c.verdicts {
		v.N = n
		b.Verdicts = append(b.Verdicts, v)
	}
	c.receipts, c.upstream = nil, nil
	clear(c.counts)
	clear(c.verdicts)
	return b
}
