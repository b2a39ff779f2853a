package bundle

import (
	"fmt"

	"github.com/hashlease/hashlease/lease/translog"
	"github.com/hashlease/hashlease/miner"
	"golang.org/x/mod/sumdb/tlog"
)

// Bundle is the content of one lease's files, as FORMAT.md lays them out. Leaves
// are all that the statement rests on; what they say is package leaf's.
type Bundle struct {
	Note       []byte     // the signed statement
	Checkpoint []byte     // the signed head of the log, with cosignatures
	Rotations  []Rotation // of the log's key, from the provider's first one on
	Leaves     []Leaf     // by Index
	LogProof   []tlog.Hash
	Growth     []Growth // by From
	Tags       []Tag    // by leaf and destination
	Splits     [][]byte // split documents of blocks, canonical JSON, without doubles
	Batches    []Batch  // in the order of their leaves

	HeadersFrom int64          // height of Headers[0]
	Headers     []miner.Header // contiguous; none: the node saw no chain
	Forks       []miner.Header // tips that jobs were built on and that left the chain

	Derived []byte // unsigned figures, canonical JSON
}

// Leaf is a leaf of the log.
type Leaf struct {
	Index   int64
	Body    []byte // public, exactly as in the log
	Opening []byte // of its private part; nil where the tenant may not read it, or there is none
}

// Rotation shows that the log's key was changed: a checkpoint, signed by a key
// known before it, and the proof that it has the leaf of the next key. The leaf
// itself is among the Leaves.
type Rotation struct {
	Checkpoint string           `json:"checkpoint"`
	Index      int64            `json:"index"`
	Proof      tlog.RecordProof `json:"proof"`
}

// Growth proves that the log of an earlier checkpoint is the beginning of the
// bundle's.
type Growth struct {
	From  int64          `json:"from"` // leaves that the earlier one had
	Proof tlog.TreeProof `json:"proof"`
}

// Tag proves the lease's entry in the tag map of a leaf.
type Tag struct {
	Leaf  int64
	Proof translog.TagProof
}

// Batch is the receipts of a sealed batch that are still there.
type Batch struct {
	N       int         // records
	Records []byte      // each after its length in one byte, sorted by their hashes
	Proof   []tlog.Hash // of a thinned batch; none: all records are there
}

// Tenant is the bundle of all leases of a tenant in a period.
type Tenant struct {
	Note   []byte // the signed statement of the tenant
	Leases []Folder
}

// Folder is the bundle of one of the leases.
type Folder struct {
	Lease string
	*Bundle
}

// Append adds a record to the batch. It fails for one that is longer than any.
func (b *Batch) Append(record []byte) error {
	if len(record) == 0 || len(record) > MaxRecord {
		return fmt.Errorf("record of %d bytes, want 1 to %d", len(record), MaxRecord)
	}
	b.N++
	b.Records = append(append(b.Records, byte(len(record))), record...)
	return nil
}
