package ledger

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
)

var tenants = map[string]string{"L-0001": "acme", "L-0002": "bob", "L-0003": "acme"}

func block(n byte) lease.Block { return lease.Block{Hash: miner.Hash{n}, State: lease.Candidate} }

func TestFoundMaturedOrphaned(t *testing.T) {
	b := block(7)
	split := []lease.Part{{Lease: "L-0001", Sat: 30}, {Lease: "L-0002", Sat: 20}, {Lease: "L-0003", Sat: 5}, {Lease: lease.House, Sat: 40}}
	found, err := Found(b, Reward{Split: split, Fee: 5, Tenants: tenants}, 100)
	if err != nil {
		t.Fatal(err)
	}
	want := lease.Transaction{
		Key: "found:" + b.Hash.String() + ":1", Kind: KindFound, AtMs: 100, Ref: b.Hash.String(),
		Postings: []lease.Posting{
			{Account: "assets:coinbase:immature", Sat: 100},
			{Account: "liab:acme:pending", Lease: "L-0001", Sat: -30},
			{Account: "liab:bob:pending", Lease: "L-0002", Sat: -20},
			{Account: "liab:acme:pending", Lease: "L-0003", Sat: -5},
			{Account: "revenue:mining:pending", Lease: "house", Sat: -40},
			{Account: "revenue:fee:pending", Sat: -5},
		},
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("found:\n got %+v\nwant %+v", found, want)
	}
	var m memory
	if err := m.post(found); err != nil {
		t.Fatal(err)
	}
	b.Appearances, b.State = 1, lease.Adopted
	matured := Matured(b, found, 200)
	if err := m.post(matured); err != nil {
		t.Fatal(err)
	}
	for account, sat := range map[string]int64{
		Wallet: 100, Immature: 0, Pending("acme"): 0, Available("acme"): -35, Pending("bob"): 0, Available("bob"): -20,
		FeePending: 0, Fee: -5, MiningPending: 0, Mining: -40,
	} {
		if got := m.sum(account); got != sat {
			t.Errorf("mature: %s is %d, want %d", account, got, sat)
		}
	}
	if got := m.balances[entry{Available("acme"), "L-0003"}]; got != -5 {
		t.Errorf("lease L-0003 has %d, want -5", got)
	}
	balances, _ := m.Balances(t.Context())
	if _, any := Loss(b, matured, balances, 300); any {
		t.Error("a loss though everything is still there")
	}
	orphaned := Orphaned(b, found, &matured, 300)
	if len(orphaned) != 2 || orphaned[0].Kind != KindUnmatured || orphaned[1].Kind != KindOrphaned {
		t.Fatalf("orphaned: %+v", orphaned)
	}
	if err := m.post(orphaned...); err != nil {
		t.Fatal(err)
	}
	for e, sat := range m.balances {
		if sat != 0 {
			t.Errorf("after the reversal %v is %d", e, sat)
		}
	}
	if err := Check(t.Context(), &m); err != nil {
		t.Error(err)
	}
	// It comes back: another appearance, other keys.
	again, err := Found(b, Reward{Split: split, Fee: 5, Tenants: tenants}, 400)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.post(again); err != nil {
		t.Error(err)
	}
}

func TestFoundErrors(t *testing.T) {
	for name, f := range map[string]func() (lease.Transaction, error){
		"unknown lease": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: []lease.Part{{Lease: "L-0009", Sat: 1}}, Fee: 0, Tenants: tenants}, 0)
		},
		"negative fee": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: nil, Fee: -1, Tenants: tenants}, 0)
		},
		"negative part": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: []lease.Part{{Lease: "L-0001", Sat: -1}}, Fee: 2, Tenants: tenants}, 0)
		},
		"empty part": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: []lease.Part{{Lease: "L-0001"}}, Fee: 2, Tenants: tenants}, 0)
		},
		"negative carry": func() (lease.Transaction, error) { return Found(block(1), Reward{Carry: -1}, 0) },
		"two parts": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: []lease.Part{{Lease: "L-0001", Sat: 1}, {Lease: "L-0001", Sat: 1}}, Tenants: tenants}, 0)
		},
		"another block's loss": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Losses: []lease.Transaction{event(KindLoss, block(2), 1, 0)}}, 0)
		},
		"absurd": func() (lease.Transaction, error) {
			return Found(block(1), Reward{Split: []lease.Part{{Lease: "L-0001", Sat: lease.MaxSat}}, Fee: 1, Tenants: tenants}, 0)
		},
	} {
		if tx, err := f(); err == nil {
			t.Errorf("%s: %+v", name, tx)
		}
	}
	empty, err := Found(block(1), Reward{}, 0)
	if err != nil || len(empty.Postings) != 0 {
		t.Errorf("a block that pays nothing: %+v, %v", empty, err)
	}
}

