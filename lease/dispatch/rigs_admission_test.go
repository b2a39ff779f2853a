package dispatch_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

func isRefused(err error, reason string) bool {
	var e *stratum.Error
	return errors.As(err, &e) && e.Reason() == reason
}

func isStale(err error) bool { return isRefused(err, lease.Stale) }

// mineOne lets somebody else find a block.
func mineOne(t testing.TB, ctx context.Context, coin solo.Node) {
	t.Helper()
	for {
		template, err := coin.Template(ctx)
		if err != nil {
			t.Fatal(err)
		}
		job, err := solo.BuildJob(template, "1", [16]byte{0xff}, []stratum.Output{{Value: template.CoinbaseValue, Script: []byte{0x52}}})
		if err != nil {
			t.Fatal(err)
		}
		target, err := job.Bits.Target()
		if err != nil {
			t.Fatal(err)
		}
		extranonce := make([]byte, 6)
		h := job.Header(extranonce, job.Version, job.Time, 0)
		hash := h.Hash()
		for ; !hash.Meets(target); hash = h.Hash() {
			h.SetNonce(h.Nonce() + 1)
		}
		raw, err := solo.AssembleBlock(template, job.Coinbase(extranonce), h)
		if err != nil {
			t.Fatal(err)
		}
		if err := solo.Adopt(ctx, coin, raw, hash, template.Height); err == nil {
			return
		}
	}
}

// A rig that is switched off, removed or given another password while it works
// is sent away within about a second, and does not come back.
func TestChangedRigIsSentAway(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	for name, change := range map[string]func(*lease.Rig) error{
		"disabled": func(r *lease.Rig) error { r.DisabledMs = 5; return nil },
		"removed":  func(r *lease.Rig) error { r.RemovedMs = 5; return nil },
		"retoken": func(r *lease.Rig) (err error) {
			r.Token, err = lease.NewTokenHash([16]byte{2}, "ZYXWVUTSRQPONMLKJIHGFEDCBA")
			return err
		},
	} {
		rigs, _ := f.crew(name, name+"-bystander")
		for _, r := range rigs {
			if err := r.one(); err != nil {
				t.Fatal(err)
			}
		}
		manager := p.manage(t)
		if _, err := manager.ChangeRig(t.Context(), name, change); err != nil {
			t.Fatal(err)
		}
		manager.Close()
		begin := time.Now()
		for rigs[0].one() == nil {
			if time.Since(begin) > 30*time.Second {
				t.Fatalf("%s: still there after %v", name, time.Since(begin))
			}
		}
		t.Logf("%s: gone after %v", name, time.Since(begin))
		if _, err := f.connect(device("minerd"), name); !isRefused(err, "unauthorized") {
			t.Errorf("%s: came back with %v", name, err)
		}
		if err := rigs[1].one(); err != nil {
			t.Errorf("%s: a rig that nobody changed: %v", name, err)
		}
	}
}

// Machines that nobody added are refused, or work for the house, and then for
// nobody else.
func TestUnknownRigs(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	l := p.lease(t, "alice", 100<<20, 200)
	p.addRig(t, "known", "", 0)
	f := p.farm(t, nil)
	if _, err := f.connect(device("minerd"), "stranger"); !isRefused(err, "unauthorized") {
		t.Errorf("a stranger: %v", err)
	}
	f.stop()

	p.close()
	p.open(t)
	f = p.farm(t, func(c *dispatch.Config) { c.UnknownRigs = true })
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	if _, err := f.connect(device("minerd"), "alice.known"); !isRefused(err, "unauthorized") {
		t.Errorf("a rig under another owner's name: %v", err)
	}
	r := f.mustConnect(device("minerd"), "stranger")
	r.name = lease.UnknownRig
	rest := f.work(r)
	begin := time.Now()
	f.until("the allocation has looked at it", func() bool { return len(r.shares()) > 100 && time.Since(begin) > 2500*time.Millisecond })
	rest()
	rows := f.Rigs()
	f.stop()
	if len(rows) != 1 || rows[0].Lease != lease.House || rows[0].Rig != lease.UnknownRig {
		t.Errorf("%+v", rows)
	}
	if n := f.checkCredit([]lease.Lease{l}, r); n == 0 {
		t.Error("the house has no receipts of it")
	}
	for _, s := range p.proofs(t, lease.UnknownRig) {
		if s.Lease != lease.House {
			t.Errorf("receipt %d is of %s", s.Seq, s.Lease)
		}
	}
}

