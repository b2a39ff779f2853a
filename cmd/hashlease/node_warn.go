package main

import (
	"context"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// maxClockLag is how far the clock may be behind what the books have seen.
const maxClockLag = 10 * time.Second

// warnClock says so when the clock was set back: leases then seem not to have
// begun, and get nothing until the clock has caught up.
func (n *node) warnClock(ctx context.Context) error {
	last, err := n.store.Heartbeat(ctx)
	if err != nil {
		return err
	}
	if lag := time.Duration(last-n.e.nowMs()) * time.Millisecond; lag > maxClockLag {
		n.log.Warn("the clock is behind: the node ran at a later time already; leases that begin later get nothing until then: set the clock right",
			"now", formatMs(n.e.nowMs()), "last_run", formatMs(last), "behind", lag.Round(time.Second))
	}
	return nil
}

// warnOversold says so when more is leased than the node can do: it did more
// when the leases were made.
func (n *node) warnOversold(ctx context.Context, capacityHps uint64) error {
	leases, err := n.store.Leases(ctx)
	if err != nil {
		return err
	}
	leased, atMs := lease.Peak(leases, n.e.nowMs(), 0)
	if leased.Cmp(miner.Hashes(capacityHps)) > 0 {
		n.log.Warn("more is leased than the node can do: leases get less than their contract; give it more threads or duty, or close leases",
			"leased", formatSI(leased)+"H/s", "from", formatMs(atMs), "capacity", formatRate(capacityHps))
	}
	return nil
}
