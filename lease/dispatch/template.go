package dispatch

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/stratum"
)

// templateInput is what the document of a block of the house is made of.
type templateInput struct {
	job              *stratum.Job // whose coinbase carries tag
	tag              lease.Tag
	height           int64
	mask             uint32
	minTime, maxTime uint32 // Unix seconds
	extranonce1Size  int    // bytes
	extranonce2Size  int    // bytes
	terms            lease.TermsHash
	reward, fee      int64         // satoshi
	carry            int64         // satoshi
	split            receipt.Split // sorted by lease, no zero parts
	direct           []receipt.Direct
	earns            *receipt.Earns
}

// newTemplate cuts a job at its tag, lets its coinbase commit to the document
// that comes of it, and checks both that and the split's document. The job must
// have room for the commitment after the tag, as those of package solo have; the
// template's Issue gives the jobs that carry it.
func newTemplate(in *templateInput) (t *receipt.Template, document, split []byte, err error) {
	if t, err = cut(in); err == nil {
		if document, err = t.Encode(); err == nil {
			err = commit(document)
		}
	}
	if err != nil {
		return nil, nil, nil, fmt.Errorf("template at height %d: %w", in.height, err)
	}
	if t, err = receipt.DecodeTemplate(document); err == nil {
		if err = t.CheckSplit(in.split); err == nil {
			split, err = in.split.Encode()
		}
	}
	return t, document, split, err
}

// commit puts the commitment into its place.
func commit(document []byte) error {
	sum, at, err := receipt.Commitment(document)
	if err == nil {
		hex.Encode(document[at:], sum[:])
	}
	return err
}

// cut makes a document of a job, with which its coinbase has nothing to do yet.
func cut(in *templateInput) (*receipt.Template, error) {
	j := in.job
	coinbase := j.Coinbase(make([]byte, in.extranonce1Size+in.extranonce2Size))
	c, err := stratum.ParseCoinbase(coinbase)
	if err != nil {
		return nil, err
	}
	_, at, err := receipt.TagPlace(c.ScriptSig)
	if err != nil {
		return nil, err
	}
	at += receipt.ScriptSigAt
	end := at + lease.TagSize
	if end > len(j.Coinb1) || lease.Tag(coinbase[at:end]) != in.tag {
		return nil, fmt.Errorf("the job does not carry tag %s before its extranonces", in.tag)
	}
	split, err := in.split.Hash()
	t := &receipt.Template{
		Format: receipt.TemplateFormat, Height: in.height, Prev: receipt.U256(j.PrevHash), Version: receipt.U32(j.Version),
		Mask: receipt.U32(in.mask), Bits: receipt.U32(j.Bits), Time: j.Time, MinTime: in.minTime, MaxTime: in.maxTime,
		Head: j.Coinb1[:at], Tail: j.Coinb1[end:], Coinb2: j.Coinb2, Branches: branches(j),
		Extranonce1Size: in.extranonce1Size, Extranonce2Size: in.extranonce2Size, Terms: receipt.B32(in.terms),
		Reward: in.reward, Fee: in.fee, Carry: in.carry, Split: split, Direct: in.direct, Earns: in.earns,
	}
	return t, err
}

func branches(j *stratum.Job) []receipt.B32 {
	b := make([]receipt.B32, len(j.Branches))
	for i := range b {
		b[i] = receipt.B32(j.Branches[i])
	}
	return b
}

// newPoolTemplate makes the document of a pool's job, as the pool gave it to its
// connection, for leases under the terms, and checks it. The address is one of
// those in the contract, without user. Errors wrap receipt.ErrPoolTooNarrow, or
// say why no lease can work on such jobs.
func newPoolTemplate(i *stratum.Issue, address string, terms lease.TermsHash) (*receipt.Template, error) {
	room, err := receipt.PoolRoomOf(i.Extranonce2Size)
	if err != nil {
		return nil, fmt.Errorf("job of pool %.80s: %w", address, err)
	}
	t := &receipt.Template{
		Format: receipt.PoolTemplateFormat, Prev: receipt.U256(i.PrevHash),
		// What miners may roll is theirs to set, so that every way of
		// combining it with the job's version gives the same header.
		Version: receipt.U32(i.Version &^ i.Mask), Mask: receipt.U32(i.Mask & stratum.VersionMask),
		Bits: receipt.U32(i.Bits), Time: i.Time, MinTime: i.MinTime, MaxTime: i.MaxTime,
		Head: slices.Clone(i.Coinb1), Coinb2: slices.Clone(i.Coinb2), Branches: branches(&i.Job),
		Extranonce1Size: room.Worker, Extranonce2Size: room.Rolled, Terms: receipt.B32(terms),
		Pool: &receipt.PoolJob{
			Address: address, Extranonce1: slices.Clone(i.Extranonce1), Extranonce2Size: i.Extranonce2Size, Target: receipt.U256(i.Target),
		},
	}
	if c, err := t.Coinbase(); err == nil {
		t.Height, _ = receipt.BlockHeight(c.ScriptSig) // else Validate says what is wrong
	}
	if err := t.Validate(); err != nil {
		return nil, fmt.Errorf("job of pool %.80s: %w", address, err)
	}
	return t, nil
}
