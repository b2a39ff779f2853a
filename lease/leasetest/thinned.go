package leasetest

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

func (s *suite) thin() {
	a, b := s.addLease("acme"), s.addLease("bob")
	const window = lease.BatchMs
	jobs := s.addJobs(miner.Hash{1}, 1000, a.ID, b.ID)
	later := s.addJobs(miner.Hash{2}, 1000, a.ID)
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	got := must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 1, Receipts: []lease.Receipt{
		share(jobs[0], 10, 1), share(jobs[1], 10, 2), share(jobs[0], 10, 3), share(jobs[0], 10, 4), share(later[0], window, 5),
	}}))(s)
	sealed := s.sealTo(2 * window)
	first := sealed[0]
	kept := must(lease.PackReceipts([]lease.Receipt{got[0], got[2]}))(s)
	others := must(lease.PackReceipts([]lease.Receipt{got[0], got[3]}))(s)
	proof := bytes.Repeat([]byte{7}, 64)

	s.is(s.store.Thin(s.ctx, a.ID, 7, kept, proof), lease.ErrNotFound)
	s.is(s.store.Thin(s.ctx, "L-0099", 0, kept, proof), lease.ErrNotFound)
	s.is(s.store.Thin(s.ctx, a.ID, 0, others, proof), lease.ErrConflict)
	s.fails("half a hash", s.store.Thin(s.ctx, a.ID, 0, kept, proof[:33]))
	s.fails("nonsense", s.store.Thin(s.ctx, a.ID, 0, []byte{9}, proof))
	same(s, "after errors", all(s, s.store.SealedBatches(s.ctx, "", 0, math.MaxInt64)), sealed)

	for range 2 {
		s.ok(s.store.Thin(s.ctx, a.ID, 0, kept, proof))
		first.Packed, first.Thinned, first.ThinProof = kept, true, proof
		same(s, "thinned", all(s, s.store.SealedBatches(s.ctx, a.ID, 0, window)), []lease.SealedBatch{first})
	}
	s.is(s.store.Thin(s.ctx, a.ID, 0, sealed[0].Packed, nil), lease.ErrConflict) // what went does not come back
	s.is(s.firstError(a.ID), lease.ErrThinned)
	same(s, "of the other", all(s, s.store.Receipts(s.ctx, b.ID, 0, math.MaxInt64)), []lease.Receipt{got[1]})
	same(s, "after it", all(s, s.store.Receipts(s.ctx, a.ID, window-1, math.MaxInt64)), got[4:])
	same(s, "on another block", all(s, s.store.ReceiptsOn(s.ctx, miner.Hash{2})), got[4:])
	for r, err := range s.store.ReceiptsBack(s.ctx) {
		if err != nil {
			s.is(err, lease.ErrThinned)
			break
		}
		same(s, "the newest", r, got[4])
	}
	same(s, "in the meter", must(s.store.Meter(s.ctx, a.ID))(s).Evidence.N, 4)

	for range 2 {
		s.ok(s.store.Thin(s.ctx, a.ID, 0, nil, nil))
		first.Packed, first.ThinProof = nil, nil
		same(s, "dropped", all(s, s.store.SealedBatches(s.ctx, a.ID, 0, window)), []lease.SealedBatch{first})
	}
	s.is(s.store.Thin(s.ctx, a.ID, 0, kept, proof), lease.ErrConflict)
	s.fails("a proof of nothing", s.store.Thin(s.ctx, b.ID, 0, nil, proof))
	s.is(s.firstError(a.ID), lease.ErrThinned)
	s.ok(s.store.Thin(s.ctx, b.ID, 0, sealed[1].Packed, nil)) // all of a batch may be what is kept
	s.is(s.firstError(b.ID), lease.ErrThinned)
}

// firstError is the first one when a lease's receipts are read.
func (s *suite) firstError(id string) error {
	for _, err := range s.store.Receipts(s.ctx, id, 0, math.MaxInt64) {
		if err != nil {
			return err
		}
	}
	return errors.New("none")
}

func (s *suite) headers() {
	chain := func(n int, salt uint32) (out []lease.ChainHeader) {
		var prev miner.Hash
		for i := range n {
			h := lease.ChainHeader{Height: int64(100 + i), SeenMs: int64(1000 + i)}
			h.Raw.SetTime(salt)
			copy(h.Raw[4:], prev[:])
			h.Hash = h.Raw.Hash()
			prev = h.Hash
			out = append(out, h)
		}
		return out
	}
	main, branch := chain(4, 1), chain(1, 2)
	same(s, "none yet", len(must(s.store.Headers(s.ctx, 0, math.MaxInt64))(s)), 0)
	_, err := s.store.Header(s.ctx, main[0].Hash)
	s.is(err, lease.ErrNotFound)
	s.ok(s.store.PutHeaders(s.ctx, main[2:]))
	s.ok(s.store.PutHeaders(s.ctx, nil))
	again := slices.Clone(main)
	again[3].SeenMs = 9999
	s.ok(s.store.PutHeaders(s.ctx, again))
	branch[0].SeenMs = 2000
	s.ok(s.store.PutHeaders(s.ctx, branch))
	same(s, "by height", must(s.store.Headers(s.ctx, 100, 104))(s), append([]lease.ChainHeader{main[0], branch[0]}, main[1:]...))
	same(s, "some", must(s.store.Headers(s.ctx, 102, 103))(s), main[2:3])
	same(s, "one", must(s.store.Header(s.ctx, main[3].Hash))(s), main[3])
	wrong := main[0]
	wrong.Hash[0]++
	s.fails("another hash", s.store.PutHeaders(s.ctx, []lease.ChainHeader{wrong}))
	s.ok(ignore(s.store.Header(s.ctx, branch[0].Hash)))
}

func ignore[T any](_ T, err error) error { return err }
