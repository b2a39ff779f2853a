package seal_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/seal/sealtest"
)

// counting counts what an archive is asked for.
type counting struct {
	seal.Archive
	read int // batches
	fail int // Thin fails after so many
}

var errFull = errors.New("no room")

func (c *counting) SealedBatches(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error] {
	return func(yield func(lease.SealedBatch, error) bool) {
		for b, err := range c.Archive.SealedBatches(ctx, id, fromMs, toMs) {
			c.read++
			if !yield(b, err) {
				return
			}
		}
	}
}

func (c *counting) Thin(ctx context.Context, id string, number int64, packed, proof []byte) error {
	if c.fail--; c.fail < 0 {
		return errFull
	}
	return c.Archive.Thin(ctx, id, number, packed, proof)
}

// Old batches are thinned once, younger ones stay, and what is left proves that
// it is the beginning.
func TestThin(t *testing.T) {
	w := sealtest.New(t)
	for range 30 {
		w.Commit(lease.BatchMs/3, 20)
	}
	if _, err := seal.Seal(t.Context(), w.Store, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	before := w.Sealed()
	thinMs := int64(sealtest.StartMs + 6*lease.BatchMs)
	old, packed := 0, 0
	for _, b := range before {
		if b.ToMs <= thinMs {
			old++
			packed += len(b.Packed)
		}
	}
	a := &counting{Archive: w.Store, fail: 5}
	if done, err := seal.Thin(t.Context(), a, thinMs, 0); !errors.Is(err, errFull) || done.Thinned != 5 {
		t.Errorf("%+v: %v", done, err)
	}
	a.fail = math.MaxInt
	done, err := seal.Thin(t.Context(), a, thinMs, 0)
	if err != nil || done.Thinned != old-5 || done.Freed <= 0 {
		t.Errorf("%+v: %v, want %d thinned", done, err, old-5)
	}
	h := seal.NewHasher(w.Store)
	kept := 0
	for i, b := range w.Sealed() {
		left, err := h.Check(t.Context(), &b)
		if err != nil {
			t.Errorf("batch %d of lease %s: %v", b.Number, b.Lease, err)
		}
		if b.ToMs > thinMs {
			if !reflect.DeepEqual(b, before[i]) {
				t.Errorf("a young batch changed: %+v", b)
			}
			continue
		}
		if !b.Thinned || len(left) == 0 || int64(len(left)) > b.N {
			t.Errorf("of batch %d of lease %s, %d of %d receipts are left", b.Number, b.Lease, len(left), b.N)
		}
		kept += len(left)
		if b.N > 4 { // a proof of something else
			b.ThinProof[7]++
			if _, err := h.Check(t.Context(), &b); err == nil {
				t.Errorf("batch %d of lease %s: its proof is not looked at", b.Number, b.Lease)
			}
		}
	}
	if kept >= old*5 {
		t.Errorf("%d receipts of %d batches are left", kept, old)
	}
	a.read = 0
	if done, err = seal.Thin(t.Context(), a, thinMs, 0); err != nil || done.Thinned != 0 || a.read > 30 {
		t.Errorf("once more: %+v, %d batches read: %v", done, a.read, err)
	}

	dropMs := int64(sealtest.StartMs + 8*lease.BatchMs) // thinned ones, and whole ones
	done, err = seal.Thin(t.Context(), a, thinMs, dropMs)
	dropped := 0
	for i, b := range w.Sealed() {
		if b.ToMs <= dropMs {
			dropped++
			if b.Packed != nil || b.ThinProof != nil || b.Root != before[i].Root {
				t.Errorf("of a dropped batch is left: %+v", b)
			}
			if left, err := h.Check(t.Context(), &b); len(left) > 0 || err != nil {
				t.Errorf("of a dropped batch, %d are left: %v", len(left), err)
			}
		}
	}
	if err != nil || done.Dropped != dropped || done.Thinned != 0 || dropped == 0 {
		t.Errorf("%+v: %v, want %d dropped", done, err, dropped)
	}
	for _, err = range w.Store.ReceiptsBack(t.Context()) {
		if err != nil {
			break
		}
	}
	if !errors.Is(err, lease.ErrThinned) {
		t.Errorf("receipts that are gone are read: %v", err)
	}
}

// Where jobs count at different targets, nothing is the smaller one: all is kept.
func TestThinSeveralTargets(t *testing.T) {
	w := sealtest.New(t)
	w.Commit(10, 10)
	w.NewJobs(3)
	w.Commit(10, 10)
	if _, err := seal.Seal(t.Context(), w.Store, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	before := w.Sealed()
	if done, err := seal.Thin(t.Context(), w.Store, math.MaxInt64, 0); err != nil || done.Thinned != len(before) || done.Freed != 0 {
		t.Errorf("%+v: %v", done, err)
	}
	for i, b := range w.Sealed() {
		if string(b.Packed) != string(before[i].Packed) || !b.Thinned {
			t.Errorf("batch %d is %+v", i, b)
		}
		if _, err := seal.NewHasher(w.Store).Check(t.Context(), &b); err != nil {
			t.Errorf("batch %d: %v", i, err)
		}
	}
	if done, err := seal.Thin(t.Context(), w.Store, math.MaxInt64, 0); err != nil || done.Thinned != 0 {
		t.Errorf("%+v: %v", done, err)
	}
}

// A batch that is not what it says is found.
func TestCheckRefuses(t *testing.T) {
	w := sealtest.New(t)
	w.Commit(10, 30)
	if _, err := seal.Seal(t.Context(), w.Store, math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	good := w.Sealed()[1]
	receipts, err := lease.UnpackReceipts(good.Lease, good.Packed)
	w.OK(err)
	repack := func(b *lease.SealedBatch, r []lease.Receipt) {
		b.Packed, err = lease.PackReceipts(r)
		w.OK(err)
	}
	for what, spoil := range map[string]func(b *lease.SealedBatch){
		"another root":     func(b *lease.SealedBatch) { b.Root[3]++ },
		"another number":   func(b *lease.SealedBatch) { b.N++ },
		"more work":        func(b *lease.SealedBatch) { b.Evidence.Add(b.Evidence.Max) },
		"another window":   func(b *lease.SealedBatch) { b.FromMs = b.ToMs },
		"another Seq":      func(b *lease.SealedBatch) { b.LastSeq++ },
		"no receipts":      func(b *lease.SealedBatch) { b.Packed = nil },
		"one less":         func(b *lease.SealedBatch) { repack(b, receipts[1:]) },
		"another order":    func(b *lease.SealedBatch) { repack(b, append(receipts[1:len(receipts):len(receipts)], receipts[0])) },
		"thinned too much": func(b *lease.SealedBatch) { b.Thinned = true; repack(b, receipts[:1]) },
		"half a proof":     func(b *lease.SealedBatch) { b.Thinned, b.ThinProof = true, make([]byte, 33) },
		"another nonce":    func(b *lease.SealedBatch) { r := append([]lease.Receipt(nil), receipts...); r[0].Nonce++; repack(b, r) },
	} {
		b := good
		spoil(&b)
		if _, err := seal.NewHasher(w.Store).Check(t.Context(), &b); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
