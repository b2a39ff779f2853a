package billing

import (
	"fmt"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// BenchmarkSettleHour settles an hour of 1000 leases of all models, each
// worked for by 10 of 200 sources, in SQLite.
func BenchmarkSettleHour(b *testing.B) {
	const leases, sources, each = 1000, 200, 10
	s := openSQLite(b)
	x := newSite(b, b.Context(), s, ten)
	var ids []string
	for i := range leases {
		l := lease.Lease{StartMs: ten}
		switch i % 5 {
		case 3:
			l.Model, l.Rigs = lease.Hosted, []string{fmt.Sprintf("rig-%d", i)}
			x.ok(s.AddRig(b.Context(), lease.Rig{Name: l.Rigs[0], Tenant: "acme", Token: token(), RatedMilliJTH: 20_000}))
		case 4:
			l.Model, l.Cores = lease.VirtualHosted, []int{i % lease.MaxLeaseCores}
			l.EndMs = ten + 1000*day
		}
		l = x.lease(testTerms(), l, nil)
		ids = append(ids, l.ID)
		x.prepay(ten, l.ID, 1_000_000_000)
	}
	at := ten
	for b.Loop() {
		b.StopTimer()
		batch := lease.Batch{Run: x.run, AtMs: at + minute}
		for i, id := range ids {
			for k := range each {
				source := fmt.Sprintf("cpu%d", (i+k*17)%sources)
				if i%5 == 3 {
					source = fmt.Sprintf("rig-%d", i)
				}
				batch.Receipts = append(batch.Receipts, lease.Receipt{
					Lease: id, Job: x.jobs[id].Seq, Source: source, Extranonce: []byte{1, 2, 3, 4, 5, 6}, Nonce: uint32(k), Work: x.jobs[id].Target.Work(),
				})
				if i%5 != 3 {
					batch.Counts = append(batch.Counts, lease.Count{Lease: id, Source: source, Hashes: unit})
				}
			}
		}
		_, err := s.CommitBatch(b.Context(), batch)
		x.ok(err)
		at += hour
		x.beat(at)
		b.StartTimer()
		_, err = x.Settle(b.Context(), 1<<40)
		x.ok(err)
	}
	b.StopTimer()
	n := 0
	for range s.SettledHours(b.Context(), "", ten/hour, ten/hour+1) {
		n++
	}
	x.has("settled", int64(n), leases)
}

// BenchmarkWatch looks after the budgets of as many leases in mid-hour.
func BenchmarkWatch(b *testing.B) {
	s := openSQLite(b)
	x := newSite(b, b.Context(), s, ten)
	for range 1000 {
		l := x.lease(testTerms(), lease.Lease{StartMs: ten}, nil)
		_, err := x.Prepay(b.Context(), l.ID, 1_000_000_000, l.ID, ten)
		x.ok(err)
		x.work(ten+minute, l.ID, "cpu0", 3)
	}
	x.beat(ten + 30*minute)
	for b.Loop() {
		x.ok(x.Watch(b.Context(), ten+30*minute))
	}
}
