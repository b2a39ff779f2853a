package leasetest

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"math"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Batches makes batches of receipts that are stored from fromMs on, by window
// and lease. Their order is that of their nonces, and their roots are no trees',
// neither of which a Store can judge.
func Batches(fromMs, toMs int64, receipts []lease.Receipt) ([]lease.SealedBatch, error) {
	type group struct {
		window int64
		lease  string
	}
	groups := make(map[group][]lease.Receipt)
	for _, r := range receipts {
		g := group{r.CommitMs / lease.BatchMs, r.Lease}
		groups[g] = append(groups[g], r)
	}
	var batches []lease.SealedBatch
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int {
		return cmp.Or(cmp.Compare(a.window, b.window), cmp.Compare(a.lease, b.lease))
	}) {
		all := groups[g]
		slices.SortFunc(all, func(a, b lease.Receipt) int { return cmp.Compare(a.Nonce, b.Nonce) })
		b := lease.SealedBatch{
			Lease: g.lease, FromMs: max(g.window*lease.BatchMs, fromMs), ToMs: min((g.window+1)*lease.BatchMs, toMs),
			N: int64(len(all)), FirstSeq: math.MaxInt64,
		}
		for i := range all {
			b.Evidence.Add(all[i].Work)
			b.FirstSeq, b.LastSeq = min(b.FirstSeq, all[i].Seq), max(b.LastSeq, all[i].Seq)
		}
		var err error
		if b.Packed, err = lease.PackReceipts(all); err != nil {
			return nil, err
		}
		b.Root = sha256.Sum256(b.Packed)
		batches = append(batches, b)
	}
	return batches, nil
}

// sealTo seals what is before a moment.
func (s *suite) sealTo(toMs int64) []lease.SealedBatch {
	s.Helper()
	from := must(s.store.SealedMs(s.ctx))(s)
	batches := must(Batches(from, toMs, all(s, s.store.Unsealed(s.ctx, toMs))))(s)
	return must(s.store.Seal(s.ctx, from, toMs, batches))(s)
}

// batchesOf are those of a lease.
func batchesOf(id string, batches []lease.SealedBatch) []lease.SealedBatch {
	return slices.DeleteFunc(slices.Clone(batches), func(b lease.SealedBatch) bool { return b.Lease != id })
}

func (s *suite) sealed() {
	a, b := s.addLease("acme"), s.addLease("bob")
	const window = lease.BatchMs
	one := s.addJobs(miner.Hash{1}, 1000, a.ID, b.ID, lease.House)
	two := s.addJobs(miner.Hash{2}, 2000, a.ID)
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	same(s, "sealed at first", must(s.store.SealedMs(s.ctx))(s), 0)
	same(s, "nothing to seal", len(s.sealTo(window)), 0)
	same(s, "sealed", must(s.store.SealedMs(s.ctx))(s), window)
	committed := lease.Batch{Run: run, N: 1, AtMs: window, Receipts: []lease.Receipt{
		share(one[0], 2*window+5, 9), share(one[1], window+1, 8), share(two[0], 2*window-1, 7), share(one[0], 5, 6),
		share(one[2], 2*window, 5), share(one[0], 3*window, 4),
	}}
	got := must(s.store.CommitBatch(s.ctx, committed))(s)
	same(s, "the time of what came too late", got[3].CommitMs, window)
	unsealed := all(s, s.store.Unsealed(s.ctx, 3*window))
	same(s, "unsealed", unsealed, got[:5])
	same(s, "unsealed before", len(all(s, s.store.Unsealed(s.ctx, window))), 0)

	sealed := s.sealTo(3 * window)
	same(s, "batches", len(sealed), 4)
	for i := range sealed {
		if i > 0 && sealed[i].Leaf != sealed[i-1].Leaf+1 {
			s.Errorf("leaf %d follows leaf %d", sealed[i].Leaf, sealed[i-1].Leaf)
		}
		leaves := all(s, s.store.Leaves(s.ctx, lease.LeafFilter{Kinds: []string{"batch"}, Ref: sealed[i].Lease, From: sealed[i].Leaf, To: sealed[i].Leaf + 1}))
		if len(leaves) != 1 || leaves[0].Index != sealed[i].Leaf || len(leaves[0].Body) == 0 {
			s.Errorf("leaves of batch %d: %+v", i, leaves)
		}
	}
	same(s, "lease of the first", []any{sealed[0].Lease, sealed[0].Number, sealed[0].FromMs, sealed[0].ToMs}, []any{a.ID, int64(0), int64(window), int64(2 * window)})
	same(s, "number of its second", []any{sealed[2].Lease, sealed[2].Number}, []any{a.ID, int64(1)})
	same(s, "all batches", all(s, s.store.SealedBatches(s.ctx, "", 0, math.MaxInt64)), sealed)
	same(s, "those of one", all(s, s.store.SealedBatches(s.ctx, a.ID, 0, math.MaxInt64)), batchesOf(a.ID, sealed))
	same(s, "those of a window", all(s, s.store.SealedBatches(s.ctx, "", 2*window, 3*window)), sealed[2:])
	same(s, "its end", len(all(s, s.store.SealedBatches(s.ctx, a.ID, 0, window))), 0)
	same(s, "unsealed then", all(s, s.store.Unsealed(s.ctx, math.MaxInt64)), got[5:])

	// Wherever they are, they are read as before.
	same(s, "of one", all(s, s.store.Receipts(s.ctx, a.ID, 0, math.MaxInt64)), []lease.Receipt{got[0], got[2], got[3], got[5]})
	same(s, "of a time", all(s, s.store.Receipts(s.ctx, a.ID, window, 2*window-1)), []lease.Receipt{got[2]})
	same(s, "on the first", all(s, s.store.ReceiptsOn(s.ctx, miner.Hash{1})), []lease.Receipt{got[0], got[1], got[3], got[4], got[5]})
	back := slices.Clone(got)
	slices.Reverse(back)
	same(s, "backwards", all(s, s.store.ReceiptsBack(s.ctx)), back)
	same(s, "sent again", must(s.store.CommitBatch(s.ctx, committed))(s), got)
	same(s, "in the meter", must(s.store.Meter(s.ctx, a.ID))(s).Evidence.N, 4)

	more := must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 5, Receipts: []lease.Receipt{share(one[1], 0, 1)}}))(s)
	same(s, "time of one after", more[0].CommitMs, 3*window)
	same(s, "the heartbeat", must(s.store.Heartbeat(s.ctx))(s), 3*window)
	sealed = s.sealTo(3*window + 1)
	same(s, "part of a window", []any{len(sealed), sealed[1].Lease, sealed[1].Number, sealed[1].ToMs}, []any{2, b.ID, int64(1), int64(3*window + 1)})
	same(s, "backwards", all(s, s.store.ReceiptsBack(s.ctx)), append(more, back...))
}

