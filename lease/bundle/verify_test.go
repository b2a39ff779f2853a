package bundle

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/translog"
	"golang.org/x/mod/sumdb/note"
)

// pack writes a bundle.
func pack(tb testing.TB, b *Bundle) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func verify(tb testing.TB, file []byte, o Options) *Report {
	tb.Helper()
	return Verify(tb.Context(), bytes.NewReader(file), int64(len(file)), o)
}

// known is all that a tenant may know.
func known(w *world) Options {
	return Options{Key: public("provider"), TenantKey: public("tenant"), Witnesses: []note.Verifier{must(translog.NewWitness("w1", public("w1")))}}
}

// failed lists the checks that failed.
func failed(r *Report) []string {
	var names []string
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name+": "+c.Detail)
		}
	}
	return names
}

func TestHonest(t *testing.T) {
	w := honest(t, 20)
	w.witnesses = []string{"w1"}
	b := w.bundle()
	file := pack(t, b)
	r := verify(t, file, known(w))
	if f := failed(r); f != nil {
		t.Fatalf("an honest bundle: %q", f)
	}
	if r.Receipts != 60 || r.Kept != 60 || r.ProvenWork != w.s.Delivery.ProvenWork || r.Checkpoint.Size != int64(len(w.log)) {
		t.Errorf("%+v", r)
	}
	var names []string
	for _, c := range r.Checks {
		names = append(names, c.Name)
	}
	for _, want := range []string{
		"form", "checkpoint", "key", "witness", "proof", "signature", "logged", "openings", "tags", "order", "batches", "receipts", "unique",
		"headers", "times", "delivery", "superseded",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("no check %q", want)
		}
	}
	if again := pack(t, b); !bytes.Equal(again, file) {
		t.Error("the same bundle gave other bytes")
	}
}

// TestIdle verifies a period without work, and one of a node that saw no chain.
func TestIdle(t *testing.T) {
	w := honest(t, 1)
	w.log, w.batches = w.log[:w.batches[0].leaf-3], nil
	if r := verify(t, pack(t, w.bundle()), Options{}); !r.OK() || r.Receipts != 0 || r.Kept != 0 {
		t.Errorf("without work: %+v, %q", r, failed(r))
	}
	w = honest(t, 4)
	w.chain, w.forks = nil, nil
	file := pack(t, w.bundle())
	if r := verify(t, file, Options{}); !r.OK() || !slices.ContainsFunc(r.Unchecked, func(s string) bool { return strings.Contains(s, "no block headers") }) {
		t.Errorf("without headers: %q, unchecked %q", failed(r), r.Unchecked)
	}
	refuse(t, verify(t, file, Options{Strict: true}), "headers", "no block headers")
}

// TestWindowOfJobs lets receipts name jobs of long ago.
func TestWindowOfJobs(t *testing.T) {
	w := honest(t, 1)
	old := w.batches[0].leaf - 3 // its first job
	for range windowJobs + 1 {
		w.append(w.log[old], true)
	}
	const at = testFromMs + 3_000_000
	w.appendBatch(at, at+lease.BatchMs, w.mine(3, 99, old))
	refuse(t, verify(t, pack(t, w.bundle()), Options{}), "order", "too long before")
}
