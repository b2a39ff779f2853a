package lease

import (
	"context"
	"errors"
	"iter"

	"github.com/hashlease/hashlease/miner"
)

// Errors of a Store, to be tested with errors.Is.
var (
	ErrNotFound   = errors.New("not found")
	ErrExists     = errors.New("exists already")
	ErrOversold   = errors.New("more hash rate than the node has")
	ErrClosed     = errors.New("closed already")
	ErrTagTaken   = errors.New("tag is another lease's")
	ErrDuplicate  = errors.New("booked already") // a transaction whose key is known
	ErrUnbalanced = errors.New("postings do not sum to zero")
	ErrOverdrawn  = errors.New("account would be overdrawn")
	ErrConflict   = errors.New("changed meanwhile") // a block, a payout or the settlement is not in the expected state
	ErrTaken      = errors.New("is another lease's")
	ErrBudget     = errors.New("not enough prepaid")
)

// Store keeps everything that must outlive the process. Every method that
// writes is one transaction: when it returns nil, the change survives a kill
// and a power loss; when it returns an error, nothing of it has happened.
// Several processes may use one Store at a time.
type Store interface {
	Contracts
	Rigs
	WorkLog
	Hours
	Books
	Payouts
	Events
	Proofs
	Close() error
}

// Contracts are the provider's tenants, leases and terms.
type Contracts interface {
	// PutTerms stores the terms under their hash; storing them again is no
	// error.
	PutTerms(ctx context.Context, t Terms) (TermsHash, error)
	Terms(ctx context.Context, h TermsHash) (Terms, error)

	// AddTenant fails with ErrExists when the name is taken.
	AddTenant(ctx context.Context, t Tenant) error
	Tenant(ctx context.Context, id string) (Tenant, error)
	Tenants(ctx context.Context) ([]Tenant, error) // by ID
	// ChangeTenant calls change with the tenant as it is, and stores and
	// returns what change makes of it, together with the events, unless
	// change fails; change must not use the Store. ID, Key and CreatedMs stay
	// what they are.
	ChangeTenant(ctx context.Context, id string, change func(*Tenant) ([]Event, error)) (Tenant, error)

	// AddLease gives the lease its ID, calls tag to make the lease's tag from
	// it, and stores it, not closed, with the events that tag returns, if at every moment
	// of its term the sum of the leases' contracted rates stays within
	// limitHps; else ErrOversold. tag must not use the Store. It fails with
	// ErrNotFound for an unknown tenant, terms or rig (one that is not the
	// tenant's, or removed), with ErrTagTaken for a tag that Distinct refuses,
	// or DistinctAtPool where the house works for a pool, and for one that the
	// tag map has no place for, because no hour has passed since the end of a
	// lease with such a tag, with ErrTaken for a rig or a processor that is another lease's at some
	// moment of its term, and with ErrConflict when it begins in an hour that is
	// settled.
	AddLease(ctx context.Context, l Lease, limitHps uint64, tag func(id string) (Tag, []Event, error)) (Lease, error)
	Lease(ctx context.Context, id string) (Lease, error)
	Leases(ctx context.Context) ([]Lease, error) // by ID
	// ChangeLease calls change with the lease as it is, and stores and returns
	// what change makes of it, together with the events, unless change fails;
	// change must not use the Store. ID, Tenant, Model, ContractedHps, StartMs,
	// ProofMs, Nonce, Provider, Terms, Tag, Rigs and Cores stay what they are, and a
	// lease with a pool keeps one, as one without keeps none. Pauses are added
	// and end, but are never taken back; Orders never falls. The time that
	// makes a term longer must be admitted as in AddLease. It fails with
	// ErrClosed when a closed lease would be open again or longer, or one
	// changes whose last hour is settled, and with ErrConflict when what was
	// owed in a settled hour would be something else.
	ChangeLease(ctx context.Context, id string, limitHps uint64, change func(*Lease) ([]Event, error)) (Lease, error)

	// SetHousePool tells whether the house works for a pool. The work of leases
	// without a pool of their own then goes there, too, and is told apart by the
	// first MinPoolTag bytes of their tags. Of leases that run already and whose
	// tags begin alike, only one has the pool among its destinations; said again,
	// the next has it once that one is over.
	SetHousePool(ctx context.Context, on bool) error

	// Capacity is the hash rate the node measured last, in H/s; 0 when it
	// never did.
	Capacity(ctx context.Context) (uint64, error)
	SetCapacity(ctx context.Context, hps uint64) error

	// LeasesVersion changes whenever a lease was added or changed, by
	// whichever process.
	LeasesVersion(ctx context.Context) (int64, error)
}

