package payout

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Limits of a Request. A thousand outputs stay well below the weight that
// nodes relay (400 000).
const (
	MaxOutputs = 1000
	MaxInputs  = 1000             // that a Request may demand
	maxSat     = 21_000_000 * 1e8 // that any coin of this family can have
)

// DefaultConfirmIn is the number of blocks a fee rate is estimated for.
const DefaultConfirmIn = 6

// Why a wallet did not do what it was asked. Every error of a Wallet wraps one
// of these, except where it could not be reached or its answer was lost: then
// it is the transport's, and what was asked may have been done.
var (
	ErrRequest = errors.New("payout cannot be made as it is asked for")
	ErrFunds   = errors.New("wallet has too few confirmed coins that are not locked")
	ErrFee     = errors.New("transaction fee cannot be kept to the limit")
	ErrWallet  = errors.New("wallet cannot be used")

	// ErrTransaction says that the wallet made another transaction than it
	// was asked for. It is not sent.
	ErrTransaction = errors.New("wallet made another transaction than it was asked for")

	// ErrInputs says that an input is unknown to the chain or spent by
	// another transaction in a block: see Status.
	ErrInputs = errors.New("an input is missing or spent")

	// ErrConflict says that another transaction in the mempool spends an
	// input and is not replaced by this one.
	ErrConflict = errors.New("another unconfirmed transaction spends an input")

	// ErrRefused says that the node does not relay the transaction, as when
	// its fee is too low or an output too small.
	ErrRefused = errors.New("node refuses the transaction")
)

// Output is an amount for an address of the wallet's coin and network.
type Output struct {
	Address string
	Sat     int64
}

// Fee is what a transaction may cost. The provider bears it.
type Fee struct {
	SatPerKvB int64 // rate in satoshi per 1000 virtual bytes; 0: what the node estimates
	ConfirmIn int   // blocks to estimate for; 0: DefaultConfirmIn
	MaxSat    int64 // most that the whole transaction may cost, in satoshi
}

// Request is a transaction that a wallet shall make.
type Request struct {
	ID      string // of the payout, for people
	Outputs []Output
	Fee     Fee

	// Inputs must be spent, all of them, beside what the wallet adds: inputs
	// of the transaction whose place this one takes. They may be locked or
	// spent by an unconfirmed transaction. Empty otherwise.
	Inputs []lease.Outpoint
}

// Signed is a transaction ready to be sent.
type Signed struct {
	Txid      string // hexadecimal, as nodes show it
	Raw       []byte // serialised, with its witnesses
	FeeSat    int64
	ChangeSat int64 // what returns to the wallet, 0 for none
	Inputs    []lease.Outpoint
}

// State is where a transaction stands.
type State string

// The states of a transaction.
const (
	// Unknown to the wallet and the mempool, with no input spent by another
	// transaction: it was not sent yet, or was dropped before anybody had it.
	Unknown State = "unknown"
	// Dropped: the wallet knows it, but it is in no block and not in the
	// mempool. It should be sent again.
	Dropped State = "dropped"
	// InMempool waits for a block.
	InMempool State = "mempool"
	// Confirmed is in a block of the best chain.
	Confirmed State = "confirmed"
	// Conflicted cannot be confirmed as the chain is: a transaction in a
	// block spends one of its inputs, for other outputs. That ends when the
	// block is orphaned.
	Conflicted State = "conflicted"
)

// Status is where a transaction stands, as its wallet's node sees it.
type Status struct {
	State State
	Depth int64 // blocks from that of Txid to the tip, both counted; 0 when it is in none

	// Txid is the transaction in a block: where Confirmed, the one asked for,
	// or one that differs from it in nothing but signatures, as anybody can
	// make of one without witnesses. Where Conflicted, the one that spends
	// an input, or "" when it is not known. Otherwise "".
	Txid   string
	Height int64  // of the block, where Confirmed
	Block  string // hash of that block

	// What Txid does, where Conflicted: it pays all that the transaction
	// asked for pays to others, for a fee of FeeSat, or something to a script
	// that is paid by both. Then somebody replaced it by hand, and what it
	// was to pay is paid, or may be.
	PaysAll, PaysSome bool
	FeeSat            int64 // where PaysAll
}

