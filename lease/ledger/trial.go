package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Trial is a trial balance: all accounts with the debit or credit that they
// come to. Of whole books, both columns have the same total.
type Trial struct {
	Classes   []TrialClass `json:"classes"`
	DebitSat  int64        `json:"debit_sat"`
	CreditSat int64        `json:"credit_sat"`
}

// TrialClass are the accounts of one class: assets, liab, equity, revenue,
// expense.
type TrialClass struct {
	Class     string      `json:"class"`
	Accounts  []TrialLine `json:"accounts"`
	DebitSat  int64       `json:"debit_sat"`
	CreditSat int64       `json:"credit_sat"`
}

// TrialLine is one account over all its leases. One of its amounts is zero.
type TrialLine struct {
	Account   string `json:"account"`
	DebitSat  int64  `json:"debit_sat"`
	CreditSat int64  `json:"credit_sat"`
}

// TrialBalance sums balances by account, those that came to zero included. It
// fails only for sums that no books can have.
func TrialBalance(balances []lease.Balance) (Trial, error) {
	net := make(map[string]int64)
	for _, b := range balances {
		sum, ok := plus(net[b.Account], b.Sat)
		if !ok {
			return Trial{}, fmt.Errorf("trial balance: %s: sum out of range", b.Account)
		}
		net[b.Account] = sum
	}
	lines := make([]TrialLine, 0, len(net))
	for account, sat := range net {
		l := TrialLine{Account: account, DebitSat: max(sat, 0)}
		l.CreditSat = l.DebitSat - sat
		lines = append(lines, l)
	}
	order := Classes()
	rank := func(class string) int {
		if i := slices.Index(order, class); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortFunc(lines, func(x, y TrialLine) int {
		a, b := Class(x.Account), Class(y.Account)
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b), strings.Compare(x.Account, y.Account))
	})
	t := Trial{Classes: []TrialClass{}}
	for _, l := range lines {
		if n := len(t.Classes); n == 0 || t.Classes[n-1].Class != Class(l.Account) {
			t.Classes = append(t.Classes, TrialClass{Class: Class(l.Account)})
		}
		c := &t.Classes[len(t.Classes)-1]
		c.Accounts = append(c.Accounts, l)
		c.DebitSat += l.DebitSat // bounded by the totals
		c.CreditSat += l.CreditSat
		var ok [2]bool
		t.DebitSat, ok[0] = plus(t.DebitSat, l.DebitSat)
		t.CreditSat, ok[1] = plus(t.CreditSat, l.CreditSat)
		if ok != [2]bool{true, true} {
			return Trial{}, fmt.Errorf("trial balance: totals out of range")
		}
	}
	return t, nil
}

// Balanced reports whether the columns have the same total.
func (t *Trial) Balanced() bool { return t.DebitSat == t.CreditSat }

// plus adds unless the sum is out of range, for which the least number counts
// too: it has no opposite.
func plus(a, b int64) (sum int64, ok bool) {
	sum = a + b
	return sum, (sum > a) == (b > 0) && sum != -1<<63
}
