package audit_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/audit"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/seal/sealtest"
	"github.com/hashlease/hashlease/lease/sqlite"
)

// sealedWorld is hours of receipts, sealed, of which the first half is thinned,
// and the first two windows are dropped, if so wanted.
func sealedWorld(t *testing.T, thinned bool) *sealtest.World {
	w := sealtest.New(t)
	for range 40 {
		w.Commit(lease.BatchMs, 3)
		w.Commit(1, 2)
	}
	if _, err := seal.Seal(t.Context(), w.Store, w.AtMs-lease.BatchMs); err != nil {
		t.Fatal(err)
	}
	if !thinned {
		return w
	}
	done, err := seal.Thin(t.Context(), w.Store, sealtest.StartMs+20*lease.BatchMs+1, sealtest.StartMs+2*lease.BatchMs)
	if err != nil || done.Thinned == 0 || done.Dropped == 0 {
		t.Fatalf("%+v: %v", done, err)
	}
	return w
}

// Receipts are counted wherever they are, also where not all are kept.
func TestSealed(t *testing.T) {
	for _, thinned := range []bool{false, true} {
		w := sealedWorld(t, thinned)
		report, err := audit.Run(t.Context(), w.Store, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Err(); err != nil {
			t.Errorf("thinned: %v: %v", thinned, err)
		}
		checked := make(map[string]int64)
		for _, c := range report.Checks {
			checked[c.Name] = c.Checked
		}
		if checked["sealed"] != int64(len(w.Sealed())) || checked["meters"] < 6 || !thinned && checked["once"] != 200 {
			t.Errorf("thinned: %v: checked %v", thinned, checked)
		}
	}
}

// What is told of batches otherwise than it is, is found.
func TestSealedFalsified(t *testing.T) {
	whole, thinned := sealedWorld(t, false), sealedWorld(t, true)
	nth := 0
	third := func(f func(b *lease.SealedBatch)) func(b *lease.SealedBatch) {
		nth = 0
		return func(b *lease.SealedBatch) {
			if nth++; nth == 3 {
				f(b)
			}
		}
	}
	for what, tt := range map[string]struct {
		of    *sealtest.World
		batch func(b *lease.SealedBatch)
		leaf  func(l *lease.LogLeaf)
		check string
	}{
		"another root":          {whole, func(b *lease.SealedBatch) { b.Root[0]++ }, nil, "sealed"},
		"another window":        {whole, func(b *lease.SealedBatch) { b.FromMs-- }, nil, "sealed"},
		"another lease":         {whole, func(b *lease.SealedBatch) { b.Lease = "L-0009" }, nil, "sealed"},
		"another number":        {whole, func(b *lease.SealedBatch) { b.Number++ }, nil, "sealed"},
		"fewer receipts":        {whole, func(b *lease.SealedBatch) { b.N-- }, nil, "sealed"},
		"more work":             {whole, func(b *lease.SealedBatch) { b.Evidence.Add(b.Evidence.Max) }, nil, "sealed"},
		"no receipts":           {whole, func(b *lease.SealedBatch) { b.Packed = nil }, nil, "sealed"},
		"dropped, not metered":  {whole, func(b *lease.SealedBatch) { b.Packed, b.Thinned = nil, true; b.Evidence.Add(b.Evidence.Max) }, nil, "meters"},
		"more work, thinned":    {thinned, func(b *lease.SealedBatch) { b.Evidence.Add(b.Evidence.Max) }, nil, "meters"},
		"a leaf that says else": {whole, nil, func(l *lease.LogLeaf) { l.Body = []byte(strings.Replace(string(l.Body), `"n":1`, `"n":2`, 1)) }, "sealed"},
	} {
		f := falsified{Store: tt.of.Store, leaf: tt.leaf}
		if tt.batch != nil {
			f.batch = third(tt.batch)
		}
		report, err := audit.Run(t.Context(), &f, audit.Options{})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := report.Err(); err == nil || !found(report, tt.check) {
			t.Errorf("%s: not found by %s: %v", what, tt.check, err)
		}
	}
}

func found(r *audit.Report, check string) bool {
	for _, c := range r.Checks {
		if c.Name == check {
			return len(c.Findings) > 0
		}
	}
	return false
}

// A batch whose leaf is there and which itself is not, is missed.
func TestSealedMissing(t *testing.T) {
	w := sealedWorld(t, false)
	all := w.Sealed()
	report, err := audit.Run(t.Context(), &cut{w.Store, all[len(all)-1].Leaf}, audit.Options{})
	if err != nil || !found(report, "sealed") {
		t.Errorf("not found: %v", err)
	}
}

// cut is a store without some batch.
type cut struct {
	*sqlite.Store
	leaf int64
}

func (c *cut) SealedBatches(ctx context.Context, id string, fromMs, toMs int64) iter.Seq2[lease.SealedBatch, error] {
	return func(yield func(lease.SealedBatch, error) bool) {
		for b, err := range c.Store.SealedBatches(ctx, id, fromMs, toMs) {
			if b.Leaf != c.leaf && !yield(b, err) {
				return
			}
		}
	}
}
