package seal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// Store is what sealing needs of a lease.Store.
type Store interface {
	Work
	Heartbeat(ctx context.Context) (int64, error)
	SealedMs(ctx context.Context) (int64, error)
	Unsealed(ctx context.Context, toMs int64) iter.Seq2[lease.Receipt, error]
	Seal(ctx context.Context, fromMs, toMs int64, batches []lease.SealedBatch) ([]lease.SealedBatch, error)
}

// Result is what was sealed.
type Result struct {
	ToMs     int64 // all receipts before it are sealed, Unix milliseconds
	Batches  int
	Receipts int
}

const (
	partSize = 1 << 16 // receipts that are sealed, and in memory, at a time
	// More often in a row nobody seals at the same time.
	maxConflicts = 20
)

// errCrowded says that one millisecond has more receipts than a batch may have.
var errCrowded = errors.New("too many receipts in one millisecond")

// Seal seals all receipts before untilMs, but none beyond the last heartbeat: a
// later moment is taken for the one after that.
func Seal(ctx context.Context, s Store, untilMs int64) (Result, error) {
	var done Result
	span, conflicts := int64(lease.BatchMs), 0
	for {
		heartbeat, err := s.Heartbeat(ctx)
		if err != nil {
			return done, err
		}
		fromMs, err := s.SealedMs(ctx)
		if err != nil {
			return done, err
		}
		done.ToMs = fromMs
		until := min(untilMs, heartbeat+1)
		if fromMs >= until {
			return done, nil
		}
		var p part
		if p, span, err = readPart(ctx, s, fromMs, until, span); err != nil {
			return done, fmt.Errorf("sealing from %d ms on: %w", fromMs, err)
		}
		batches, err := p.batches(ctx, s, fromMs)
		if err == nil {
			batches, err = s.Seal(ctx, fromMs, p.toMs, batches)
		}
		switch {
		case err == nil:
			conflicts = 0
			done.Batches, done.Receipts, done.ToMs = done.Batches+len(batches), done.Receipts+len(p.receipts), p.toMs
		case errors.Is(err, lease.ErrConflict) && conflicts < maxConflicts:
			conflicts++ // another process was quicker
		default:
			return done, fmt.Errorf("sealing from %d ms on: %w", fromMs, err)
		}
	}
}

// part is the receipts from where sealing stands to a moment.
type part struct {
	toMs     int64
	receipts []lease.Receipt
}

// readPart reads receipts from fromMs on, of as many windows as it takes for
// there to be enough, and of less than one where there are too many. It begins
// with a span of so many milliseconds and returns a good one for the next part.
func readPart(ctx context.Context, s Store, fromMs, untilMs, span int64) (part, int64, error) {
	shrunk := false
	p := part{toMs: windowEnd(fromMs+span, untilMs)}
	for {
		limit := partSize
		if p.toMs == fromMs+1 {
			limit = lease.MaxSealed
		}
		full, err := p.read(ctx, s, limit)
		switch {
		case err != nil:
			return p, span, err
		case full && p.toMs == fromMs+1:
			return p, span, fmt.Errorf("%w: more than %d at %d ms", errCrowded, limit, fromMs)
		case full:
			p.toMs, shrunk = p.cut(fromMs, shrunk), true
			span = max(span/2, 1)
		case shrunk || p.toMs == untilMs || len(p.receipts) > partSize/4:
			return p, span, nil
		default:
			span *= 2
			p.toMs = windowEnd(fromMs+span, untilMs)
		}
	}
}

// windowEnd is the end of the window that ms is in, at most untilMs. What is
// sealed so far may end before a window does.
func windowEnd(ms, untilMs int64) int64 {
	return min((ms-1)/lease.BatchMs*lease.BatchMs+lease.BatchMs, untilMs)
}

// read reads the receipts before p.toMs, and reports whether they are more than
// limit.
func (p *part) read(ctx context.Context, s Store, limit int) (full bool, err error) {
	p.receipts = p.receipts[:0]
	for r, err := range s.Unsealed(ctx, p.toMs) {
		if err != nil {
			return false, err
		}
		if len(p.receipts) == limit {
			return true, nil
		}
		p.receipts = append(p.receipts, r)
	}
	return false, nil
}

// cut is an earlier end for a part of too many receipts, whose first ones were
// read: their times mostly rise, so that nearly all before the last of these are
// known. Where that is tried already, it is half of the time.
func (p *part) cut(fromMs int64, tried bool) int64 {
	if tried {
		return fromMs + (p.toMs-fromMs)/2
	}
	last := slices.MaxFunc(p.receipts, func(a, b lease.Receipt) int { return cmp.Compare(a.CommitMs, b.CommitMs) }).CommitMs
	for _, ms := range []int64{last - last%lease.BatchMs, last} {
		if ms > fromMs && ms < p.toMs {
			return ms
		}
	}
	return fromMs + (p.toMs-fromMs)/2
}

// group names the receipts that are one batch.
type group struct {
	fromMs int64
	lease  string
}

func (g group) compare(o group) int {
	return cmp.Or(cmp.Compare(g.fromMs, o.fromMs), cmp.Compare(g.lease, o.lease))
}

// batches makes the batches of a part, by window and lease.
func (p *part) batches(ctx context.Context, w Work, fromMs int64) ([]lease.SealedBatch, error) {
	groups := make(map[group][]lease.Receipt)
	for i := range p.receipts {
		r := &p.receipts[i]
		if r.CommitMs < fromMs || r.CommitMs >= p.toMs {
			return nil, fmt.Errorf("receipt %d is of %d ms: %w, there are others than those from %d to %d ms", r.Seq, r.CommitMs, lease.ErrConflict, fromMs, p.toMs)
		}
		g := group{max(r.CommitMs-r.CommitMs%lease.BatchMs, fromMs), r.Lease}
		groups[g] = append(groups[g], *r)
	}
	h := NewHasher(w)
	var batches []lease.SealedBatch
	for _, g := range slices.SortedFunc(maps.Keys(groups), group.compare) {
		b, err := h.seal(ctx, groups[g])
		if err != nil {
			return nil, fmt.Errorf("receipts of lease %s: %w", g.lease, err)
		}
		b.Lease, b.FromMs, b.ToMs = g.lease, g.fromMs, windowEnd(g.fromMs+1, p.toMs)
		batches = append(batches, b)
	}
	return batches, nil
}
