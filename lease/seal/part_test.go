package seal

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// backlog is a store of receipts that nobody has sealed yet, in Seq order.
type backlog struct {
	Store
	receipts []lease.Receipt
	read     int
}

func (b *backlog) Unsealed(_ context.Context, toMs int64) iter.Seq2[lease.Receipt, error] {
	return func(yield func(lease.Receipt, error) bool) {
		for i := range b.receipts {
			if b.receipts[i].CommitMs >= toMs {
				continue
			}
			b.read++
			if !yield(b.receipts[i], nil) {
				return
			}
		}
	}
}

// seal takes the receipts before a moment away.
func (b *backlog) seal(toMs int64) {
	b.receipts = slices.DeleteFunc(b.receipts, func(r lease.Receipt) bool { return r.CommitMs < toMs })
}

// A backlog of any size is read in parts that fit into memory, windows as whole
// as can be, and most receipts once or twice.
func TestReadPart(t *testing.T) {
	const start = 1_800_000_000_000
	rng := rand.New(rand.NewPCG(3, 4))
	for _, tt := range []struct {
		name     string
		n        int
		at       func(i int) int64
		parts    int // at most
		readings int // of each receipt, at most
	}{
		{"none", 0, nil, 1, 1},
		{"a quiet month", 9000, func(i int) int64 { return start + int64(i)*lease.BatchMs }, 1, 3},
		{"a busy month", 150_000, func(i int) int64 { return start + int64(i)*17_280 }, 12, 4},
		{"one window", 150_000, func(i int) int64 { return start + int64(i) }, 12, 4},
		{"one window in any order", 150_000, func(int) int64 { return start + rng.Int64N(lease.BatchMs) }, 12, 12},
		{"one millisecond", 150_000, func(int) int64 { return start + 5 }, 8, 20},
		{"late ones", 150_000, func(i int) int64 { return start + int64(i)*100 + rng.Int64N(10)/9*7_000_000 }, 12, 20},
	} {
		b := &backlog{}
		for i := range tt.n {
			b.receipts = append(b.receipts, lease.Receipt{Seq: int64(i), CommitMs: tt.at(i)})
		}
		from, until, span, parts, found := int64(0), int64(start+32*24*3_600_000), int64(lease.BatchMs), 0, 0
		for from < until {
			p, next, err := readPart(t.Context(), b, from, until, span)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if p.toMs <= from || p.toMs > until || len(p.receipts) > partSize && p.toMs != from+1 {
				t.Fatalf("%s: %d receipts from %d to %d ms", tt.name, len(p.receipts), from, p.toMs)
			}
			for _, r := range p.receipts {
				if r.CommitMs < from || r.CommitMs >= p.toMs {
					t.Fatalf("%s: one at %d ms in %d to %d ms", tt.name, r.CommitMs, from, p.toMs)
				}
			}
			found += len(p.receipts)
			if len(p.receipts) > 0 {
				parts++
			}
			b.seal(p.toMs)
			from, span = p.toMs, next
		}
		if found != tt.n || parts > tt.parts || b.read > tt.readings*tt.n {
			t.Errorf("%s: %d of %d receipts in %d parts, with %d readings", tt.name, found, tt.n, parts, b.read)
		}
	}
	b := &backlog{receipts: make([]lease.Receipt, lease.MaxSealed+1)}
	for i := range b.receipts {
		b.receipts[i].CommitMs = start
	}
	from, span := int64(0), int64(lease.BatchMs)
	for {
		p, next, err := readPart(t.Context(), b, from, start+1, span)
		if errors.Is(err, errCrowded) {
			return
		}
		if err != nil || p.toMs > start {
			t.Fatalf("%d receipts up to %d ms: %v", len(p.receipts), p.toMs, err)
		}
		from, span = p.toMs, next
	}
}
