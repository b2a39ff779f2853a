package ledger

import (
	"math"
	"reflect"
	"testing"

	"github.com/hashlease/hashlease/lease"
)

func TestTrialBalance(t *testing.T) {
	trial, err := TrialBalance([]lease.Balance{
		{Account: "liab:bob:prepaid", Lease: "L-0002", Sat: -30},
		{Account: "liab:acme:prepaid", Lease: "L-0001", Sat: -60},
		{Account: "revenue:lease", Lease: "L-0001", Sat: -40},
		{Account: "revenue:lease", Lease: "L-0002", Sat: -15},
		{Account: "revenue:fee", Sat: 5},
		{Account: "expense:txfee", Sat: 0},
		{Account: "assets:wallet", Sat: 140},
	})
	want := Trial{
		Classes: []TrialClass{
			{"assets", []TrialLine{{"assets:wallet", 140, 0}}, 140, 0},
			{"liab", []TrialLine{{"liab:acme:prepaid", 0, 60}, {"liab:bob:prepaid", 0, 30}}, 0, 90},
			{"revenue", []TrialLine{{"revenue:fee", 5, 0}, {"revenue:lease", 0, 55}}, 5, 55},
			{"expense", []TrialLine{{"expense:txfee", 0, 0}}, 0, 0},
		},
		DebitSat: 145, CreditSat: 145,
	}
	if err != nil || !reflect.DeepEqual(trial, want) || !trial.Balanced() {
		t.Errorf("got %+v, %v\nwant %+v", trial, err, want)
	}
	empty, err := TrialBalance(nil)
	if err != nil || !empty.Balanced() || len(empty.Classes) != 0 {
		t.Errorf("%+v, %v", empty, err)
	}
	for _, sat := range []int64{math.MaxInt64, math.MinInt64 + 1} {
		if _, err := TrialBalance([]lease.Balance{{Account: "assets:a", Sat: sat}, {Account: "assets:b", Sat: sat}}); err == nil {
			t.Errorf("twice %d is a total", sat)
		}
		if _, err := TrialBalance([]lease.Balance{{Account: "assets:a", Sat: sat}, {Account: "assets:a", Sat: sat}}); err == nil {
			t.Errorf("twice %d is a sum", sat)
		}
	}
}

func TestFilter(t *testing.T) {
	m := story(t)
	balances, _ := m.Balances(t.Context())
	leases := map[string]bool{"L-0002": true}
	for _, tt := range []struct {
		name         string
		f            Filter
		transactions int
		balances     int
	}{
		{"all", Filter{}, len(m.txs), len(balances)},
		{"account", Filter{Account: "revenue:mining"}, 8, 2},
		{"part of a word", Filter{Account: "rev"}, 0, 0},
		{"class", Filter{Account: "expense:"}, 7, 7},
		{"lease", Filter{Lease: "L-0003"}, 6, 1},
		{"tenant", Filter{Tenant: "bob"}, 17, 4},
		{"tenant and lease", Filter{Tenant: "bob", Leases: leases, Lease: "L-0002"}, 19, 10},
		{"nobody", Filter{Tenant: "carl"}, 0, 0},
	} {
		var n int
		for _, err := range tt.f.Transactions(m.Transactions(t.Context())) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		lines := tt.f.Balances(balances)
		moved, err := tt.f.Movements(m.Transactions(t.Context()))
		if err != nil || !reflect.DeepEqual(lines, moved) && len(lines)+len(moved) > 0 {
			t.Errorf("%s: balances %v\nbut movements %v, %v", tt.name, lines, moved, err)
		}
		if n != tt.transactions || len(lines) != tt.balances {
			t.Errorf("%s: %d transactions and %d balances, want %d and %d", tt.name, n, len(lines), tt.transactions, tt.balances)
		}
		for _, b := range lines {
			if tt.f.Tenant != "" && b.Lease != "L-0002" {
				t.Errorf("%s: %+v", tt.name, b)
			}
		}
	}
	// A period and the one after it make the whole.
	middle := m.txs[10].AtMs
	before := Filter{ToMs: middle}
	after := Filter{FromMs: middle}
	x, _ := before.Movements(m.Transactions(t.Context()))
	y, _ := after.Movements(m.Transactions(t.Context()))
	sum := make(map[entry]int64)
	for _, b := range append(x, y...) {
		sum[entry{b.Account, b.Lease}] += b.Sat
	}
	if !reflect.DeepEqual(sum, m.balances) {
		t.Errorf("both periods: %v\nwhole: %v", sum, m.balances)
	}
}
