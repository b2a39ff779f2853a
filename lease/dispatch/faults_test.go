package dispatch_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo"
)

// hookedStore lets a test step in when something is stored.
type hookedStore struct {
	lease.Store
	putBlock    func(context.Context, lease.Block) error
	putJobs     func() error
	jobsCtx     atomic.Pointer[context.Context] // of the last PutJobs
	commitBatch func()
}

func (s *hookedStore) PutJobs(ctx context.Context, templates []lease.Template, jobs []lease.Job) ([]lease.Template, []lease.Job, error) {
	s.jobsCtx.Store(&ctx)
	if s.putJobs != nil {
		if err := s.putJobs(); err != nil {
			return nil, nil, err
		}
	}
	return s.Store.PutJobs(ctx, templates, jobs)
}

func (s *hookedStore) CommitBatch(ctx context.Context, b lease.Batch) ([]lease.Receipt, error) {
	if s.commitBatch != nil {
		s.commitBatch()
	}
	return s.Store.CommitBatch(ctx, b)
}

func (s *hookedStore) PutBlock(ctx context.Context, b lease.Block) error {
	if s.putBlock == nil {
		return s.Store.PutBlock(ctx, b)
	}
	return s.putBlock(ctx, b)
}

// hookedNode lets a test step in when a block is submitted or looked for.
type hookedNode struct {
	solo.Node
	submit func(context.Context, []byte) error
	locate func(solo.Place) solo.Place
}

func (n *hookedNode) Locate(ctx context.Context, h miner.Hash, height int64) (solo.Place, error) {
	place, err := n.Node.Locate(ctx, h, height)
	if n.locate != nil && err == nil {
		place = n.locate(place)
	}
	return place, err
}

func (n *hookedNode) Submit(ctx context.Context, raw []byte) error {
	if n.submit == nil {
		return n.Node.Submit(ctx, raw)
	}
	return n.submit(ctx, raw)
}

// runHooked lets a node work until ctx is done.
func (p *plant) runHooked(t *testing.T, ctx context.Context, s lease.Store, n solo.Node) {
	t.Helper()
	d, err := dispatch.New(t.Context(), dispatch.Config{
		Store: s, Node: n, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1, HouseProofMs: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
}

// unsettled lists the blocks that are not adopted.
func (p *plant) unsettled(t *testing.T) []lease.Block {
	t.Helper()
	all, err := p.store.Blocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no block was found")
	}
	var open []lease.Block
	for _, b := range all {
		if b.State == lease.Candidate || b.State == lease.Rejected {
			open = append(open, b)
		}
	}
	return open
}

// lingering is long enough for a node that is told to end to be over with
// whatever does not wait.
const lingering = 100 * time.Millisecond

// A block found while the node is being stopped reaches the coin node.
func TestBlockFoundAtTheEndIsSubmitted(t *testing.T) {
	p := newPlant(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	store := &hookedStore{Store: p.store, putBlock: func(ctx context.Context, b lease.Block) error {
		stop()
		time.Sleep(lingering)
		return p.store.PutBlock(ctx, b)
	}}
	p.runHooked(t, ctx, store, p.coin)
	if open := p.unsettled(t); len(open) > 0 {
		t.Errorf("block %v is left %s", open[0].Hash, open[0].State)
	}
}

// A submission that is under way when the node is stopped is not cut off.
func TestSubmissionAtTheEndIsCompleted(t *testing.T) {
	p := newPlant(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	node := &hookedNode{Node: p.coin, submit: func(ctx context.Context, raw []byte) error {
		stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lingering):
		}
		return p.coin.Submit(ctx, raw)
	}}
	p.runHooked(t, ctx, p.store, node)
	if open := p.unsettled(t); len(open) > 0 {
		t.Errorf("block %v is left %s", open[0].Hash, open[0].State)
	}
}

// A block that the store does not take when it is found is submitted all the
// same, and booked once the store works again.
func TestBlockOutlivesAFaultOfTheStore(t *testing.T) {
	p := newPlant(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	var first lease.Block
	store := &hookedStore{Store: p.store, putBlock: func(ctx context.Context, b lease.Block) error {
		if first.Raw == nil {
			first = b
			return errors.New("the disk is full")
		}
		return p.store.PutBlock(ctx, b)
	}}
	node := &hookedNode{Node: p.coin, submit: func(ctx context.Context, raw []byte) error {
		defer func() {
			if n, err := p.store.CountBlocks(ctx); err != nil || n[lease.Adopted] >= 1 {
				stop()
			}
		}()
		return p.coin.Submit(ctx, raw)
	}}
	p.runHooked(t, ctx, store, node)
	b, err := p.store.Block(t.Context(), first.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if b.State != lease.Adopted && b.State != lease.Mature {
		t.Errorf("block %v is %s", b.Hash, b.State)
	}
}

// A node that for a moment does not see a block of its own orphans none.
func TestOneLookOrphansNothing(t *testing.T) {
	p := newPlant(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	blind := 0
	node := &hookedNode{Node: p.coin, locate: func(place solo.Place) solo.Place {
		switch {
		case place.Height != 1 || place.Confirmations < 2:
		case blind < 2: // once as the last tip, once as the block
			blind++
			return solo.Place{Known: true, Height: place.Height}
		default:
			stop()
		}
		return place
	}}
	p.runHooked(t, ctx, p.store, node)
	all, err := p.store.Blocks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.State == lease.Orphaned || b.Appearances > 1 {
			t.Errorf("block %v is %s in its appearance %d", b.Hash, b.State, b.Appearances)
		}
	}
	if blind == 0 {
		t.Error("the node was never asked for its first block again")
	}
}

// An error that ends the node is told even when the node is being stopped
// before it is over. One of the store's ends it only when it lasts.
func TestTroubleIsToldAtTheEnd(t *testing.T) {
	p := newPlant(t)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	broken := errors.New("the disk is gone")
	var tried atomic.Int64
	store := &hookedStore{
		Store:   p.store,
		putJobs: func() error { tried.Add(1); return broken },
	}
	store.commitBatch = func() { // the last commit comes after the trouble
		if tried.Load() > 1 {
			<-(*store.jobsCtx.Load()).Done() // it is told
			stop()
		}
	}
	start := time.Now()
	d, err := dispatch.New(t.Context(), dispatch.Config{
		Store: store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1,
		Now: func() time.Time { return start.Add(time.Duration(tried.Load()) * time.Minute) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(ctx); !errors.Is(err, broken) {
		t.Errorf("the node ended with %v, want %v", err, broken)
	}
	if tried.Load() < 2 {
		t.Error("the node gave up at the first try")
	}
}

// A fault of the store that passes costs the time it lasts and nothing more.
func TestJobsAreTriedAgain(t *testing.T) {
	p := newPlant(t)
	l := p.lease(t, "alice", p.capacity/4, 200)
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	var tried atomic.Int64
	store := &hookedStore{Store: p.store}
	store.putJobs = func() error {
		if tried.Add(1) <= 2 {
			return errors.New("the disk is busy")
		}
		return nil
	}
	store.commitBatch = func() {
		if m, err := p.store.Meter(ctx, l.ID); err != nil || m.Evidence.N > 0 {
			stop()
		}
	}
	d, err := dispatch.New(t.Context(), dispatch.Config{
		Store: store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(ctx); err != nil {
		t.Error(err)
	}
	if m, err := p.store.Meter(t.Context(), l.ID); err != nil || m.Evidence.N == 0 {
		t.Errorf("no receipts after a fault that passed: %+v, %v", m, err)
	}
}
