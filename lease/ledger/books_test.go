package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/reward"
	"github.com/hashlease/hashlease/miner"
	"pgregory.net/rapid"
)

// books are random books with what they must come to.
type books struct {
	memory
	blocks  []blockState
	open    []lease.Transaction // payout intents
	payouts int
	events  int
	paid    map[string]int64 // confirmed, by tenant
	other   map[string]int64 // owed to tenants for other things than blocks
	fees    int64
}

type blockState struct {
	lease.Block
	Reward
	direct         []string
	found, matured lease.Transaction
	lost           map[string]int64 // by tenant
}

func newBooks(t *rapid.T) *books {
	b := &books{blocks: make([]blockState, 3), paid: make(map[string]int64), other: make(map[string]int64)}
	ids := slices.Sorted(maps.Keys(tenants))
	for i := range b.blocks {
		s := &b.blocks[i]
		s.Block = block(byte(i))
		s.lost = make(map[string]int64)
		s.Tenants = tenants
		s.Fee = rapid.Int64Range(0, 100).Draw(t, "fee")
		s.Carry = max(0, rapid.Int64Range(-100, 100).Draw(t, "carry"))
		var weights []reward.Weight
		for _, id := range append(ids, lease.House) {
			weights = append(weights, reward.Weight{Lease: id, Work: miner.Hashes(rapid.Uint64Range(0, 9).Draw(t, "work"))})
			if rapid.IntRange(0, 3).Draw(t, "direct") == 0 {
				s.direct = append(s.direct, id)
			}
		}
		s.Split = reward.Apportion(rapid.Int64Range(0, 1000).Draw(t, "reward"), weights)
	}
	return b
}

// part of a tenant in a block, less what the coinbase pays directly.
func (s *blockState) part(tenant string) (sat int64) {
	for _, p := range s.Split {
		if tenants[p.Lease] == tenant && !slices.Contains(s.direct, p.Lease) {
			sat += p.Sat
		}
	}
	return sat
}

