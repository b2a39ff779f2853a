package ledger

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

// brief writes a transaction in one line, debits first as they are.
func brief(t lease.Transaction) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)", t.Key, t.Kind, t.Ref)
	for _, p := range t.Postings {
		fmt.Fprintf(&b, " %s/%s%+d", p.Account, p.Lease, p.Sat)
	}
	return b.String()
}

func TestPostings(t *testing.T) {
	const hour = 498_660 * lease.MsPerHour // 2026-11-20 12:00 UTC
	made := func(x lease.Transaction, err error) []lease.Transaction {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return []lease.Transaction{x}
	}
	intent := made(PayoutIntent(7, "aa", []Due{{anna, 30}, {bruno, 20}}, 1))[0]
	usage := made(Usage(anna, hour, 30, 1))[0]
	less := made(Usage(anna, hour, 20, 1))[0]
	prepay := made(Prepayment(anna, "out:1", 30, 1))[0]
	more := made(Prepayment(anna, "out:1", 40, 1))[0]
	correct := func(original, right lease.Transaction) []lease.Transaction {
		t.Helper()
		txs, err := Correct(original, &right, 2)
		if err != nil {
			t.Error(err)
		}
		return txs
	}
	second := correct(usage, less)[1]
	for _, tt := range []struct {
		txs  []lease.Transaction
		want string
	}{
		{made(prepay, nil), "prepay:out:1 (prepay, out:1) assets:wallet/+30 liab:acme:prepaid/L-0001-30"},
		{made(usage, nil), "usage:L-0001:2026-11-20T12Z (usage, L-0001) liab:acme:prepaid/L-0001+30 revenue:lease/L-0001-30"},
		{made(PowerUsage(bruno, hour, 5, 1)), "power:L-0002:2026-11-20T12Z (power, L-0002) liab:bob:prepaid/L-0002+5 revenue:power/L-0002-5"},
		{made(PPS(anna, hour, 9, 1)), "pps:L-0001:2026-11-20T12Z (pps, L-0001) expense:pps/L-0001+9 liab:acme:available/L-0001-9"},
		{made(Refund(anna, "close", 4, 1)), "refund:L-0001:close (refund, L-0001) liab:acme:prepaid/L-0001+4 liab:acme:available/L-0001-4"},
		{made(SLACredit(anna, "2026-11", false, 4, 1)), "sla:L-0001:2026-11 (sla, L-0001) expense:sla/L-0001+4 liab:acme:prepaid/L-0001-4"},
		{made(SLACredit(anna, "2026-11", true, 4, 1)), "sla:L-0001:2026-11 (sla, L-0001) expense:sla/L-0001+4 liab:acme:available/L-0001-4"},
		{made(ExitFee(anna, 4, 1)), "exit:L-0001 (exit, L-0001) liab:acme:prepaid/L-0001+4 revenue:exit/L-0001-4"},
		{made(Income("r", []lease.Part{{Lease: "L-0001", Sat: 7}, {Lease: lease.House, Sat: 2}}, 1, tenants, 1)),
			"income:r (income, r) assets:wallet/+10 liab:acme:available/L-0001-7 revenue:mining/house-2 revenue:fee/-1"},
		{made(CarryReleased("r", []lease.Part{{Lease: lease.House, Sat: 2}}, tenants, 1)), "carry:r (carry, r) equity:startup-carry/+2 revenue:mining/house-2"},
		{made(intent, nil), "payout-intent:7 (payout-intent, aa) liab:acme:available/L-0001+30 liab:acme:inflight/L-0001-30 liab:bob:available/L-0002+20 liab:bob:inflight/L-0002-20"},
		{made(PayoutConfirmed(intent, "bb", 3, 1)), "payout-confirmed:7 (payout-confirmed, bb) liab:acme:inflight/L-0001+30 liab:bob:inflight/L-0002+20 expense:txfee/+3 assets:wallet/-53"},
		{made(PayoutFailed(intent, 1)), "payout-failed:7 (payout-failed, aa) liab:acme:available/L-0001-30 liab:acme:inflight/L-0001+30 liab:bob:available/L-0002-20 liab:bob:inflight/L-0002+20"},
		// What was charged is given back first, what was given is taken back last.
		{correct(usage, less), "reversal:usage:L-0001:2026-11-20T12Z (reversal, usage:L-0001:2026-11-20T12Z) liab:acme:prepaid/L-0001-30 revenue:lease/L-0001+30; " +
			"usage:L-0001:2026-11-20T12Z#2 (usage, L-0001) liab:acme:prepaid/L-0001+20 revenue:lease/L-0001-20"},
		{correct(prepay, more), "prepay:out:1#2 (prepay, out:1) assets:wallet/+40 liab:acme:prepaid/L-0001-40; " +
			"reversal:prepay:out:1 (reversal, prepay:out:1) assets:wallet/-30 liab:acme:prepaid/L-0001+30"},
		{correct(second, usage)[1:], "usage:L-0001:2026-11-20T12Z#3 (usage, L-0001) liab:acme:prepaid/L-0001+30 revenue:lease/L-0001-30"},
	} {
		var got []string
		for _, x := range tt.txs {
			got = append(got, brief(x))
			if err := follows(x); err != nil {
				t.Error(err)
			}
		}
		if s := strings.Join(got, "; "); s != tt.want {
			t.Errorf("got  %s\nwant %s", s, tt.want)
		}
	}
}

