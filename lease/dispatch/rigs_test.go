package dispatch_test

import (
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/stratum/stratumtest"
)

// crew connects rigs of different makes.
func (f *farm) crew(names ...string) (rigs []*rig, work func() (rest func())) {
	f.t.Helper()
	makes := []string{"cgminer", "minerd", "ESP-Miner", "bfgminer"}
	for i, name := range names {
		f.p.addRig(f.t, name, "", 0)
		rigs = append(rigs, f.mustConnect(device(makes[i%len(makes)]), name))
	}
	return rigs, func() func() { return f.work(rigs...) }
}

// minedBy is how many shares rigs have found.
func minedBy(rigs []*rig) (n int) {
	for _, r := range rigs {
		n += len(r.shares())
	}
	return n
}

// Rigs are moved between leases and the house a hundred times while they
// submit all they find, each starting every job with the same extranonce2 and
// nonce. No share is refused, and each counts once for the lease whose tag is
// in its coinbase: at the rigs, at the server and in the store.
func TestMovesLoseNoShare(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	var leases []lease.Lease
	for _, tenant := range []string{"alice", "bob", "carol"} {
		leases = append(leases, p.lease(t, tenant, 100_000, 200))
	}
	places := []string{leases[0].ID, leases[1].ID, "", leases[2].ID}
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one", "two", "three")
	rest := work()
	for i := range 100 {
		for k, r := range rigs {
			f.until(r.name+" has a place", func() bool { return f.MoveRig(r.name, places[(i+k)%len(places)]) })
		}
		if i%4 == 0 { // else at once
			n := minedBy(rigs)
			f.until("they work there", func() bool { return minedBy(rigs) > n+10 })
		}
	}
	n := minedBy(rigs)
	f.until("there are receipts", func() bool { return minedBy(rigs) > n+300 })
	rest()
	st := f.Server().Stats()
	f.stop()

	accepted := 0
	for _, r := range rigs {
		for _, m := range r.shares() {
			if m.err != nil {
				t.Errorf("%s: share %v refused: %v", r.name, m.hash, m.err)
			}
			accepted++
		}
	}
	if st.Accepted != uint64(accepted) || st.Resumed > 0 {
		t.Errorf("the rigs know of %d accepted shares, the server counted %+v", accepted, st)
	}
	proven := f.checkCredit(leases, rigs...)
	if proven < 20 {
		t.Errorf("only %d receipts of %d shares", proven, accepted)
	}
	for _, l := range leases {
		p.verify(t, l)
	}
	t.Logf("%d shares, %d receipts, %d jobs handed out", accepted, proven, st.Notifies)
}

