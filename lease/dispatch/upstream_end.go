package dispatch

import (
	"context"
	"slices"
	"time"
)

// lastWords is how long the node waits, before it stops, for pools to answer to
// the last shares.
const lastWords = 2 * time.Second

// await waits until pools have answered to everything, but not for ever.
func (p *pools) await() {
	p.mu.Lock()
	open := p.all()
	p.mu.Unlock()
	end := time.NewTimer(lastWords)
	defer end.Stop()
	tick := time.NewTicker(leaveTick / 10)
	defer tick.Stop()
	for slices.ContainsFunc(open, func(u *upstream) bool { return u.onWay.Load() > 0 }) {
		select {
		case <-end.C:
			return
		case <-tick.C:
		}
	}
}

// commitVerdicts commits what pools said last. The loop that commits is over.
func (d *Dispatcher) commitVerdicts(ctx context.Context) error {
	if err := d.collect(ctx); err != nil || d.commit.empty() {
		return err
	}
	return d.commitBatch(ctx, d.Now())
}
