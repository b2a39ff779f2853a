package ledger

import (
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// The provider's own accounts.
const (
	Wallet          = "assets:wallet"
	Immature        = "assets:coinbase:immature" // rewards of blocks that may still be orphaned
	Carry           = "equity:startup-carry"     // what windows not yet full left of blocks
	CarryPending    = Carry + pending
	LeaseRevenue    = "revenue:lease" // hash rate and hosting, as it is used
	Power           = "revenue:power"
	ExitFees        = "revenue:exit"
	Fee             = "revenue:fee" // of blocks
	FeePending      = Fee + pending
	Mining          = "revenue:mining" // the house's part of blocks
	MiningPending   = Mining + pending
	PPSExpense      = "expense:pps" // what shares are paid before there is a block
	SLAExpense      = "expense:sla"
	TxFee           = "expense:txfee"
	OrphanLoss      = "expense:orphan-loss" // what was paid of blocks that left the chain
	RecoveryPending = OrphanLoss + pending  // what of it comes back with a block that returned
)

const (
	pending   = ":pending"
	available = ":available"
	prepaid   = ":prepaid"
	inflight  = ":inflight"
)

// Prepaid is the account of what a tenant paid ahead for its leases. Each
// lease has its own part of it, by Posting.Lease.
func Prepaid(tenant string) string { return lease.Liability + tenant + prepaid }

// Pending is the account of what a tenant gets when blocks mature.
func Pending(tenant string) string { return lease.Liability + tenant + pending }

// Available is the account of what a tenant may be paid.
func Available(tenant string) string { return lease.Liability + tenant + available }

// Inflight is the account of payouts that are not confirmed yet.
func Inflight(tenant string) string { return lease.Liability + tenant + inflight }

// settled is where a pending account's amount goes at maturity; false for
// accounts that are not pending.
func settled(account string) (string, bool) {
	base, ok := strings.CutSuffix(account, pending)
	if ok && strings.HasPrefix(account, lease.Liability) {
		base += available
	}
	return base, ok
}

// Classes are the first words of account names, in the order of a trial
// balance.
func Classes() []string { return []string{"assets", "liab", "equity", "revenue", "expense"} }

// Class is the first word of an account's name.
func Class(account string) string {
	class, _, _ := strings.Cut(account, ":")
	return class
}

// anyone stands for the tenant in the name of a group of accounts.
const anyone = "*"

// group is the account's name with the tenant replaced by anyone.
func group(account string) string {
	if rest, ok := strings.CutPrefix(account, lease.Liability); ok {
		if i := strings.LastIndexByte(rest, ':'); i > 0 {
			return lease.Liability + anyone + rest[i:]
		}
	}
	return account
}

// Party is whom an amount concerns: a tenant and one of its leases.
type Party struct{ Tenant, Lease string }

// check refuses names that would be another account than meant.
func (p Party) check() error {
	if p.Tenant == "" || p.Tenant == lease.House || strings.Trim(p.Tenant, nameLetters) != "" {
		return fmt.Errorf("tenant %.40q: want a tenant's name", p.Tenant)
	}
	if p.Lease == "" || p.Lease == lease.House || strings.ContainsAny(p.Lease, ":#") {
		return fmt.Errorf("tenant %s, lease %.40q: want the ID of one of its leases", p.Tenant, p.Lease)
	}
	return nil
}

const nameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// parties resolves the leases of parts, of which each is above zero; the
// house has no tenant.
func parties(parts []lease.Part, tenants map[string]string) ([]Party, error) {
	all := make([]Party, len(parts))
	seen := make(map[string]bool, len(parts))
	for i, p := range parts {
		if p.Sat <= 0 || p.Sat > lease.MaxSat {
			return nil, fmt.Errorf("%d sat for lease %s, want 1 to %d", p.Sat, p.Lease, int64(lease.MaxSat))
		}
		if seen[p.Lease] {
			return nil, fmt.Errorf("lease %s has two parts", p.Lease)
		}
		seen[p.Lease] = true
		if p.Lease == lease.House {
			continue
		}
		tenant, ok := tenants[p.Lease]
		if !ok {
			return nil, fmt.Errorf("lease %s: %w", p.Lease, lease.ErrNotFound)
		}
		all[i] = Party{Tenant: tenant, Lease: p.Lease}
		if err := all[i].check(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
