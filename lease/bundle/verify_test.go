package bundle

import (
	"bytes"
	"slices"
	"testing"

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
