package ledger

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// Due is an amount that is to be paid for one lease.
type Due struct {
	Party
	Sat int64
}

// Dues takes sat out of what a tenant may be paid, lease after lease in the
// order of balances, which is how a Store lists them. It fails with
// lease.ErrOverdrawn when less is available.
func Dues(balances []lease.Balance, tenant string, sat int64) ([]Due, error) {
	account := Available(tenant)
	var have int64
	for _, b := range balances {
		if b.Account == account {
			have -= b.Sat
		}
	}
	if sat <= 0 || sat > have {
		return nil, fmt.Errorf("payout of %d sat to %s: %w, %d sat are available", sat, tenant, lease.ErrOverdrawn, have)
	}
	var dues []Due
	for _, b := range balances {
		// A line may be a debit where another lease's money was paid out
		// for it; the account as a whole is not.
		if part := min(sat, -b.Sat); b.Account == account && part > 0 {
			dues = append(dues, Due{Party{tenant, b.Lease}, part})
			sat -= part
		}
	}
	return dues, nil
}

// PayoutIntent books that a signed transaction is about to pay what is due,
// to one tenant or several. id is the payout's (PayoutKey), txid the
// transaction's. Another transaction that spends the same coins instead needs
// no intent of its own: of both at most one is ever confirmed.
func PayoutIntent(id int64, txid string, dues []Due, atMs int64) (lease.Transaction, error) {
	t := lease.Transaction{Key: PayoutKey(KindIntent, id), Kind: KindIntent, AtMs: atMs, Ref: txid}
	if len(dues) == 0 {
		return t, fmt.Errorf("transaction %s: there is nothing to pay", t.Key)
	}
	for _, d := range dues {
		if err := d.check(); err != nil {
			return t, fmt.Errorf("transaction %s: %w", t.Key, err)
		}
		if d.Sat <= 0 {
			return t, fmt.Errorf("transaction %s: %d sat for lease %s, want an amount above zero", t.Key, d.Sat, d.Lease)
		}
		t.Postings = append(t.Postings,
			lease.Posting{Account: Available(d.Tenant), Lease: d.Lease, Sat: d.Sat},
			lease.Posting{Account: Inflight(d.Tenant), Lease: d.Lease, Sat: -d.Sat})
	}
	return t, t.Validate()
}

// PayoutConfirmed books that the payout of an intent is on the chain for
// good: by the transaction txid, the intended one or its replacement, which
// cost the house a fee of feeSat.
func PayoutConfirmed(intent lease.Transaction, txid string, feeSat, atMs int64) (lease.Transaction, error) {
	id, err := payoutID(intent)
	t := lease.Transaction{Key: PayoutKey(KindConfirmed, id), Kind: KindConfirmed, AtMs: atMs, Ref: txid}
	if err != nil {
		return t, err
	}
	if feeSat < 0 || feeSat > lease.MaxSat {
		return t, fmt.Errorf("transaction %s: fee of %d sat", t.Key, feeSat)
	}
	t.Postings = paid(intent.Postings)
	out := feeSat
	for _, p := range t.Postings {
		out += p.Sat
	}
	if feeSat > 0 {
		t.Postings = append(t.Postings, lease.Posting{Account: TxFee, Sat: feeSat})
	}
	t.Postings = append(t.Postings, lease.Posting{Account: Wallet, Sat: -out})
	return t, t.Validate()
}

// PayoutFailed books that the payout of an intent will never be on the chain:
// the exact reversal of the intent.
func PayoutFailed(intent lease.Transaction, atMs int64) (lease.Transaction, error) {
	id, err := payoutID(intent)
	if err != nil {
		return lease.Transaction{}, err
	}
	t := Reverse(intent, PayoutKey(KindFailed, id), KindFailed, atMs)
	return t, t.Validate()
}

func payoutID(intent lease.Transaction) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(intent.Key, KindIntent+":"), 10, 64)
	if err != nil || intent.Kind != KindIntent || intent.Key != PayoutKey(KindIntent, id) {
		return 0, fmt.Errorf("transaction %s of kind %s: want a %s", intent.Key, intent.Kind, KindIntent)
	}
	return id, nil
}

// paid debits what an intent put in flight.
func paid(intent []lease.Posting) (debits []lease.Posting) {
	for _, p := range intent {
		if p.Sat < 0 {
			p.Sat = -p.Sat
			debits = append(debits, p)
		}
	}
	return debits
}
