package main

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/seal"
	"github.com/hashlease/hashlease/lease/seal/sealtest"
)

// A node seals what earlier runs left up to the last window that is over, thins
// what is old, and seals the rest when it stops.
func TestKeepReceipts(t *testing.T) {
	w := sealtest.New(t)
	w.Commit(10, 40)
	const old = 35 * 24 * 3_600_000
	w.Commit(old, 5) // 35 days later, at 10 ms of a window
	w.Commit(2*lease.BatchMs, 5)
	cfg := defaultConfig()
	cfg.Receipts.ThinAfter = "34d"
	n := &node{provider: &provider{store: w.Store}, cfg: &cfg, log: slog.New(slog.DiscardHandler)}
	n.e = &env{now: func() time.Time { return time.UnixMilli(w.AtMs + 1000) }} // too early for its own window
	ctx, cancel := context.WithCancel(t.Context())
	done := n.keepReceipts(ctx)
	for len(w.Sealed()) == 0 || !w.Sealed()[2].Thinned {
		if err := w.Context().Err(); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	cancel()
	<-done
	batches := w.Sealed()
	if ms, err := w.Store.SealedMs(t.Context()); err != nil || ms != sealtest.StartMs+old+lease.BatchMs {
		t.Errorf("sealed up to %d ms: %v, want the window before the one that has just begun", ms, err)
	}
	thinned := 0
	for _, b := range batches {
		if b.Thinned {
			thinned++
		}
	}
	if thinned != 3 || len(batches) < 5 {
		t.Errorf("%d of %d batches are thinned, want those of the first window", thinned, len(batches))
	}
	n.sealRest(t.Context())
	if ms, err := w.Store.SealedMs(t.Context()); err != nil || ms != w.AtMs+1 {
		t.Errorf("sealed up to %d ms: %v, want %d", ms, err, w.AtMs+1)
	}
}

// How long receipts stay depends on the terms of leases that are not over.
func TestRetention(t *testing.T) {
	w := sealtest.New(t)
	w.Commit(100*24*3_600_000, 1)
	p := &provider{store: w.Store}
	for _, tt := range []struct {
		thin, drop string
		terms      lease.Terms
		ok         bool
	}{
		{"0", "0", lease.Terms{Scheme: lease.SchemePPLNS}, true},
		{"2d", "3d", lease.Terms{Scheme: lease.SchemeSolo}, true},
		{"47h", "0", lease.Terms{Scheme: lease.SchemeSolo}, false},
		{"31d", "0", lease.Terms{Scheme: lease.SchemeTides, Tides: lease.DefaultTides}, false},
		{"32d", "0", lease.Terms{Scheme: lease.SchemeTides, Tides: lease.DefaultTides}, true},
		{"0", "31d", lease.Terms{Scheme: lease.SchemeTides, Tides: lease.DefaultTides}, false},
		{"0", "9999d", lease.Terms{Scheme: lease.SchemePPLNS}, false},
	} {
		c := receiptsConfig{ThinAfter: tt.thin, DropAfter: tt.drop}
		if err := c.checkTerms("these terms", &tt.terms); (err == nil) != tt.ok {
			t.Errorf("%s and %s under %s: %v", tt.thin, tt.drop, tt.terms.Scheme, err)
		}
	}
	c := receiptsConfig{ThinAfter: "50d", DropAfter: "90d"}
	thinMs, dropMs, err := p.retention(t.Context(), &c)
	if day := int64(24 * 3_600_000); err != nil || thinMs != w.AtMs-50*day || dropMs != w.AtMs-90*day {
		t.Errorf("%d and %d ms: %v", thinMs, dropMs, err)
	}
	h, err := w.Store.PutTerms(t.Context(), lease.Terms{Format: lease.TermsFormat, Scheme: lease.SchemePPLNS})
	w.OK(err)
	l, err := w.Store.AddLease(t.Context(), lease.Lease{Tenant: "acme", Model: lease.Leased, ContractedHps: 1, StartMs: w.AtMs, ProofMs: 5000, Terms: h}, 10,
		func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{7}, nil, nil })
	w.OK(err)
	if _, _, err := p.retention(t.Context(), &c); err == nil {
		t.Error("under PPLNS receipts are thinned")
	}
	_, err = w.Store.ChangeLease(t.Context(), l.ID, 0, func(l *lease.Lease) ([]lease.Event, error) { return l.Close(false, w.AtMs) })
	w.OK(err)
	w.Commit(seal.MinKeep.Milliseconds()+1, 1)
	if _, _, err := p.retention(t.Context(), &c); err != nil {
		t.Errorf("a lease that is over keeps receipts: %v", err)
	}
}
