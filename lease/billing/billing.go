package billing

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/hashlease/hashlease/lease"
)

// Store is what settling needs of a lease.Store.
type Store interface {
	Terms(ctx context.Context, h lease.TermsHash) (lease.Terms, error)
	Lease(ctx context.Context, id string) (lease.Lease, error)
	Leases(ctx context.Context) ([]lease.Lease, error)
	LeasesVersion(ctx context.Context) (int64, error)
	ChangeLease(ctx context.Context, id string, limitHps uint64, change func(*lease.Lease) ([]lease.Event, error)) (lease.Lease, error)
	Rigs(ctx context.Context) ([]lease.Rig, error)

	Heartbeat(ctx context.Context) (int64, error)
	RunningMs(ctx context.Context, fromMs, toMs int64) (int64, error)

	HourMeters(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourMeter, error]
	HourUpstreams(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourUpstream, error]
	HourEarnings(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.HourEarning, error]
	SettledHour(ctx context.Context) (int64, error)
	Settle(ctx context.Context, s lease.Settlement) error
	SettledStates(ctx context.Context) (map[string][]byte, error)
	SettledHours(ctx context.Context, lease string, from, to int64) iter.Seq2[lease.SettledHour, error]
	Exclusions(ctx context.Context, fromMs, toMs int64) ([]lease.Exclusion, error)

	Post(ctx context.Context, t lease.Transaction, events ...lease.Event) error
	Transaction(ctx context.Context, key string) (lease.Transaction, error)
	Balances(ctx context.Context) ([]lease.Balance, error)

	PutEvents(ctx context.Context, events ...lease.Event) error
	Events(ctx context.Context, f lease.EventFilter) iter.Seq2[lease.Event, error]
}

// Settler settles the hours of one Store, and looks after budgets. Its methods
// may be called at the same time, and by several processes on one Store.
type Settler struct {
	Store Store
	// MaxHours is how many hours one call of Settle settles at most, and one of
	// Watch estimates, so that neither takes long where the node did not run
	// for weeks. 0: all.
	MaxHours int

	mu     sync.Mutex
	terms  map[lease.TermsHash]*lease.Terms // those never change
	warned map[string]bool                  // keys of the warnings that are stored for certain
}

// termsOf reads terms once.
func (b *Settler) termsOf(ctx context.Context, h lease.TermsHash) (*lease.Terms, error) {
	b.mu.Lock()
	t := b.terms[h]
	b.mu.Unlock()
	if t != nil {
		return t, nil
	}
	read, err := b.Store.Terms(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("terms %v: %w", h, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.terms == nil {
		b.terms = make(map[lease.TermsHash]*lease.Terms)
	}
	b.terms[h] = &read
	return &read, nil
}
