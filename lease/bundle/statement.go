package bundle

import (
	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
)

// StatementFormat is the version of the document's layout.
const StatementFormat = "hashlease-statement/5"

// State tells whether anything of a statement can still change.
type State string

// States of a statement.
const (
	Final       State = "final"       // every hour of the period is settled
	Preliminary State = "preliminary" // some are not, or the period is not over
)

// Statement is what the provider says of a lease in a period. Its canonical
// JSON is the text of a signed note. Amounts of money are satoshi, times Unix
// milliseconds, and periods begin with their first millisecond and end before
// their last.
type Statement struct {
	Format string `json:"format"` // StatementFormat
	State  State  `json:"state"`
	Number int64  `json:"number"` // of this lease and period, from 1
	// Supersedes is the hash of the statement that this one corrects; nil for
	// number 1.
	Supersedes *receipt.B32 `json:"supersedes,omitempty"`

	// The contract.
	Origin        string         `json:"origin"`   // of the provider's log
	Provider      receipt.B32    `json:"provider"` // Ed25519 public key that tags are made with, the log's first
	Tenant        string         `json:"tenant"`
	TenantKey     receipt.B32    `json:"tenant_key"` // Ed25519 public key
	Lease         string         `json:"lease"`
	Model         lease.Model    `json:"model"`
	ContractedHps lease.Quantity `json:"contracted_hps"`
	ProofMs       int64          `json:"proof_ms"` // contracted hashing per expected receipt
	StartMs       int64          `json:"start_ms"`
	StopMs        int64          `json:"stop_ms"` // end of the term, or when it was closed; 0: open end
	Terms         receipt.B32    `json:"terms"`   // hash
	Tag           receipt.B16    `json:"tag"`
	Nonce         receipt.B16    `json:"nonce"`

	Period   Period   `json:"period"`
	Delivery Delivery `json:"delivery"`
	// Hours are the settled hours of the period, by hour; the others count as
	// unsettled work of the delivery alone.
	Hours   []Hour   `json:"hours"`
	Charges *Charges `json:"charges,omitempty"` // nil: the terms have neither prices nor an SLA
	SLA     *Service `json:"sla,omitempty"`     // nil: the terms have none
	// Rewards are the blocks of the house whose part for the lease was booked,
	// released or reversed in the period, by the log.
	Rewards   []Reward   `json:"rewards"`              // by their first line
	HousePool *HousePool `json:"house_pool,omitempty"` // nil: nothing was done for a pool of the house's
	Pool      *Pool      `json:"pool,omitempty"`       // nil: the lease has no pool of its own
	Books     Books      `json:"books"`
	Energy    *Energy    `json:"energy,omitempty"` // nil: the lease has no rigs of its own
}

// Period is what time the statement is about: whole hours of UTC, but for an end
// at the last moment that the node is known to have run. It begins no earlier
// than the hour that the lease starts in. Receipts count that were committed
// from FromMs on and before ToMs, and hours that begin so. Money counts in the
// order of the log: a line belongs to the period if it, or one behind it, is of a
// moment up to ToMs, and not already of one up to FromMs, the end of an hour
// being the moment of what is booked for it. So what was charged for the hours of
// the period is in its lines, and periods that follow one another leave nothing
// out. Everything before the first hour of the lease belongs to that, and a
// period that ends with the node's last moment has all that is booked.
type Period struct {
	FromMs    int64 `json:"from_ms"`
	ToMs      int64 `json:"to_ms"`
	RunningMs int64 `json:"running_ms"` // of it, the node ran
	SettledMs int64 `json:"settled_ms"` // hours that end by then are settled; 0: none is
}

// TermMs is how much of the period is of the lease's term, which may begin in its
// first hour and be over before its end.
func (s *Statement) TermMs() int64 {
	from, to := max(s.Period.FromMs, s.StartMs), s.Period.ToMs
	if s.StopMs != 0 {
		to = min(to, s.StopMs)
	}
	return max(to-from, 0)
}

// Delivery is what was metered in the period.
type Delivery struct {
	Receipts      int64             `json:"receipts"`
	ProvenWork    lease.Quantity    `json:"proven_work"`
	CountedHashes lease.Quantity    `json:"counted_hashes"` // by the engine
	Rejected      uint64            `json:"rejected"`       // shares refused, but for stale ones
	Stale         uint64            `json:"stale"`          // shares that came too late
	Verdicts      map[string]uint64 `json:"verdicts"`       // shares refused, by reason
	// The batches of the period are Batches in number, from FirstBatch on; 0 and
	// 0 when there are none.
	FirstBatch int64 `json:"first_batch"`
	Batches    int64 `json:"batches"`
	FirstLeaf  int64 `json:"first_leaf"` // index of the first of their leaves
	LastLeaf   int64 `json:"last_leaf"`
}

