package ledger

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Filter selects postings. Its zero value takes all of them.
type Filter struct {
	Account string          // how the account begins: "liab", "revenue:mining"; whole words
	Lease   string          // of this lease alone
	Tenant  string          // on the tenant's accounts, or of its Leases
	Leases  map[string]bool // of Tenant
	FromMs  int64           // Unix milliseconds, included; 0 = from the beginning
	ToMs    int64           // Unix milliseconds, excluded; 0 = to the end
}

// Dated reports whether the filter is about a period, so that balances of all
// time do not answer it.
func (f *Filter) Dated() bool { return f.FromMs != 0 || f.ToMs != 0 }

// Takes reports whether a posting to account and lease is selected, whenever
// it was made.
func (f *Filter) Takes(account, id string) bool {
	return under(account, f.Account) &&
		(f.Lease == "" || id == f.Lease) &&
		(f.Tenant == "" || under(account, lease.Liability+f.Tenant) || f.Leases[id])
}

// under reports whether an account's name begins with the words of prefix.
func under(account, prefix string) bool {
	rest, ok := strings.CutPrefix(account, strings.TrimSuffix(prefix, ":"))
	return prefix == "" || ok && (rest == "" || rest[0] == ':')
}

// In reports whether a moment is in the filter's period.
func (f *Filter) In(ms int64) bool {
	return (f.FromMs == 0 || ms >= f.FromMs) && (f.ToMs == 0 || ms < f.ToMs)
}

// Transactions selects the transactions with a posting that the filter takes,
// with all their postings: one side alone says little. One without postings
// is selected by its time alone, if nothing else is asked for.
func (f *Filter) Transactions(all iter.Seq2[lease.Transaction, error]) iter.Seq2[lease.Transaction, error] {
	return func(yield func(lease.Transaction, error) bool) {
		for t, err := range all {
			takes := func(p lease.Posting) bool { return f.Takes(p.Account, p.Lease) }
			takesEmpty := len(t.Postings) == 0 && f.Account == "" && f.Lease == "" && f.Tenant == ""
			if err == nil && (!f.In(t.AtMs) || !takesEmpty && !slices.ContainsFunc(t.Postings, takes)) {
				continue
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// Balances selects lines of balances, whose period is all time.
func (f *Filter) Balances(all []lease.Balance) []lease.Balance {
	return slices.DeleteFunc(slices.Clone(all), func(b lease.Balance) bool { return !f.Takes(b.Account, b.Lease) })
}

// Movements sums the selected postings, by account and lease.
func (f *Filter) Movements(all iter.Seq2[lease.Transaction, error]) ([]lease.Balance, error) {
	sums := make(map[entry]int64)
	for t, err := range all {
		if err != nil {
			return nil, err
		}
		if !f.In(t.AtMs) {
			continue
		}
		for _, p := range t.Postings {
			if f.Takes(p.Account, p.Lease) {
				sums[entry{p.Account, p.Lease}] += p.Sat
			}
		}
	}
	balances := make([]lease.Balance, 0, len(sums))
	for e, sat := range sums {
		balances = append(balances, lease.Balance{Account: e.account, Lease: e.lease, Sat: sat})
	}
	slices.SortFunc(balances, func(x, y lease.Balance) int {
		return cmp.Or(strings.Compare(x.Account, y.Account), strings.Compare(x.Lease, y.Lease))
	})
	return balances, nil
}
