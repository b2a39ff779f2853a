package leasetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// sampleToken makes a token of one letter.
func sampleToken(letter string) string { return strings.Repeat(letter, lease.TokenSize) }

// sampleRig is valid; its token is of its first letter.
func (s *suite) sampleRig(name, tenant string) lease.Rig {
	s.Helper()
	token := must(lease.NewTokenHash([16]byte{1, 255}, sampleToken(name[:1])))(s)
	return lease.Rig{Name: name, Tenant: tenant, Token: token, CreatedMs: 1_700_000_000_123,
		Note: "row 3, shelf é", RatedHps: lease.MaxContractedHps, RatedMilliJTH: 17_500}
}

func (s *suite) rigs() {
	same(s, "no rigs", len(must(s.store.Rigs(s.ctx))(s)), 0)
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	b, a := s.sampleRig("bitaxe-1", "acme"), s.sampleRig("antminer", "")
	b.DisabledMs, b.RatedHps, b.RatedMilliJTH, b.Note = 5, 0, 0, ""
	s.ok(s.store.AddRig(s.ctx, b))
	s.ok(s.store.AddRig(s.ctx, a))
	same(s, "rig", must(s.store.Rig(s.ctx, "bitaxe-1"))(s), b)
	same(s, "rigs", must(s.store.Rigs(s.ctx))(s), []lease.Rig{a, b})
	_, err := s.store.Rig(s.ctx, "nobody")
	s.is(err, lease.ErrNotFound)

	s.is(s.store.AddRig(s.ctx, s.sampleRig("antminer", "acme")), lease.ErrExists)
	s.is(s.store.AddRig(s.ctx, s.sampleRig("x", "nobody")), lease.ErrNotFound)
	for _, name := range []string{"cpu0", lease.House, "No Such Name"} {
		s.fails("rig "+name, s.store.AddRig(s.ctx, s.sampleRig(name, "")))
	}
	tokenless := s.sampleRig("x", "")
	tokenless.Token = lease.TokenHash{}
	s.fails("a rig without a token", s.store.AddRig(s.ctx, tokenless))
	same(s, "rigs after the errors", len(must(s.store.Rigs(s.ctx))(s)), 2)
}

func (s *suite) changeRig() {
	s.ok(s.store.AddTenant(s.ctx, sampleTenant("acme")))
	want := s.sampleRig("bitaxe-1", "acme")
	s.ok(s.store.AddRig(s.ctx, want))
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("other", "")))
	change := func(f func(*lease.Rig)) {
		s.Helper()
		got := must(s.store.ChangeRig(s.ctx, want.Name, func(r *lease.Rig) error { f(r); return nil }))(s)
		f(&want)
		want.Name, want.Tenant, want.CreatedMs = "bitaxe-1", "acme", 1_700_000_000_123
		same(s, "changed", got, want)
		same(s, "stored", must(s.store.Rig(s.ctx, want.Name))(s), want)
	}
	change(func(r *lease.Rig) { r.DisabledMs = 77 })
	change(func(r *lease.Rig) { r.DisabledMs, r.Note, r.RatedHps, r.RatedMilliJTH = 0, "new fan", 1, 2 })
	change(func(r *lease.Rig) { r.Token = must(lease.NewTokenHash([16]byte{2}, sampleToken("z")))(s) })
	change(func(r *lease.Rig) { r.Name, r.Tenant, r.CreatedMs = "other", "nobody", 1 }) // these stay

	refused := errors.New("refused")
	_, err := s.store.ChangeRig(s.ctx, want.Name, func(r *lease.Rig) error { r.Note = "half done"; return refused })
	s.is(err, refused)
	_, err = s.store.ChangeRig(s.ctx, want.Name, func(r *lease.Rig) error { r.Note = "two\nlines"; return nil })
	s.fails("an invalid change", err)
	_, err = s.store.ChangeRig(s.ctx, "nobody", func(*lease.Rig) error { return nil })
	s.is(err, lease.ErrNotFound)
	same(s, "after the errors", must(s.store.Rig(s.ctx, want.Name))(s), want)

	// Removed is for ever, and so is the name.
	change(func(r *lease.Rig) { r.RemovedMs = 99 })
	_, err = s.store.ChangeRig(s.ctx, want.Name, func(r *lease.Rig) error { r.RemovedMs = 0; return nil })
	s.is(err, lease.ErrClosed)
	s.is(s.store.AddRig(s.ctx, s.sampleRig("bitaxe-1", "acme")), lease.ErrExists)
	same(s, "after its removal", must(s.store.Rig(s.ctx, want.Name))(s), want)
	same(s, "the other", must(s.store.Rig(s.ctx, "other"))(s), s.sampleRig("other", ""))
}

// changeRigAtOnce checks that changes of many do not undo one another.
func (s *suite) changeRigAtOnce() {
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("r", "")))
	var wg sync.WaitGroup
	const n = 16
	for range n {
		wg.Go(func() {
			_, err := s.store.ChangeRig(s.ctx, "r", func(r *lease.Rig) error { r.Note += "x"; return nil })
			if err != nil {
				s.Error(err)
			}
		})
	}
	wg.Wait()
	note := s.sampleRig("r", "").Note
	same(s, "note", must(s.store.Rig(s.ctx, "r"))(s).Note, note+strings.Repeat("x", n))
}

