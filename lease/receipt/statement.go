package receipt

import (
	"crypto/ed25519"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Versions of the statement document's layout: of leases that work on the
// house's blocks, of those that work for a pool of the tenant's, of both where
// the terms have prices or an SLA, and of leases of which some work went to the
// house's pool.
const (
	StatementFormat          = "hashlease-statement/1"
	PoolStatementFormat      = "hashlease-statement/2"
	ChargedStatementFormat   = "hashlease-statement/3"
	HousePoolStatementFormat = "hashlease-statement/4"
)

// signaturePrefix keeps a statement's signature from being taken for that of
// anything else.
const signaturePrefix = "hashlease statement v1\n"

// Statement is what the provider says a lease was delivered and is owed. All
// but Derived and Signature is signed.
type Statement struct {
	Format        string            `json:"format"`   // StatementFormat, PoolStatementFormat with Pool, ChargedStatementFormat with Charges, HousePoolStatementFormat with HousePool
	Provider      B32               `json:"provider"` // Ed25519 public key
	Lease         string            `json:"lease"`
	Tenant        string            `json:"tenant"`
	TenantKey     B32               `json:"tenant_key"` // Ed25519 public key
	Model         lease.Model       `json:"model"`
	ContractedHps lease.Quantity    `json:"contracted_hps"`
	ProofMs       int64             `json:"proof_ms"` // contracted hashing per expected receipt
	Period        Period            `json:"period"`
	Terms         B32               `json:"terms"` // hash of the terms
	Tag           B16               `json:"tag"`
	Nonce         B16               `json:"nonce"`          // the tenant's, in the tag
	CountedHashes lease.Quantity    `json:"counted_hashes"` // by the engine
	ProvenWork    lease.Quantity    `json:"proven_work"`    // by the receipts
	Receipts      int64             `json:"receipts"`
	Rejected      uint64            `json:"rejected"` // shares refused, but for stale ones
	Stale         uint64            `json:"stale"`    // shares that came too late
	Verdicts      map[string]uint64 `json:"verdicts"` // shares refused, by reason
	Rewards       []Reward          `json:"rewards"`  // of the bundle's blocks, in their order
	Balances      Balances          `json:"balances"`
	Earned        *Earned           `json:"earned,omitempty"`     // nil: shares earn nothing by themselves
	Pool          *PoolReport       `json:"pool,omitempty"`       // nil: the house's own blocks
	HousePool     *HousePool        `json:"house_pool,omitempty"` // nil: nothing was done for a pool of the house's
	Charges       *Charges          `json:"charges,omitempty"`    // nil: the terms have neither prices nor an SLA
	Evidence      B32               `json:"evidence"`             // SHA-256 of the bundle's evidence
	Derived       *Derived          `json:"derived,omitempty"`
	Signature     Hex               `json:"signature,omitempty"` // Ed25519, 64 bytes
}

// Period is the half-open time (from, to] a statement is about.
type Period struct {
	FromMs    int64 `json:"from_ms"`    // Unix milliseconds
	ToMs      int64 `json:"to_ms"`      // Unix milliseconds
	RunningMs int64 `json:"running_ms"` // milliseconds of it the node ran
}

// Reward is the lease's part of one block.
type Reward struct {
	Block    U256             `json:"block"` // its hash
	Height   int64            `json:"height"`
	State    lease.BlockState `json:"state"` // adopted, mature or orphaned
	Sat      int64            `json:"sat"`
	Direct   int64            `json:"direct,omitempty"` // satoshi of it that the coinbase itself pays: all or nothing
	Kept     int64            `json:"kept,omitempty"`   // satoshi of it that the lease had and keeps, though the block had left the chain
	Template int              `json:"template"`         // index in the bundle
}

// Books is what the reward makes of the lease's balances, in satoshi. What the
// coinbase pays itself is never available from the provider.
func (r *Reward) Books() (pending, available int64) {
	switch r.State {
	case lease.Adopted:
		return r.Sat - r.Kept, r.Kept
	case lease.Mature:
		return 0, r.Sat - r.Direct
	case lease.Orphaned:
		return 0, r.Kept
	}
	return 0, 0
}

// Balances is what the provider owes the lease, in satoshi.
type Balances struct {
	Pending   int64 `json:"pending"`         // of adopted blocks
	Available int64 `json:"available"`       // of mature blocks and incomes, and Other
	Other     int64 `json:"other,omitempty"` // of Available, what is of neither: earned by the share, refunds and credits, less payouts
}

// Earned is what was credited by the share, under PPS and FPPS.
type Earned struct {
	Receipts int64 `json:"receipts"` // so many of the bundle's, the first ones, are settled
	Sat      int64 `json:"sat"`      // what they earned
}

// Derived follows from the signed figures and the receipts. Rates are over
// the whole period, the time in which the node did not run counted as time
// without work.
type Derived struct {
	DeliveredHps lease.Quantity    `json:"delivered_hps"` // rounded down
	IntervalHps  [2]lease.Quantity `json:"interval_hps"`  // 95 %, rounded outward to six digits

	// PoolZMilli is how far the work that the pool accepted is from the proven
	// work, in thousandths of the standard deviation of their difference; nil
	// without a pool.
	PoolZMilli *int64 `json:"pool_z_milli,omitempty"`
}

func (d *Derived) equal(o *Derived) bool {
	z, other := d.PoolZMilli, o.PoolZMilli
	return d.DeliveredHps == o.DeliveredHps && d.IntervalHps == o.IntervalHps &&
		(z == other || z != nil && other != nil && *z == *other)
}

// FormatOf is the format of a statement with what this one has.
func (s *Statement) FormatOf() string {
	switch {
	case s.HousePool != nil:
		return HousePoolStatementFormat
	case s.Charges != nil:
		return ChargedStatementFormat
	case s.Pool != nil:
		return PoolStatementFormat
	}
	return StatementFormat
}

// settledReceipts is how many receipts, the first ones, are of settled hours.
func (s *Statement) settledReceipts() int64 {
	switch {
	case s.Earned != nil:
		return s.Earned.Receipts
	case s.Charges != nil:
		return s.Charges.Receipts
	}
	return 0
}

// SignedBytes returns what the signature is made over.
func (s *Statement) SignedBytes() ([]byte, error) {
	bare := *s
	bare.Derived, bare.Signature = nil, nil
	b, err := lease.Canonical(&bare)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	return append([]byte(signaturePrefix), b...), nil
}

// Encode writes the statement as canonical JSON, signature included.
func (s *Statement) Encode() ([]byte, error) { return lease.Canonical(s) }

// sign puts the signature in its place.
func (s *Statement) sign(key ed25519.PrivateKey) error {
	b, err := s.SignedBytes()
	if err == nil {
		s.Signature = ed25519.Sign(key, b)
	}
	return err
}

// checkSignature tells whether the named provider signed the statement.
func (s *Statement) checkSignature() error {
	b, err := s.SignedBytes()
	if err != nil {
		return err
	}
	if !ed25519.Verify(s.Provider[:], b, s.Signature) {
		return fmt.Errorf("not made by provider %x over this statement", s.Provider)
	}
	return nil
}

// expectedWork is the work of one receipt as the contract plans it.
func (s *Statement) expectedWork() miner.Work {
	return lease.ProofWork(s.ContractedHps.Work(), s.ProofMs)
}

// divide is w/n, rounded down.
func divide(w miner.Work, n uint64) miner.Work {
	hi, rest := w.Hi/n, w.Hi%n
	lo, _ := bits.Div64(rest, w.Lo, n)
	return miner.Work{Hi: hi, Lo: lo}
}

// derive computes the derived figures of the period from its receipts. unit is
// for leases with a pool, from poolUnit.
func (s *Statement) derive(ev lease.Evidence, unit *big.Rat) Derived {
	ms := s.Period.ToMs - s.Period.FromMs
	lo, hi := ev.Interval(s.expectedWork())
	delivered, _ := lease.Rate(ev.Sum, ms)
	low, _ := lease.Rate(lo, ms)
	_, high := lease.Rate(hi, ms)
	d := Derived{
		DeliveredHps: hps(delivered),
		IntervalHps:  [2]lease.Quantity{hps(sixDigits(low, false)), hps(sixDigits(high, true))},
	}
	if s.Pool != nil {
		z := zMilli(s.Pool.AcceptedWork.Work(), ev.Sum, unit)
		d.PoolZMilli = &z
	}
	return d
}

func hps(n uint64) lease.Quantity { return lease.Quantity(miner.Hashes(n)) }

// sixDigits rounds to six significant digits, down or up: coarser by far than
// what floating point could do to the bounds of an interval, so that all
// verifiers agree on them.
func sixDigits(n uint64, up bool) uint64 {
	unit := uint64(1)
	for n/unit >= 1_000_000 {
		unit *= 10
	}
	rest := n % unit
	switch {
	case !up || rest == 0:
		return n - rest
	case n-rest > math.MaxUint64-unit:
		return math.MaxUint64
	}
	return n - rest + unit
}
