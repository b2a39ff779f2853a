package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/lease/sqlite"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

var tenants = map[string]string{"L-0001": "acme", "L-0002": "bob", "L-0003": "acme"}

func block(n byte) lease.Block { return lease.Block{Hash: miner.Hash{n}, State: lease.Candidate} }

func TestFoundMaturedOrphaned(t *testing.T) {
	b := block(7)
	split := []lease.Part{{Lease: "L-0001", Sat: 30}, {Lease: "L-0002", Sat: 20}, {Lease: "L-0003", Sat: 5}, {Lease: lease.House, Sat: 40}}
	found, err := Found(b, split, 5, tenants, 100)
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
	again, err := Found(b, split, 5, tenants, 400)
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
			return Found(block(1), []lease.Part{{Lease: "L-0009", Sat: 1}}, 0, tenants, 0)
		},
		"negative fee": func() (lease.Transaction, error) { return Found(block(1), nil, -1, tenants, 0) },
		"negative part": func() (lease.Transaction, error) {
			return Found(block(1), []lease.Part{{Lease: "L-0001", Sat: -1}}, 2, tenants, 0)
		},
		"empty part": func() (lease.Transaction, error) {
			return Found(block(1), []lease.Part{{Lease: "L-0001"}}, 2, tenants, 0)
		},
		"absurd": func() (lease.Transaction, error) {
			return Found(block(1), []lease.Part{{Lease: "L-0001", Sat: lease.MaxSat}}, 1, tenants, 0)
		},
	} {
		if tx, err := f(); err == nil {
			t.Errorf("%s: %+v", name, tx)
		}
	}
	empty, err := Found(block(1), nil, 0, nil, 0)
	if err != nil || len(empty.Postings) != 0 {
		t.Errorf("a block that pays nothing: %+v, %v", empty, err)
	}
}