// Balance is what a wallet has, in satoshi, locked or not.
type Balance struct {
	SpendableSat int64 // confirmed, or change of its own transactions
	PendingSat   int64 // unconfirmed, from others
	ImmatureSat  int64 // block rewards that are too young
}

// Wallet funds, signs and sends transactions. It must be used for payouts by
// one node alone, since the locks on its coins are taken for the payouts'
// own. Implementations are safe for concurrent use.
type Wallet interface {
	// Fund makes and signs a transaction that pays exactly the outputs, plus
	// at most one for change to the wallet itself, and checks it. Outputs to
	// one script become one output. Nothing is sent. The inputs stay locked
	// until the transaction is sent, Unlock, or the end of the wallet's
	// process; after an error none are locked by it that were not before,
	// except when the wallet could no longer be reached: those are freed by
	// the next Fund or Relock.
	Fund(ctx context.Context, r Request) (Signed, error)

	// Broadcast sends a transaction. It returns nil when it is in the mempool
	// or in a block, also when it was before. The errors are ErrInputs,
	// ErrConflict, ErrRefused, or the transport's.
	Broadcast(ctx context.Context, raw []byte) error

	// Status says where a transaction stands.
	Status(ctx context.Context, raw []byte) (Status, error)

	// Unlock frees coins for other transactions. Those that are not locked
	// are no error.
	Unlock(ctx context.Context, inputs []lease.Outpoint) error

	// Relock locks just these coins, which are the inputs of the stored
	// transactions that are not sent, and frees all others. It is for the
	// start, when the wallet may have forgotten its locks, or have some of a
	// Fund whose result was lost. Coins spent meanwhile are no error; an
	// input that the wallet does not know is ErrInputs.
	Relock(ctx context.Context, inputs []lease.Outpoint) error

	// Balance returns what the wallet has.
	Balance(ctx context.Context) (Balance, error)
}

// Validate checks what can be checked without a wallet. Its errors wrap
// ErrRequest.
func (r *Request) Validate() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("payout %s: %w: %w", r.ID, ErrRequest, fmt.Errorf(format, args...))
	}
	switch {
	case len(r.Outputs) == 0:
		return bad("it has no outputs")
	case len(r.Outputs) > MaxOutputs:
		return bad("%d outputs, at most %d: split it", len(r.Outputs), MaxOutputs)
	case len(r.Inputs) > MaxInputs:
		return bad("%d inputs are demanded, at most %d", len(r.Inputs), MaxInputs)
	case r.Fee.MaxSat <= 0 || r.Fee.MaxSat > maxSat:
		return bad("a limit of %d satoshi for the fee: state one above 0", r.Fee.MaxSat)
	case r.Fee.SatPerKvB < 0 || r.Fee.SatPerKvB > maxSat:
		return bad("a fee rate of %d satoshi per kvB", r.Fee.SatPerKvB)
	case r.Fee.ConfirmIn < 0 || r.Fee.ConfirmIn > 1008:
		return bad("a fee for confirmation within %d blocks: want 1 to 1008", r.Fee.ConfirmIn)
	}
	var sum int64
	for i, o := range r.Outputs {
		if o.Sat <= 0 || o.Sat > maxSat-sum {
			return bad("output %d pays %d satoshi", i, o.Sat)
		}
		sum += o.Sat
	}
	seen := make(map[lease.Outpoint]bool, len(r.Inputs))
	for _, in := range r.Inputs {
		if id, err := miner.ParseHash(in.Txid); err != nil || id.String() != in.Txid {
			return bad("input %.80s: want a transaction's 64 hexadecimal digits in lower case", in.Txid)
		}
		if seen[in] {
			return bad("input %s:%d is demanded twice", in.Txid, in.Vout)
		}
		seen[in] = true
	}
	return nil
}