// A coinbase that pays some leases directly brings only the rest to the wallet.
func TestMaturedDirect(t *testing.T) {
	b := block(1)
	found := tx(t, func() (lease.Transaction, error) {
		return Found(b, Reward{
			Split: []lease.Part{{Lease: "L-0001", Sat: 30}, {Lease: "L-0002", Sat: 20}, {Lease: lease.House, Sat: 10}},
			Fee:   5, Carry: 2, Tenants: tenants,
		}, 1)
	})
	b.Appearances = 1
	for direct, want := range map[string]string{
		"": "assets:coinbase:immature/-67 assets:wallet/+67 liab:acme:pending/L-0001+30 liab:acme:available/L-0001-30 liab:bob:pending/L-0002+20 liab:bob:available/L-0002-20" +
			" revenue:mining:pending/house+10 revenue:mining/house-10 equity:startup-carry:pending/+2 equity:startup-carry/-2 revenue:fee:pending/+5 revenue:fee/-5",
		"L-0002": "assets:coinbase:immature/-67 assets:wallet/+47 liab:acme:pending/L-0001+30 liab:acme:available/L-0001-30 liab:bob:pending/L-0002+20" +
			" revenue:mining:pending/house+10 revenue:mining/house-10 equity:startup-carry:pending/+2 equity:startup-carry/-2 revenue:fee:pending/+5 revenue:fee/-5",
	} {
		matured := Matured(b, found, 1, direct)
		if err := matured.Validate(); err != nil {
			t.Error(err)
		}
		if got := brief(matured); !strings.HasSuffix(got, ") "+want) {
			t.Errorf("direct %q:\ngot  %s\nwant %s", direct, got, want)
		}
	}
	if all := Matured(b, tx(t, func() (lease.Transaction, error) {
		return Found(b, Reward{Split: []lease.Part{{Lease: "L-0001", Sat: 30}}, Tenants: tenants}, 1)
	}), 1, "L-0001"); len(all.Postings) != 2 || all.Validate() != nil {
		t.Errorf("all of it direct: %s", brief(all))
	}
}

