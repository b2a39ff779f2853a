package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// Two Stores on one file, each used by many goroutines, as a node and the
// commands beside it are: every change happens once, and none fails.
func TestTwoStores(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	stores := []*Store{open(t, path), open(t, path)}
	w := newWorld(t, stores[0])
	const rounds, receipts = 15, 3
	ctx := t.Context()
	var wg sync.WaitGroup
	try := func(f func(s *Store, i int) error) {
		for i := range rounds {
			for _, s := range stores {
				if err := f(s, i); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}
	for writer := range 2 {
		wg.Go(func() {
			try(func(s *Store, _ int) error {
				_, err := s.CommitBatch(ctx, w.batch(receipts))
				return err
			})
		})
		wg.Go(func() {
			try(func(s *Store, i int) error {
				// Everybody posts the same: once it is booked, else known.
				err := s.Post(ctx, lease.Transaction{Key: fmt.Sprintf("%d/%d", writer, i), Kind: "x", Postings: []lease.Posting{
					{Account: "assets:wallet", Sat: 10}, {Account: "liab:acme:prepaid", Sat: -10},
				}})
				if errors.Is(err, lease.ErrDuplicate) {
					return nil
				}
				return err
			})
		})
		wg.Go(func() {
			try(func(s *Store, _ int) error {
				m, err := s.Meter(ctx, w.lease.ID)
				// Its parts are of one moment.
				if err == nil && (m.Evidence.N != m.Stale() || m.Evidence.Sum != m.Counted) {
					err = fmt.Errorf("torn meter: %+v", m)
				}
				return err
			})
		})
		wg.Go(func() {
			try(func(s *Store, _ int) error {
				var last int64 = 1 << 62
				for r, err := range s.ReceiptsBack(ctx) {
					if err != nil || r.Seq >= last {
						return fmt.Errorf("receipt %d after %d: %w", r.Seq, last, err)
					}
					last = r.Seq
				}
				return nil
			})
		})
	}
	wg.Wait()
	w.expect(t, stores[1], 2*2*rounds*receipts)
	balances, err := stores[0].Balances(ctx)
	if err != nil || len(balances) != 2 || balances[0].Sat != 2*rounds*10 {
		t.Errorf("balances %+v, %v", balances, err)
	}
}

// However many sell at the same time, never more is sold than there is.
func TestOversellAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	stores := []*Store{open(t, path), open(t, path)}
	w := newWorld(t, stores[0])
	const limit = 10
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			l := lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 2, ProofMs: 5000, Terms: w.lease.Terms}
			_, err := stores[i%2].AddLease(context.Background(), l, limit, func(id string) (tag lease.Tag, _ []lease.Event, _ error) {
				copy(tag[:], id)
				return tag, nil, nil
			})
			if err != nil && !errors.Is(err, lease.ErrOversold) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	leases, err := stores[0].Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The first lease has 1, so four of 2 fit.
	if len(leases) != 5 {
		t.Errorf("%d leases were sold: %+v", len(leases), leases)
	}
	for i, l := range leases {
		if want := fmt.Sprintf("L-%04d", i+1); l.ID != want {
			t.Errorf("lease %s, want %s", l.ID, want)
		}
	}
}

// A block is moved by one of many that try, and its reward booked once.
func TestMoveBlockAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease.db")
	stores := []*Store{open(t, path), open(t, path)}
	w := newWorld(t, stores[0])
	b := lease.Block{Hash: [32]byte{1}, Template: w.job.Template, Job: w.job.Seq, Lease: w.lease.ID}
	if err := stores[0].PutBlock(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	moved := make(chan struct{}, 16)
	for i := range cap(moved) {
		wg.Go(func() {
			t1 := lease.Transaction{Key: fmt.Sprint(i), Kind: "found", Postings: []lease.Posting{{Account: "a", Sat: 1}, {Account: "b", Sat: -1}}}
			switch err := stores[i%2].MoveBlock(context.Background(), b.Hash, lease.Candidate, lease.Adopted, "", t1); {
			case err == nil:
				moved <- struct{}{}
			case !errors.Is(err, lease.ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	balances, err := stores[1].Balances(t.Context())
	if err != nil || len(moved) != 1 || len(balances) != 2 || balances[0].Sat != 1 {
		t.Errorf("moved %d times, balances %+v, %v", len(moved), balances, err)
	}
}