func (s *blockState) step(t *rapid.T, b *books) []lease.Transaction {
	switch leave := rapid.Bool().Draw(t, "leave"); {
	case s.State != lease.Adopted && s.State != lease.Mature:
		tx, err := Found(s.Block, s.Reward, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.found, s.State, s.Appearances = tx, lease.Adopted, s.Appearances+1
		return []lease.Transaction{tx}
	case !leave && s.State == lease.Adopted:
		s.matured = Matured(s.Block, s.found, 0, s.direct...)
		s.State = lease.Mature
		return []lease.Transaction{s.matured}
	case !leave:
		return nil
	case s.State == lease.Adopted:
		s.State = lease.Orphaned
		return Orphaned(s.Block, s.found, nil, 0)
	}
	var txs []lease.Transaction
	balances, _ := b.Balances(context.Background())
	if loss, any := Loss(s.Block, s.matured, balances, 0); any {
		txs = append(txs, loss)
		s.Losses = append(s.Losses, loss)
		for _, p := range loss.Postings {
			if p.Sat < 0 {
				s.lost[tenants[p.Lease]] -= p.Sat
			}
		}
	}
	s.State = lease.Orphaned
	return append(txs, Orphaned(s.Block, s.found, &s.matured, 0)...)
}

// pay begins a payout of what some tenant may be paid, or ends one.
func (b *books) pay(t *rapid.T) lease.Transaction {
	balances, _ := b.Balances(context.Background())
	tenant := rapid.SampledFrom([]string{"acme", "bob"}).Draw(t, "tenant")
	have := -b.sum(Available(tenant))
	if begin := rapid.Bool().Draw(t, "begin"); begin && have > 0 {
		b.payouts++
		dues, err := Dues(balances, tenant, rapid.Int64Range(1, have).Draw(t, "payout"))
		if err != nil {
			t.Fatal(err)
		}
		intent, err := PayoutIntent(int64(b.payouts), "tx", dues, 0)
		if err != nil {
			t.Fatal(err)
		}
		b.open = append(b.open, intent)
		return intent
	}
	if len(b.open) == 0 {
		return lease.Transaction{}
	}
	intent := b.open[0]
	b.open = b.open[1:]
	if rapid.IntRange(0, 3).Draw(t, "fails") == 0 {
		failed, err := PayoutFailed(intent, 0)
		if err != nil {
			t.Fatal(err)
		}
		return failed
	}
	fee := rapid.Int64Range(0, 9).Draw(t, "fee")
	confirmed, err := PayoutConfirmed(intent, "tx", fee, 0)
	if err != nil {
		t.Fatal(err)
	}
	b.fees += fee
	for _, p := range intent.Postings {
		if p.Sat > 0 {
			b.paid[tenants[p.Lease]] += p.Sat
		}
	}
	return confirmed
}

// charge does something to a lease that has nothing to do with blocks. What
// cannot be, for lack of money, must be refused as a whole.
func (b *books) charge(t *rapid.T) {
	b.events++
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(tenants))).Draw(t, "lease")
	p, hour, sat := Party{tenants[id], id}, int64(b.events)*lease.MsPerHour, rapid.Int64Range(1, 100).Draw(t, "sat")
	var made lease.Transaction
	var err error
	var owed int64
	switch rapid.IntRange(0, 6).Draw(t, "charge") {
	case 0:
		made, err = Prepayment(p, fmt.Sprint(b.events), sat, 0)
		owed = sat
	case 1:
		made, err = Usage(p, hour, sat, 0)
		owed = -sat
	case 2:
		made, err = PowerUsage(p, hour, sat, 0)
		owed = -sat
	case 3:
		made, err = PPS(p, hour, sat, 0)
		owed = sat
	case 4:
		made, err = Refund(p, fmt.Sprint(b.events), sat, 0)
	case 5:
		made, err = SLACredit(p, fmt.Sprint(b.events), rapid.Bool().Draw(t, "closed"), sat, 0)
		owed = sat
	case 6:
		made, err = Income(fmt.Sprint(b.events), []lease.Part{{Lease: id, Sat: sat}, {Lease: lease.House, Sat: 3}}, 1, tenants, 0)
		owed = sat
	}
	if err != nil {
		t.Fatal(err)
	}
	if b.post(made) != nil {
		return
	}
	b.other[p.Tenant] += owed
	if rapid.IntRange(0, 3).Draw(t, "mistake") > 0 {
		return
	}
	right := made
	corrected, err := Correct(made, &right, 0)
	if err != nil {
		t.Fatal(err)
	}
	if rapid.Bool().Draw(t, "never") {
		if corrected, err = Correct(made, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.post(corrected...); err == nil && len(corrected) == 1 {
		b.other[p.Tenant] -= owed
	}
}

// hold checks what must be so after every step.
func (b *books) hold(t *rapid.T) {
	if err := Check(context.Background(), &b.memory); err != nil {
		t.Fatal(err)
	}
	var pending int64
	owed := maps.Clone(b.other)
	for i := range b.blocks {
		s := &b.blocks[i]
		for _, tenant := range []string{"acme", "bob"} {
			// On the chain, its part once however often it came and went;
			// off the chain, what was paid of it while it was mature.
			if s.State == lease.Adopted || s.State == lease.Mature {
				owed[tenant] += s.part(tenant)
				if s.State == lease.Adopted {
					for _, p := range s.Split {
						if tenants[p.Lease] == tenant && slices.Contains(s.direct, p.Lease) {
							owed[tenant] += p.Sat
						}
					}
				}
			} else {
				owed[tenant] += s.lost[tenant]
			}
			if s.lost[tenant] > s.part(tenant) {
				t.Fatalf("block %d: the house bore %d sat of %s's %d", i, s.lost[tenant], tenant, s.part(tenant))
			}
		}
		if s.State == lease.Adopted {
			pending += s.Fee + s.Carry
			for _, p := range s.Split {
				pending += p.Sat
			}
		}
	}
	if got := b.sum(Immature); got != pending {
		t.Fatalf("immature rewards of %d, want %d", got, pending)
	}
	for _, tenant := range []string{"acme", "bob"} {
		got := b.paid[tenant] - b.sum(Prepaid(tenant)) - b.sum(Available(tenant)) - b.sum(Pending(tenant)) - b.sum(Inflight(tenant))
		if got != owed[tenant] {
			t.Fatalf("%s was paid %d and has %d, want %d in all", tenant, b.paid[tenant], got-b.paid[tenant], owed[tenant])
		}
	}
	if got := b.sum(TxFee); got != b.fees {
		t.Fatalf("transaction fees of %d, want %d", got, b.fees)
	}
	balances, _ := b.Balances(context.Background())
	if trial, err := TrialBalance(balances); err != nil || !trial.Balanced() {
		t.Fatalf("trial balance: %+v, %v", trial, err)
	}
}

// Whatever happens in whatever order, the books hold: sums are zero, no
// liability is negative, a tenant gets its part of a block once, and what was
// orphaned is as if it had never been.
func TestBooksHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBooks(t)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "event") {
			case 0, 1:
				s := &b.blocks[rapid.IntRange(0, 2).Draw(t, "block")]
				if err := b.post(s.step(t, b)...); err != nil {
					t.Fatalf("%s block: %v", s.State, err)
				}
			case 2:
				if made := b.pay(t); made.Key != "" {
					if err := b.post(made); err != nil {
						t.Fatal(err)
					}
				}
			case 3:
				b.charge(t)
			}
			b.hold(t)
		}
		// Once all blocks are there for good, nothing is lost.
		for i := range b.blocks {
			s := &b.blocks[i]
			for s.State != lease.Mature {
				if err := b.post(s.step(t, b)...); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.hold(t)
		if b.sum(OrphanLoss) != 0 || b.sum(RecoveryPending) != 0 || b.sum(Immature) != 0 {
			t.Fatalf("losses of %d, %d of it pending, and %d immature, when all blocks are mature", b.sum(OrphanLoss), b.sum(RecoveryPending), b.sum(Immature))
		}
	})
}
