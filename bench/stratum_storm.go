package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// storm lets many workers connect, at a rate of some thousand a second, and
// counts those that have no login and no job in time.
func (b *stratumBench) storm(ctx context.Context) (err error) {
	g := gateway{cfg: &b.cfg}
	var before stratumReport
	var link *stratumLink
	if b.cfg.URL == "" {
		if link, err = b.serve(ctx, ""); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, link.close()) }()
		g.address = link.address
		if before, err = link.usage(); err != nil {
			return err
		}
	}
	run := g.storm(ctx, min(stormConnections, b.cfg.Connections))
	if link != nil {
		spent, err := link.spent(before)
		if err != nil {
			return err
		}
		run.CPUNs = int64(spent)
	}
	b.res.Storm, b.res.StormLost = run, &run.Lost
	return ctx.Err()
}

// storm opens rigs at their times, whatever became of those before, and keeps
// them until the last.
func (g gateway) storm(ctx context.Context, count int) *StormRun {
	run := &StormRun{Connections: count}
	rigs, errs, took := make([]*rig, count), make([]error, count), make([]time.Duration, count)
	defer func() { closeAll(rigs) }()
	var wg sync.WaitGroup
	start := time.Now()
	for n := range count {
		due := time.Duration(n) * time.Second / stormRate
		if now := time.Since(start); now < due && pause(ctx, due-now) != nil {
			break
		}
		wg.Go(func() {
			began := time.Now()
			rigs[n], errs[n] = g.open(ctx, n)
			took[n] = time.Since(began)
		})
	}
	wg.Wait()
	run.WallNs = int64(time.Since(start))
	var good []time.Duration
	for n, r := range rigs {
		if r != nil {
			good = append(good, took[n])
		} else if run.Lost++; run.FirstError == "" && errs[n] != nil {
			run.FirstError = errs[n].Error()
		}
	}
	run.Job = latencyOf(good)
	return run
}
