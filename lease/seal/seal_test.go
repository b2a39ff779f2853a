package seal_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/seal/sealtest"
)

// Whatever was committed is sealed by window and lease, checked once more, and
// read as before.
func TestSeal(t *testing.T) {
	w := sealtest.New(t)
	var want []lease.Receipt
	for i := range 40 {
		if i%7 == 0 {
			w.NewJobs(2)
		}
		want = append(want, w.Commit(w.Rng.Int64N(lease.BatchMs/2), w.Rng.IntN(8))...)
	}
	slices.Reverse(want)
	all := 0
	for _, until := range []int64{sealtest.StartMs + 1, sealtest.StartMs + lease.BatchMs, sealtest.StartMs + 5*lease.BatchMs + 77, sealtest.StartMs + 5*lease.BatchMs + 78, math.MaxInt64, math.MaxInt64} {
		done, err := seal.Seal(t.Context(), w.Store, until)
		w.OK(err)
		if done.ToMs != min(until, w.AtMs+1) {
			t.Errorf("sealed up to %d ms, want %d", done.ToMs, min(until, w.AtMs+1))
		}
		all += done.Receipts
		if got := w.Back(); !reflect.DeepEqual(got, want) {
			t.Fatalf("sealed until %d, receipts are %+v\nwant %+v", until, got, want)
		}
	}
	if all != len(want) {
		t.Errorf("%d receipts were sealed, want %d", all, len(want))
	}
	h := seal.NewHasher(w.Store)
	numbers, ends := make(map[string]int64), make(map[string]int64)
	for _, b := range w.Sealed() {
		if b.Number != numbers[b.Lease] || b.FromMs < ends[b.Lease] || b.ToMs-b.FromMs > lease.BatchMs {
			t.Errorf("batch %d of lease %s, from %d to %d ms, follows number %d and %d ms", b.Number, b.Lease, b.FromMs, b.ToMs, numbers[b.Lease]-1, ends[b.Lease])
		}
		numbers[b.Lease], ends[b.Lease] = b.Number+1, b.ToMs
		if _, err := h.Check(t.Context(), &b); err != nil {
			t.Errorf("batch %d of lease %s: %v", b.Number, b.Lease, err)
		}
	}
	if r := w.Commit(0, 1)[0]; r.CommitMs != w.AtMs+1 {
		t.Errorf("a receipt after it is of %d ms, want %d", r.CommitMs, w.AtMs+1)
	}
}

// What is no proof of work, or counts twice, is reported and never sealed.
func TestSealRefuses(t *testing.T) {
	for what, spoil := range map[string]func(w *sealtest.World, good lease.Receipt) lease.Receipt{
		"twice": func(_ *sealtest.World, good lease.Receipt) lease.Receipt { return good },
		"no hash below the target": func(w *sealtest.World, good lease.Receipt) lease.Receipt {
			for {
				good.Nonce++
				if _, _, err := seal.NewHasher(w.Store).Hash(w.Context(), []lease.Receipt{good}); err != nil {
					return good
				}
			}
		},
		"a time before its job's": func(_ *sealtest.World, good lease.Receipt) lease.Receipt { good.Time = 1; return good },
		"version bits nobody has": func(_ *sealtest.World, good lease.Receipt) lease.Receipt { good.VersionBits = 1; return good },
		"a short extranonce": func(_ *sealtest.World, good lease.Receipt) lease.Receipt {
			good.Extranonce = good.Extranonce[:5]
			return good
		},
	} {
		w := sealtest.New(t)
		good := w.Share(&w.Jobs[1])
		_, err := w.Store.CommitBatch(t.Context(), lease.Batch{Run: w.Run, AtMs: sealtest.StartMs, Receipts: []lease.Receipt{good, spoil(w, good)}})
		w.OK(err)
		if _, err := seal.Seal(t.Context(), w.Store, math.MaxInt64); err == nil {
			t.Errorf("%s: no error", what)
		}
		if n := len(w.Sealed()); n != 0 {
			t.Errorf("%s: %d batches", what, n)
		}
	}
}

// slow is a store in which something happens between reading and sealing.
type slow struct {
	seal.Store
	before func()
	reads  int
}

func (s *slow) Seal(ctx context.Context, fromMs, toMs int64, batches []lease.SealedBatch) ([]lease.SealedBatch, error) {
	if f := s.before; f != nil {
		s.before = nil
		f()
	}
	return s.Store.Seal(ctx, fromMs, toMs, batches)
}

func (s *slow) Unsealed(ctx context.Context, toMs int64) iter.Seq2[lease.Receipt, error] {
	s.reads++
	return s.Store.Unsealed(ctx, toMs)
}

// Another process may commit or seal meanwhile.
func TestSealAtOnce(t *testing.T) {
	w := sealtest.New(t)
	want := w.Commit(10, 5)
	s := &slow{Store: w.Store, before: func() { want = append(want, w.Commit(0, 2)...) }}
	done, err := seal.Seal(t.Context(), s, math.MaxInt64)
	if err != nil || done.Receipts != 7 {
		t.Errorf("%+v: %v", done, err)
	}
	want = append(want, w.Commit(10, 5)...)
	s.before = func() { must(seal.Seal(t.Context(), w.Store, w.AtMs)) }
	if done, err = seal.Seal(t.Context(), s, math.MaxInt64); err != nil || done.ToMs != w.AtMs+1 {
		t.Errorf("%+v: %v", done, err)
	}
	slices.Reverse(want)
	if got := w.Back(); !reflect.DeepEqual(got, want) {
		t.Errorf("receipts are %+v\nwant %+v", got, want)
	}
	s.Store = &never{w.Store}
	w.Commit(1, 1)
	if _, err = seal.Seal(t.Context(), s, math.MaxInt64); !errors.Is(err, lease.ErrConflict) {
		t.Errorf("error %v, want a conflict in the end", err)
	}
}

func must[T any](_ T, err error) {
	if err != nil {
		panic(err)
	}
}

// never is a store whose receipts always change.
type never struct{ seal.Store }

func (n *never) Seal(context.Context, int64, int64, []lease.SealedBatch) ([]lease.SealedBatch, error) {
	return nil, lease.ErrConflict
}
