package dispatch_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/dispatch"
	"github.com/hashlease/hashlease/lease/ledger"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/stratum"
	"github.com/hashlease/hashlease/stratum/solo"
)

// under makes the plant's terms others, for new leases and the house.
func (p *plant) under(t *testing.T, change func(*lease.Terms)) lease.Terms {
	t.Helper()
	terms, err := p.store.Terms(t.Context(), p.terms)
	if err != nil {
		t.Fatal(err)
	}
	change(&terms)
	if p.terms, err = p.store.PutTerms(t.Context(), terms); err != nil {
		t.Fatal(err)
	}
	return terms
}

func scheme(name string) func(*lease.Terms) {
	return func(t *lease.Terms) {
		t.Scheme = name
		switch name {
		case lease.SchemePPLNS:
			t.PPLNS = &lease.PPLNS{XPPM: 2_000_000, CarryTo: lease.CarryHouse}
		case lease.SchemePPS, lease.SchemeFPPS:
			t.Reserve = &lease.Reserve{Sat: 1_000_000_000_000, RuinPPM: 1000}
		}
	}
}

// payTo gives a tenant a script to be paid to.
func (p *plant) payTo(t *testing.T, tenant string, script []byte) {
	t.Helper()
	_, err := p.store.ChangeTenant(t.Context(), tenant, func(x *lease.Tenant) ([]lease.Event, error) {
		x.Address = "script:" + hex.EncodeToString(script)
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// matured reports whether so many blocks are mature in which a lease has a
// part.
func (p *plant) matured(t *testing.T, id string, n int) func(dispatch.Snapshot) bool {
	return func(s dispatch.Snapshot) bool {
		if s.Blocks[lease.Mature] < n {
			return false
		}
		with := 0
		for _, b := range blocks(t, p.store, lease.Mature) {
			if document(t, p.store, b).share(id) > 0 {
				with++
			}
		}
		return with >= n
	}
}

// blockDocument is the template that a block was made of, and its split.
type blockDocument struct {
	*receipt.Template
	split receipt.Split
}

func (d *blockDocument) share(id string) int64 { return d.split.Share(id) }

func document(t *testing.T, s lease.Store, b lease.Block) *blockDocument {
	t.Helper()
	stored, err := s.Template(t.Context(), b.Template)
	if err != nil {
		t.Fatal(err)
	}
	document, err := receipt.DecodeTemplate(stored.Body)
	if err != nil {
		t.Fatal(err)
	}
	split, err := receipt.DecodeSplit(stored.Split)
	if err == nil {
		err = document.CheckSplit(split)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &blockDocument{document, split}
}

func blocks(t *testing.T, s lease.Store, states ...lease.BlockState) []lease.Block {
	t.Helper()
	list, err := s.Blocks(t.Context(), states...)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// outputs are what a block's coinbase pays.
func outputs(t *testing.T, doc *blockDocument, b lease.Block) (paying []stratum.Output) {
	t.Helper()
	c, err := stratum.ParseCoinbase(doc.Issue(lease.Tag{}, [32]byte{}, b.Extranonce[:2]).Coinbase(b.Extranonce))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(c.Outputs, func(o stratum.Output) bool { return o.Value == 0 })
}

// The coinbase pays tenants that have an address, the house keeps what is due
// to the others, and nobody is paid twice.
func TestCoinbasePaysDirectly(t *testing.T) {
	p := newPlant(t)
	p.under(t, func(t *lease.Terms) { t.Direct = &lease.Direct{MaxOutputs: 20} })
	alice, bob := p.lease(t, "alice", p.capacity/4, 100), p.lease(t, "bob", p.capacity/4, 100)
	script := []byte{0x53}
	p.payTo(t, "alice", script)
	p.run(t, p.matured(t, bob.ID, 2))

	paid := 0
	var keptFor int64 // bob, by mature blocks
	for _, b := range blocks(t, p.store, lease.Adopted, lease.Mature) {
		doc := document(t, p.store, b)
		if b.State == lease.Mature {
			keptFor += doc.share(bob.ID)
		}
		pays := outputs(t, doc, b)
		sat := doc.share(alice.ID)
		if doc.DirectShare(bob.ID, doc.split) != 0 || doc.DirectShare(alice.ID, doc.split) != sat {
			t.Errorf("block %v pays directly: %+v", b.Hash, doc.Direct)
		}
		if sat == 0 {
			continue
		}
		paid++
		if len(pays) != 2 || pays[0].Value != sat || !bytes.Equal(pays[0].Script, script) ||
			pays[1].Value != doc.Reward-sat || !bytes.Equal(pays[1].Script, []byte{0x52}) {
			t.Errorf("block %v pays %v, of which alice's are %d", b.Hash, pays, sat)
		}
	}
	if paid == 0 {
		t.Error("no block pays alice")
	}
	if got := owed(t, p.store, ledger.Available("alice")); got != 0 {
		t.Errorf("alice is owed %d sat that coinbases paid", got)
	}
	if got := owed(t, p.store, ledger.Available("bob")); got != keptFor {
		t.Errorf("bob is owed %d sat, want %d", got, keptFor)
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
	p.verify(t, alice)
	p.verify(t, bob)
}

// A solo block is its finder's, whatever others do meanwhile.
func TestSoloBlocks(t *testing.T) {
	p := newPlant(t)
	p.under(t, scheme(lease.SchemeSolo))
	alice, bob := p.lease(t, "alice", p.capacity/3, 100), p.lease(t, "bob", p.capacity/3, 100)
	p.run(t, p.matured(t, alice.ID, 1))
	for _, b := range blocks(t, p.store, lease.Adopted, lease.Mature) {
		doc := document(t, p.store, b)
		if len(doc.split) != 1 || doc.split[0].Lease != b.Lease || doc.split[0].Sat != doc.Reward-doc.Fee {
			t.Errorf("block %v of %s is split %v", b.Hash, b.Lease, doc.split)
		}
	}
	p.verify(t, alice)
	p.verify(t, bob)
}

// Blocks of a window that is not full leave a carry, which the house gets with
// the first one of a full window that matures.
func TestCarryIsReleased(t *testing.T) {
	p := newPlant(t)
	p.under(t, scheme(lease.SchemePPLNS))
	alice := p.lease(t, "alice", p.capacity/2, 100)
	by := "" // key of the release
	released := func() (n int, sat int64) {
		for tx, err := range p.store.Transactions(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if tx.Kind == ledger.KindCarry {
				n++
				sat += tx.Postings[0].Sat
				by = tx.Key
			}
		}
		return n, sat
	}
	p.run(t, func(s dispatch.Snapshot) bool {
		if s.Blocks[lease.Mature] == 0 {
			return false
		}
		n, _ := released()
		return n > 0
	})
	var carried int64
	for _, b := range blocks(t, p.store, lease.Adopted, lease.Mature) {
		carry := document(t, p.store, b).Carry
		carried += carry
		if carry > 0 && by == ledger.CarryKey(fmt.Sprintf("%v:%d", b.Hash, b.Appearances)) {
			t.Errorf("block %v, whose window was not full, released it", b.Hash)
		}
	}
	n, sat := released()
	left := owed(t, p.store, ledger.Carry) + owed(t, p.store, ledger.CarryPending)
	if n != 1 || sat <= 0 || sat+left != carried {
		t.Errorf("%d releases of %d sat, %d are left, %d were carried", n, sat, left, carried)
	}
	if err := ledger.Check(t.Context(), p.store); err != nil {
		t.Error(err)
	}
	p.verify(t, alice)
}

// Under PPS and FPPS blocks are the house's, and jobs say what shares earn.
func TestSharesEarnByThemselves(t *testing.T) {
	for _, name := range []string{lease.SchemePPS, lease.SchemeFPPS} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			p.under(t, scheme(name))
			alice := p.lease(t, "alice", p.capacity/2, 100)
			p.run(t, func(s dispatch.Snapshot) bool {
				return s.Blocks[lease.Adopted]+s.Blocks[lease.Mature] >= 2 && s.Rows[0].Receipts >= 3
			})
			for _, b := range blocks(t, p.store, lease.Adopted, lease.Mature) {
				doc := document(t, p.store, b)
				if doc.share(lease.House) != doc.Reward || doc.Earns == nil || doc.Earns.Sat != doc.Reward {
					t.Errorf("block %v of %d sat is split %v, shares earn %+v", b.Hash, doc.Reward, doc.split, doc.Earns)
				}
			}
			var work, earning lease.Evidence
			for r, err := range p.store.Receipts(t.Context(), alice.ID, 0, 1<<62) {
				if err != nil {
					t.Fatal(err)
				}
				work.Add(r.Work)
			}
			for h, err := range p.store.HourEarnings(t.Context(), "", 0, 1<<40) {
				if err != nil {
					t.Fatal(err)
				}
				if h.Lease != alice.ID || h.Sat < 1 || h.Network.IsZero() {
					t.Errorf("earning %+v", h)
				}
				earning.Add(h.Work)
			}
			if work.Sum != earning.Sum || work.N == 0 {
				t.Errorf("work of %v was proven, %v earns something", work.Sum, earning.Sum)
			}
			fixed := 0
			for e, err := range p.store.Events(t.Context(), lease.EventFilter{Kinds: []lease.EventKind{lease.EventFeeMean}}) {
				if err != nil || !strings.HasPrefix(e.Key, "fee-mean:") {
					t.Errorf("event %+v, %v", e, err)
				}
				fixed++
			}
			if (name == lease.SchemeFPPS) != (fixed > 0) || fixed > 3 {
				t.Errorf("the mean of the fees was fixed %d times", fixed)
			}
			p.verify(t, alice)
		})
	}
}

// A house whose reserve is too small for the coin's blocks does not start, nor
// one that cannot know the fees.
func TestReserveIsChecked(t *testing.T) {
	p := newPlant(t)
	start := func(node solo.Node) error {
		d, err := dispatch.New(t.Context(), dispatch.Config{Store: p.store, Node: node, Key: p.key, Terms: p.terms, Kernel: p.kernel, Threads: 1})
		if err == nil {
			d.Close()
		}
		return err
	}
	p.under(t, scheme(lease.SchemePPS))
	p.under(t, func(t *lease.Terms) { t.Reserve = &lease.Reserve{Sat: 863_469_409_872, RuinPPM: 1000} })
	var short *reward.ReserveError
	if err := start(p.coin); !errors.As(err, &short) || short.NeededSat != 863_469_409_873 {
		t.Errorf("a satoshi short: %v", err)
	}
	p.under(t, func(t *lease.Terms) { t.Reserve = &lease.Reserve{Sat: 863_469_409_873, RuinPPM: 1000} })
	if err := start(p.coin); err != nil {
		t.Error(err)
	}
	p.under(t, scheme(lease.SchemeFPPS))
	if err := start(struct{ solo.Node }{p.coin}); !errors.Is(err, dispatch.ErrNoFees) {
		t.Errorf("without fees: %v", err)
	}
}

// Leases of several schemes do not share in each other's blocks.
func TestSchemesAreApart(t *testing.T) {
	p := newPlant(t)
	alice := p.lease(t, "alice", p.capacity/4, 100) // TIDES, as the house
	p.under(t, scheme(lease.SchemeSolo))
	bob := p.lease(t, "bob", p.capacity/4, 100)
	p.under(t, scheme(lease.SchemePPS))
	carol := p.lease(t, "carol", p.capacity/8, 100)
	p.under(t, func(t *lease.Terms) { t.Scheme, t.Reserve = lease.SchemeTides, nil })
	p.run(t, p.matured(t, alice.ID, 2))
	for _, b := range blocks(t, p.store, lease.Adopted, lease.Mature) {
		doc := document(t, p.store, b)
		for _, part := range doc.split {
			ok := part.Lease == b.Lease
			switch b.Lease {
			case alice.ID, lease.House:
				ok = part.Lease == alice.ID || part.Lease == lease.House
			case carol.ID:
				ok = part.Lease == lease.House
			}
			if !ok {
				t.Errorf("block %v of %s is split %v", b.Hash, b.Lease, doc.split)
			}
		}
	}
	for _, l := range []lease.Lease{alice, bob, carol} {
		p.verify(t, l)
	}
}

// A lease for whose terms the coin node has no answer gets no jobs, and keeps
// nobody else from theirs.
func TestOneLeaseStopsNoOther(t *testing.T) {
	p := newPlant(t)
	tides := p.terms
	p.under(t, scheme(lease.SchemeFPPS))
	alice := p.lease(t, "alice", p.capacity/8, 100)
	p.terms = tides
	bob := p.lease(t, "bob", p.capacity/8, 100)
	begun := time.Now()
	configure := func(c *dispatch.Config) {
		c.Node = &hookedNode{Node: p.coin}                                    // it tells no fees
		c.Now = func() time.Time { return begun.Add(10 * time.Since(begun)) } // nobody wants to wait
	}
	p.runWith(t, configure, func(d *dispatch.Dispatcher) bool {
		s := d.Snapshot()
		if row(s, alice.ID).Counted > 0 {
			t.Fatal("hashes for a lease without a job")
		}
		return row(s, bob.ID).Receipts > 3 && s.Templates > 1
	})
}
