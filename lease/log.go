package lease

import (
	"context"
	"iter"

	"github.com/hashlease/hashlease/miner"
)

// LogLeaf is a leaf of the transparency log as the Store keeps it. What it says
// is written by package leaf; its Index is its place in the log, from 0, and the
// order of everything.
type LogLeaf struct {
	Index  int64
	Kind   string // as package translog names kinds
	Ref    string // what it is about, see LeafFilter
	AtMs   int64  // when it was stored by the clock, Unix milliseconds; nothing follows from it
	Body   []byte // public
	Secret []byte // the opening of its private part, never served; nil without one
}

// LeafFilter selects leaves. Its zero value selects all.
type LeafFilter struct {
	Kinds []string // none: all

	// Ref is what leaves are about; empty: anything. Leaves of kind terms are
	// about the hash of the terms, of kind job about the Seq of the template, of
	// kind block about the block's hash, of kind placement about a source, of the
	// kinds lease, batch, transaction, sla and statement about a lease ("" where
	// they are about all, or the house), the others about nothing.
	Ref string

	From, To int64 // From ≤ Index < To; To = 0: to the end
}

// Proofs are what is in the transparency log, and the receipts that were put
// into it. Every method of the Store that writes a fact adds its leaves in the
// same transaction: there is no fact without its leaf.
type Proofs interface {
	// Leaves lists the leaves that a filter selects, by Index.
	Leaves(ctx context.Context, f LeafFilter) iter.Seq2[LogLeaf, error]
	// TemplateLeaves returns the indexes of the job leaves of templates, given
	// and returned by their Seqs.
	TemplateLeaves(ctx context.Context, seqs []int64) (map[int64]int64, error)

	// SealedMs is the moment before which all receipts are in sealed batches,
	// Unix milliseconds; 0: none is. No receipt is stored before it any more.
	SealedMs(ctx context.Context) (int64, error)
	// Unsealed are the receipts of all leases, and of the house, with SealedMs ≤
	// CommitMs < toMs, in Seq order.
	Unsealed(ctx context.Context, toMs int64) iter.Seq2[Receipt, error]
	// Seal stores batches with their leaves, which are all the receipts with
	// SealedMs ≤ CommitMs < toMs, and moves SealedMs to toMs, all or nothing. It
	// gives the batches their Number and Leaf and returns them. ErrConflict when
	// SealedMs is not fromMs any more, or when other receipts are unsealed than
	// those of the batches.
	Seal(ctx context.Context, fromMs, toMs int64, batches []SealedBatch) ([]SealedBatch, error)
	// SealedBatches are the batches of a lease, of all when it is empty, with
	// fromMs ≤ FromMs < toMs, by FromMs, lease and number.
	SealedBatches(ctx context.Context, lease string, fromMs, toMs int64) iter.Seq2[SealedBatch, error]
	// Thin replaces the receipts of a sealed batch by those that thinning keeps,
	// with the proof that they are its first ones; without any, none are kept.
	// Keeping as many again changes nothing. ErrConflict when what is to be kept
	// are not its first ones.
	Thin(ctx context.Context, lease string, number int64, packed []byte, proof []byte) error

	// PutHeaders stores block headers; those that are there already change
	// nothing.
	PutHeaders(ctx context.Context, headers []ChainHeader) error
	// Headers are those with from ≤ Height < to, of all branches, by height.
	Headers(ctx context.Context, from, to int64) ([]ChainHeader, error)
	// Header finds a header by its hash.
	Header(ctx context.Context, hash miner.Hash) (ChainHeader, error)

	// PutStatement stores a statement that was issued, with its leaf, and gives
	// it its Leaf. Storing the same again changes nothing and returns what is
	// there; ErrConflict when its Number is not the next of its lease and
	// period.
	PutStatement(ctx context.Context, s IssuedStatement) (IssuedStatement, error)
	// Statements are those of a lease, of all when it is empty, by Leaf.
	Statements(ctx context.Context, lease string) ([]IssuedStatement, error)
}

// ChainHeader is a block header that a coin node has shown.
type ChainHeader struct {
	Hash   miner.Hash
	Height int64
	Raw    miner.Header
	SeenMs int64 // when it was first seen, Unix milliseconds
}

// IssuedStatement is a signed statement as the Store keeps it.
type IssuedStatement struct {
	Lease  string
	FromMs int64 // of its period, Unix milliseconds
	ToMs   int64
	Number int64    // of this lease and period, from 1; a later one supersedes the others
	Hash   [32]byte // SHA-256 of Note
	Note   []byte   // the signed statement
	Leaf   int64    // given by the Store: its index in the log
}
