package dispatch_test

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/solo/sandbox"
)

// plant is a node's directory with a sandbox coin, a store and a provider.
type plant struct {
	dir      string
	store    lease.Store
	coin     *sandbox.Node
	key      ed25519.PrivateKey
	terms    lease.TermsHash
	capacity uint64
	kernel   *miner.Kernel
	easiest  miner.Bits       // of the coin
	clock    func() time.Time // of the coin; nil: time.Now
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	return newPlantOf(t, sandbox.DefaultBits)
}

// newPlantOf is a plant with a coin whose blocks may be easy or hard to find.
func newPlantOf(t *testing.T, easiest miner.Bits) *plant {
	t.Helper()
	p := &plant{dir: t.TempDir(), easiest: easiest}
	seed := make([]byte, ed25519.SeedSize)
	p.key = ed25519.NewKeyFromSeed(seed)
	p.open(t)
	var err error
	p.terms, err = p.store.PutTerms(t.Context(), lease.Terms{
		Format: lease.TermsFormat, Text: "test", Coin: "sandbox",
		HouseScript: hex.EncodeToString([]byte{0x52}), FeePPM: 20_000,
		Scheme: lease.SchemeTides, Tides: lease.DefaultTides,
	})
	if err != nil {
		t.Fatal(err)
	}
	kernel, measured := miner.Best(10 * time.Millisecond)
	p.kernel = kernel
	for _, m := range measured {
		if m.Chosen {
			p.capacity = uint64(m.Hps)
		}
	}
	return p
}

