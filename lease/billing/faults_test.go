package billing

import (
	"context"
	"errors"

	"github.com/hashlease/hashlease/lease"
)

// slowStore lets something happen before the next transaction is posted, or the
// next hour settled.
type slowStore struct {
	fullStore
	before func()
}

func (s *slowStore) happen() {
	if f := s.before; f != nil {
		s.before = nil
		f()
	}
}

func (s *slowStore) Post(ctx context.Context, t lease.Transaction, events ...lease.Event) error {
	s.happen()
	return s.fullStore.Post(ctx, t, events...)
}

func (s *slowStore) Settle(ctx context.Context, st lease.Settlement) error {
	s.happen()
	return s.fullStore.Settle(ctx, st)
}

var errCrash = errors.New("the process was killed")

// crashingStore fails when crash says so: before a change, or after it, which
// is a process that never hears of its success.
type crashingStore struct {
	fullStore
	crash func() bool
}

func (s crashingStore) around(change func() error) error {
	if s.crash() {
		return errCrash
	}
	if err := change(); err != nil {
		return err
	}
	if s.crash() {
		return errCrash
	}
	return nil
}

func (s crashingStore) Settle(ctx context.Context, st lease.Settlement) error {
	return s.around(func() error { return s.fullStore.Settle(ctx, st) })
}

func (s crashingStore) Post(ctx context.Context, t lease.Transaction, events ...lease.Event) error {
	return s.around(func() error { return s.fullStore.Post(ctx, t, events...) })
}

func (s crashingStore) PutEvents(ctx context.Context, events ...lease.Event) error {
	return s.around(func() error { return s.fullStore.PutEvents(ctx, events...) })
}

func (s crashingStore) ChangeLease(ctx context.Context, id string, limit uint64, change func(*lease.Lease) ([]lease.Event, error)) (l lease.Lease, err error) {
	err = s.around(func() error {
		l, err = s.fullStore.ChangeLease(ctx, id, limit, change)
		return err
	})
	return l, err
}
