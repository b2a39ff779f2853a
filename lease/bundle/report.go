package bundle

import (
	"context"
	"crypto/ed25519"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/note"
)

// Options says what the caller of Verify knows from elsewhere. The zero value
// trusts the keys that the bundle itself names.
type Options struct {
	Key       ed25519.PublicKey // the provider's; nil: not checked
	TenantKey ed25519.PublicKey // the tenant's; nil: not checked
	Witnesses []note.Verifier   // who must have cosigned the checkpoint; none: not checked
	Since     []byte            // a signed checkpoint kept from earlier, of which the log must be a continuation; nil: not checked
	Strict    bool              // whatever could not be checked is a failure

	MaxBytes int64 // limit of all files unpacked; 0: DefaultMaxBytes

	// PoolWork is the work that the tenant's own account at the pool was
	// credited in the statement's period, as the pool shows it; nil: not known.
	PoolWork *miner.Work

	// Chain, if not nil, is asked for every block of the period.
	Chain Chain

	// Progress, if not nil, is called now and then with how many of the
	// receipts have been hashed.
	Progress func(done, all int64)

	solvable miner.Target // in the place of that of mainBits, in tests; zero: that
}

// Chain is what a coin node shows.
type Chain interface {
	// Block returns the header of the block at a height of the best chain, and
	// its coinbase transaction without witness data. The error is
	// lease.ErrNotFound beyond the chain's end.
	Block(ctx context.Context, height int64) (miner.Header, []byte, error)
}

// Report is the outcome of Verify. Its figures are computed from the receipts
// that hold, not taken from the statement.
type Report struct {
	Kind          string            `json:"kind"` // lease or tenant
	Lease         string            `json:"lease,omitempty"`
	Tenant        string            `json:"tenant"`
	Period        Period            `json:"period"`
	State         State             `json:"state"`
	Receipts      int64             `json:"receipts"`      // that were hashed and hold
	Kept          int64             `json:"kept"`          // of those that the batches had, after thinning
	ProvenWork    lease.Quantity    `json:"proven_work"`   // that the batches commit to and the kept receipts bear out
	DeliveredHps  lease.Quantity    `json:"delivered_hps"` // of the whole period
	IntervalHps   [2]lease.Quantity `json:"interval_hps"`  // 95 %
	ContractedHps lease.Quantity    `json:"contracted_hps"`
	Leaves        int64             `json:"leaves"` // of the log's leaves, so many were in the bundle
	Checkpoint    Head              `json:"checkpoint"`
	PaidTo        []string          `json:"paid_to,omitempty"` // scripts that coinbases paid the lease's rewards to
	Checks        []Check           `json:"checks"`
	NotApplicable []string          `json:"not_applicable,omitempty"` // checks that such a lease has no use for
	Unchecked     []string          `json:"unchecked"`                // what could be told if more were given than this bundle
	Word          []string          `json:"word"`                     // what no bundle can show: the provider's word
	Leases        []*Report         `json:"leases,omitempty"`         // of a tenant's bundle
}

// Head is a checkpoint's content.
type Head struct {
	Origin string      `json:"origin"`
	Size   int64       `json:"size"`
	Root   receipt.B32 `json:"root"`
}

// Check is one thing that Verify compared.
type Check struct {
	Name   string `json:"name"` // stable, such as "receipts"
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was compared, or the first thing that is wrong
}

// OK reports whether every check held, of a tenant's bundle those of all its
// leases.
func (r *Report) OK() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	for _, l := range r.Leases {
		if !l.OK() {
			return false
		}
	}
	return len(r.Checks) > 0
}
