package bench

import (
	"context"
	"errors"
	"runtime"
	"slices"
)

// Beside hashing, rigs submit as they do in the field: a share in five seconds
// each.
const (
	hashingRounds = 5 // alone and with rigs in turn
	shareSeconds  = 5 // between two shares of a rig
)

// hashing compares the hash rate of all processors without rigs and with many,
// which the load generator plays on the same machine.
func (b *stratumBench) hashing(ctx context.Context) (err error) {
	link, err := b.serve(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.close()) }()
	threads := runtime.NumCPU()
	started, err := link.do(stratumOrder{Do: orderHash, Threads: threads})
	if err != nil {
		return err
	}
	plan := pacedPlan{connections: min(crowdConnections, b.cfg.Connections)}
	plan.rate = max(plan.connections/shareSeconds, 1)
	run := &HashingRun{Connections: plan.connections, Rate: plan.rate, Threads: threads, Kernel: started.Kernel}
	cfg := b.cfg
	cfg.Time = b.cfg.Time / 2
	if err := pause(ctx, warmUp); err != nil {
		return err
	}
	for range hashingRounds {
		alone, err := link.hashRound(threads, func() error { return pause(ctx, cfg.Time) })
		if err != nil {
			return err
		}
		with, err := b.rigsRound(ctx, link, plan, &cfg, threads)
		if err != nil {
			return err
		}
		run.Alone, run.WithRigs = append(run.Alone, alone), append(run.WithRigs, with)
	}
	b.res.HashRate = run
	b.res.HashLossPercent = loss(run.Alone, run.WithRigs, func(r HashRound) float64 { return r.HpsCPU * r.Free })
	b.res.HashLossWall = loss(run.Alone, run.WithRigs, func(r HashRound) float64 { return r.Hps })
	return nil
}

// rigsRound measures the hash rate while rigs are connected. Each time they
// hear of one new block.
func (b *stratumBench) rigsRound(ctx context.Context, link *stratumLink, plan pacedPlan, cfg *StratumConfig, threads int) (r HashRound, err error) {
	rigs, err := gateway{cfg: &b.cfg, address: link.address}.crowd(ctx, plan.connections)
	if err != nil {
		return r, err
	}
	p := newPacer(plan, rigs, cfg.Time)
	r, err = link.hashRound(threads, func() error {
		if err := link.publish(true, jobBranch); err != nil {
			return err
		}
		p.tip.Store(link.tip)
		_, err := p.measure(ctx, cfg, nil)
		return err
	})
	closeAll(rigs)
	return r, errors.Join(err, link.until(ctx, 0, b.cfg.patience))
}

// hashRound measures the hash rate while something is done.
func (l *stratumLink) hashRound(threads int, during func() error) (r HashRound, err error) {
	before, err := l.usage()
	if err != nil {
		return r, err
	}
	own := processTime()
	if err := during(); err != nil {
		return r, err
	}
	own = processTime() - own
	after, err := l.usage()
	if err != nil {
		return r, err
	}
	hashes, busy := float64(after.Hashes-before.Hashes), float64(after.BusyNs-before.BusyNs)
	wall := float64(after.WallNs - before.WallNs)
	all := wall * float64(runtime.NumCPU())
	r = HashRound{
		Hps:       hashes / wall * 1e9,
		Server:    (float64(after.CPUNs-before.CPUNs) - busy) / all,
		Generator: float64(own) / all,
		Present:   busy / wall / float64(threads),
	}
	if busy > 0 {
		r.HpsCPU = hashes / busy * 1e9 * float64(threads)
	}
	r.Free = 1 - r.Server - r.Generator
	return r, nil
}

// loss is how much less the one is than the other, in per cent.
func loss(alone, with []HashRound, of func(HashRound) float64) *float64 {
	mid := func(rounds []HashRound) float64 {
		var v []float64
		for _, r := range rounds {
			v = append(v, of(r))
		}
		return median(v)
	}
	most := mid(alone)
	if most <= 0 {
		return nil // the machine was too busy to hash at all
	}
	return rounded(100 * (1 - mid(with)/most))
}

// median is the value in the middle.
func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
