package receipt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// Bytes as documents spell them.
type (
	Hex  = lease.Hex
	B16  = lease.B16
	B32  = lease.B32
	U256 = lease.U256
	U32  = lease.U32
)

// Versions of the layout of a template, of the house's blocks and of foreign
// pools' jobs.
const (
	TemplateFormat     = "hashlease-template/3"
	PoolTemplateFormat = "hashlease-pool-template/3"
)

// Limits of a template.
const (
	MaxTemplateSize = 65_000                  // bytes of the document: it has room in a leaf of the log
	maxCoinbase     = 30_000                  // bytes that it gives of the coinbase
	MaxExtranonce   = work.MaxExtranonces / 2 // bytes of each of the two extranonces
)

// Template is the public document of a block that leases work on, without
// what differs between leases: the tag and the target. It is either a block of
// the house, whose rewards are shared by a split, or, with Pool, the job of a
// foreign pool. What is of the house's blocks alone is zero in a pool's.
type Template struct {
	Format          string   `json:"format"`
	Height          int64    `json:"height"` // 0: a pool's job does not say
	Prev            U256     `json:"prev"`   // previous block's hash
	Version         U32      `json:"version"`
	Mask            U32      `json:"mask"` // version bits that may be rolled
	Bits            U32      `json:"bits"`
	Time            uint32   `json:"time"`           // Unix seconds, like the next two
	MinTime         uint32   `json:"min_time"`       // smallest ntime of a share
	MaxTime         uint32   `json:"max_time"`       // largest ntime of a share
	Head            Hex      `json:"head"`           // stripped coinbase up to the tag; of a pool's job up to the pool's extranonce1
	Tail            Hex      `json:"tail,omitempty"` // from after the tag to extranonce1; the house's; it begins with the commitment
	Coinb2          Hex      `json:"coinb2"`         // from after extranonce2 to the end
	Branches        []B32    `json:"branches"`       // as hashed, not reversed
	Extranonce1Size int      `json:"extranonce1_size"`
	Extranonce2Size int      `json:"extranonce2_size"`
	Terms           B32      `json:"terms"`            // hash of the terms it follows
	Reward          int64    `json:"reward,omitempty"` // satoshi, the sum of the outputs; the house's, like what follows
	Fee             int64    `json:"fee,omitempty"`    // satoshi of the reward that are the house's
	Carry           int64    `json:"carry,omitempty"`  // satoshi of the reward that a window not yet full leaves
	Split           B32      `json:"split,omitzero"`   // SHA-256 of the split of the rest, which is frozen
	Direct          []Direct `json:"direct,omitempty"` // the outputs that pay parts of the split themselves, as they stand in the coinbase
	Earns           *Earns   `json:"earns,omitempty"`  // what shares earn by themselves; nil: the split is all there is
	Pool            *PoolJob `json:"pool,omitempty"`   // nil: a block of the house
}

// Direct is an output of a coinbase that pays leases without the house
// between: the whole parts that they have in the split.
type Direct struct {
	Script Hex      `json:"script"`
	Sat    int64    `json:"sat"`
	Leases []string `json:"leases"` // sorted
}

// Earns says what the shares of a job earn by themselves: work/network work ·
// Sat · (10^6 − fee)/10^6 satoshi, whether blocks are found or not. The
// network's work is that of the template's Bits.
type Earns struct {
	Sat     int64 `json:"sat"`      // of a block, before the fee
	FeesSat int64 `json:"fees_sat"` // of it, the mean of other blocks' fees under FPPS, as it was fixed for the day
}

// Encode writes the template as canonical JSON.
func (t *Template) Encode() ([]byte, error) {
	document, err := lease.Canonical(t)
	if err == nil && len(document) > MaxTemplateSize {
		return nil, fmt.Errorf("template at height %d of %d bytes, at most %d", t.Height, len(document), MaxTemplateSize)
	}
	return document, err
}

// DecodeTemplate reads what Encode writes, and nothing else, and checks it.
func DecodeTemplate(document []byte) (*Template, error) {
	t := new(Template)
	if err := lease.DecodeCanonical(document, MaxTemplateSize, t); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	return t, t.validate(document)
}

// OfPool tells the document of a pool's job from that of a block of the house.
// No string in it can hold these quotes without a backslash.
func OfPool(document []byte) bool {
	return bytes.Contains(document, []byte(`"format":"`+PoolTemplateFormat+`"`))
}

// gapEnd is the offset in the coinbase after the extranonces.
func (t *Template) gapEnd() int {
	return len(t.before(lease.Tag{})) + t.Extranonce1Size + t.Extranonce2Size
}

// before is the coinbase up to the extranonces.
func (t *Template) before(tag lease.Tag) []byte {
	if t.Pool != nil {
		return slices.Concat(t.Head, t.Pool.Extranonce1, t.Pool.mark(tag))
	}
	return slices.Concat(t.Head, tag[:], t.Tail)
}

// Coinbase is the coinbase with a zero tag and zero extranonces, taken apart.
func (t *Template) Coinbase() (*work.Coinbase, error) {
	gap := make([]byte, t.Extranonce1Size+t.Extranonce2Size)
	return work.ParseCoinbase(slices.Concat(t.before(lease.Tag{}), gap, t.Coinb2))
}

// OutputTo returns the first output of the coinbase that pays anything to a
// script, or -1.
func (t *Template) OutputTo(script []byte) (int, error) {
	c, err := t.Coinbase()
	if err != nil {
		return -1, err
	}
	return slices.IndexFunc(c.Outputs, func(o work.Output) bool { return o.Value != 0 && bytes.Equal(o.Script, script) }), nil
}

// Issue makes the template one lease's job for one worker. It is what sources
// work on and what their receipts are judged by. Its Job has no ID.
func (t *Template) Issue(tag lease.Tag, target miner.Target, extranonce1 []byte) *work.Issue {
	branches := make([]miner.Hash, len(t.Branches))
	for i, b := range t.Branches {
		branches[i] = miner.Hash(b)
	}
	return &work.Issue{
		Job: work.Job{
			PrevHash: miner.Hash(t.Prev), Coinb1: t.before(tag), Coinb2: t.Coinb2, Branches: branches,
			Version: uint32(t.Version), Bits: miner.Bits(t.Bits), Time: t.Time,
		},
		Extranonce1: extranonce1, Extranonce2Size: t.Extranonce2Size,
		Mask: uint32(t.Mask), Target: target, MinTime: t.MinTime, MaxTime: t.MaxTime,
	}
}
