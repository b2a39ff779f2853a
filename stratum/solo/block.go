package solo

import (
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// AssembleBlock serialises the block that a solved header stands for, ready
// for Node.Submit. coinbase is the stripped form that was hashed; where it
// commits to witnesses, the block carries the coinbase's own witness of 32
// zero bytes. A header that does not belong to template and coinbase is an
// error, since no node would take the block. The header's hash is not judged.
func AssembleBlock(t *Template, coinbase []byte, header miner.Header) ([]byte, error) {
	cb, err := stratum.ParseCoinbase(coinbase)
	if err != nil {
		return nil, err
	}
	if prev := header.Prev(); prev != t.PrevHash {
		return nil, fmt.Errorf("header builds on %v, the template on %v", prev, t.PrevHash)
	}
	if header.Bits() != t.Bits {
		return nil, fmt.Errorf("header has bits %08x, the template %08x", uint32(header.Bits()), uint32(t.Bits))
	}
	size := miner.HeaderSize + 9 + len(coinbase) + witnessSize
	txids := make([]miner.Hash, len(t.Txs))
	for i := range t.Txs {
		txids[i] = t.Txs[i].TxID
		size += len(t.Txs[i].Data)
	}
	root := stratum.FoldBranches(miner.SHA256d(coinbase), MerkleBranches(txids))
	if header.Root() != root {
		return nil, fmt.Errorf("header has merkle root %v, coinbase and template give %v", header.Root(), root)
	}
	if slices.ContainsFunc(cb.Outputs, func(o stratum.Output) bool { return isCommitment(o.Script) }) {
		coinbase = withWitness(coinbase)
	}
	block := append(make([]byte, 0, size), header[:]...)
	block = appendVarint(block, uint64(1+len(t.Txs)))
	block = append(block, coinbase...)
	for i := range t.Txs {
		block = append(block, t.Txs[i].Data...)
	}
	return block, nil
}

// witnessSize is what withWitness adds, in bytes.
const witnessSize = 36

// withWitness turns a stripped coinbase into its full form (BIP144), with one
// witness item of 32 zero bytes.
func withWitness(stripped []byte) []byte {
	lockTime := len(stripped) - 4
	return slices.Concat(
		stripped[:4],
		[]byte{0, 1}, // marker and flag
		stripped[4:lockTime],
		[]byte{1, 32}, // one item of 32 bytes
		make([]byte, 32),
		stripped[lockTime:],
	)
}
