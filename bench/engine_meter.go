package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hashlease/hashlease/miner"
)

// engineRounds is how often what is compared is measured in turn; medians
// count.
const engineRounds = 5

// engineMeter measures one engine.
type engineMeter struct {
	cfg    EngineConfig
	res    *EngineResults
	source *jobSource
	kicks  *kickMeter
	engine *miner.Engine
}

// rates are those of one round.
type rates struct {
	wall, cpu uint64 // headers a second; cpu is of all threads, had each a processor for itself
	present   float64
}

// round measures the engine with that many threads.
func (m *engineMeter) round(ctx context.Context, threads int) (r rates, err error) {
	if err := m.engine.SetThreads(threads); err != nil {
		return r, err
	}
	m.engine.Start()
	defer m.engine.Stop()
	if err := pause(ctx, warmUp); err != nil {
		return r, err
	}
	hashes, busy, start := m.engine.Hashes(), m.engine.Busy(), time.Now()
	for {
		if err := pause(ctx, m.cfg.Time); err != nil {
			return r, err
		}
		n, own, took := m.engine.Hashes()-hashes, m.engine.Busy()-busy, time.Since(start)
		switch {
		case n > 0 && own > 0:
			return rates{
				wall:    uint64(float64(n) / took.Seconds()),
				cpu:     uint64(float64(n) / own.Seconds() * float64(threads)),
				present: own.Seconds() / took.Seconds() / float64(threads),
			}, nil
		case took > patience:
			return r, fmt.Errorf("no thread hashed anything in %v: the machine is too busy to measure", took)
		}
	}
}

// scaling compares all threads with one, in turn.
func (m *engineMeter) scaling(ctx context.Context) error {
	var one, all []rates
	for range engineRounds {
		a, err := m.round(ctx, 1)
		if err != nil {
			return err
		}
		b, err := m.round(ctx, m.cfg.Threads)
		if err != nil {
			return err
		}
		one, all = append(one, a), append(all, b)
	}
	m.res.Scaling = settleScaling(one, all)
	return nil
}

// settleScaling takes the medians.
func settleScaling(one, all []rates) Scaling {
	mid := func(of []rates, f func(rates) uint64) uint64 {
		var v []uint64
		for _, r := range of {
			v = append(v, f(r))
		}
		slices.Sort(v)
		return v[len(v)/2]
	}
	wall, cpu := func(r rates) uint64 { return r.wall }, func(r rates) uint64 { return r.cpu }
	s := Scaling{
		HpsOne: mid(one, wall), HpsAll: mid(all, wall), HpsOneCPU: mid(one, cpu), HpsAllCPU: mid(all, cpu),
		Present: float64(mid(all, func(r rates) uint64 { return uint64(math.Round(r.present * 1000)) })) / 1000,
	}
	s.Wall, s.CPU = hundredths(s.HpsAll, s.HpsOne), hundredths(s.HpsAllCPU, s.HpsOneCPU)
	return s
}

// hundredths is a over b in steps of 0.01; 0 when b is.
func hundredths(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return math.Round(100*float64(a)/float64(b)) / 100
}

// hashing runs f while all threads hash.
func (m *engineMeter) hashing(ctx context.Context, f func() error) error {
	if err := m.engine.SetThreads(m.cfg.Threads); err != nil {
		return err
	}
	m.engine.Start()
	defer m.engine.Stop()
	return errors.Join(pause(ctx, warmUp), f())
}

func (m *engineMeter) newJobs(ctx context.Context) error {
	var took []time.Duration
	err := m.hashing(ctx, func() (err error) {
		took, err = m.kicks.kick(ctx, m.cfg.Kicks, m.source, m.engine)
		return err
	})
	m.res.Kick, m.res.Gap, m.res.GapOwn = latencyOf(took), latencyOf(m.kicks.gaps), latencyOf(m.kicks.own)
	return err
}

func (m *engineMeter) collector(ctx context.Context) (err error) {
	pauses, waits := &m.res.GCPause, &m.res.GoroutineIn
	if pauses.Idle, waits.Idle, err = litter(ctx, 2*m.cfg.Time); err != nil {
		return err
	}
	return m.hashing(ctx, func() error {
		pauses.Full, waits.Full, err = litter(ctx, 2*m.cfg.Time)
		return err
	})
}

func (m *engineMeter) submits(ctx context.Context) error {
	var idle, full []time.Duration
	for part := range engineRounds { // in turn, since the machine is not always the same
		count := m.cfg.Submits*(part+1)/engineRounds - m.cfg.Submits*part/engineRounds
		took, err := submits(ctx, count)
		if err != nil {
			return err
		}
		idle = slices.Concat(idle, took)
		err = m.hashing(ctx, func() (err error) {
			took, err = submits(ctx, count)
			return err
		})
		if err != nil {
			return err
		}
		full = slices.Concat(full, took)
	}
	m.res.Submit = IdleAndFull{latencyOf(idle), latencyOf(full)}
	return nil
}
