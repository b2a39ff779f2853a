package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/stratum"
)

// idleSettle is how long a server gets to calm down after many connects.
const idleSettle = time.Second

// idle measures what a connection costs that has logged in and has a job.
func (b *stratumBench) idle(ctx context.Context) (err error) {
	link, err := b.serve(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.close()) }()
	g := gateway{cfg: &b.cfg, address: link.address}
	// What comes with the first connections is not theirs alone.
	first, err := g.crowd(ctx, min(openers, b.cfg.Connections))
	if err != nil {
		return err
	}
	closeAll(first)
	if err := link.until(ctx, 0, b.cfg.patience); err != nil {
		return err
	}
	before, err := link.usage()
	if err != nil {
		return err
	}
	rigs, err := g.crowd(ctx, b.cfg.Connections)
	if err != nil {
		return err
	}
	defer closeAll(rigs)
	if err := link.until(ctx, len(rigs), b.cfg.patience); err != nil {
		return err
	}
	connected, err := link.usage()
	if err != nil {
		return err
	}
	if err := pause(ctx, min(idleSettle, b.cfg.Time)); err != nil {
		return err
	}
	after, err := link.usage()
	if err != nil {
		return err
	}
	clean, err := link.do(stratumOrder{Do: orderCollect})
	if err != nil {
		return err
	}
	n := float64(len(rigs))
	b.res.Idle = &IdleRun{
		Connections: len(rigs), RSSBefore: before.RSS, RSS: after.RSS, RSSCollected: clean.RSS,
		BytesAfterGC:  float64(clean.RSS-before.RSS) / n,
		ConnectWallNs: connected.WallNs - before.WallNs, ConnectCPUNs: connected.CPUNs - before.CPUNs,
	}
	if before.RSS > 0 {
		b.res.BytesPerConn = rounded(float64(after.RSS-before.RSS) / n)
	}
	return nil
}

// until waits until the server has so many connections.
func (l *stratumLink) until(ctx context.Context, connections int, patience time.Duration) error {
	for end := time.Now().Add(patience); ; {
		r, err := l.usage()
		if err != nil {
			return err
		}
		if r.Connections == connections {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server has %d connections, want %d", r.Connections, connections)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// notifyRounds is how many new blocks are announced.
const notifyRounds = 9

// notify measures the time between the first and the last connection that
// hears of a new block.
func (b *stratumBench) notify(ctx context.Context) (err error) {
	link, err := b.serve(ctx, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, link.close()) }()
	g := gateway{cfg: &b.cfg, address: link.address}
	rigs, err := g.crowd(ctx, min(notifyConnections, b.cfg.Connections))
	if err != nil {
		return err
	}
	a := newAudience(rigs)
	defer a.close()
	run := &NotifyRun{Connections: len(rigs), Rounds: notifyRounds}
	var spread, last []time.Duration
	for range notifyRounds {
		before, err := link.usage()
		if err != nil {
			return err
		}
		a.expect(link.tip + 1)
		start := time.Now()
		if err := link.publish(true, jobBranch); err != nil {
			return err
		}
		times := a.wait(ctx, b.cfg.patience)
		spent, err := link.spent(before)
		if err != nil {
			return errors.Join(err, ctx.Err())
		}
		run.CPUNs += int64(spent)
		run.Missed += uint64(len(rigs) - len(times))
		if len(times) > 0 {
			slices.SortFunc(times, time.Time.Compare)
			end := times[len(times)-1]
			spread, last = append(spread, end.Sub(times[0])), append(last, end.Sub(start))
		}
		if err := pause(ctx, min(idleSettle, b.cfg.Time)/4); err != nil {
			return err
		}
	}
	run.FirstLast, run.Last = latencyOf(spread), latencyOf(last)
	run.PerNotify = float64(run.CPUNs) / 1e3 / float64(notifyRounds*len(rigs))
	b.res.Notify = run
	if run.Missed == 0 {
		b.res.NotifyFirstLast = milliseconds(run.FirstLast.P50)
	}
	return nil
}

// audience are rigs that wait for a new block, each in a goroutine.
type audience struct {
	rigs  []*rig
	mark  atomic.Pointer[[]byte] // of the notify that is waited for
	heard []atomic.Int64         // when, since start; 0: not yet
	left  atomic.Int64
	all   chan struct{} // one element: left is 0
	start time.Time
	wg    sync.WaitGroup
}

func newAudience(rigs []*rig) *audience {
	a := &audience{rigs: rigs, heard: make([]atomic.Int64, len(rigs)), all: make(chan struct{}, 1), start: time.Now()}
	for n, r := range rigs {
		a.wg.Go(func() { a.listen(n, r) })
	}
	return a
}

// listen waits for lines. They are not parsed: what the generator takes is
// missing on the same machine.
func (a *audience) listen(n int, r *rig) {
	for {
		line, err := r.lines.ReadLine()
		if err != nil {
			return
		}
		now := int64(time.Since(a.start))
		mark := a.mark.Load()
		if mark == nil || !bytes.Contains(line[:min(len(line), 160)], *mark) || !a.heard[n].CompareAndSwap(0, now) {
			continue
		}
		if a.left.Add(-1) == 0 {
			a.all <- struct{}{}
		}
	}
}

// expect begins a round.
func (a *audience) expect(tip uint64) {
	prev := stratum.SwapPrevHash(tipHash(tip))
	mark := []byte(hex.EncodeToString(prev[:]))
	a.mark.Store(nil)
	for n := range a.heard {
		a.heard[n].Store(0)
	}
	select {
	case <-a.all:
	default:
	}
	a.left.Store(int64(len(a.rigs)))
	a.mark.Store(&mark)
}

// wait returns when each rig has heard it, of those that did before patience
// ended.
func (a *audience) wait(ctx context.Context, patience time.Duration) (times []time.Time) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-a.all:
	case <-ctx.Done():
	}
	for n := range a.heard {
		if at := a.heard[n].Load(); at > 0 {
			times = append(times, a.start.Add(time.Duration(at)))
		}
	}
	return times
}

func (a *audience) close() {
	closeAll(a.rigs)
	a.wg.Wait()
}
