package lease

import "github.com/hashlease/hashlease/miner"

// MsPerHour is the length of a metered hour in milliseconds. Hours are counted
// from 1970 UTC; what is committed at a moment belongs to the hour that the
// moment lies in.
const MsPerHour = 60 * 60 * 1000

// HourMeter is what one source was metered for one lease in an hour.
type HourMeter struct {
	Lease, Source string
	Hour          int64      // since 1970 UTC
	Counted       miner.Work // hashes counted by the engine
	Evidence      Evidence   // of the receipts
	Verdicts      map[string]uint64
}

// HourUpstream is what the pool of a lease said in an hour.
type HourUpstream struct {
	Upstream
	Hour int64 // since 1970 UTC
}

// HourEarning is the work that was proven in an hour on jobs that pay by the
// share.
type HourEarning struct {
	Lease string
	Hour  int64 // since 1970 UTC
	Earns
	Work miner.Work
}

// Earns is what a job pays by the share: so many satoshi for the network's
// work of one block.
type Earns struct {
	Network miner.Work
	Sat     int64 // of a block, before the provider's fee
}

// SettledHour is an hour of a lease after which nothing is added to it any
// more: what was owed, what was proven, and what follows.
type SettledHour struct {
	Lease      string     `json:"lease"`
	Hour       int64      `json:"hour"`        // since 1970 UTC
	OwedMs     int64      `json:"owed_ms"`     // of the hour
	ExcludedMs int64      `json:"excluded_ms"` // of the owed time, with evidence
	RunningMs  int64      `json:"running_ms"`  // the node ran
	Contracted Quantity   `json:"contracted"`  // work owed
	Counted    Quantity   `json:"counted"`     // hashes
	Proven     Quantity   `json:"proven"`      // work
	Receipts   int64      `json:"receipts"`
	Billable   Quantity   `json:"billable"` // work that is charged
	Upper      Quantity   `json:"upper"`    // 97.5 % bound of the delivered work
	Window     WindowKind `json:"window"`
	DueSat     int64      `json:"due_sat"`     // by the price
	ChargedSat int64      `json:"charged_sat"` // of it, what the prepayment covered
	EarnedSat  int64      `json:"earned_sat"`  // by the share, under PPS and FPPS
}

// WindowKind is how an hour counts for the SLA.
type WindowKind string

// How an hour counts.
const (
	WindowIdle     WindowKind = "idle" // nothing was owed
	WindowUp       WindowKind = "up"
	WindowDown     WindowKind = "down"
	WindowExcluded WindowKind = "excluded" // down, and explained by what the terms exclude
)

// Settlement is one hour of all leases, settled. It becomes durable as a whole
// or not at all.
type Settlement struct {
	Hour   int64             // the hour it settles
	Prev   int64             // the last hour settled before it; 0: none
	States map[string][]byte // by lease: what the next settlement goes on from, canonical JSON
	Hours  []SettledHour
	Txs    []Transaction
	Events []Event
	Pauses []LeaseChange // what is stopped for want of budget, or goes on

	// What it follows from, so that a change in between is a conflict.
	Leases  int64            // the LeasesVersion; 0: any
	Prepaid map[string]int64 // satoshi by lease, of some leases
}

// LeaseChange begins or ends a pause of a lease.
type LeaseChange struct {
	Lease  string
	By     PauseBy
	AtMs   int64
	Resume bool
}

// Exclusion is a time that the SLA does not count, and why.
type Exclusion struct {
	ID          int64         // given by the Store
	Lease       string        // empty: all leases
	Kind        ExclusionKind // who or what it is about
	AnnouncedMs int64         // when it was stored first, Unix milliseconds
	FromMs      int64         // Unix milliseconds
	ToMs        int64         // Unix milliseconds; 0: it lasts
	Evidence    string        // what was seen, such as the pool's own words; at most MaxEvidence bytes
}

// MaxEvidence bounds an exclusion's text in bytes.
const MaxEvidence = 1000

// ExclusionKind says what an exclusion is about.
type ExclusionKind string

// Kinds of exclusions.
const (
	ExcludeMaintenance ExclusionKind = "maintenance" // announced before it began
	ExcludePool        ExclusionKind = "pool"        // the tenant's pool refused or could not be reached
)
