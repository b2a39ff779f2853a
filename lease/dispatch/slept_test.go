package dispatch_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
)

// While a machine sleeps, the node does not run, though the process is the
// same: tenants who pay by time are not charged for it.
func TestSlept(t *testing.T) {
	p := newPlant(t)
	const night = 8 * time.Hour
	var ahead atomic.Int64 // of the clock
	commits := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	store := &hookedStore{Store: p.store, commitBatch: func() {
		select {
		case commits <- struct{}{}:
		case <-ctx.Done():
		}
	}}
	d, err := dispatch.New(ctx, dispatch.Config{
		Store: store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1, HouseProofMs: lease.MinProofMs,
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	for i := range 5 {
		select {
		case <-commits:
		case err := <-done:
			t.Fatalf("the node ended: %v", err)
		}
		if i == 2 {
			ahead.Store(int64(night))
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ran := time.Since(began)
	heartbeat, err := p.store.Heartbeat(t.Context())
	if err != nil || heartbeat < began.Add(night).UnixMilli() {
		t.Fatalf("heartbeat %d, %v: not after the night", heartbeat, err)
	}
	ms, err := p.store.RunningMs(t.Context(), 0, math.MaxInt64/2)
	if err != nil || ms > ran.Milliseconds()+1 {
		t.Errorf("ran for %d ms, %v, want at most %d: the night is none of it", ms, err, ran.Milliseconds())
	}
}