// Rigs are the machines that may log in at the Stratum server.
type Rigs interface {
	// AddRig fails with ErrExists when the name is taken, were it by a rig
	// that was removed, and with ErrNotFound for an unknown tenant.
	AddRig(ctx context.Context, r Rig) error
	// Rig finds a rig by its name, a removed one too.
	Rig(ctx context.Context, name string) (Rig, error)
	Rigs(ctx context.Context) ([]Rig, error) // by name, removed ones too
	// ChangeRig calls change with the rig as it is, and stores and returns
	// what change makes of it, unless that fails; change must not use the
	// Store. Name, Tenant and CreatedMs stay what they are. It fails with
	// ErrClosed for a rig that was removed.
	ChangeRig(ctx context.Context, name string, change func(*Rig) error) (Rig, error)

	// RigMeter sums what a rig delivered. Recent are the receipts whose
	// CommitMs lies in a slot of RigSlotMs that begins at sinceMs or later.
	RigMeter(ctx context.Context, name string, sinceMs int64) (RigMeter, error)
	// RigMeters does so for all rigs, by name; those that delivered nothing
	// are not in it.
	RigMeters(ctx context.Context, sinceMs int64) (map[string]RigMeter, error)

	// RigsVersion changes whenever a rig was added or changed, by whichever
	// process.
	RigsVersion(ctx context.Context) (int64, error)
}

// WorkLog is what was handed out, what came back, and when the node ran.
type WorkLog interface {
	// PutJobs stores templates and their jobs and returns their Seqs in
	// order. jobs[i].Template is an index into templates when it is
	// called, and a Seq in what it returns.
	PutJobs(ctx context.Context, templates []Template, jobs []Job) ([]Template, []Job, error)
	Template(ctx context.Context, seq int64) (Template, error)
	Job(ctx context.Context, seq int64) (Job, error)

	// BeginRun records a start of the node and returns the run's number. A
	// time before the last heartbeat is taken for that.
	BeginRun(ctx context.Context, atMs int64) (int64, error)
	// CommitBatch appends receipts, adds counts, verdicts and what pools
	// said, and moves the run's heartbeat, all or nothing. It returns the
	// receipts with their Seqs, and with the batch's AtMs where they had no
	// CommitMs. A receipt must be of its job's lease and work, an Upstream
	// possible and of a lease, whose work may go to the house's pool. The run's last batch sent again
	// changes nothing and is answered as it was then; another one with its
	// number, or an older one, is ErrExists. AtMs never goes back, whatever
	// the clock does: an earlier one is taken for the last heartbeat's, so that
	// no receipt comes into an hour that was settled; CommitMs likewise.
	CommitBatch(ctx context.Context, b Batch) ([]Receipt, error)
	// Heartbeat is the last moment the node is known to have run, in Unix
	// milliseconds, 0 when it never did.
	Heartbeat(ctx context.Context) (int64, error)
	// RunningMs is the time within (fromMs, toMs] the node ran.
	RunningMs(ctx context.Context, fromMs, toMs int64) (int64, error)

	// Receipts of a lease with fromMs < CommitMs ≤ toMs, in Seq order.
	Receipts(ctx context.Context, lease string, fromMs, toMs int64) iter.Seq2[Receipt, error]
	// ReceiptsOn lists all receipts of jobs whose template builds on prev.
	ReceiptsOn(ctx context.Context, prev miner.Hash) iter.Seq2[Receipt, error]
	// ReceiptsBack walks all leases' receipts from the newest to the oldest.
	ReceiptsBack(ctx context.Context) iter.Seq2[Receipt, error]
	// Meter sums a lease's counts, receipts, verdicts and what its pool said
	// of all time.
	Meter(ctx context.Context, lease string) (Meter, error)
}

