package statement

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
)

// build makes the bundle and checks that the verifier takes it.
func build(t *testing.T, m *memory) *receipt.Bundle {
	t.Helper()
	b, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001")
	if err != nil {
		t.Fatal(err)
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if r := receipt.Verify(data, receipt.Options{Key: b.Statement.Provider[:], TenantKey: m.tenant.Key, Strict: true}); !r.OK() {
		t.Errorf("the verifier refuses it: %+v", r.Checks)
	}
	return b
}

func TestBuild(t *testing.T) {
	b := build(t, newMemory(t))
	s := &b.Statement
	if s.Receipts != 40 || s.ProvenWork.Work() != miner.Hashes(40*25) || s.CountedHashes != s.ProvenWork {
		t.Errorf("%d receipts, proven %v, counted %v", s.Receipts, s.ProvenWork, s.CountedHashes)
	}
	if s.Period != (receipt.Period{FromMs: startMs, ToMs: heartbeat, RunningMs: 90_000}) {
		t.Errorf("period %+v", s.Period)
	}
	if s.Rejected != 5 || s.Stale != 2 {
		t.Errorf("rejected %d, stale %d", s.Rejected, s.Stale)
	}
	if len(s.Rewards) != 2 || s.Rewards[0].Sat != 1000 || s.Rewards[1].Sat != 2000 || s.Balances != (receipt.Balances{Pending: 2000, Available: 1000}) {
		t.Errorf("rewards %+v, balances %+v", s.Rewards, s.Balances)
	}
	if len(b.Jobs) != 3 || len(b.Templates) != 3 || len(b.Blocks) != 2 {
		t.Errorf("%d jobs, %d templates, %d blocks", len(b.Jobs), len(b.Templates), len(b.Blocks))
	}
	if got := s.Derived.DeliveredHps.Work(); got != miner.Hashes(10) {
		t.Errorf("delivered %v H/s", got)
	}
}

func TestBuildEndsWithTheLease(t *testing.T) {
	m := newMemory(t)
	m.lease.ClosedMs = startMs + 5000
	m.meter.Counted = miner.Hashes(5 * 25) // nobody works for it any more
	b := build(t, m)
	if b.Statement.Receipts != 5 || b.Statement.Period.ToMs != m.lease.ClosedMs {
		t.Errorf("%d receipts until %d", b.Statement.Receipts, b.Statement.Period.ToMs)
	}
	// Of the templates without receipts, only those of rewards are there.
	if len(b.Jobs) != 1 || len(b.Templates) != 2 {
		t.Errorf("%d jobs, %d templates", len(b.Jobs), len(b.Templates))
	}
}

// TestBuildMeanwhile has the node commit and settle between the reads.
func TestBuildMeanwhile(t *testing.T) {
	m := newMemory(t)
	m.onCall = func(method string, n int) {
		switch {
		case method == "Meter" && n < 3:
			m.beat += 250
		case method == "Balances" && n == 2: // the block was read as adopted
			b := &m.blocks[1]
			b.State = lease.Mature
			m.post(ledger.Matured(*b, m.txs[ledger.Key(ledger.KindFound, b.Hash, 1)], b.FoundMs))
		}
	}
	b := build(t, m)
	if b.Statement.Period.ToMs != heartbeat+500 || b.Statement.Balances != (receipt.Balances{Available: 3000}) {
		t.Errorf("until %d, balances %+v", b.Statement.Period.ToMs, b.Statement.Balances)
	}
}

func TestBuildErrors(t *testing.T) {
	tests := []struct {
		name   string
		change func(*memory)
		is     error
		want   string
	}{
		{"not started", func(m *memory) { m.lease.StartMs = heartbeat }, ErrNothing, "the lease starts at 2026-11-18T"},
		{"never ran", func(m *memory) { m.beat = 0 }, ErrNothing, "the node has never run"},
		{"closed before its start", func(m *memory) { m.lease.ClosedMs = startMs - 1 }, ErrNothing, "the lease starts at"},
		{"unknown", func(m *memory) { m.lease.ID = "L-0009" }, lease.ErrNotFound, "statement of lease L-0001"},
		{"another key", func(m *memory) { m.lease.Tag[0]++ }, nil, "was made with another key"},
		{"broken template", func(m *memory) { m.templates[0].Body = []byte("{}") }, nil, "template 1: "},
		{"books without block", func(m *memory) { m.credit("liab:anna:pending", 1) }, nil, "books have 2001 sat pending"},
		{"restless books", func(m *memory) { m.onCall = func(string, int) { m.credit("liab:anna:pending", 1) } }, nil, "keep changing"},
		{"another amount booked", func(m *memory) {
			m.txs[ledger.Key(ledger.KindMatured, m.blocks[0].Hash, 1)] = lease.Transaction{Postings: []lease.Posting{
				{Account: "liab:anna:available", Lease: "L-0001", Sat: -1001}}}
		}, nil, "booked are 0 sat pending and 1001 available, its split makes 0 and 1000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(t)
			tt.change(m)
			_, err := Build(context.Background(), Source{Store: m, Key: testKey("provider")}, "L-0001")
			if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}
