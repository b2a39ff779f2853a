package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// rule says which accounts a kind of transaction may debit and credit. What
// reverses another transaction is compared with that instead.
type rule struct {
	debit, credit []string
	correctable   bool
	ofLease       bool // all of it is about the one lease that Ref names
}

const (
	anyPrepaid   = lease.Liability + anyone + prepaid
	anyPending   = lease.Liability + anyone + pending
	anyAvailable = lease.Liability + anyone + available
	anyInflight  = lease.Liability + anyone + inflight
)

// ruleOf is the rule of a kind; ok is false for a kind that does not exist.
func ruleOf(kind string) (r rule, ok bool) {
	list := func(accounts ...string) []string { return accounts }
	switch kind {
	case KindFound:
		r = rule{debit: list(Immature), credit: list(anyPending, RecoveryPending, MiningPending, FeePending, CarryPending)}
	case KindMatured:
		r = rule{
			debit:  list(anyPending, RecoveryPending, MiningPending, FeePending, CarryPending, Wallet),
			credit: list(anyAvailable, OrphanLoss, Mining, Fee, Carry, Immature),
		}
	case KindLoss:
		r = rule{debit: list(OrphanLoss), credit: list(anyAvailable)}
	case KindPrepay:
		r = rule{list(Wallet), list(anyPrepaid), true, false}
	case KindUsage:
		r = rule{list(anyPrepaid), list(LeaseRevenue), true, true}
	case KindPower:
		r = rule{list(anyPrepaid), list(Power), true, true}
	case KindRefund:
		r = rule{list(anyPrepaid), list(anyAvailable), true, true}
	case KindSLA:
		r = rule{list(SLAExpense), list(anyPrepaid, anyAvailable), true, true}
	case KindExit:
		r = rule{list(anyPrepaid), list(ExitFees), true, true}
	case KindPPS:
		r = rule{list(PPSExpense), list(anyAvailable), true, true}
	case KindIncome:
		r = rule{list(Wallet), list(anyAvailable, Mining, Fee), true, false}
	case KindCarry:
		r = rule{list(Carry), list(anyAvailable, Mining), true, false}
	case KindIntent:
		r = rule{debit: list(anyAvailable), credit: list(anyInflight)}
	case KindConfirmed:
		r = rule{debit: list(anyInflight, TxFee), credit: list(Wallet)}
	case KindUnmatured, KindOrphaned, KindFailed, KindReversal:
	default:
		return r, false
	}
	return r, true
}

// reverses reports whether a kind is the reversal of another transaction.
func (r rule) reverses() bool { return r.debit == nil }

func correctable(kind string) bool {
	r, _ := ruleOf(kind)
	return r.correctable
}

// follows checks that t is of a known kind, has a key of its kind, and uses
// the accounts of it.
func follows(t lease.Transaction) error {
	r, ok := ruleOf(t.Kind)
	if !ok {
		return fmt.Errorf("transaction %s: unknown kind %.30q", t.Key, t.Kind)
	}
	if !strings.HasPrefix(t.Key, t.Kind+":") {
		return fmt.Errorf("transaction %s: its key is not one of kind %s", t.Key, t.Kind)
	}
	if r.reverses() {
		return nil
	}
	if r.correctable {
		base, _, ok := version(t.Key)
		rest, of := strings.CutPrefix(base, t.Kind+":"+t.Ref)
		if !ok || !of || !r.ofLease && rest != "" || rest != "" && rest[0] != ':' {
			return fmt.Errorf("transaction %s: its key is not about %q", t.Key, t.Ref)
		}
	}
	for _, p := range t.Postings {
		side, allowed := "debit", r.debit
		if p.Sat < 0 {
			side, allowed = "credit", r.credit
		}
		if !slices.Contains(allowed, group(p.Account)) {
			return fmt.Errorf("transaction %s: a %s does not %s %s", t.Key, t.Kind, side, p.Account)
		}
		if r.ofLease && p.Lease != t.Ref {
			return fmt.Errorf("transaction %s: it posts to lease %q, but is about %s", t.Key, p.Lease, t.Ref)
		}
	}
	return nil
}
