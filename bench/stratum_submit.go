package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Sizes of the pipelined measurement.
const (
	pipeWindow = 1024   // submits without a verdict
	pipeChunk  = 64     // submits of one write
	pipeBlock  = 40_000 // submits of one round, each on a block of its own
	pipeStored = 90_000 // the same where each is stored; a server takes 100 000 of a connection
)

// submit measures one pipelined connection: with the merkle root known, and
// with another extranonce2 in each share.
func (b *stratumBench) submit(ctx context.Context) (err error) {
	b.res.Submit, err = b.pipelined(ctx, "", false)
	if err != nil {
		return err
	}
	b.res.RepliesPerSec = b.res.Submit.median()
	if b.cfg.URL != "" {
		return nil
	}
	if b.res.Folded, err = b.pipelined(ctx, "", true); err != nil {
		return err
	}
	b.res.CPUPerSubmit, b.res.CPUPerSubmit12 = b.res.Submit.perSubmit(), b.res.Folded.perSubmit()
	return nil
}

// durable does the same with each share stored.
func (b *stratumBench) durable(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "hashlease-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if b.res.Durable, err = b.pipelined(ctx, folder, false); err != nil {
		return err
	}
	if d := b.res.Durable; d.Stored != d.Accepted {
		return fmt.Errorf("%d shares accepted, %d stored", d.Accepted, d.Stored)
	}
	b.res.RepliesDurable = b.res.Durable.median()
	return nil
}

// pipelined sends blocks of shares until they took as long as asked for.
func (b *stratumBench) pipelined(ctx context.Context, folder string, fold bool) (run *SubmitRun, err error) {
	most := pipeBlock
	if folder != "" {
		most = pipeStored
	}
	p := &pipe{g: gateway{cfg: &b.cfg}, fold: fold}
	p.count = min(most, max(int(4*float64(b.cfg.Rate)*b.cfg.Time.Seconds()), pipeChunk))
	p.run = &SubmitRun{WindowSize: pipeWindow, Branches: jobBranch}
	if b.cfg.URL == "" {
		if p.link, err = b.serve(ctx, folder); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, p.link.close()) }()
		p.g.address = p.link.address
	}
	for wall := time.Duration(0); wall < b.cfg.Time; wall = time.Duration(p.run.WallNs) {
		if err := p.round(ctx); err != nil {
			return nil, err
		}
		if p.link == nil {
			break // nobody makes a new block for us
		}
	}
	p.run.Rounds = len(p.run.rates)
	p.run.Slowest, p.run.Fastest = slices.Min(p.run.rates), slices.Max(p.run.rates)
	return p.run, nil
}

// median of the rounds' rates.
func (r *SubmitRun) median() *float64 {
	return rounded(median(r.rates))
}

// perSubmit is the server's processor time for one submit, in microseconds.
func (r *SubmitRun) perSubmit() *float64 {
	return rounded(float64(r.CPUNs) / 1e3 / float64(max(r.Sent, 1)))
}

// pipe is a pipelined connection.
type pipe struct {
	g     gateway
	link  *stratumLink // nil: a server that takes no orders
	fold  bool
	count int
	run   *SubmitRun
}

// round sends the shares of one block, which are made before.
func (p *pipe) round(ctx context.Context) error {
	if p.link != nil && len(p.run.rates) > 0 {
		if err := p.link.publish(true, jobBranch); err != nil {
			return err
		}
	}
	r, err := p.g.open(ctx, 0)
	if err != nil {
		return err
	}
	defer r.close()
	defer context.AfterFunc(ctx, r.close)()
	if p.link != nil && len(p.run.rates) == 0 {
		if err := r.audit(p.g.cfg.patience); err != nil {
			return err
		}
	}
	chunks := r.mill.chunks(p.count, p.fold)
	var before stratumReport
	if p.link != nil {
		if before, err = p.link.do(stratumOrder{Do: orderStore}); err != nil {
			return err
		}
	}
	start := time.Now()
	replies, err := r.exchange(chunks, p.count, p.g.cfg.patience)
	wall := time.Since(start)
	if err != nil {
		return errors.Join(err, ctx.Err())
	}
	if p.link != nil {
		after, err := p.link.do(stratumOrder{Do: orderStore})
		if err != nil {
			return err
		}
		if after.Stored > 0 {
			wall = time.Since(start)
		}
		p.run.CPUNs += after.CPUNs - before.CPUNs
		p.run.Stored += after.Stored - before.Stored
		if got := after.Accepted - before.Accepted; got != replies.Accepted {
			return fmt.Errorf("the server accepted %d shares and told of %d", got, replies.Accepted)
		}
	}
	p.run.Replies.add(&replies)
	p.run.WallNs += int64(wall)
	p.run.rates = append(p.run.rates, float64(replies.Sent-replies.Lost)/wall.Seconds())
	return nil
}