// Hour is a settled hour.
type Hour struct {
	Hour       int64            `json:"hour"`        // since 1970 UTC
	OwedMs     int64            `json:"owed_ms"`     // of the hour
	ExcludedMs int64            `json:"excluded_ms"` // of the owed time, with evidence
	RunningMs  int64            `json:"running_ms"`
	Contracted lease.Quantity   `json:"contracted"` // work owed
	Counted    lease.Quantity   `json:"counted"`    // hashes
	Proven     lease.Quantity   `json:"proven"`     // work
	Receipts   int64            `json:"receipts"`
	Billable   lease.Quantity   `json:"billable"` // work that is charged
	Upper      lease.Quantity   `json:"upper"`    // 97.5 % bound of the delivered work
	Window     lease.WindowKind `json:"window"`
	DueSat     int64            `json:"due_sat"`
	ChargedSat int64            `json:"charged_sat"`
	EarnedSat  int64            `json:"earned_sat"`
}

// Charges are the sums of the hours.
type Charges struct {
	Billable lease.Quantity `json:"billable"`
	Due      int64          `json:"due"`     // by the prices
	Charged  int64          `json:"charged"` // of it, what the prepayment covered; the rest is not owed
}

// Service is how the hours count for the SLA, and what was credited for months
// that closed in the period.
type Service struct {
	Up       int64   `json:"up"` // hours, like the next three
	Down     int64   `json:"down"`
	Excluded int64   `json:"excluded"`
	Idle     int64   `json:"idle"`
	Closed   []Month `json:"closed"`
}

// Month is a month of the lease that was closed in the period, by FromMs, as it
// was judged. One is closed when its last hour is settled, and so is the lease's
// last one, which may be part of a month.
type Month struct {
	FromMs    int64           `json:"from_ms"`
	ToMs      int64           `json:"to_ms"`
	FeesSat   int64           `json:"fees_sat"`
	Judged    lease.SLACredit `json:"judged"`
	CreditSat int64           `json:"credit_sat"`
	ExitSat   int64           `json:"exit_sat"` // fee for leaving a fixed term early
	Leaf      int64           `json:"leaf"`     // of the credit's transaction; -1 where nothing is credited
}

// Reward is the lease's part of one block of the house.
type Reward struct {
	Block  receipt.U256     `json:"block"` // its hash
	Height int64            `json:"height"`
	State  lease.BlockState `json:"state"`            // at the end of the period: adopted, mature or orphaned
	Sat    int64            `json:"sat"`              // by the split
	Direct int64            `json:"direct,omitempty"` // of it, what the coinbase itself pays: all or nothing
	Job    int64            `json:"job"`              // index of the leaf of the job it was found on
	Leaf   int64            `json:"leaf"`             // of the block's latest leaf in the period
}

// Books are the lease's accounts. Lines are in the order of their numbers, which
// is that of the log; see Period for which are of the period.
type Books struct {
	// FirstLine is the number of the first line among all those of the lease,
	// from 0, or of the next that there will be; what is left out or put in
	// between shows.
	FirstLine int64     `json:"first_line"`
	Lines     []Line    `json:"lines"`
	Accounts  []Account `json:"accounts"` // the tenant's that are not empty at both ends, by name
}

// Line is one transaction's postings for the lease, as its leaf has them.
type Line struct {
	Leaf     int64     `json:"leaf"` // in the log
	AtMs     int64     `json:"at_ms"`
	Kind     string    `json:"kind"`
	Key      string    `json:"key"`
	Ref      string    `json:"ref"`
	Postings []Posting `json:"postings"`
	// ReversedBy is the index of the leaf of the transaction that takes the line
	// back as a mistake, in the period or later; nil: nothing does.
	ReversedBy *int64 `json:"reversed_by,omitempty"`
}

// Posting changes one account: positive amounts are debits, negative ones
// credits, as in package ledger.
type Posting struct {
	Account string `json:"account"`
	Sat     int64  `json:"sat"`
}

// Account is what the provider owes the lease on one account, one that begins
// with lease.Liability, so credits count as positive here.
type Account struct {
	Name    string `json:"name"`
	Opening int64  `json:"opening"`
	Closing int64  `json:"closing"`
}

// Energy is what the rigs of a hosted lease used in the settled hours.
type Energy struct {
	Used    lease.Energy `json:"fj"`      // femtojoules, so that periods add up
	Quality string       `json:"quality"` // QualityNameplate
}

// QualityNameplate is energy as the rigs' makers state it by the hash, times the
// proven work.
const QualityNameplate = "C"
