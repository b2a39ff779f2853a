package bench

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Batches of receipts are closed as a node closes them: when they are so old
// or so large. What came in during a commit is the next batch.
const (
	deskBatchAge  = 250 * time.Millisecond
	deskBatchSize = 1000 // receipts
)

// benchDesk lets everybody in and counts. With a store it makes a receipt of
// every share, as a node does.
type benchDesk struct {
	lane       *stratum.Lane
	tip        atomic.Uint64 // newest previous block
	falseStale atomic.Uint64
	stored     atomic.Uint64
	taken      atomic.Uint64 // shares to be stored

	store  *sqlite.Store // nil: shares are only counted
	target miner.Target
	run    int64
	wake   chan struct{}
	done   chan struct{}
	ended  chan struct{}
	n      uint64 // batches

	mu     sync.Mutex
	shares []lease.Receipt
	failed error
}

// benchWork belongs to a job: its previous block and its number in the store.
type benchWork struct {
	tip uint64
	seq int64
}

func newBenchDesk(ctx context.Context, folder string, target miner.Target) (*benchDesk, error) {
	k := &benchDesk{target: target, wake: make(chan struct{}, 1), done: make(chan struct{}), ended: make(chan struct{})}
	if folder == "" {
		close(k.ended)
		return k, nil
	}
	var err error
	if k.store, err = sqlite.Open(ctx, filepath.Join(folder, "bench.db")); err != nil {
		return nil, err
	}
	if k.run, err = k.store.BeginRun(ctx, time.Now().UnixMilli()); err != nil {
		return nil, errors.Join(err, k.store.Close())
	}
	go k.commitAll(context.WithoutCancel(ctx))
	return k, nil
}

// open makes what belongs to a new job.
func (k *benchDesk) open(ctx context.Context, tip uint64) (*benchWork, error) {
	w := &benchWork{tip: tip}
	if k.store != nil {
		now := time.Now().UnixMilli()
		_, jobs, err := k.store.PutJobs(ctx,
			[]lease.Template{{CreatedMs: now, Height: int64(tip), Prev: tipHash(tip), Body: []byte("{}")}},
			[]lease.Job{{Lease: lease.House, Target: k.target, CreatedMs: now}})
		if err != nil {
			return nil, err
		}
		w.seq = jobs[0].Seq
	}
	k.tip.Store(tip)
	return w, nil
}

// Login implements stratum.Desk.
func (k *benchDesk) Login(context.Context, stratum.Login) (stratum.Grant, error) {
	return stratum.Grant{}, nil
}

// Home implements stratum.Desk.
func (k *benchDesk) Home() *stratum.Lane { return k.lane }

// Place implements stratum.Desk.
func (k *benchDesk) Place(*stratum.Seat) *stratum.Lane { return k.lane }

// Left implements stratum.Desk.
func (k *benchDesk) Left(*stratum.Seat) {}

// Refused implements stratum.Desk. A share is stale by mistake when its block
// is the newest, or its job is not known: workers here make no jobs up.
func (k *benchDesk) Refused(r *stratum.Refused) {
	if r.Err.Code != stratum.CodeJobNotFound {
		return
	}
	if w, ok := r.Owner.(*benchWork); !ok || w.tip == k.tip.Load() {
		k.falseStale.Add(1)
	}
}

// Accepted implements stratum.Desk.
func (k *benchDesk) Accepted(a *stratum.Accepted) error {
	if k.store == nil {
		return nil
	}
	r := lease.Receipt{
		Lease: lease.House, Job: a.Owner.(*benchWork).seq, Source: a.Worker,
		Extranonce: slices.Concat(a.Issue.Extranonce1, a.Share.Extranonce2),
		Time:       a.Share.Time, Nonce: a.Share.Nonce, VersionBits: a.Share.VersionBits, Work: k.target.Work(),
	}
	k.taken.Add(1)
	k.mu.Lock()
	k.shares = append(k.shares, r)
	full := len(k.shares) >= deskBatchSize
	k.mu.Unlock()
	if full {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// commitAll stores batches until the desk is closed.
func (k *benchDesk) commitAll(ctx context.Context) {
	defer close(k.ended)
	tick := time.NewTicker(deskBatchAge)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-k.wake:
		case <-tick.C:
		case <-k.done:
			last = true
		}
		k.mu.Lock()
		all, failed := k.shares, k.failed
		k.shares = nil
		k.mu.Unlock()
		if failed == nil && len(all) > 0 {
			failed = k.commit(ctx, all)
		}
		if failed != nil {
			k.mu.Lock()
			k.failed = failed
			k.mu.Unlock()
		}
		if last {
			return
		}
	}
}

func (k *benchDesk) commit(ctx context.Context, receipts []lease.Receipt) error {
	k.n++
	_, err := k.store.CommitBatch(ctx, lease.Batch{Run: k.run, N: k.n, AtMs: time.Now().UnixMilli(), Receipts: receipts})
	if err == nil {
		k.stored.Add(uint64(len(receipts)))
	}
	return err
}

// settle waits until all shares are stored.
func (k *benchDesk) settle(ctx context.Context) error {
	for k.store != nil && k.stored.Load() < k.taken.Load() {
		k.mu.Lock()
		failed := k.failed
		k.mu.Unlock()
		if failed != nil {
			return failed
		}
		select {
		case k.wake <- struct{}{}:
		default:
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (k *benchDesk) close(context.Context) error {
	if k.store == nil {
		return nil
	}
	close(k.done)
	<-k.ended
	return errors.Join(k.failed, k.store.Close())
}
