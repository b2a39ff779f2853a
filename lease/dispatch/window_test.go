package dispatch

import (
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// receiptsStore has receipts, newest first, and nothing else.
type receiptsStore struct {
	lease.Store
	receipts []lease.Receipt
}

func (s *receiptsStore) ReceiptsBack(context.Context) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		for _, r := range s.receipts {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Leases under older terms keep the window that their terms promise, whatever
// the house's present terms are.
func TestWindowServesAllTerms(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	now := int64(100 * day)
	d := &Dispatcher{Config: Config{Store: &receiptsStore{receipts: []lease.Receipt{
		{Seq: 2, Lease: "L-0002", Work: miner.Hashes(30), CommitMs: now - 1000},
		{Seq: 1, Lease: "L-0001", Work: miner.Hashes(10), CommitMs: now - 10*day},
	}}}}
	short := lease.Tides{NetworkMultiple: 8, MaxDays: 1, MinSec: 600}
	long := lease.Tides{NetworkMultiple: 8, MaxDays: 30, MinSec: 600}
	d.terms = lease.Terms{Scheme: lease.SchemeTides, Tides: short}
	d.window.schemes = map[string]string{"L-0001": lease.SchemeTides, "L-0002": lease.SchemeTides, lease.House: lease.SchemeTides}
	for range 2 {
		for _, c := range []struct {
			tides lease.Tides
			want  []lease.Part
		}{
			{short, []lease.Part{{Lease: "L-0002", Sat: 1000}}},
			{long, []lease.Part{{Lease: "L-0001", Sat: 250}, {Lease: "L-0002", Sat: 750}}},
		} {
			terms := lease.Terms{Scheme: lease.SchemeTides, Tides: c.tides}
			got, carry, err := d.split(t.Context(), &terms, 1000, miner.Hashes(1_000_000), now)
			if err != nil || carry != 0 {
				t.Fatalf("carry %d, %v", carry, err)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("terms %+v: split %v, want %v", c.tides, got, c.want)
			}
		}
	}
}
