package leaf

import (
	"encoding/json"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/lease/translog"
)

// Terms is the public part of a leaf of kind terms.
type Terms struct {
	Terms json.RawMessage `json:"terms"` // the document
}

// Lease is the public part of a leaf of kind lease. There is one for every
// change of the contract.
type Lease struct {
	Lease         string         `json:"lease"`
	Model         lease.Model    `json:"model"`
	ContractedHps lease.Quantity `json:"contracted_hps"`
	ProofMs       int64          `json:"proof_ms"`
	StartMs       int64          `json:"start_ms"`
	EndMs         int64          `json:"end_ms"`  // of the term; 0: open end
	StopMs        int64          `json:"stop_ms"` // end of the term, or when it was closed; 0: open end
	Tag           receipt.B16    `json:"tag"`
	Terms         receipt.B32    `json:"terms"`        // hash
	Destinations  []string       `json:"destinations"` // of its work, sorted: DestinationHouse, DestinationPool
}

// Destinations of work, as the tag map knows them. At the house's own blocks the
// whole tag marks it. Pools leave room for less, some for no more than the first
// lease.MinPoolTag bytes; these differ between all leases that work for pools at
// a time, so that all pools are one destination.
const (
	DestinationHouse = "house"
	DestinationPool  = "pool"
)

// LeasePrivate is the private part of a leaf of kind lease.
type LeasePrivate struct {
	Tenant    string      `json:"tenant"`
	TenantKey receipt.B32 `json:"tenant_key"`
	Nonce     receipt.B16 `json:"nonce"`
	Provider  receipt.B32 `json:"provider"` // the key in its tag
	PoolURLs  []string    `json:"pool_urls,omitempty"`
	PoolUser  string      `json:"pool_user,omitempty"`
	Rigs      []string    `json:"rigs,omitempty"`
	Cores     []int       `json:"cores,omitempty"`
	Pauses    []Pause     `json:"pauses,omitempty"` // that began or ended since the lease's leaf before
}

// Pause is a time in which a lease got no work. When it ends, it stands in a leaf
// again, with its number.
type Pause struct {
	Number int           `json:"number"` // of the lease's, from 0
	By     lease.PauseBy `json:"by"`
	FromMs int64         `json:"from_ms"`
	ToMs   int64         `json:"to_ms"` // 0: it lasts
}

// Job is the public part of a leaf of kind job: a template that work is about to
// be handed out on. The tag in a coinbase says whose that work is, and the
// contract at which target it counts.
type Job struct {
	CreatedMs int64           `json:"created_ms"`
	Template  json.RawMessage `json:"template"` // as package receipt writes it
}

// Placement is the public part of a leaf of kind placement: for whom a source
// worked in an hour that was settled. What has no room in one leaf is in Parts.
type Placement struct {
	Source string `json:"source"`
	Hour   int64  `json:"hour"` // since 1970 UTC
	Part   int    `json:"part"` // from 0
	Parts  int    `json:"parts"`
	Work   []Work `json:"work"` // by lease
}

// Work is what a source did for a lease.
type Work struct {
	Lease    string         `json:"lease"`
	Counted  lease.Quantity `json:"counted"` // hashes, by the engine; 0 for sources without a counter
	Proven   lease.Quantity `json:"proven"`
	Receipts uint64         `json:"receipts"`
}

// Batch is the public part of a leaf of kind batch.
type Batch struct {
	Lease  string         `json:"lease"`
	Number int64          `json:"number"` // of the lease's batches, from 0
	FromMs int64          `json:"from_ms"`
	ToMs   int64          `json:"to_ms"`
	N      int64          `json:"n"` // receipts, at least one
	Sum    lease.Quantity `json:"sum"`
	SumSq  string         `json:"sum_sq"` // of the squares, decimal, below 2^256
	Root   receipt.B32    `json:"root"`
}

// Block is the public part of a leaf of kind block. There is one for every
// change of a block's state.
type Block struct {
	Hash        receipt.U256     `json:"hash"`
	Height      int64            `json:"height"`
	State       lease.BlockState `json:"state"`
	Appearances int              `json:"appearances"`
	Job         int64            `json:"job"` // index of the job's leaf
	Lease       string           `json:"lease"`
	Tag         receipt.B16      `json:"tag"` // of the job it was found on
	Extranonce  receipt.Hex      `json:"extranonce"`
	Time        uint32           `json:"time"`
	Nonce       receipt.U32      `json:"nonce"`
	VersionBits receipt.U32      `json:"version_bits"`
}

// Transaction is the public part of a leaf of kind transaction: what a
// transaction of the ledger books for one lease, or for nobody in particular.
// One that touches several has a leaf for each.
type Transaction struct {
	Kind  string      `json:"kind"`
	Tx    receipt.B32 `json:"tx"`   // TransactionPrivate.Tx, the same in all its leaves
	Part  int         `json:"part"` // from 0
	Parts int         `json:"parts"`
}

// TransactionPrivate is the private part of a leaf of kind transaction.
type TransactionPrivate struct {
	Key      string      `json:"key"`
	Salt     receipt.B16 `json:"salt"` // of the transaction, the same in all its leaves
	AtMs     int64       `json:"at_ms"`
	Ref      string      `json:"ref"`
	Lease    string      `json:"lease"`  // "" for what is of no lease
	Number   int64       `json:"number"` // of the lease's own, from 0
	Postings []Posting   `json:"postings"`
}

// Posting changes one account of the lease.
type Posting struct {
	Account string `json:"account"`
	Sat     int64  `json:"sat"`
}

// Service is the public part of a leaf of kind sla: a settled hour of a lease,
// or an exclusion.
type Service struct {
	About  string           `json:"about"` // AboutHour, AboutExclusion or AboutExclusionEnd
	Lease  string           `json:"lease"` // "" for an exclusion of all
	Hour   int64            `json:"hour,omitempty"`
	Window lease.WindowKind `json:"window,omitempty"`

	Exclusion   int64               `json:"exclusion,omitempty"` // its ID
	Kind        lease.ExclusionKind `json:"kind,omitempty"`
	AnnouncedMs int64               `json:"announced_ms,omitempty"`
	FromMs      int64               `json:"from_ms,omitempty"`
	ToMs        int64               `json:"to_ms,omitempty"` // 0: it lasts
}

// What a leaf of kind sla is about. The private part is a lease.SettledHour,
// Evidence, or none, in this order.
const (
	AboutHour         = "hour"
	AboutExclusion    = "exclusion"
	AboutExclusionEnd = "exclusion-end"
)

// Evidence is the private part of an exclusion.
type Evidence struct {
	Evidence string `json:"evidence"`
}

// Statement is the public part of a leaf of kind statement.
type Statement struct {
	Lease  string      `json:"lease"`
	FromMs int64       `json:"from_ms"`
	ToMs   int64       `json:"to_ms"`
	Number int64       `json:"number"`
	Hash   receipt.B32 `json:"hash"` // SHA-256 of the signed note
}

// TagMap is the public part of a leaf of kind tagmap: the tags of the leases
// whose last leaf before it does not let them stop before AtMs.
type TagMap struct {
	AtMs int64 `json:"at_ms"`
	translog.TagRoot
}
