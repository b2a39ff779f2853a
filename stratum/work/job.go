package work

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// Limits of a job, taken from what devices in the field can hold.
const (
	MaxBranches     = 32        // merkle branches
	MaxCoinbaseSize = 1_000_000 // bytes of a whole stripped coinbase
	MaxJobIDLen     = 64        // characters accepted from a pool; ours stay within 16
)

// Job is the work of one mining.notify: a block whose coinbase lacks the
// extranonces. All hashed bytes are raw, in header order; only the wire form
// of PrevHash is swapped.
type Job struct {
	ID       string
	PrevHash miner.Hash
	Coinb1   []byte // stripped coinbase up to extranonce1
	Coinb2   []byte // stripped coinbase after extranonce2
	Branches []miner.Hash
	Version  uint32
	Bits     miner.Bits
	Time     uint32 // Unix seconds
	Clean    bool   // older jobs are worthless
}

// Validate checks what can be checked without knowing the extranonces.
func (j *Job) Validate() error {
	if j.ID == "" || len(j.ID) > MaxJobIDLen {
		return fmt.Errorf("job id of %d characters: want 1 to %d", len(j.ID), MaxJobIDLen)
	}
	if len(j.Branches) > MaxBranches {
		return fmt.Errorf("job %q: %d merkle branches, at most %d", j.ID, len(j.Branches), MaxBranches)
	}
	if n := len(j.Coinb1) + len(j.Coinb2); n == 0 || n > MaxCoinbaseSize {
		return fmt.Errorf("job %q: coinbase of %d bytes, want 1 to %d", j.ID, n, MaxCoinbaseSize)
	}
	if _, err := j.Bits.Target(); err != nil {
		return fmt.Errorf("job %q: %w", j.ID, err)
	}
	return nil
}

// Coinbase returns the stripped coinbase transaction with both extranonces
// in their place.
func (j *Job) Coinbase(extranonce []byte) []byte {
	return slices.Concat(j.Coinb1, extranonce, j.Coinb2)
}

// MerkleRoot folds the coinbase with the given extranonces (extranonce1
// followed by extranonce2) into the header's merkle root.
func (j *Job) MerkleRoot(extranonce []byte) miner.Hash {
	return FoldBranches(miner.SHA256d(j.Coinbase(extranonce)), j.Branches)
}

// Header builds the header of the job for the given extranonces.
func (j *Job) Header(extranonce []byte, version, time, nonce uint32) miner.Header {
	return miner.NewHeader(version, j.PrevHash, j.MerkleRoot(extranonce), time, j.Bits, nonce)
}

// FoldBranches hashes a merkle leaf up to the root: root = sha256d(root ‖
// branch) for each branch in turn.
func FoldBranches(leaf miner.Hash, branches []miner.Hash) miner.Hash {
	var pair [64]byte
	for _, b := range branches {
		copy(pair[:32], leaf[:])
		copy(pair[32:], b[:])
		leaf = miner.SHA256d(pair[:])
	}
	return leaf
}

// SwapPrevHash turns a previous block hash from header order into its form in
// mining.notify, where the bytes of each 4-byte word are swapped, and back.
func SwapPrevHash(h miner.Hash) miner.Hash {
	for i := 0; i < len(h); i += 4 {
		binary.BigEndian.PutUint32(h[i:], binary.LittleEndian.Uint32(h[i:]))
	}
	return h
}
