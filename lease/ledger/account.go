package ledger

import (
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// The provider's own accounts.
const (
	Wallet        = "assets:wallet"
	Immature      = "assets:coinbase:immature" // rewards of blocks that may still be orphaned
	Fee           = "revenue:fee"
	FeePending    = Fee + pending
	Mining        = "revenue:mining" // the house's part of blocks
	MiningPending = Mining + pending
	OrphanLoss    = "expense:orphan-loss"
)

const (
	pending   = ":pending"
	available = ":available"
)

// Pending is the account of what a tenant gets when blocks mature.
func Pending(tenant string) string { return lease.Liability + tenant + pending }

// Available is the account of what a tenant may be paid.
func Available(tenant string) string { return lease.Liability + tenant + available }

// settled is where a pending account's amount goes at maturity; false for
// accounts that are not pending.
func settled(account string) (string, bool) {
	base, ok := strings.CutSuffix(account, pending)
	if ok && strings.HasPrefix(account, lease.Liability) {
		base += available
	}
	return base, ok
}
