package dispatch_test

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// add adds a lease of a tenant that is made if need be.
func (p *plant) add(t *testing.T, l lease.Lease) lease.Lease {
	t.Helper()
	store := p.manage(t)
	defer store.Close()
	pub := ed25519.NewKeyFromSeed(append(make([]byte, 31), l.Tenant[0])).Public().(ed25519.PublicKey)
	now := time.Now().UnixMilli()
	if _, err := store.Tenant(t.Context(), l.Tenant); err != nil {
		if err := store.AddTenant(t.Context(), lease.Tenant{ID: l.Tenant, Key: pub, CreatedMs: now}); err != nil {
			t.Fatal(err)
		}
	}
	l.StartMs, l.Terms, l.Nonce[0] = now, p.terms, byte(len(l.Rigs)+len(l.Cores))
	l.Provider = p.provider()
	l, err := store.AddLease(t.Context(), l, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		return lease.NewTag(lease.TagInput{Provider: p.key.Public().(ed25519.PublicKey), Lease: id, Tenant: pub, Nonce: l.Nonce, Terms: p.terms}), nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// change changes a lease as a command does while the node runs.
func (p *plant) change(t testing.TB, id string, change func(l *lease.Lease, now int64) error) {
	t.Helper()
	_, err := p.store.ChangeLease(t.Context(), id, 1<<62, func(l *lease.Lease) ([]lease.Event, error) {
		return nil, change(l, time.Now().UnixMilli())
	})
	if err != nil {
		t.Fatal(err)
	}
}

func pause(l *lease.Lease, now int64) error  { return l.Pause(lease.PauseTenant, now) }
func resume(l *lease.Lease, now int64) error { return l.Resume(lease.PauseTenant, now) }

// countedBy is what a thread counted, by lease.
func (p *plant) countedBy(t *testing.T, source string) map[string]miner.Work {
	t.Helper()
	counted := make(map[string]miner.Work)
	for m, err := range p.store.HourMeters(t.Context(), "", 0, 1<<40) {
		if err != nil {
			t.Fatal(err)
		}
		if m.Source == source && !m.Counted.IsZero() {
			counted[m.Lease] = counted[m.Lease].Add(m.Counted)
		}
	}
	return counted
}

func row(s dispatch.Snapshot, id string) dispatch.Row {
	i := slices.IndexFunc(s.Rows, func(r dispatch.Row) bool { return r.Lease == id })
	if i < 0 {
		return dispatch.Row{}
	}
	return s.Rows[i]
}

// unpinned reports whether threads cannot be kept on processors here.
func unpinned(s dispatch.Snapshot) bool {
	return slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, "not pinned") })
}

// A tenant's own processor: every hash that its thread counts is the tenant's,
// for the pool of the tenant's choice; while the tenant has stopped it, it is
// the house's; and never is it another tenant's.
func TestVirtualHosted(t *testing.T) {
	p := newPlant(t)
	pool := stratumtest.NewPool(t, stratumtest.Options{Extranonce2Size: 8, Difficulty: "0.001"})
	cpu := miner.Processors()[0]
	own := p.add(t, lease.Lease{
		Tenant: "alice", Model: lease.VirtualHosted, ContractedHps: p.capacity, ProofMs: 100, Cores: []int{cpu},
		Pool: &lease.Pool{URLs: []string{pool.URL("stratum+tcp")}, User: "alice", Password: "x"},
	})
	other := p.add(t, lease.Lease{Tenant: "bob", Model: lease.Leased, ContractedHps: 4 * p.capacity, ProofMs: 100}) // takes all it can get
	threads := max(2, len(miner.Processors()))
	stage, n, refused := 0, uint64(0), false
	p.runWith(t, func(c *dispatch.Config) { c.PoolAllow, c.Threads = anyAddress, threads }, func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		if refused = unpinned(s); refused {
			return row(s, own.ID).Counted == 0 && row(s, other.ID).Receipts > 5
		}
		switch stage {
		case 0:
			if pool.Accepted() > 3 && row(s, own.ID).Receipts > 3 && row(s, other.ID).Receipts > 3 {
				p.change(t, own.ID, pause)
				stage, n = 1, row(s, lease.House).Counted
			}
		case 1:
			if row(s, lease.House).Counted > n+p.capacity/10 {
				p.change(t, own.ID, resume)
				stage, n = 2, row(s, own.ID).Counted
			}
		case 2:
			return row(s, own.ID).Counted > n+p.capacity/10
		}
		return false
	})
	if refused {
		t.Log("threads cannot be pinned here: the lease got nothing, as it should")
		return
	}
	for i := range threads {
		counted := p.countedBy(t, "cpu"+string(rune('0'+i)))
		if i == 0 {
			if len(counted) != 2 || counted[own.ID].IsZero() || counted[lease.House].IsZero() {
				t.Errorf("the tenant's thread worked for %v", counted)
			}
		} else if _, its := counted[own.ID]; its && i%len(miner.Processors()) != 0 {
			t.Errorf("thread %d worked for %v", i, counted)
		}
	}
	p.verify(t, own)
	p.verify(t, other)
}