func TestLoss(t *testing.T) {
	var m memory
	b := block(1)
	found, err := Found(b, Reward{Split: []lease.Part{{Lease: "L-0001", Sat: 30}, {Lease: "L-0002", Sat: 20}, {Lease: "L-0003", Sat: 50}}, Fee: 1, Tenants: tenants}, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.Appearances = 1
	matured := Matured(b, found, 1)
	// acme had 80 and is paid 65; bob is paid all of his 20 and has 3 of another block.
	intent, err := PayoutIntent(1, "tx", []Due{{Party{"acme", "L-0003"}, 50}, {Party{"acme", "L-0001"}, 15}, {Party{"bob", "L-0002"}, 17}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	paid, err := PayoutConfirmed(intent, "tx", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.post(found, matured, intent, paid); err != nil {
		t.Fatal(err)
	}
	if err := m.post(Orphaned(b, found, &matured, 2)...); !errors.Is(err, lease.ErrOverdrawn) {
		t.Errorf("without the loss: %v", err)
	}
	balances, _ := m.Balances(t.Context())
	loss, any := Loss(b, matured, balances, 2)
	if !any {
		t.Fatal("no loss")
	}
	if err := m.post(append([]lease.Transaction{loss}, Orphaned(b, found, &matured, 2)...)...); err != nil {
		t.Fatal(err)
	}
	if m.sum(OrphanLoss) != 65+17 || m.sum(Available("acme")) != 0 || m.sum(Available("bob")) != 0 {
		t.Errorf("loss %d, acme %d, bob %d", m.sum(OrphanLoss), m.sum(Available("acme")), m.sum(Available("bob")))
	}
	if err := Check(t.Context(), &m); err != nil {
		t.Error(err)
	}
}

// The same story in the real store.
func TestOnStore(t *testing.T) {
	ctx := t.Context()
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "lease.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	templates, jobs, err := s.PutJobs(ctx, []lease.Template{{Body: []byte("{}")}}, []lease.Job{{Lease: "L-0001"}})
	if err != nil {
		t.Fatal(err)
	}
	b := block(3)
	b.Template, b.Job, b.Lease = templates[0].Seq, jobs[0].Seq, "L-0001"
	if err := s.PutBlock(ctx, b); err != nil {
		t.Fatal(err)
	}
	split := []lease.Part{{Lease: "L-0001", Sat: 60}, {Lease: "L-0002", Sat: 40}}
	move := func(to lease.BlockState, txs ...lease.Transaction) {
		t.Helper()
		if err := s.MoveBlock(ctx, b.Hash, b.State, to, "", txs...); err != nil {
			t.Fatal(err)
		}
		if b, err = s.Block(ctx, b.Hash); err != nil {
			t.Fatal(err)
		}
		if err := Check(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // it comes, matures, leaves, and comes again
		found, err := Found(b, Reward{Split: split, Fee: 3, Tenants: tenants}, 1)
		if err != nil {
			t.Fatal(err)
		}
		move(lease.Adopted, found)
		stored, err := s.Transaction(ctx, Key(KindFound, b.Hash, b.Appearances))
		if err != nil {
			t.Fatal(err)
		}
		matured := Matured(b, stored, 2)
		move(lease.Mature, matured)
		move(lease.Orphaned, Orphaned(b, stored, &matured, 3)...)
	}
	balances, err := s.Balances(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range balances {
		if x.Sat != 0 {
			t.Errorf("%+v after everything was reversed", x)
		}
	}
}
