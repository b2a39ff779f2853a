package dispatch

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
)

// window holds the receipts that rewards are split over. Receipts that are
// pushed before it was loaded come from the store when it is.
type window struct {
	mu     sync.Mutex
	shares *reward.Window
	held   lease.Tides // the widest bounds asked for: leases may have different terms
}

// split freezes how sat satoshi of a block would be shared if it were found on
// a job made now.
func (d *Dispatcher) split(ctx context.Context, t lease.Tides, sat int64, perBlock miner.Work, nowMs int64) ([]lease.Part, error) {
	w := &d.window
	w.mu.Lock()
	defer w.mu.Unlock()
	if held := wider(w.held, t); w.shares == nil || held != w.held {
		shares, err := reward.Load(d.shared(ctx), held, perBlock, nowMs)
		if err != nil {
			return nil, fmt.Errorf("reward window: %w", err)
		}
		w.shares, w.held = shares, held
	}
	w.shares.Trim(w.held, perBlock, nowMs)
	return w.shares.Split(t, sat, perBlock, nowMs), nil
}

// shared are the receipts that rewards of the house are shared by: not those
// of leases that mine for pools.
func (d *Dispatcher) shared(ctx context.Context) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		for r, err := range d.Store.ReceiptsBack(ctx) {
			if err == nil && d.pools.ownPool(r.Lease) {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// wider is a window that has room for both.
func wider(a, b lease.Tides) lease.Tides {
	return lease.Tides{
		NetworkMultiple: max(a.NetworkMultiple, b.NetworkMultiple),
		MaxDays:         max(a.MaxDays, b.MaxDays),
		MinSec:          max(a.MinSec, b.MinSec),
	}
}

// push adds receipts that are durable.
func (w *window) push(receipts []lease.Receipt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shares == nil {
		return
	}
	for i := range receipts {
		r := &receipts[i]
		w.shares.Push(reward.Share{Seq: r.Seq, Lease: r.Lease, Work: r.Work, AtMs: r.CommitMs})
	}
}
