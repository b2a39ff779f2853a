package dispatch_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// atPool makes the house work for pools, without a coin node.
func atPool(pools ...*stratumtest.Pool) func(*dispatch.Config) {
	house := &lease.Pool{User: "house.w1", Password: "x"}
	for _, pool := range pools {
		house.URLs = append(house.URLs, pool.URL("stratum+tcp"))
	}
	return func(c *dispatch.Config) { c.Node, c.Coin, c.HousePool = nil, "sandbox", house }
}

// receiptsOf are the numbers of receipts of this run, by lease.
func receiptsOf(d *dispatch.Dispatcher) map[string]uint64 {
	got := make(map[string]uint64)
	for _, r := range d.Snapshot().Rows {
		got[r.Lease] = r.Receipts
	}
	return got
}

// A node without a coin node works for the provider's pool: one connection, as
// the provider, for the house and three leases, each with its own tag in the
// pool's jobs. The node may end and begin again.
func TestHouseMinesForItsPool(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	var leases []lease.Lease
	for _, tenant := range []string{"alice", "bob", "carol"} {
		leases = append(leases, p.lease(t, tenant, p.capacity/10, 100))
	}
	for run := range 2 {
		blocks, before := 0, pool.Accepted()
		p.runWith(t, atPool(pool), func(d *dispatch.Dispatcher) bool {
			got := receiptsOf(d)
			if blocks < 2 && pool.Accepted() > before+3*(blocks+1) {
				pool.NewJob(true) // a new block at the pool
				blocks++
			}
			return blocks == 2 && pool.Accepted() > before+12 && got[lease.House] > 3 &&
				!slices.ContainsFunc(leases, func(l lease.Lease) bool { return got[l.ID] < 5 })
		})
		if _, ever := pool.Connections(); ever != run+1 {
			t.Errorf("%d connections in run %d", ever, run+1)
		}
	}
	if bad := pool.Misbehaviour(); len(bad) > 0 {
		t.Errorf("the pool saw %v", bad)
	}
	for reason, n := range pool.Rejected() {
		if reason != "stale" || n > 8 {
			t.Errorf("the pool refused %d shares: %s", n, reason)
		}
	}
	for _, s := range pool.Shares() {
		if s.User != "house.w1" {
			t.Fatalf("a share of %q", s.User)
		}
	}
	accepted := uint64(0)
	for _, l := range leases {
		m, err := p.store.Meter(t.Context(), l.ID)
		if err != nil {
			t.Fatal(err)
		}
		accepted += m.Upstream.Accepted
		p.verify(t, l)
	}
	if accepted == 0 || accepted > uint64(pool.Accepted()) {
		t.Errorf("the store knows of %d accepted shares of leases, the pool took %d", accepted, pool.Accepted())
	}
	p.checkPooled(t, leases)
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
}

