package bench

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// latency measures verdicts at a certain rate, and again while all processors
// hash.
func (b *stratumBench) latency(ctx context.Context) (err error) {
	b.res.Latency, err = b.paced(ctx, pacedPlan{connections: pacedConnections, rate: b.cfg.Rate})
	if err != nil {
		return err
	}
	b.res.P50, b.res.P99 = milliseconds(b.res.Latency.Verdict.P50), milliseconds(b.res.Latency.Verdict.P99)
	if b.cfg.URL != "" {
		return nil
	}
	b.cfg.Progress("measuring: verdicts of paced submits, hashing")
	b.res.Hashing, err = b.paced(ctx, pacedPlan{connections: pacedConnections, rate: b.cfg.Rate, threads: runtime.NumCPU()})
	if err != nil {
		return err
	}
	b.res.P50Hashing, b.res.P99Hashing = milliseconds(b.res.Hashing.Verdict.P50), milliseconds(b.res.Hashing.Verdict.P99)
	return nil
}

// stale changes the block and the job while submits come in, and counts
// shares that are refused as stale although their block is the newest.
func (b *stratumBench) stale(ctx context.Context) (err error) {
	b.res.Stale, err = b.paced(ctx, pacedPlan{connections: crowdConnections, rate: b.cfg.Rate, changes: changeEvery})
	if err == nil {
		worst := max(b.res.Stale.FalseStale, b.res.Stale.FalseServer)
		b.res.FalseStale = &worst
	}
	return err
}

// changeEvery is the time between two new jobs, of which every second is of a
// new block.
const changeEvery = 100 * time.Millisecond

func milliseconds(ns int64) *float64 { return rounded(float64(ns) / 1e6) }

// rounded is a figure in steps of 0.001.
func rounded(f float64) *float64 {
	f = math.Round(1000*f) / 1000
	return &f
}

// pacedPlan says how submits are paced.
type pacedPlan struct {
	connections int
	rate        int           // submits a second of all connections
	changes     time.Duration // between new jobs; 0: there are none
	threads     int           // that hash meanwhile
}

// pacer sends submits at their times, whether or not the ones before were
// answered.
type pacer struct {
	plan  pacedPlan
	rigs  []*pacedRig
	start time.Time
	late  []time.Duration
	tip   atomic.Uint64 // the newest previous block that the server was told of
}

// paced carries a plan out.
func (b *stratumBench) paced(ctx context.Context, plan pacedPlan) (run *PacedRun, err error) {
	plan.connections = min(plan.connections, b.cfg.Connections)
	g := gateway{cfg: &b.cfg}
	var link *stratumLink
	if b.cfg.URL == "" {
		if link, err = b.serve(ctx, ""); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, link.close()) }()
		g.address = link.address
	}
	rigs, err := g.crowd(ctx, plan.connections)
	if err != nil {
		return nil, err
	}
	defer closeAll(rigs)
	p := newPacer(plan, rigs, b.cfg.Time)
	if link == nil {
		return p.measure(ctx, &b.cfg, nil)
	}
	p.tip.Store(link.tip)
	if _, err := link.do(stratumOrder{Do: orderHash, Threads: plan.threads}); err != nil {
		return nil, err
	}
	if err := pause(ctx, warmUp); err != nil {
		return nil, err
	}
	before, err := link.usage()
	if err != nil {
		return nil, err
	}
	if run, err = p.measure(ctx, &b.cfg, link); err != nil {
		return nil, err
	}
	after, err := link.usage()
	if err != nil {
		return nil, err
	}
	busy := after.BusyNs - before.BusyNs
	run.CPUNs = after.CPUNs - before.CPUNs - busy
	run.FalseServer = after.FalseStale - before.FalseStale
	run.Threads = plan.threads
	run.HashPerSec = uint64(float64(after.Hashes-before.Hashes) / (float64(after.WallNs-before.WallNs) / 1e9))
	return run, nil
}

func newPacer(plan pacedPlan, rigs []*rig, d time.Duration) *pacer {
	p := &pacer{plan: plan}
	most := int(float64(plan.rate)*d.Seconds())/len(rigs) + 2
	for _, r := range rigs {
		p.rigs = append(p.rigs, &pacedRig{rig: r, p: p, sent: make([]sentShare, most)})
	}
	return p
}

// measure sends submits and sums up what came back. link may be nil.
func (p *pacer) measure(ctx context.Context, cfg *StratumConfig, link *stratumLink) (*PacedRun, error) {
	run := &PacedRun{Connections: len(p.rigs)}
	p.start = time.Now()
	var reading, changing sync.WaitGroup
	for _, r := range p.rigs {
		reading.Go(r.read)
	}
	changes, stop := context.WithCancel(ctx)
	defer stop()
	var failed error
	if link != nil && p.plan.changes > 0 {
		changing.Go(func() { failed = p.change(changes, link, run) })
	}
	err := p.send(ctx, cfg.Time)
	stop()
	changing.Wait()
	p.finish(cfg.patience)
	reading.Wait()
	run.WallNs = int64(time.Since(p.start))
	var took []time.Duration
	for _, r := range p.rigs {
		r.replies.Sent, r.replies.Lost = uint64(r.count), uint64(r.count-r.answered)
		run.Replies.add(&r.replies)
		took = append(took, r.took...)
		run.Stale += r.stale
		run.FalseStale += r.mistaken
	}
	run.Verdict, run.Late = latencyOf(took), latencyOf(p.late)
	return run, errors.Join(err, failed)
}

// send sends the submits, from one connection after the other.
func (p *pacer) send(ctx context.Context, d time.Duration) error {
	count := max(int(float64(p.plan.rate)*d.Seconds()), 1)
	p.late = make([]time.Duration, 0, count)
	for i := range count {
		due := time.Duration(float64(i) / float64(p.plan.rate) * 1e9)
		now := time.Since(p.start)
		if now < due {
			if err := pause(ctx, due-now); err != nil {
				return err
			}
			now = time.Since(p.start)
		}
		p.late = append(p.late, now-due)
		p.rigs[i%len(p.rigs)].submit()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// finish lets readers go on until all verdicts are there, or patience ends.
func (p *pacer) finish(patience time.Duration) {
	until := time.Now().Add(patience)
	for _, r := range p.rigs {
		r.mu.Lock()
		r.all.Store(int64(r.count))
		deadline := until
		if r.answered == r.count {
			deadline = time.Unix(1, 0) // at once
		}
		_ = r.conn.SetReadDeadline(deadline)
		r.mu.Unlock()
	}
}

// change publishes jobs until ctx ends.
func (p *pacer) change(ctx context.Context, link *stratumLink, run *PacedRun) error {
	for n := 0; ; n++ {
		if pause(ctx, p.plan.changes) != nil {
			return nil
		}
		if n%2 == 1 {
			p.tip.Store(link.tip + 1)
			run.Blocks++
		} else {
			run.Jobs++
		}
		if err := link.publish(n%2 == 1, jobBranch); err != nil {
			return err
		}
	}
}