// A tenant's own rig waits until there is a lease of its tenant, works for that
// and nobody else, and waits again when it is over.
func TestTenantsRigWorksForItsTenantAlone(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	alice := p.lease(t, "alice", 100_000, 200)
	manager := p.manage(t)
	defer manager.Close()
	bob := p.lease(t, "bob", 100_000, 200)
	closeLease(t, manager, bob.ID)
	p.addRig(t, "own", "bob", 0)
	var ahead atomic.Int64 // of the clock
	f := p.farm(t, func(c *dispatch.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	r := f.mustConnect(device("cgminer"), "bob.own")
	r.name = "own"
	for range 20 {
		if err := r.one(); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range r.shares() {
		if !isStale(m.err) {
			t.Errorf("a share without a lease: %v", m.err)
		}
	}
	if rows := f.Rigs(); len(rows) != 1 || rows[0].Lease != dispatch.Waiting {
		t.Errorf("%+v", rows)
	}

	next, err := manager.AddLease(t.Context(), lease.Lease{
		Tenant: "bob", Model: lease.Leased, ContractedHps: 100_000, StartMs: time.Now().UnixMilli(), ProofMs: 200, Terms: p.terms,
	}, 1<<62, func(string) (lease.Tag, []lease.Event, error) { return lease.Tag{15: 9}, nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	own := func() (n int) {
		for _, m := range r.shares() {
			if m.err == nil {
				n++
			}
		}
		return n
	}
	f.until("it works for the new lease", func() bool {
		if err := r.one(); err != nil {
			t.Fatal(err)
		}
		return own() > 200
	})
	if rows := f.Rigs(); rows[0].Lease != next.ID {
		t.Errorf("%+v", rows)
	}
	closeLease(t, manager, next.ID)
	f.until("it waits again", func() bool { return f.Rigs()[0].Lease == dispatch.Waiting })
	ahead.Store(int64(time.Minute)) // what it had in hand is done
	after := own()
	for range 20 {
		if err := r.one(); err != nil {
			t.Fatal(err)
		}
	}
	if own() != after {
		t.Errorf("%d shares count for a lease that is over", own()-after)
	}
	f.stop()
	f.checkCredit([]lease.Lease{alice, bob, next}, r)
	for _, s := range p.proofs(t, "own") {
		if s.Lease != next.ID {
			t.Errorf("receipt %d is of %s", s.Seq, s.Lease)
		}
	}
	var m lease.Meter
	if m, err = p.store.Meter(t.Context(), next.ID); err != nil || m.Evidence.Sum == (miner.Work{}) {
		t.Errorf("nothing proven: %+v, %v", m, err)
	}
}

// The rigs of the provider go on elsewhere at once when their lease is closed;
// what they had in hand counts for it.
func TestLeaseEndsUnderItsRigs(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	alice := p.lease(t, "alice", 100_000, 200)
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one", "two")
	rest := work()
	for _, r := range rigs {
		f.until(r.name+" has a place", func() bool { return f.MoveRig(r.name, alice.ID) })
	}
	n := minedBy(rigs)
	f.until("they work for it", func() bool { return minedBy(rigs) > n+200 })
	manager := p.manage(t)
	closeLease(t, manager, alice.ID)
	manager.Close()
	f.until("they are with the house", func() bool {
		for _, row := range f.Rigs() {
			if row.Lease != lease.House {
				return false
			}
		}
		return true
	})
	n = minedBy(rigs)
	f.until("they work there", func() bool { return minedBy(rigs) > n+200 })
	rest()
	shown := false
	for _, row := range f.Snapshot().Rows {
		shown = shown || row.Lease == alice.ID && row.Receipts > 0
	}
	if !shown {
		t.Error("a lease that only rigs served is not shown when it is over")
	}
	f.stop()
	for _, r := range rigs {
		for _, m := range r.shares() {
			if m.err != nil {
				t.Errorf("%s: %v", r.name, m.err)
			}
		}
	}
	if f.checkCredit([]lease.Lease{alice}, rigs...) == 0 {
		t.Error("no receipts")
	}
	p.verify(t, alice)
}

// Rigs that connect before there is any job get one as soon as there is, and
// so do those that come in a crowd when a node starts.
func TestRigsBeforeTheFirstJob(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	p.addRig(t, "early", "", 0)
	hold := make(chan struct{})
	store := &hookedStore{Store: p.store, putJobs: func() error {
		<-hold
		return nil
	}}
	f := p.farm(t, func(c *dispatch.Config) { c.Store = store })
	connected := make(chan *rig, 1)
	go func() {
		r, err := f.connect(device("minerd"), "early") // waits for a job
		if err != nil {
			t.Error(err)
		}
		connected <- r
	}()
	f.until("it logged in", func() bool { return len(f.Rigs()) == 1 })
	close(hold)
	if r := <-connected; r != nil {
		if err := r.one(); err != nil {
			t.Error(err)
		}
	}
}
