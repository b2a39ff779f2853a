package ledger

import (
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// PPS books what the shares of a lease earned in the hour that begins at
// hourMs, under PPS or FPPS (PPSKey): it is the tenant's whatever becomes of
// blocks. The blocks themselves are Found with the house's part alone.
func PPS(p Party, hourMs, sat, atMs int64) (lease.Transaction, error) {
	return hourly(KindPPS, p, hourMs, PPSExpense, Available(p.Tenant), sat, atMs)
}

// Income books what a foreign pool paid into the wallet for work of the house
// and of leases with the house as their destination. ref names the payment
// (IncomeKey); tenants gives the tenant of each lease but the house.
func Income(ref string, split []lease.Part, fee int64, tenants map[string]string, atMs int64) (lease.Transaction, error) {
	return share(KindIncome, IncomeKey(ref), ref, Wallet, split, fee, tenants, atMs)
}

// CarryReleased books what the terms say becomes of the startup carry: parts
// for leases, and the house's. ref names the release (CarryKey).
func CarryReleased(ref string, split []lease.Part, tenants map[string]string, atMs int64) (lease.Transaction, error) {
	return share(KindCarry, CarryKey(ref), ref, Carry, split, 0, tenants, atMs)
}

// share debits one account and credits leases, the house and the fee.
func share(kind, key, ref, debit string, split []lease.Part, fee int64, tenants map[string]string, atMs int64) (lease.Transaction, error) {
	t := lease.Transaction{Key: key, Kind: kind, AtMs: atMs, Ref: ref}
	if err := checkRef(kind, ref); err != nil {
		return t, err
	}
	to, err := parties(split, tenants)
	if err != nil {
		return t, fmt.Errorf("transaction %s: %w", key, err)
	}
	if fee < 0 || fee > lease.MaxSat {
		return t, fmt.Errorf("transaction %s: fee of %d sat", key, fee)
	}
	sum := fee
	credits := make([]lease.Posting, 0, len(split)+1)
	for i, p := range split {
		account := Mining
		if p.Lease != lease.House {
			account = Available(to[i].Tenant)
		}
		credits = append(credits, lease.Posting{Account: account, Lease: p.Lease, Sat: -p.Sat})
		sum += p.Sat
	}
	if fee > 0 {
		credits = append(credits, lease.Posting{Account: Fee, Sat: -fee})
	}
	if sum == 0 {
		return t, fmt.Errorf("transaction %s: there is nothing to share", key)
	}
	t.Postings = append([]lease.Posting{{Account: debit, Sat: sum}}, credits...)
	return t, t.Validate()
}