// Hours are the metered hours and what they were settled to.
type Hours interface {
	// HourMeters are the hours from ≤ Hour < to of a lease, of all leases when
	// it is empty, in the order of hour, lease and source.
	HourMeters(ctx context.Context, lease string, from, to int64) iter.Seq2[HourMeter, error]
	// HourUpstreams likewise, by hour and lease.
	HourUpstreams(ctx context.Context, lease string, from, to int64) iter.Seq2[HourUpstream, error]
	// HourEarnings likewise, by hour, lease and what the jobs earn.
	HourEarnings(ctx context.Context, lease string, from, to int64) iter.Seq2[HourEarning, error]

	// SettledHour is the last hour that was settled, 0 when none was.
	SettledHour(ctx context.Context) (int64, error)
	// Settle makes a settlement durable. ErrConflict when its Prev is not the
	// last hour settled, or Hour is not after it, or its Leases or Prepaid are
	// not what there is; ErrDuplicate, ErrUnbalanced and ErrOverdrawn as Post.
	// Changes of leases that are over or already so are no error.
	Settle(ctx context.Context, s Settlement) error
	// SettledStates are the states of the last settlement of each lease, by
	// lease ID.
	SettledStates(ctx context.Context) (map[string][]byte, error)
	// SettledHours are those from ≤ Hour < to of a lease, of all leases when
	// it is empty, in the order of hour and lease.
	SettledHours(ctx context.Context, lease string, from, to int64) iter.Seq2[SettledHour, error]

	// PutExclusion stores an exclusion and gives it its ID. Maintenance is
	// announced no earlier than at the last heartbeat. ErrConflict for a pool's
	// outage that begins in an hour that is settled.
	PutExclusion(ctx context.Context, x Exclusion) (Exclusion, error)
	// EndExclusion ends one that lasts, no earlier than it began. ErrClosed
	// when it has an end, ErrConflict when it would end in a settled hour.
	EndExclusion(ctx context.Context, id, toMs int64) error
	// Exclusions are those that reach into [fromMs, toMs), by FromMs and ID.
	Exclusions(ctx context.Context, fromMs, toMs int64) ([]Exclusion, error)
}

// Payouts are the transactions of the wallet that pay tenants.
type Payouts interface {
	// AddPayout stores a payout, its intent in the ledger and the events, all
	// or nothing, and gives it its ID and PayoutPrepared. make gets the ID and
	// returns the transactions and events; it must not use the Store. ErrExists
	// when the transaction is another payout's.
	AddPayout(ctx context.Context, p Payout, make func(id int64) ([]Transaction, []Event, error)) (Payout, error)
	Payout(ctx context.Context, id int64) (Payout, error)
	// Payouts lists payouts in the given states (all when none), by ID.
	Payouts(ctx context.Context, states ...PayoutState) ([]Payout, error)
	// MovePayout changes a payout's state with its height and reason, and
	// books the transactions and events that go with it, all or nothing.
	// ErrConflict when it is not in state from.
	MovePayout(ctx context.Context, id int64, from, to PayoutState, height int64, reason string, txs []Transaction, events []Event) error
}

// Events are what was decided.
type Events interface {
	// PutEvents appends events; those whose Key is known are left out.
	PutEvents(ctx context.Context, events ...Event) error
	// Events lists the events that a filter selects, in Seq order.
	Events(ctx context.Context, f EventFilter) iter.Seq2[Event, error]
}

// Books are the blocks found and the ledger.
type Books interface {
	// PutBlock stores a candidate of a stored job; storing it again
	// changes nothing.
	PutBlock(ctx context.Context, b Block) error
	Block(ctx context.Context, h miner.Hash) (Block, error)
	// Blocks lists blocks in the given states (all when none), by FoundMs,
	// without their Raw bytes.
	Blocks(ctx context.Context, states ...BlockState) ([]Block, error)
	// OpenBlocks lists the candidates and adopted blocks of any height, and
	// all others from fromHeight on, by FoundMs, without their Raw bytes.
	OpenBlocks(ctx context.Context, fromHeight int64) ([]Block, error)
	// CountBlocks counts the blocks by state.
	CountBlocks(ctx context.Context) (map[BlockState]int, error)
	// MoveBlock changes a block's state and books the transactions that go
	// with it, all or nothing. ErrConflict when the block is not in state
	// from; entering Adopted counts one more appearance.
	MoveBlock(ctx context.Context, h miner.Hash, from, to BlockState, reason string, txs ...Transaction) error

	// Post books one transaction with the events that go with it:
	// ErrUnbalanced, ErrDuplicate, and ErrOverdrawn when a Liability account
	// would be more than paid off, of prepayments that of one lease. A
	// prepayment whose event lies in a settled hour is ErrConflict: money
	// counts from its hour on.
	Post(ctx context.Context, t Transaction, events ...Event) error
	// PostAll books several transactions, one after the other as Post does,
	// with the events that go with them, all or nothing.
	PostAll(ctx context.Context, txs []Transaction, events ...Event) error
	// Transaction finds a transaction by its key.
	Transaction(ctx context.Context, key string) (Transaction, error)
	Transactions(ctx context.Context) iter.Seq2[Transaction, error] // in Seq order
	// Balances lists all accounts with a posting, by account and lease.
	Balances(ctx context.Context) ([]Balance, error)
}