// A share that solves a block is submitted even when it comes too late, and
// counts as no receipt.
func TestLateBlockIsSubmitted(t *testing.T) {
	p := newPlant(t)
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, _ := f.crew("one")
	r := rigs[0]
	var late mined
	for late.job == nil {
		network, err := r.Job.Bits.Target()
		if err != nil {
			t.Fatal(err)
		}
		job := *r.Job
		r.Difficulty = network.Difficulty()
		s, ok := r.Find()
		if !ok { // the nonces are used up
			if err := r.one(); err != nil {
				t.Fatal(err)
			}
			continue
		}
		late = mined{hash: r.hash(&job, s), job: &job, id: job.ID, at: s}
	}
	mineOne(t, f.ctx, p.coin)
	for r.Job.PrevHash == late.job.PrevHash {
		if err := r.Notified(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Submit(late.id, late.at); !isStale(err) {
		t.Errorf("the late share: %v", err)
	}
	f.until("the block was tried", func() bool {
		b, err := p.store.Block(t.Context(), late.hash)
		return err == nil && b.State == lease.Rejected && b.Reason == lease.Stale
	})
	f.stop()
	if n := len(p.proofs(t, "one")); n != 0 {
		t.Errorf("%d receipts of a share that came too late", n)
	}
	m, err := p.store.Meter(t.Context(), lease.House)
	if err != nil || m.Stale() != 1 {
		t.Errorf("%d stale shares, %v", m.Stale(), err)
	}
}

// After a restart on the same block a rig may come back with a session, an
// extranonce1 or a header that it had before: nothing counts twice.
func TestNothingCountsTwiceAfterRestart(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	// With another time in its template, the new job would have other headers.
	p.close()
	started := time.Now()
	p.clock = func() time.Time { return started }
	p.open(t)
	f := p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, _ := f.crew("one")
	r := rigs[0]
	for len(r.shares()) < 60 {
		if err := r.one(); err != nil {
			t.Fatal(err)
		}
	}

	// The connection is lost, the session is taken up again.
	session := r.Subscription.SessionID
	last := r.shares()[59]
	r.Close()
	again := device("cgminer")
	again.Hello = []stratumtest.Step{
		again.Hello[0],
		{Say: `{"id":1,"method":"mining.subscribe","params":["x","` + session + `"]}`, Replies: 1},
		{Say: `{"id":2,"method":"mining.authorize","params":[USER,PASS]}`, Until: "2"},
	}
	back := f.mustConnect(again, "one")
	if back.Subscription.SessionID != session {
		t.Fatalf("session %s instead of %s", back.Subscription.SessionID, session)
	}
	if err := back.Submit(last.id, last.at); !isRefused(err, "duplicate") {
		t.Errorf("a share submitted again in a resumed session: %v", err)
	}
	f.stop()
	before := p.proofs(t, "one")

	p.close()
	p.open(t)
	f = p.farm(t, nil)
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	back = f.mustConnect(again, "one")
	if back.Subscription.SessionID == session {
		t.Error("a session outlived the node")
	}
	if err := back.Submit(last.id, last.at); !isStale(err) {
		t.Errorf("a job of before the restart: %v", err)
	}
	submitted := 0
	for _, m := range r.shares() { // the same headers as shares of the new job
		if string(r.Subscription.Extranonce1) != string(back.Subscription.Extranonce1) || m.err != nil {
			t.Fatalf("extranonce1 %x, formerly %x; %v", back.Subscription.Extranonce1, r.Subscription.Extranonce1, m.err)
		}
		if err := back.Submit(back.Job.ID, m.at); err == nil {
			submitted++
		}
	}
	f.stop()
	after := p.proofs(t, "one")
	if len(before) == 0 || len(after) != len(before) || submitted == 0 {
		t.Errorf("%d receipts before, %d after; the server took %d shares once more", len(before), len(after), submitted)
	}
	if m, err := p.store.Meter(t.Context(), lease.House); err != nil || m.Verdicts["duplicate"] < uint64(len(before)) {
		t.Errorf("verdicts %v, %v; want %d duplicates", m.Verdicts, err, len(before))
	}
}

// A rig of the house gets jobs of its size, and each receipt has the work of
// its own job.
func TestHouseRigsGetJobsOfTheirGrade(t *testing.T) {
	p := newPlantOf(t, hardCoin)
	f := p.farm(t, func(c *dispatch.Config) {
		c.HouseProofMs = 20
		c.Stratum.Vardiff.Start = difficulty(t, "0.00048828125") // 2^21 hashes: the next grade
	})
	f.until("there are jobs", func() bool { return f.Snapshot().Templates > 0 })
	rigs, work := f.crew("one")
	rest := work()
	works := make(map[uint64]int)
	f.until("receipts of the smaller size", func() bool {
		clear(works)
		for _, s := range p.proofs(t, "one") {
			works[s.Work.Lo]++
		}
		return works[1<<16] >= 3
	})
	rest()
	f.stop()
	// No header is of both sizes, for whoever finds it to choose from.
	coinbases := make(map[string]bool)
	for _, m := range rigs[0].shares() {
		coinbases[string(m.job.Coinb1)] = true
	}
	if len(coinbases) != 2 {
		t.Errorf("jobs of two sizes have %d coinbases", len(coinbases))
	}
	for w := range works {
		if w != 1<<16 && w != 1<<20 {
			t.Errorf("receipts of sizes %v, want 2^16 and 2^20", works)
		}
	}
	f.checkHouse(rigs[0])
}

// checkHouse wants each receipt to be of a share that its rig knows.
func (f *farm) checkHouse(r *rig) {
	f.t.Helper()
	known := make(map[string]bool)
	for _, m := range r.shares() {
		known[m.hash.String()] = true
	}
	for _, s := range f.p.proofs(f.t, r.name) {
		if !known[s.hash.String()] || s.Work != s.job.Target.Work() || s.Lease != lease.House {
			f.t.Errorf("receipt %+v", s.Receipt)
		}
	}
}