// checkPooled looks at every receipt: its job is a pool's, and has the
// beginning of its lease's tag and no other's; and all work is metered by its
// worth.
func (p *plant) checkPooled(t *testing.T, leases []lease.Lease) {
	t.Helper()
	tags := make(map[string]lease.Tag)
	for _, l := range leases {
		tags[l.ID] = l.Tag
	}
	house := make(map[lease.Tag]bool)
	work, n := make(map[string]uint64), 0
	for r, err := range p.store.ReceiptsBack(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		job, err := p.store.Job(t.Context(), r.Job)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := p.store.Template(t.Context(), job.Template)
		if err != nil {
			t.Fatal(err)
		}
		document, err := receipt.DecodeTemplate(stored.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !document.IsPool() || job.Earns == nil {
			t.Fatalf("receipt %d of %s is of no pool's job, or one of no worth", r.Seq, r.Lease)
		}
		if tag, ok := tags[r.Lease]; ok && job.Tag != tag {
			t.Fatalf("receipt %d of %s has another tag", r.Seq, r.Lease)
		} else if !ok {
			house[job.Tag] = true
		}
		work[r.Lease] += r.Work.Lo
		n++
	}
	for tag := range house {
		for id, other := range tags {
			if tag[0] == other[0] && tag[1] == other[1] {
				t.Errorf("the house's tag %v begins like that of %s", tag, id)
			}
		}
	}
	metered := make(map[string]uint64)
	for e, err := range p.store.HourEarnings(t.Context(), "", 0, 1<<40) {
		if err != nil {
			t.Fatal(err)
		}
		metered[e.Lease] += e.Work.Lo
	}
	for id, w := range work {
		if metered[id] != w {
			t.Errorf("%s: work of %d is metered by its worth, proven is %d", id, metered[id], w)
		}
	}
	t.Logf("%d receipts", n)
}

// When the house's pool is lost its leases go on at the next one, and where
// there is none they get no work, which is nobody's fault but the provider's.
func TestHousePoolFailsOver(t *testing.T) {
	p := newPlant(t)
	first := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	second := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 12, Difficulty: "0.001"})
	l := p.lease(t, "alice", p.capacity/4, 100)
	stage, before := 0, uint64(0)
	told := ""
	p.runWith(t, atPool(first, second), func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		switch stage {
		case 0:
			if first.Accepted() > 3 && s.Upstream == first.URL("stratum+tcp") {
				first.Down(true)
				stage = 1
			}
		case 1:
			if second.Accepted() > 3 && s.Upstream == second.URL("stratum+tcp") {
				second.Down(true)
				stage = 2
			}
		case 2:
			for _, note := range s.Notes {
				if strings.Contains(note, "not to be reached") {
					told, stage, before = note, 3, receiptsOf(d)[l.ID]
					first.Down(false)
				}
			}
		case 3:
			return receiptsOf(d)[l.ID] > before+3
		}
		return false
	})
	if !strings.HasPrefix(told, "the house: ") {
		t.Errorf("the node said %q", told)
	}
	exclusions, err := p.store.Exclusions(t.Context(), 0, 1<<60)
	if err != nil || len(exclusions) > 0 {
		t.Errorf("%+v, %v: the provider's own pool is no excuse", exclusions, err)
	}
	p.verify(t, l)
}

// Rigs work for the house and for leases at the house's pool, and what they
// find counts for whose tag it has.
func TestRigsAtTheHousesPool(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 16, Difficulty: rigShare})
	l := p.lease(t, "alice", 100_000, 200)
	f := p.farm(t, atPool(pool))
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one", "two")
	rest := work()
	for i, place := range []string{l.ID, "", l.ID, ""} {
		f.until("a rig has a place", func() bool { return f.MoveRig("one", place) })
		if i == 2 {
			pool.NewJob(true)
		}
		n, had := minedBy(rigs), receiptsOf(f.Dispatcher)[l.ID]
		f.until("they work there", func() bool {
			return minedBy(rigs) > n+20 && (place != l.ID || receiptsOf(f.Dispatcher)[l.ID] > had+3)
		})
	}
	before := pool.Accepted()
	f.until("the pool gets shares", func() bool { return pool.Accepted() > before+20 })
	rest()
	f.stop()
	if proven := f.checkCredit([]lease.Lease{l}, rigs...); proven < 4 {
		t.Errorf("only %d receipts", proven)
	}
	p.checkPooled(t, []lease.Lease{l})
	p.verify(t, l)
	for reason, n := range pool.Rejected() {
		if reason != "stale" {
			t.Errorf("the pool refused %d shares: %s", n, reason)
		}
	}
}

// Where only the beginning of tags fits, the second lease with the same one gets
// no work, and the node says why; the house takes another tag.
func TestTagsMustDifferAtTheHousesPool(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	first := p.lease(t, "alice", p.capacity/10, 100)
	var leases []lease.Lease
	like := []lease.Tag{first.Tag, p.house()[0].Tag}
	for i := range like {
		like[i][lease.TagSize-1]++ // the end is another
		l := first
		l.ID = ""
		added, err := p.store.AddLease(t.Context(), l, 1<<62, func(string) (lease.Tag, []lease.Event, error) { return like[i], nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		leases = append(leases, added)
	}
	told := false
	p.runWith(t, atPool(pool), func(d *dispatch.Dispatcher) bool {
		got := receiptsOf(d)
		for _, note := range d.Snapshot().Notes {
			told = told || strings.Contains(note, leases[0].ID) && strings.Contains(note, "begins like that of lease "+first.ID)
		}
		return told && got[first.ID] > 3 && got[leases[1].ID] > 3 && got[lease.House] > 3
	})
	m, err := p.store.Meter(t.Context(), leases[0].ID)
	if err != nil || m.Evidence.N != 0 {
		t.Errorf("%d receipts of a lease whose tag is another's, %v", m.Evidence.N, err)
	}
	p.checkPooled(t, []lease.Lease{first, leases[1]})
}