func (s *suite) sealErrors() {
	l := s.addLease("acme")
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	const window = lease.BatchMs
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	commit := func(ms int64, nonce uint32) lease.Receipt {
		return must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 1, Receipts: []lease.Receipt{share(job, ms, nonce)}}))(s)[0]
	}
	in := []lease.Receipt{commit(10, 1), commit(20, 2), commit(30, 3)}
	good := func() []lease.SealedBatch { return must(Batches(0, window, slices.Clone(in)))(s) }
	leaves := len(all(s, s.store.Leaves(s.ctx, lease.LeafFilter{})))

	_, err := s.store.Seal(s.ctx, 1, window, good())
	s.is(err, lease.ErrConflict)
	_, err = s.store.Seal(s.ctx, 0, window, nil)
	s.is(err, lease.ErrConflict)
	_, err = s.store.Seal(s.ctx, 0, window, must(Batches(0, window, slices.Clone(in[:2])))(s))
	s.is(err, lease.ErrConflict)
	_, err = s.store.Seal(s.ctx, 0, 25, must(Batches(0, 25, slices.Clone(in[:1])))(s))
	s.is(err, lease.ErrConflict)
	other := in[2]
	other.Nonce++
	_, err = s.store.Seal(s.ctx, 0, window, must(Batches(0, window, []lease.Receipt{in[0], in[1], other}))(s))
	s.is(err, lease.ErrConflict)
	_, err = s.store.Seal(s.ctx, 0, window, append(good(), good()...))
	s.fails("two batches of a window", err)
	for what, spoil := range map[string]func(b *lease.SealedBatch){
		"another number of receipts": func(b *lease.SealedBatch) { b.N++ },
		"more work":                  func(b *lease.SealedBatch) { b.Evidence.Add(b.Evidence.Max) },
		"a wrong first Seq":          func(b *lease.SealedBatch) { b.FirstSeq-- },
		"a wrong last Seq":           func(b *lease.SealedBatch) { b.LastSeq++ },
		"too long a window":          func(b *lease.SealedBatch) { b.ToMs++ },
		"an empty window":            func(b *lease.SealedBatch) { b.ToMs = b.FromMs },
		"too late a window":          func(b *lease.SealedBatch) { b.FromMs = 11 },
		"no receipts":                func(b *lease.SealedBatch) { b.Packed = nil },
		"a thinned one":              func(b *lease.SealedBatch) { b.Thinned = true },
	} {
		batches := good()
		spoil(&batches[0])
		_, err := s.store.Seal(s.ctx, 0, window, batches)
		s.fails(what, err)
	}
	_, err = s.store.Seal(s.ctx, 0, 0, nil)
	s.fails("no time at all", err)
	same(s, "sealed", must(s.store.SealedMs(s.ctx))(s), 0)
	same(s, "leaves", len(all(s, s.store.Leaves(s.ctx, lease.LeafFilter{}))), leaves)
	same(s, "receipts", all(s, s.store.Unsealed(s.ctx, window)), in)

	late := commit(25, 4)
	_, err = s.store.Seal(s.ctx, 0, window, good())
	s.is(err, lease.ErrConflict)
	in = append(in, late)
	must(s.store.Seal(s.ctx, 0, window, good()))(s)
	_, err = s.store.Seal(s.ctx, 0, window, good())
	s.is(err, lease.ErrConflict)
	same(s, "receipts", all(s, s.store.Receipts(s.ctx, l.ID, 0, window)), in)
}
