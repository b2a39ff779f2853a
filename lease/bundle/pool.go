package bundle

import "github.com/hashlease/hashlease/lease"

// Pool is where the work of a lease with a pool went, and what the pool said to
// it in the period, as the provider reports it. The password is in no document.
type Pool struct {
	URLs   []string      `json:"urls"`
	User   string        `json:"user"` // the tenant's at the pool
	Counts PoolCounts    `json:"counts"`
	Former []PoolAccount `json:"former"` // accounts that the lease worked for before, in the period, the last first
}

// PoolAccount is an account at a pool that a lease worked for.
type PoolAccount struct {
	URLs    []string `json:"urls"`
	User    string   `json:"user"`
	UntilMs int64    `json:"until_ms"`
}

// PoolCounts are shares sent to a pool, and its answers.
type PoolCounts struct {
	Sent         uint64         `json:"sent"` // what has no verdict is in this number alone
	Accepted     uint64         `json:"accepted"`
	Rejected     uint64         `json:"rejected"` // but for stale ones
	Stale        uint64         `json:"stale"`
	SentWork     lease.Quantity `json:"sent_work"` // of the pool's target when each share was made
	AcceptedWork lease.Quantity `json:"accepted_work"`
}

// HousePool is what a statement says of work for the house's pool: where it
// went, what the pool answered, and the lease's part of what the pool paid.
type HousePool struct {
	URLs    []string   `json:"urls"` // that jobs came from, sorted
	Counts  PoolCounts `json:"counts"`
	Incomes []Income   `json:"incomes"` // booked in the period, by the log
}

// Income is the lease's part of a payment of the house's pool, which is shared
// by the work that was proven for the pool in the hours it is for.
type Income struct {
	Ref      string         `json:"ref"`      // of the payment
	FromMs   int64          `json:"from_ms"`  // a full hour
	ToMs     int64          `json:"to_ms"`    // likewise
	Sat      int64          `json:"sat"`      // of the payment
	Work     lease.Quantity `json:"work"`     // of everybody, on jobs of the pool
	OwnWork  lease.Quantity `json:"own_work"` // the lease's
	GrossSat int64          `json:"gross_sat"`
	FeeSat   int64          `json:"fee_sat"` // of it, the house's by the terms
	Leaf     int64          `json:"leaf"`    // of the transaction
}

// NetSat is what of the payment is the lease's, in satoshi.
func (i *Income) NetSat() int64 { return i.GrossSat - i.FeeSat }
