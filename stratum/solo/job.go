package solo

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Limits of what a coinbase of ours may hold.
const (
	maxOutputs    = 1000
	maxScriptSize = 10_000 // bytes of one output script, the network's own limit
)

// BuildJob makes a job of a template: see Builder.Job.
func BuildJob(t *Template, id string, tag [TagSize]byte, outputs []stratum.Output) (*stratum.Job, error) {
	b, err := NewBuilder(t)
	if err != nil {
		return nil, err
	}
	return b.Job(id, tag, outputs)
}

// Builder makes jobs of one template. What they have in common is computed
// once.
type Builder struct {
	t          *Template
	commitment []byte // to the witnesses; nil when the block needs none
	branches   []miner.Hash
}

// NewBuilder prepares to make jobs of a template, which must not be changed
// any more.
func NewBuilder(t *Template) (*Builder, error) {
	if t.Height < 1 || t.Height > maxHeight {
		return nil, fmt.Errorf("template height %d: want 1 to %d", t.Height, maxHeight)
	}
	b := &Builder{t: t, commitment: t.Commitment}
	if b.commitment == nil {
		b.commitment = WitnessCommitment(t.Txs)
	}
	txids := make([]miner.Hash, len(t.Txs))
	for i := range t.Txs {
		txids[i] = t.Txs[i].TxID
	}
	b.branches = MerkleBranches(txids)
	return b, nil
}

// Job makes a job: a coinbase in our layout (see the package comment) with the
// given tag and zeros where it can commit to something, which pays the
// outputs, in this order, and commits to the witnesses where the block needs
// it. The outputs must add up to the template's CoinbaseValue exactly. The
// version's BIP320 bits are zero, so that every way of rolling them agrees.
// Clean is left to the caller, who knows which job came before. Jobs of one
// Builder share their Branches.
func (b *Builder) Job(id string, tag [TagSize]byte, outputs []stratum.Output) (*stratum.Job, error) {
	t := b.t
	if err := checkOutputs(t, outputs); err != nil {
		return nil, err
	}
	if b.commitment != nil {
		outputs = append(outputs[:len(outputs):len(outputs)], stratum.Output{Script: b.commitment})
	}
	before, after := scriptSig(t.Height, tag)
	sigSize := len(before) + ExtranonceSize1 + ExtranonceSize2 + len(after)
	if sigSize < stratum.MinScriptSig || sigSize > stratum.MaxScriptSig {
		return nil, fmt.Errorf("coinbase input script of %d bytes: want %d to %d", sigSize, stratum.MinScriptSig, stratum.MaxScriptSig)
	}
	job := &stratum.Job{
		ID:       id,
		PrevHash: t.PrevHash,
		Coinb1:   append(coinbaseHead(sigSize), before...),
		Coinb2:   append(after, coinbaseTail(outputs)...),
		Branches: b.branches,
		Version:  t.Version &^ stratum.VersionMask,
		Bits:     t.Bits,
		Time:     t.CurTime,
	}
	if err := job.Validate(); err != nil {
		return nil, err
	}
	return job, nil
}

// checkOutputs reports outputs that cannot be paid or do not add up.
func checkOutputs(t *Template, outputs []stratum.Output) error {
	if len(outputs) == 0 || len(outputs) > maxOutputs {
		return fmt.Errorf("coinbase with %d outputs: want 1 to %d", len(outputs), maxOutputs)
	}
	var sum int64
	for i, o := range outputs {
		switch {
		case o.Value < 0 || o.Value > math.MaxInt64-sum:
			return fmt.Errorf("coinbase output %d: %d satoshi cannot be paid", i, o.Value)
		case len(o.Script) == 0 || len(o.Script) > maxScriptSize:
			return fmt.Errorf("coinbase output %d: script of %d bytes, want 1 to %d", i, len(o.Script), maxScriptSize)
		case isCommitment(o.Script):
			return fmt.Errorf("coinbase output %d: a witness commitment is added by BuildJob, not given to it", i)
		}
		sum += o.Value
	}
	if sum != t.CoinbaseValue {
		return fmt.Errorf("coinbase outputs pay %d satoshi, the block at height %d yields %d: they must be equal", sum, t.Height, t.CoinbaseValue)
	}
	return nil
}

// coinbaseHead returns the start of a stripped coinbase up to its input
// script of the given size.
func coinbaseHead(sigSize int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, coinbaseVersion)
	b = append(b, 1) // one input, which spends nothing
	b = append(b, make([]byte, 32)...)
	b = append(b, 0xff, 0xff, 0xff, 0xff)
	return append(b, byte(sigSize))
}

// coinbaseVersion is the transaction version of our coinbases.
const coinbaseVersion = 2

// coinbaseTail returns the end of a stripped coinbase after its input script.
func coinbaseTail(outputs []stratum.Output) []byte {
	b := []byte{0xff, 0xff, 0xff, 0xff} // sequence
	b = appendVarint(b, uint64(len(outputs)))
	for _, o := range outputs {
		b = binary.LittleEndian.AppendUint64(b, uint64(o.Value))
		b = appendVarint(b, uint64(len(o.Script)))
		b = append(b, o.Script...)
	}
	return append(b, 0, 0, 0, 0) // lock time
}

// appendVarint appends n in the network's variable length.
func appendVarint(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= math.MaxUint16:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	case n <= math.MaxUint32:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}