func TestBuilderErrors(t *testing.T) {
	found := event(KindFound, block(1), 1, 0)
	usage := tx(t, func() (lease.Transaction, error) { return Usage(anna, 5*lease.MsPerHour, 30, 1) })
	power := tx(t, func() (lease.Transaction, error) { return PowerUsage(anna, 5*lease.MsPerHour, 30, 1) })
	later := tx(t, func() (lease.Transaction, error) { return Usage(anna, 6*lease.MsPerHour, 30, 1) })
	intent := tx(t, func() (lease.Transaction, error) { return PayoutIntent(1, "t", []Due{{anna, 5}}, 1) })
	correct := func(original lease.Transaction, right *lease.Transaction) (lease.Transaction, error) {
		txs, err := Correct(original, right, 1)
		if err != nil {
			return lease.Transaction{}, err
		}
		return txs[0], nil
	}
	odd := usage
	odd.Key += "#x"
	elsewhere := usage
	elsewhere.Postings = []lease.Posting{{Account: Prepaid("acme"), Lease: "L-0002", Sat: 30}, {Account: LeaseRevenue, Lease: "L-0002", Sat: -30}}
	toPower := usage
	toPower.Postings = []lease.Posting{{Account: Prepaid("acme"), Lease: "L-0001", Sat: 30}, {Account: Power, Lease: "L-0001", Sat: -30}}
	for name, build := range map[string]func() (lease.Transaction, error){
		"right by another":    func() (lease.Transaction, error) { return correct(usage, &elsewhere) },
		"right to another":    func() (lease.Transaction, error) { return correct(usage, &toPower) },
		"nothing prepaid":     func() (lease.Transaction, error) { return Prepayment(anna, "r", 0, 1) },
		"negative":            func() (lease.Transaction, error) { return Prepayment(anna, "r", -1, 1) },
		"more than there is":  func() (lease.Transaction, error) { return Prepayment(anna, "r", lease.MaxSat+1, 1) },
		"no ref":              func() (lease.Transaction, error) { return Prepayment(anna, "", 1, 1) },
		"long ref":            func() (lease.Transaction, error) { return Prepayment(anna, strings.Repeat("x", 201), 1, 1) },
		"two lines":           func() (lease.Transaction, error) { return Prepayment(anna, "a\nb", 1, 1) },
		"no text":             func() (lease.Transaction, error) { return Prepayment(anna, "\xff", 1, 1) },
		"a version":           func() (lease.Transaction, error) { return Prepayment(anna, "a#2", 1, 1) },
		"space":               func() (lease.Transaction, error) { return Prepayment(anna, " a", 1, 1) },
		"the house's":         func() (lease.Transaction, error) { return Usage(Party{lease.House, "L-0001"}, 0, 1, 1) },
		"for the house":       func() (lease.Transaction, error) { return Usage(Party{"acme", lease.House}, 0, 1, 1) },
		"nobody":              func() (lease.Transaction, error) { return ExitFee(Party{"", "L-0001"}, 1, 1) },
		"another account":     func() (lease.Transaction, error) { return ExitFee(Party{"acme:available", "L-0001"}, 1, 1) },
		"no lease":            func() (lease.Transaction, error) { return SLACredit(Party{"acme", ""}, "2026-11", true, 1, 1) },
		"another key":         func() (lease.Transaction, error) { return Refund(Party{"acme", "L-0001:x"}, "close", 1, 1) },
		"no period":           func() (lease.Transaction, error) { return SLACredit(anna, "", true, 1, 1) },
		"no occasion":         func() (lease.Transaction, error) { return Refund(anna, "", 1, 1) },
		"hour without a date": func() (lease.Transaction, error) { return Usage(anna, 1<<40*lease.MsPerHour, 1, 1) },
		"no beginning":        func() (lease.Transaction, error) { return Usage(anna, 5, 1, 1) },
		"hour before dates":   func() (lease.Transaction, error) { return PPS(anna, -1<<40*lease.MsPerHour, 1, 1) },
		"no income":           func() (lease.Transaction, error) { return Income("r", nil, 0, tenants, 1) },
		"negative fee":        func() (lease.Transaction, error) { return Income("r", nil, -1, tenants, 1) },
		"unknown lease": func() (lease.Transaction, error) {
			return CarryReleased("r", []lease.Part{{Lease: "L-9", Sat: 1}}, tenants, 1)
		},
		"nothing to pay":       func() (lease.Transaction, error) { return PayoutIntent(1, "t", nil, 1) },
		"payout of nothing":    func() (lease.Transaction, error) { return PayoutIntent(1, "t", []Due{{anna, 0}}, 1) },
		"payout to nobody":     func() (lease.Transaction, error) { return PayoutIntent(1, "t", []Due{{Party{}, 5}}, 1) },
		"negative tx fee":      func() (lease.Transaction, error) { return PayoutConfirmed(intent, "t", -1, 1) },
		"confirmed no intent":  func() (lease.Transaction, error) { return PayoutConfirmed(usage, "t", 0, 1) },
		"failed no intent":     func() (lease.Transaction, error) { return PayoutFailed(usage, 1) },
		"correction of blocks": func() (lease.Transaction, error) { return correct(found, nil) },
		"another kind":         func() (lease.Transaction, error) { return correct(usage, &power) },
		"another hour":         func() (lease.Transaction, error) { return correct(usage, &later) },
		"odd version":          func() (lease.Transaction, error) { return correct(odd, nil) },
	} {
		if made, err := build(); err == nil {
			t.Errorf("%s: %s", name, brief(made))
		}
	}
}

func TestDues(t *testing.T) {
	balances := []lease.Balance{
		{Account: Available("acme"), Lease: "L-0001", Sat: 20}, // another lease's money was paid out for it
		{Account: Available("acme"), Lease: "L-0003", Sat: -50},
		{Account: Available("acme"), Lease: "L-0004", Sat: -10},
		{Account: Available("bob"), Lease: "L-0002", Sat: -70},
		{Account: Pending("acme"), Lease: "L-0004", Sat: -70},
	}
	for sat, want := range map[int64]string{1: "[{{acme L-0003} 1}]", 40: "[{{acme L-0003} 40}]"} {
		if dues, err := Dues(balances, "acme", sat); err != nil || fmt.Sprint(dues) != want {
			t.Errorf("%d: %v, %v, want %s", sat, dues, err, want)
		}
	}
	if dues, err := Dues(balances[1:], "acme", 60); err != nil || fmt.Sprint(dues) != "[{{acme L-0003} 50} {{acme L-0004} 10}]" {
		t.Errorf("%v, %v", dues, err)
	}
	for _, sat := range []int64{41, 0, -1, math.MaxInt64} {
		if dues, err := Dues(balances, "acme", sat); !errors.Is(err, lease.ErrOverdrawn) {
			t.Errorf("%d: %v, %v", sat, dues, err)
		}
	}
}