// open opens what a start of the node opens.
func (p *plant) open(t *testing.T) {
	t.Helper()
	var err error
	if p.store, err = sqlite.Open(t.Context(), filepath.Join(p.dir, "hashlease.db")); err != nil {
		t.Fatal(err)
	}
	if p.coin, err = sandbox.Open(sandbox.Config{Dir: filepath.Join(p.dir, "sandbox"), Easiest: p.easiest, Now: p.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
}

func (p *plant) close() {
	if p.store != nil {
		p.coin.Close()
		p.store.Close()
		p.store = nil
	}
}

// manage opens the store a second time, as a management command does while
// the node runs.
func (p *plant) manage(t *testing.T) lease.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(p.dir, "hashlease.db"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// lease adds a tenant with one lease.
func (p *plant) lease(t *testing.T, tenant string, hps uint64, proofMs int64) lease.Lease {
	t.Helper()
	ctx := t.Context()
	store := p.manage(t)
	defer store.Close()
	pub := ed25519.NewKeyFromSeed(append(make([]byte, 31), tenant[0])).Public().(ed25519.PublicKey)
	now := time.Now().UnixMilli()
	if err := store.AddTenant(ctx, lease.Tenant{ID: tenant, Key: pub, CreatedMs: now}); err != nil {
		t.Fatal(err)
	}
	l, err := store.AddLease(ctx, lease.Lease{
		Tenant: tenant, Model: lease.Leased, ContractedHps: hps, StartMs: now, ProofMs: proofMs, Terms: p.terms, Provider: p.provider(),
	}, 1<<62, func(id string) (lease.Tag, []lease.Event, error) {
		return lease.NewTag(lease.TagInput{Provider: p.key.Public().(ed25519.PublicKey), Lease: id, Tenant: pub, Terms: p.terms}), nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// closeLease ends a lease now.
func closeLease(t *testing.T, store lease.Store, id string) {
	t.Helper()
	_, err := store.ChangeLease(t.Context(), id, 0, func(l *lease.Lease) ([]lease.Event, error) {
		l.ClosedMs = time.Now().UnixMilli()
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run lets a node work until enough says so, and returns how it ended.
func (p *plant) run(t *testing.T, enough func(dispatch.Snapshot) bool) dispatch.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := dispatch.New(ctx, dispatch.Config{
		Store: p.store, Node: p.coin, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 2, HouseProofMs: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(running) }()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case err := <-ended:
			t.Fatalf("the node ended by itself: %v", err)
		case <-ctx.Done():
			t.Fatalf("the node did not get far enough in a minute: %+v", d.Snapshot())
		case <-tick.C:
		}
		if enough(d.Snapshot()) {
			tick.Stop()
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return d.Snapshot()
}

func TestFromJobToVerifiedStatement(t *testing.T) {
	p := newPlant(t)
	// Small enough that a busy machine leaves the house something.
	alice := p.lease(t, "alice", p.capacity/10, 200)
	bob := p.lease(t, "bob", p.capacity/20, 200)
	s := p.run(t, func(s dispatch.Snapshot) bool {
		for _, r := range s.Rows {
			if r.Receipts < 3 {
				return false
			}
		}
		return len(s.Rows) == 3 && s.Blocks[lease.Adopted]+s.Blocks[lease.Mature] >= 3
	})

	var counted uint64
	for _, r := range s.Rows {
		counted += r.Counted
		m, err := p.store.Meter(t.Context(), r.Lease)
		if err != nil {
			t.Fatal(err)
		}
		if m.Counted != miner.Hashes(r.Counted) {
			t.Errorf("%s: the store counted %v hashes, the node %d", r.Lease, m.Counted, r.Counted)
		}
		if m.Evidence.N != r.Receipts || m.Evidence.Sum != r.Evidence.Sum {
			t.Errorf("%s: the store has %d receipts of work %v, the node %d of %v", r.Lease, m.Evidence.N, m.Evidence.Sum, r.Receipts, r.Evidence.Sum)
		}
		if r.Rejected != 0 {
			t.Errorf("%s: %d shares were refused", r.Lease, r.Rejected)
		}
	}
	if counted != s.Hashes {
		t.Errorf("leases and house counted %d hashes, the engine made %d", counted, s.Hashes)
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
	for _, l := range []lease.Lease{alice, bob} {
		p.verify(t, l)
	}
}

// A second run goes on where the first ended: nothing is lost or doubled,
// and blocks of the first run mature in the second.
func TestRunsFollowEachOther(t *testing.T) {
	p := newPlant(t)
	l := p.lease(t, "alice", p.capacity/2, 200)
	var receipts, counted uint64
	for range 3 {
		s := p.run(t, func(s dispatch.Snapshot) bool { return s.Rows[0].Receipts >= 3 })
		receipts += s.Rows[0].Receipts
		counted += s.Rows[0].Counted
		p.close()
		p.open(t)
	}
	m, err := p.store.Meter(t.Context(), l.ID)
	if err != nil {
		t.Fatal(err)
	}
	if m.Evidence.N != receipts || m.Counted != miner.Hashes(counted) {
		t.Errorf("the store has %d receipts and %v hashes, the runs made %d and %d", m.Evidence.N, m.Counted, receipts, counted)
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
	p.verify(t, l)
}

// Leases that come and go while the node runs are noticed.
func TestContractsChangeWhileRunning(t *testing.T) {
	p := newPlant(t)
	first := p.lease(t, "alice", p.capacity/4, 200)
	var second lease.Lease
	var atClose uint64
	p.run(t, func(s dispatch.Snapshot) bool {
		rows := make(map[string]dispatch.Row)
		for _, r := range s.Rows {
			rows[r.Lease] = r
		}
		switch {
		case rows[first.ID].Receipts == 0:
		case second.ID == "":
			second = p.lease(t, "bob", p.capacity/4, 200)
		case rows[second.ID].Receipts == 0:
		case atClose == 0:
			store := p.manage(t)
			closeLease(t, store, first.ID)
			store.Close()
			atClose = rows[second.ID].Counted
		default:
			return rows[second.ID].Counted > atClose+p.capacity/4
		}
		return false
	})
	l, err := p.store.Lease(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.store.Meter(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	// One second after the close is generous: it is noticed in half of one.
	most := (l.ClosedMs - l.StartMs + 1000 + 10) * int64(l.ContractedHps) / 1000
	if m.Counted.Cmp(miner.Hashes(uint64(most))) > 0 {
		t.Errorf("%v hashes for a lease that was due %d by its end", m.Counted, most)
	}
	p.verify(t, first)
	p.verify(t, second)
}
