package lease

import "github.com/hashlease/hashlease/miner"

// BlockState is where a block of ours stands.
type BlockState string

// The life of a block: candidate → adopted → mature; orphaned at any time
// after adoption, from where it may come back; or rejected.
const (
	Candidate BlockState = "candidate" // durable, not yet seen on the chain
	Adopted   BlockState = "adopted"   // on the chain, its reward pending
	Mature    BlockState = "mature"    // its reward available
	Orphaned  BlockState = "orphaned"  // left the chain, its reward reversed
	Rejected  BlockState = "rejected"  // never entered the chain
)

// Block is a share of ours that also met the network's target.
type Block struct {
	Hash        miner.Hash
	Height      int64
	Template    int64 // Seq of the template whose split it pays
	Job         int64
	Lease       string // whose hash found it
	Extranonce  []byte
	Time, Nonce uint32
	VersionBits uint32
	Raw         []byte // the whole block
	FoundMs     int64  // Unix milliseconds
	State       BlockState
	Appearances int    // how often it was adopted
	Reason      string // why it was rejected
}

// Part is what one lease, or the house, gets of a block.
type Part struct {
	Lease string `json:"lease"`
	Sat   int64  `json:"sat"`
}
