package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/ledger"
)

// owed tells whether an account says what the provider owes the tenant.
func owed(account string) bool { return strings.HasPrefix(account, lease.Liability) }

// shortAccount is the name without whose it is: prepaid, available, …
func shortAccount(name string) string {
	if i := strings.LastIndexByte(name, ':'); owed(name) && i >= 0 {
		return name[i+1:]
	}
	return name
}

// flow is what transactions of a kind did to the tenant's accounts, in satoshi;
// what the provider comes to owe is positive.
type flow struct {
	kind  string
	lines int64
	sat   map[string]int64 // by account
	total int64
}

// flows are those of a statement, in the order of kindNames and then by name.
type flows struct {
	list     []flow
	accounts []string // the tenant's, in the order of accountOrder and then by name
	opening  map[string]int64
	closing  map[string]int64
}

// kindName is a kind of transaction in the tenant's words.
type kindName struct{ kind, name string }

func kindNames() []kindName {
	return []kindName{
		{ledger.KindPrepay, "Paid in"},
		{ledger.KindUsage, "Usage charged"},
		{ledger.KindPower, "Power charged"},
		{ledger.KindExit, "Fee for leaving early"},
		{ledger.KindSLA, "SLA credit"},
		{ledger.KindPPS, "Earned by shares"},
		{ledger.KindIncome, "Payment of the house’s pool"},
		{ledger.KindFound, "Block found"},
		{ledger.KindMatured, "Block matured"},
		{ledger.KindUnmatured, "Block unmatured"},
		{ledger.KindOrphaned, "Block orphaned"},
		{ledger.KindLoss, "Orphan’s loss, the house’s"},
		{ledger.KindCarry, "Carry released"},
		{ledger.KindRefund, "Refund"},
		{ledger.KindIntent, "Payout sent"},
		{ledger.KindConfirmed, "Payout confirmed"},
		{ledger.KindFailed, "Payout failed"},
		{ledger.KindReversal, "Correction"},
	}
}

func nameOfKind(kind string) string {
	for _, k := range kindNames() {
		if k.kind == kind {
			return k.name
		}
	}
	return clean(kind)
}

// meant is the kind that a line is about: that of what a reversal takes back.
func meant(l *bundle.Line) string {
	if rest, ok := strings.CutPrefix(l.Key, ledger.KindReversal+":"); ok && l.Kind == ledger.KindReversal {
		kind, _, _ := strings.Cut(rest, ":")
		return kind
	}
	return l.Kind
}

func newFlows(s *bundle.Statement) flows {
	f := flows{opening: map[string]int64{}, closing: map[string]int64{}}
	known := map[string]bool{}
	for _, a := range s.Books.Accounts {
		if owed(a.Name) {
			f.opening[a.Name], f.closing[a.Name], known[a.Name] = a.Opening, a.Closing, true
		}
	}
	at := map[string]int{}
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		n, ok := at[l.Kind]
		if !ok {
			n = len(f.list)
			at[l.Kind] = n
			f.list = append(f.list, flow{kind: l.Kind, sat: map[string]int64{}})
		}
		k := &f.list[n]
		k.lines++
		for _, p := range l.Postings {
			if owed(p.Account) {
				k.sat[p.Account] -= p.Sat
				k.total -= p.Sat
				known[p.Account] = true
			}
		}
	}
	place := map[string]int{}
	for i, k := range kindNames() {
		place[k.kind] = i - len(kindNames())
	}
	slices.SortFunc(f.list, func(a, b flow) int {
		return cmp.Or(cmp.Compare(place[a.kind], place[b.kind]), strings.Compare(a.kind, b.kind))
	})
	for name := range known {
		f.accounts = append(f.accounts, name)
	}
	order := []string{"inflight", "available", "pending", "prepaid"}
	slices.SortFunc(f.accounts, func(a, b string) int {
		return cmp.Or(cmp.Compare(slices.Index(order, shortAccount(b)), slices.Index(order, shortAccount(a))), strings.Compare(a, b))
	})
	return f
}

// lines is what all lines of some kinds did to all of the tenant's accounts
// together. Of corrections only those count that are about what a lease costs
// and earns, not those of payments and payouts.
func lines(s *bundle.Statement, kinds ...string) (sat int64) {
	for i := range s.Books.Lines {
		l := &s.Books.Lines[i]
		if !slices.Contains(kinds, l.Kind) || slices.Contains([]string{ledger.KindPrepay, ledger.KindRefund, ledger.KindIntent, ledger.KindConfirmed, ledger.KindFailed}, meant(l)) {
			continue
		}
		for _, p := range l.Postings {
			if owed(p.Account) {
				sat -= p.Sat
			}
		}
	}
	return sat
}