// A processor that the node has no thread on is told of, in an event too, and
// nothing is delivered by others.
func TestProcessorWithoutThread(t *testing.T) {
	p := newPlant(t)
	l := p.add(t, lease.Lease{Tenant: "alice", Model: lease.VirtualHosted, ContractedHps: 1000, ProofMs: 100, Cores: []int{1000}})
	p.run(t, func(s dispatch.Snapshot) bool {
		return row(s, lease.House).Receipts > 3 && slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, l.ID) })
	})
	m, err := p.store.Meter(t.Context(), l.ID)
	if err != nil || !m.Counted.IsZero() || m.Evidence.N > 0 {
		t.Errorf("delivered %+v, %v", m, err)
	}
	n := 0
	for e, err := range p.store.Events(t.Context(), lease.EventFilter{Lease: l.ID, Kinds: []lease.EventKind{lease.EventPlacement}}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; !strings.Contains(string(e.Body), "1000") || e.Tenant != "alice" {
			t.Errorf("event %+v", e)
		}
	}
	if n != 1 {
		t.Errorf("%d events", n)
	}
}

// A paused lease gets no work, which costs neither it nor anybody a share, and
// goes on where it was.
func TestPauseUnderLoad(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	l := p.lease(t, "alice", 100_000, 200)
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one", "two")
	rest := work()
	at := func(id string) func() bool {
		return func() bool {
			return !slices.ContainsFunc(f.Rigs(), func(r dispatch.RigRow) bool { return r.Lease != id })
		}
	}
	for range 3 {
		for _, r := range rigs {
			f.until(r.name+" works for the lease", func() bool { return f.MoveRig(r.name, l.ID) })
		}
		n := row(f.Snapshot(), l.ID).Receipts
		f.until("the lease has receipts", func() bool { return row(f.Snapshot(), l.ID).Receipts > n+5 })
		p.change(t, l.ID, pause)
		f.until("the rigs are the house's", at(lease.House))
		n = row(f.Snapshot(), l.ID).Counted
		m := minedBy(rigs)
		f.until("they work there", func() bool { return minedBy(rigs) > m+20 })
		if now := row(f.Snapshot(), l.ID).Counted; now != n {
			t.Errorf("threads made %d hashes for a paused lease", now-n)
		}
		p.change(t, l.ID, resume)
	}
	rest()
	f.stop()
	for _, r := range rigs {
		for _, m := range r.shares() {
			if m.err != nil {
				t.Errorf("%s: share %v refused: %v", r.name, m.hash, m.err)
			}
		}
	}
	if n := f.checkCredit([]lease.Lease{l}, rigs...); n < 20 {
		t.Errorf("only %d receipts", n)
	}
	p.verify(t, l)
}

// A hosted lease's rig works for it and for nothing else, also while it is
// paused; the tenant's other rigs go on, and never work for it.
func TestHostedRigs(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	other := p.lease(t, "alice", 100_000, 200)
	for _, name := range []string{"own", "other"} {
		p.addRig(t, name, "alice", 100_000)
	}
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	own, second := f.mustConnect(device("cgminer"), "own"), f.mustConnect(device("minerd"), "other")
	place := func(rig string) string {
		all := f.Rigs()
		if i := slices.IndexFunc(all, func(r dispatch.RigRow) bool { return r.Rig == rig }); i >= 0 {
			return all[i].Lease
		}
		return ""
	}
	f.until("both have their places", func() bool { return place("own") != "" && place("other") != "" })
	if at := place("own"); at != other.ID {
		t.Errorf("before its lease begins the rig works for %s", at)
	}
	hosted := p.add(t, lease.Lease{Tenant: "alice", Model: lease.Hosted, ContractedHps: 100_000, ProofMs: 200, Rigs: []string{"own"}})
	f.until("the rig works for its lease", func() bool { return place("own") == hosted.ID })
	for f.owner(own, hosted, other) != hosted.ID {
		if err := own.Notified(); err != nil {
			t.Fatal(err)
		}
	}
	rest := f.work(own, second)
	f.until("both have receipts", func() bool {
		s := f.Snapshot()
		return row(s, hosted.ID).Receipts > 5 && row(s, other.ID).Receipts > 5
	})
	rest()
	p.change(t, hosted.ID, pause)
	f.until("the rig waits", func() bool { return place("own") == dispatch.Waiting })
	if at := place("other"); at != other.ID {
		t.Errorf("the tenant's other rig works for %s", at)
	}
	p.change(t, hosted.ID, resume)
	f.until("the rig works again", func() bool { return place("own") == hosted.ID })
	p.change(t, hosted.ID, func(l *lease.Lease, now int64) error { l.ClosedMs = now; return nil })
	f.until("the rig is its tenant's again", func() bool { return place("own") == other.ID })
	f.stop()
	for _, c := range []struct{ rig, lease string }{{"own", hosted.ID}, {"other", other.ID}} {
		for _, s := range p.proofs(t, c.rig) {
			if s.Lease != c.lease {
				t.Errorf("receipt %d of rig %s is %s's", s.Seq, c.rig, s.Lease)
			}
		}
	}
	m, err := p.store.Meter(t.Context(), hosted.ID)
	if err != nil || !m.Counted.IsZero() {
		t.Errorf("threads worked for a hosted lease: %v, %v", m.Counted, err)
	}
	p.verify(t, hosted)
}

// owner is the lease that a rig's job is of.
func (f *farm) owner(r *rig, leases ...lease.Lease) string {
	return owner(f.t, r.Job, slices.Concat(leases, f.p.house()))
}