func (s *suite) rigsVersion() {
	v := must(s.store.RigsVersion(s.ctx))(s)
	changes := func(what string, want bool) {
		s.Helper()
		now := must(s.store.RigsVersion(s.ctx))(s)
		same(s, what, now != v, want)
		v = now
	}
	changes("nothing", false)
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("r", "")))
	changes("a new rig", true)
	set := func(ms int64) func(*lease.Rig) error {
		return func(r *lease.Rig) error { r.DisabledMs = ms; return nil }
	}
	must(s.store.ChangeRig(s.ctx, "r", set(5)))(s)
	changes("a changed rig", true)
	must(s.store.ChangeRig(s.ctx, "r", set(5)))(s)
	changes("a rig that stays as it was", false)
	s.is(s.store.AddRig(s.ctx, s.sampleRig("r", "")), lease.ErrExists)
	l := s.addLease("acme")
	job := s.addJobs(miner.Hash{1}, 1000, l.ID)[0]
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	r := share(job, 100, 1)
	r.Source = "r"
	must(s.store.CommitBatch(s.ctx, lease.Batch{Run: run, AtMs: 100, Receipts: []lease.Receipt{r}}))(s)
	changes("tenants, leases and receipts", false)
}

// rigMeters checks the sums of rigs against those of their receipts.
func (s *suite) rigMeters() {
	l, other := s.addLease("acme"), s.addLease("bob")
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("a", "")))
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("b", "acme")))
	s.ok(s.store.AddRig(s.ctx, s.sampleRig("idle", "")))
	nothing := lease.RigMeter{Meter: lease.Meter{Verdicts: map[string]uint64{}}}
	same(s, "no meters", len(must(s.store.RigMeters(s.ctx, 0))(s)), 0)
	same(s, "idle", must(s.store.RigMeter(s.ctx, "idle", 0))(s), nothing)
	_, err := s.store.RigMeter(s.ctx, "nobody", 0)
	s.is(err, lease.ErrNotFound)

	low, high := s.addJobs(miner.Hash{1}, 1000, l.ID, other.ID), s.addJobs(miner.Hash{2}, 1<<50, l.ID)
	run := must(s.store.BeginRun(s.ctx, 1))(s)
	want := map[string]*lease.RigMeter{}
	const since, last = 5 * lease.RigSlotMs, 7 * lease.RigSlotMs
	for i := range int64(8) {
		at := i * lease.RigSlotMs // the first ms of a slot
		b := lease.Batch{Run: run, N: uint64(i) + 1, AtMs: at + 1}
		for k, job := range []lease.Job{low[0], low[1], high[0]} {
			for _, source := range []string{"a", "b", "cpu0", lease.UnknownRig} {
				if source == "b" && i > 2 {
					continue
				}
				r := share(job, max(at, 1), uint32(i*100)+uint32(k))
				r.Source = source
				b.Receipts = append(b.Receipts, r)
				m := want[source]
				if m == nil {
					m = &lease.RigMeter{Meter: lease.Meter{Verdicts: map[string]uint64{}}}
					want[source] = m
				}
				m.Evidence.Add(r.Work)
				m.LastMs = max(m.LastMs, r.CommitMs)
				if at >= since {
					m.Recent.Add(r.Work)
				}
			}
		}
		b.Verdicts = []lease.Verdict{
			{Lease: l.ID, Source: "a", Reason: lease.Stale, N: 2}, {Lease: other.ID, Source: "a", Reason: lease.Stale, N: 1},
			{Lease: l.ID, Source: "a", Reason: "duplicate", N: 1}, {Lease: l.ID, Source: "cpu0", Reason: "duplicate", N: 1},
		}
		want["a"].Verdicts[lease.Stale] += 3
		want["a"].Verdicts["duplicate"]++
		want["a"].LastMs = b.AtMs
		first := must(s.store.CommitBatch(s.ctx, b))(s)
		same(s, "again", must(s.store.CommitBatch(s.ctx, b))(s), first) // counts once
	}
	got := must(s.store.RigMeters(s.ctx, since))(s)
	same(s, "rigs with meters", slices.Sorted(maps.Keys(got)), []string{"a", "b"})
	for name, m := range got {
		same(s, "meter of "+name, fmt.Sprintf("%+v", m), fmt.Sprintf("%+v", *want[name]))
		same(s, "meter of "+name+" alone", fmt.Sprintf("%+v", must(s.store.RigMeter(s.ctx, name, since))(s)), fmt.Sprintf("%+v", m))
	}
	// A slot counts as recent when it begins at the moment or later.
	for _, tt := range []struct {
		since int64
		n     uint64
	}{{0, 24}, {1, 21}, {last - 1, 3}, {last, 3}, {last + 1, 0}, {-5, 24}} {
		same(s, fmt.Sprintf("recent since %d", tt.since), must(s.store.RigMeter(s.ctx, "a", tt.since))(s).Recent.N, tt.n)
	}
	// A refused share alone is a sign of life, too.
	b := lease.Batch{Run: run, AtMs: last + 2, Verdicts: []lease.Verdict{{Lease: l.ID, Source: "idle", Reason: lease.Stale, N: 1}}}
	must(s.store.CommitBatch(s.ctx, b))(s)
	idle := must(s.store.RigMeter(s.ctx, "idle", since))(s)
	if idle.LastMs != last+2 || idle.Stale() != 1 || idle.Evidence.N != 0 {
		s.Errorf("after a stale share: %+v", idle)
	}
}
