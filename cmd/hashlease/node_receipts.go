package main

import (
	"context"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
)

const (
	sealTick  = 5 * time.Second
	sealAfter = 5 * time.Second // the end of a window, so that the last commit in it is there
	thinEvery = time.Hour
	sealEnd   = 30 * time.Second // for what is left when the node stops
)

// keepReceipts seals receipts whenever a window is over, what earlier runs left
// first, and makes old batches smaller, until ctx ends. The channel is closed
// when it has ended. Commits never wait for it longer than for what is written
// of some ten thousand receipts.
func (n *node) keepReceipts(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(sealTick)
		defer tick.Stop()
		var sealed, failed int64 // windows
		var thinned time.Time
		for {
			now := n.e.now()
			if w := now.Add(-sealAfter).UnixMilli() / lease.BatchMs; w != sealed {
				done, err := seal.Seal(ctx, n.store, w*lease.BatchMs)
				switch {
				case err == nil:
					sealed = w
					n.log.Debug("receipts are sealed", "batches", done.Batches, "receipts", done.Receipts)
				case ctx.Err() == nil && failed != w: // said once a window
					failed = w
					n.log.Error("receipts cannot be sealed, trying again; \"hashlease ledger check --all\" may find out why", "error", err)
				}
			}
			if age := now.Sub(thinned); age >= thinEvery || age < 0 {
				thinned = now
				n.thinReceipts(ctx)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return done
}

// thinReceipts makes old batches smaller, as configured.
func (n *node) thinReceipts(ctx context.Context) {
	thinMs, dropMs, err := n.retention(ctx, &n.cfg.Receipts)
	if err == nil && (thinMs != 0 || dropMs != 0) {
		var done seal.Thinned
		done, err = seal.Thin(ctx, n.store, thinMs, dropMs)
		if done.Thinned+done.Dropped > 0 {
			n.log.Info("old receipts are thinned", "batches", done.Thinned, "dropped", done.Dropped, "freed", done.Freed)
		}
	}
	if err != nil && ctx.Err() == nil {
		n.log.Error("old receipts are not thinned, trying again in an hour", "error", err)
	}
}

// sealRest seals what the node leaves when it stops.
func (n *node) sealRest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sealEnd)
	defer cancel()
	heartbeat, err := n.store.Heartbeat(ctx)
	if err == nil {
		_, err = seal.Seal(ctx, n.store, heartbeat+1)
	}
	if err != nil {
		n.log.Error("receipts are not sealed: the next run does it", "error", err)
	}
}
