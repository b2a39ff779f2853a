package solo

import (
	"bytes"
	"slices"

	"github.com/hashlease/hashlease/miner"
)

// MerkleBranches returns the hashes that lead from the coinbase to the merkle
// root of a block with the given further transactions (see
// stratum.FoldBranches).
func MerkleBranches(txids []miner.Hash) []miner.Hash {
	var branches []miner.Hash
	level := slices.Clone(txids) // without the leftmost node, which is open
	for len(level) > 0 {
		branches = append(branches, level[0])
		level = pairs(level[1:])
	}
	return branches
}

// MerkleRoot returns the merkle root over all leaves, in block order. No
// leaves give the zero hash.
func MerkleRoot(leaves []miner.Hash) miner.Hash {
	if len(leaves) == 0 {
		return miner.Hash{}
	}
	level := slices.Clone(leaves)
	for len(level) > 1 {
		level = pairs(level)
	}
	return level[0]
}

// pairs hashes neighbours together in place; a last one without neighbour is
// hashed with itself.
func pairs(level []miner.Hash) []miner.Hash {
	n := 0
	for i := 0; i < len(level); i += 2 {
		var both [64]byte
		copy(both[:32], level[i][:])
		copy(both[32:], level[min(i+1, len(level)-1)][:])
		level[n] = miner.SHA256d(both[:])
		n++
	}
	return level[:n]
}

// commitmentPrefix starts the output script that commits to the witnesses of
// a block (BIP141): OP_RETURN, a push of 36 bytes and their magic.
var commitmentPrefix = []byte{0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed}

// commitmentSize is the length of a commitment script in bytes.
const commitmentSize = 38

// WitnessCommitment returns the output script that commits to the witnesses
// of a block with the given further transactions, nil when none of them has a
// witness. The coinbase counts as the zero hash and carries 32 zero bytes as
// its witness.
func WitnessCommitment(txs []Tx) []byte {
	if !slices.ContainsFunc(txs, func(t Tx) bool { return t.TxID != t.WTxID }) {
		return nil
	}
	leaves := make([]miner.Hash, 1, 1+len(txs))
	for i := range txs {
		leaves = append(leaves, txs[i].WTxID)
	}
	root := MerkleRoot(leaves)
	hash := miner.SHA256d(append(root[:], make([]byte, 32)...))
	return CommitmentScript(hash)
}

// CommitmentScript returns the output script around a commitment hash.
func CommitmentScript(hash miner.Hash) []byte {
	return append(bytes.Clone(commitmentPrefix), hash[:]...)
}

// isCommitment reports whether an output script commits to witnesses.
func isCommitment(script []byte) bool {
	return len(script) >= commitmentSize && bytes.HasPrefix(script, commitmentPrefix)
}