func TestLoss(t *testing.T) {
	var m memory
	b := block(1)
	found, err := Found(b, []lease.Part{{Lease: "L-0001", Sat: 30}, {Lease: "L-0002", Sat: 20}, {Lease: "L-0003", Sat: 50}}, 1, tenants, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.Appearances = 1
	matured := Matured(b, found, 1)
	// acme had 80 and is paid 65; bob is paid all of his 20 and has 3 of another block.
	paid := lease.Transaction{Key: "paid", Kind: "payout", Postings: []lease.Posting{
		{Account: Available("acme"), Sat: 65}, {Account: Available("bob"), Sat: 17}, {Account: Wallet, Sat: -82},
	}}
	if err := m.post(found, matured, paid); err != nil {
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

// Whatever becomes of blocks in whatever order, the books hold: sums are zero,
// no liability is negative, a block's split is its reward, and what was
// orphaned is as if it had never been.
func TestBooksHold(t *testing.T) {
	ids := slices.Sorted(maps.Keys(tenants))
	rapid.Check(t, func(t *rapid.T) {
		var m memory
		type state struct {
			lease.Block
			split          []lease.Part
			fee            int64
			found, matured lease.Transaction
		}
		blocks := make([]state, 3)
		payouts := 0
		for i := range blocks {
			s := &blocks[i]
			s.Block = block(byte(i))
			s.fee = rapid.Int64Range(0, 100).Draw(t, "fee")
			var weights []reward.Weight
			for _, id := range append(ids, lease.House) {
				weights = append(weights, reward.Weight{Lease: id, Work: miner.Hashes(rapid.Uint64Range(0, 9).Draw(t, "work"))})
			}
			s.split = reward.Apportion(rapid.Int64Range(0, 1000).Draw(t, "reward"), weights)
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			s := &blocks[rapid.IntRange(0, 2).Draw(t, "block")]
			var txs []lease.Transaction
			next := s.Block
			switch what := rapid.IntRange(0, 3).Draw(t, "event"); {
			case what == 0 && s.State != lease.Adopted && s.State != lease.Mature:
				tx, err := Found(s.Block, s.split, s.fee, tenants, 0)
				if err != nil {
					t.Fatal(err)
				}
				s.found, txs = tx, append(txs, tx)
				next.State, next.Appearances = lease.Adopted, s.Appearances+1
			case what == 1 && s.State == lease.Adopted:
				s.matured = Matured(s.Block, s.found, 0)
				txs = append(txs, s.matured)
				next.State = lease.Mature
			case what == 2 && s.State == lease.Adopted:
				txs = Orphaned(s.Block, s.found, nil, 0)
				next.State = lease.Orphaned
			case what == 2 && s.State == lease.Mature:
				balances, _ := m.Balances(context.Background())
				if loss, any := Loss(s.Block, s.matured, balances, 0); any {
					txs = append(txs, loss)
				}
				txs = append(txs, Orphaned(s.Block, s.found, &s.matured, 0)...)
				next.State = lease.Orphaned
			case what == 3:
				account := Available(rapid.SampledFrom([]string{"acme", "bob"}).Draw(t, "tenant"))
				if have := -m.sum(account); have > 0 {
					sat := rapid.Int64Range(1, have).Draw(t, "payout")
					payouts++
					txs = append(txs, lease.Transaction{Key: fmt.Sprint("payout ", payouts), Kind: "payout", Postings: []lease.Posting{
						{Account: account, Sat: sat}, {Account: Wallet, Sat: -sat},
					}})
				}
			}
			if err := m.post(txs...); err != nil {
				t.Fatalf("%s block: %v", s.State, err)
			}
			s.Block = next
			if err := Check(context.Background(), &m); err != nil {
				t.Fatal(err)
			}
			// What is on the chain, and nothing else, is in the books.
			var pending, due int64
			for i := range blocks {
				sum := blocks[i].fee
				for _, p := range blocks[i].split {
					sum += p.Sat
				}
				switch blocks[i].State {
				case lease.Adopted:
					pending += sum
				case lease.Mature:
					due += sum
				}
			}
			if got := m.sum(Immature); got != pending {
				t.Fatalf("immature rewards of %d, want %d", got, pending)
			}
			paidOut := -m.sum(Wallet) + due
			credit := -m.sum(Available("acme")) - m.sum(Available("bob")) - m.sum(Fee) - m.sum(Mining)
			if credit-m.sum(OrphanLoss) != due-paidOut {
				t.Fatalf("credits of %d less losses of %d, want %d less payouts of %d", credit, m.sum(OrphanLoss), due, paidOut)
			}
		}
	})
}

func TestCheckFindsMistakes(t *testing.T) {
	b := block(1)
	split := []lease.Part{{Lease: "L-0001", Sat: 100}}
	found, _ := Found(b, split, 0, tenants, 0)
	b.Appearances = 1
	matured := Matured(b, found, 0)
	orphaned := Orphaned(b, found, &matured, 0)
	cheap := orphaned[1]
	cheap.Postings = []lease.Posting{{Account: Immature, Sat: -99}, {Account: Pending("acme"), Lease: "L-0001", Sat: 99}}
	uneven := lease.Transaction{Key: "x", Kind: "x", Postings: []lease.Posting{{Account: Wallet, Sat: 1}}}
	for _, tt := range []struct {
		name string
		txs  []lease.Transaction
		want string
	}{
		{"sum", []lease.Transaction{uneven}, "do not sum to zero"},
		{"key twice", []lease.Transaction{found, found}, "booked already"},
		{"orphaned but mature", []lease.Transaction{found, matured, orphaned[1]}, "overdrawn"},
		{"orphaned but mature, with other money", []lease.Transaction{found, matured, {Key: "gift", Kind: "x", Postings: []lease.Posting{
			{Account: OrphanLoss, Sat: 100}, {Account: Pending("acme"), Sat: -100}}}, orphaned[1]}, "still booked as mature"},
		{"not found", []lease.Transaction{matured}, "overdrawn"},
		{"not the exact reversal", []lease.Transaction{found, cheap}, "exact reversal"},
		{"reversed twice", []lease.Transaction{found, orphaned[1], orphaned[1]}, "booked already"},
		{"nothing to reverse", []lease.Transaction{{Key: Key(KindOrphaned, b.Hash, 1), Kind: KindOrphaned}}, "no found:"},
		{"nothing to mature", []lease.Transaction{{Key: Key(KindMatured, b.Hash, 1), Kind: KindMatured}}, "not booked as found"},
	} {
		m := memory{txs: tt.txs}
		if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	var m memory
	if err := m.post(found); err != nil {
		t.Fatal(err)
	}
	m.balances[entry{Immature, ""}]++
	if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "postings sum to 100") {
		t.Errorf("wrong balance: %v", err)
	}
	delete(m.balances, entry{Immature, ""})
	if err := Check(t.Context(), &m); err == nil || !strings.Contains(err.Error(), "missing from the balances") {
		t.Errorf("missing balance: %v", err)
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
		found, err := Found(b, split, 3, tenants, 1)
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
