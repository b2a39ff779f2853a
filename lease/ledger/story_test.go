package ledger

import (
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// storyMs is when the story begins: 2026-11-20 12:00 UTC.
const storyMs = 1795176000000

// story is a book in which every kind of transaction happens.
func story(t testing.TB) *memory {
	t.Helper()
	m := new(memory)
	at := int64(storyMs)
	post := func(txs ...lease.Transaction) {
		t.Helper()
		if err := m.post(txs...); err != nil {
			t.Fatal(err)
		}
		at += 7 * lease.MsPerHour
	}
	one := func(made lease.Transaction, err error) lease.Transaction {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	post(one(Prepayment(anna, "Überweisung 7, \"eilig\"; 50% [x]", 1_000_000, at)))
	post(one(Prepayment(bruno, "=cmd|' /C calc'!A0", 2_000_000, at)))
	used := one(Usage(anna, storyMs, 300_000, at))
	post(used)
	right := one(Usage(anna, storyMs, 250_000, at))
	corrected, err := Correct(used, &right, at)
	if err != nil {
		t.Fatal(err)
	}
	post(corrected...)
	post(one(PowerUsage(bruno, storyMs, 12_345, at)))

	// A block comes, matures, is paid, leaves and returns.
	b := block(7)
	reward := Reward{
		Split: []lease.Part{{Lease: "L-0001", Sat: 150_000_000}, {Lease: "L-0002", Sat: 50_000_000}, {Lease: "L-0003", Sat: 80_000_000}, {Lease: lease.House, Sat: 20_000_000}},
		Fee:   5_000_000, Carry: 7_500_000, Tenants: tenants,
	}
	found := one(Found(b, reward, at))
	post(found)
	b.Appearances++
	matured := Matured(b, found, at, "L-0003")
	post(matured)
	balances, _ := m.Balances(t.Context())
	dues, err := Dues(balances, "acme", 100_000_000)
	if err != nil {
		t.Fatal(err)
	}
	intent := one(PayoutIntent(1, "7f3a", append(dues, Due{bruno, 50_000_000}), at))
	post(intent)
	post(one(PayoutConfirmed(intent, "7f3a", 1_410, at)))
	balances, _ = m.Balances(t.Context())
	loss, any := Loss(b, matured, balances, at)
	if !any {
		t.Fatal("no loss")
	}
	post(append([]lease.Transaction{loss}, Orphaned(b, found, &matured, at)...)...)
	reward.Losses = []lease.Transaction{loss}
	found = one(Found(b, reward, at))
	post(found)
	b.Appearances++
	post(Matured(b, found, at, "L-0003"))
	post(one(Found(block(8), Reward{}, at))) // pays nothing

	post(one(PPS(bruno, storyMs, 4_321, at)))
	post(one(Income("pool 2026-11-20", []lease.Part{{Lease: "L-0002", Sat: 900_000}, {Lease: lease.House, Sat: 90_000}}, 10_000, tenants, at)))
	post(one(CarryReleased("2026-11", []lease.Part{{Lease: lease.House, Sat: 2_500_000}, {Lease: "L-0001", Sat: 5_000_000}}, tenants, at)))
	intent = one(PayoutIntent(2, "90bc", []Due{{bruno, 904_321}}, at))
	post(intent)
	post(one(PayoutFailed(intent, at)))
	post(one(SLACredit(bruno, "2026-11", false, 20_000, at)))
	post(one(ExitFee(bruno, 100_000, at)))
	post(one(Refund(bruno, "close", 1_907_655, at)))
	post(one(SLACredit(bruno, "2026-12", true, 5_000, at)))
	return m
}
