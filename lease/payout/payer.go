package payout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashlease/hashlease/lease"
)

// Defaults and limits of a Payer.
const (
	DefaultConfirmations = 6
	DefaultGiveUp        = 100     // blocks after which coinbases are taken for final, too
	DefaultMaxFeeSat     = 500_000 // of one transaction
	MaxTenants           = 100     // that one transaction pays

	// MinSat is the least that is worth an output: nodes relay none that
	// costs more to spend than it holds, which are 546 satoshi at most.
	MinSat = 1000

	// maxDues bounds the lines of an intent: amounts are owed lease by lease,
	// and a transaction of the ledger has two postings for each.
	maxDues = 2000
)

// Store is what a Payer needs of a lease.Store.
type Store interface {
	lease.Payouts
	Tenants(ctx context.Context) ([]lease.Tenant, error)
	Leases(ctx context.Context) ([]lease.Lease, error)
	Terms(ctx context.Context, h lease.TermsHash) (lease.Terms, error)
	Balances(ctx context.Context) ([]lease.Balance, error)
	Transaction(ctx context.Context, key string) (lease.Transaction, error)
	PutEvents(ctx context.Context, events ...lease.Event) error
}

// Config is what a Payer works with. Store, Wallet and Now are needed.
type Config struct {
	Store  Store
	Wallet Wallet
	Now    func() time.Time

	// Terms promise payouts to tenants whose leases' own terms say nothing of
	// them; nil: nothing is promised.
	Terms *lease.PayoutTerms
	// MinSat pays everybody from this amount on, whatever was promised; 0:
	// from the least amount on that the terms of one of a tenant's leases
	// name.
	MinSat int64
	// CheckAddress refuses addresses that the wallet cannot pay; nil: none.
	CheckAddress func(address string) error

	Fee           Fee   // MaxSat 0: DefaultMaxFeeSat
	Confirmations int64 // after which a payout is final; 0: DefaultConfirmations
	// GiveUp is how many confirmations another transaction that spends a
	// payout's coins must have before the payout is given up: what is owed
	// can be paid anew then, so that block must never be orphaned. 0:
	// DefaultGiveUp, or Confirmations when that is more.
	GiveUp int64
}

// Payer pays tenants what is available to them. Whoever uses one must see to
// it that none works on the same Store or wallet at the same time; even then
// nobody is paid twice, but payouts may wait for each other's coins.
type Payer struct{ cfg Config }

// New returns a Payer.
func New(cfg Config) *Payer {
	if cfg.Confirmations <= 0 {
		cfg.Confirmations = DefaultConfirmations
	}
	if cfg.GiveUp <= 0 {
		cfg.GiveUp = DefaultGiveUp
	}
	cfg.GiveUp = max(cfg.GiveUp, cfg.Confirmations)
	if cfg.Fee.MaxSat <= 0 {
		cfg.Fee.MaxSat = DefaultMaxFeeSat
	}
	return &Payer{cfg}
}

// Report is what a pass did.
type Report struct {
	Moved   []lease.PayoutMoved `json:"moved"`           // payouts made or changed, in order
	Waiting []Waiting           `json:"waiting"`         // payouts that could not be sent
	Skipped []Skipped           `json:"skipped"`         // tenants that are due and cannot be paid
	Short   *Short              `json:"short,omitempty"` // nil: the wallet had enough
}

// Waiting is a payout that is not on its way, and why.
type Waiting struct {
	ID  int64  `json:"id"`
	Why string `json:"why"`
	Err error  `json:"-"`
}

// Skipped is a tenant that is due and cannot be paid, and why.
type Skipped struct {
	Tenant string `json:"tenant"`
	Sat    int64  `json:"sat"`
	Why    string `json:"why"`
}

// Short says that the wallet could not pay what is due.
type Short struct {
	NeedSat int64  `json:"need_sat"` // without the fee
	HaveSat int64  `json:"have_sat"` // locked or not
	Why     string `json:"why"`
}

func (r *Report) wait(id int64, err error) {
	r.Waiting = append(r.Waiting, Waiting{id, err.Error(), err})
}

// Run makes one pass: it brings every payout where it belongs, then pays those
// who are due. The report holds what was done also when it fails. What it
// could not do the next pass does.
func (p *Payer) Run(ctx context.Context) (Report, error) {
	r := Report{Moved: []lease.PayoutMoved{}, Waiting: []Waiting{}, Skipped: []Skipped{}}
	if err := p.reconcile(ctx, &r); err != nil {
		return r, err
	}
	if err := p.relock(ctx); err != nil {
		return r, fmt.Errorf("nothing new is paid: %w", err)
	}
	return r, p.payDue(ctx, &r)
}

// relock locks the coins of the payouts that are on their way, and frees those
// of transactions that never were stored.
func (p *Payer) relock(ctx context.Context) error {
	open, err := p.open(ctx)
	if err != nil {
		return err
	}
	var inputs []lease.Outpoint
	seen := make(map[lease.Outpoint]bool)
	for i := range open {
		for _, in := range open[i].Inputs {
			if !seen[in] {
				seen[in] = true
				inputs = append(inputs, in)
			}
		}
	}
	return p.cfg.Wallet.Relock(ctx, inputs)
}

// relockTimeout bounds how long coins are freed after a payout that could not
// be stored, in whose context there may be no time left.
const relockTimeout = 10 * time.Second

// release frees the coins of a transaction that was not stored. When that does
// not work, the next pass does it.
func (p *Payer) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), relockTimeout)
	defer cancel()
	_ = p.relock(ctx)
}

// open returns the payouts that are not final, by ID.
func (p *Payer) open(ctx context.Context) ([]lease.Payout, error) {
	return p.cfg.Store.Payouts(ctx, lease.PayoutPrepared, lease.PayoutSent)
}

func (p *Payer) nowMs() int64 { return p.cfg.Now().UnixMilli() }

// answered reports whether an error is a wallet's answer, and not the want of
// one: the wallet can be asked on.
func answered(err error) bool {
	for _, kind := range []error{ErrRequest, ErrFunds, ErrFee, ErrWallet, ErrTransaction, ErrInputs, ErrConflict, ErrRefused} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
