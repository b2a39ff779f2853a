package receipt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// Versions of the template document's layout. What is new is in TemplateFormat;
// documents of TemplateFormat1 are read and verified as ever.
const (
	TemplateFormat  = "hashlease-template/2"
	TemplateFormat1 = "hashlease-template/1"
)

// Limits of a template.
const (
	MaxTemplateSize = 1 << 20 // bytes of the document
	MaxSplit        = 20_000  // parts of the split: without room for them nobody would get jobs
	MaxExtranonce   = 16      // bytes of each of the two extranonces
	maxLeaseID      = 64      // bytes
)

// Template is the public document of a block that leases work on, without
// what differs between leases: the tag and the target. It is either a block of
// the house, whose rewards are shared by a split, or, with Pool, the job of a
// foreign pool, which is another document: see poolDocument. The fields from
// Tail on that say otherwise are of the house's blocks alone.
type Template struct {
	Format          string       `json:"format"` // TemplateFormat, TemplateFormat1 or PoolTemplateFormat
	Height          int64        `json:"height"` // 0: a pool's job does not say
	Prev            U256         `json:"prev"`   // previous block's hash
	Version         U32          `json:"version"`
	Mask            U32          `json:"mask"` // version bits that may be rolled
	Bits            U32          `json:"bits"`
	Time            uint32       `json:"time"`     // Unix seconds, like the next two
	MinTime         uint32       `json:"min_time"` // smallest ntime of a share
	MaxTime         uint32       `json:"max_time"` // largest ntime of a share
	Head            Hex          `json:"head"`     // stripped coinbase up to the tag; of a pool's job up to its extranonce1
	Tail            Hex          `json:"tail"`     // from after the tag to extranonce1; the house's; it begins with the commitment
	Coinb2          Hex          `json:"coinb2"`   // from after extranonce2 to the end
	Branches        []B32        `json:"branches"` // as hashed, not reversed
	Extranonce1Size int          `json:"extranonce1_size"`
	Extranonce2Size int          `json:"extranonce2_size"`
	Terms           B32          `json:"terms"`  // hash of the terms it follows
	Reward          int64        `json:"reward"` // satoshi, the sum of the outputs; the house's
	Fee             int64        `json:"fee"`    // satoshi of the reward that are the house's
	Split           []lease.Part `json:"split"`  // of the rest, by lease; frozen; the house's
	Pool            *PoolJob     `json:"-"`      // nil: a block of the house

	// What follows came with TemplateFormat.
	Carry  int64    `json:"carry,omitempty"`  // satoshi of the reward that a window not yet full leaves
	Direct []Direct `json:"direct,omitempty"` // the outputs that pay parts of the split themselves, as they stand in the coinbase
	Earns  *Earns   `json:"earns,omitempty"`  // what shares earn by themselves; nil: the split is all there is
}

// TemplateInput is what a template document is made of.
type TemplateInput struct {
	Job              *stratum.Job // whose coinbase carries Tag
	Tag              lease.Tag
	Height           int64
	Mask             uint32
	MinTime, MaxTime uint32 // Unix seconds
	Extranonce1Size  int    // bytes
	Extranonce2Size  int    // bytes
	Terms            lease.TermsHash
	Reward, Fee      int64        // satoshi
	Carry            int64        // satoshi
	Split            []lease.Part // sorted by lease, no zero parts
	Direct           []Direct
	Earns            *Earns
}

// NewTemplate cuts a job at its tag, lets its coinbase commit to the document
// that comes of it, and checks that. The job must have room for the commitment
// after the tag, as those of package solo have; Issue gives the jobs that
// carry it.
func NewTemplate(in TemplateInput) (*Template, error) {
	t, _, err := NewEncoded(in)
	return t, err
}

// NewEncoded is NewTemplate and Encode in one step, in a third of the time.
func NewEncoded(in TemplateInput) (*Template, []byte, error) {
	t, err := cut(in)
	if err != nil {
		return nil, nil, fmt.Errorf("template at height %d: %w", in.Height, err)
	}
	document, err := t.commit()
	if err != nil {
		return nil, nil, fmt.Errorf("template at height %d: %w", in.Height, err)
	}
	return t, document, t.validate(document)
}

// cut makes a document of a job, with which its coinbase has nothing to do yet.
func cut(in TemplateInput) (*Template, error) {
	j := in.Job
	t := &Template{
		Format: TemplateFormat, Height: in.Height, Prev: U256(j.PrevHash), Version: U32(j.Version), Mask: U32(in.Mask),
		Bits: U32(j.Bits), Time: j.Time, MinTime: in.MinTime, MaxTime: in.MaxTime, Head: j.Coinb1, Coinb2: j.Coinb2,
		Branches: make([]B32, len(j.Branches)), Extranonce1Size: in.Extranonce1Size, Extranonce2Size: in.Extranonce2Size,
		Terms: B32(in.Terms), Reward: in.Reward, Fee: in.Fee, Split: append([]lease.Part{}, in.Split...),
		Carry: in.Carry, Direct: slices.Clone(in.Direct), Earns: in.Earns,
	}
	for i, b := range j.Branches {
		t.Branches[i] = B32(b)
	}
	if err := t.checkSizes(); err != nil {
		return nil, err
	}
	coinbase := j.Coinbase(make([]byte, in.Extranonce1Size+in.Extranonce2Size))
	c, err := stratum.ParseCoinbase(coinbase)
	if err != nil {
		return nil, err
	}
	_, at, err := tagPlace(c.ScriptSig)
	if err != nil {
		return nil, err
	}
	at += scriptSigAt
	end := at + lease.TagSize
	if end > len(j.Coinb1) || lease.Tag(coinbase[at:end]) != in.Tag {
		return nil, fmt.Errorf("the job does not carry tag %s before its extranonces", in.Tag)
	}
	t.Head, t.Tail = slices.Clone(j.Coinb1[:at]), slices.Clone(j.Coinb1[end:])
	return t, nil
}

// scriptSigAt is where a coinbase's input script begins: after the version,
// the number of inputs, the outpoint and the script's one-byte length.
const scriptSigAt = 4 + 1 + 36 + 1

// Encode writes the template as canonical JSON.
func (t *Template) Encode() ([]byte, error) { return lease.Canonical(t) }

// DecodeTemplate reads what Encode writes, and nothing else, and checks it.
func DecodeTemplate(document []byte) (*Template, error) {
	if len(document) > MaxTemplateSize {
		return nil, fmt.Errorf("template of %d bytes, at most %d", len(document), MaxTemplateSize)
	}
	t := new(Template)
	if err := decodeCanonical(document, t); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	return t, t.validate(document)
}

// Validate checks the template by itself: its limits, the place of the tag,
// that the coinbase commits to the document and pays directly what that says,
// and that both the outputs and the split with the fee and the carry add up to
// the reward, where they are the house's to share.
// Whether it follows the terms is for Verify to say.
func (t *Template) Validate() error { return t.validate(nil) }

// validate is Validate for a template whose document may be at hand.
func (t *Template) validate(document []byte) error {
	err := t.checkSizes()
	if err == nil {
		err = t.checkHeader()
	}
	if t.Pool != nil {
		if err == nil {
			err = t.checkPoolCoinbase()
		}
	} else {
		if err == nil {
			err = t.checkCoinbase(document)
		}
		if err == nil {
			err = t.checkSplit()
		}
	}
	if err != nil {
		return fmt.Errorf("template at height %d: %w", t.Height, err)
	}
	return nil
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

// coinbase parses the coinbase with a zero tag and zero extranonces.
func (t *Template) coinbase() (*stratum.Coinbase, error) {
	gap := make([]byte, t.Extranonce1Size+t.Extranonce2Size)
	return stratum.ParseCoinbase(slices.Concat(t.before(lease.Tag{}), gap, t.Coinb2))
}

// Share returns what a lease gets of the block, in satoshi.
func (t *Template) Share(leaseID string) int64 {
	i, ok := slices.BinarySearchFunc(t.Split, leaseID, func(p lease.Part, id string) int { return strings.Compare(p.Lease, id) })
	if !ok {
		return 0
	}
	return t.Split[i].Sat
}

// DirectShare returns what of it an output of the coinbase pays, in satoshi:
// all or nothing.
func (t *Template) DirectShare(leaseID string) int64 {
	for i := range t.Direct {
		if slices.Contains(t.Direct[i].Leases, leaseID) {
			return t.Share(leaseID)
		}
	}
	return 0
}

// Issue makes the template one lease's job for one worker. It is what sources
// work on and what Verify judges their receipts by. Its Job has no ID.
func (t *Template) Issue(tag lease.Tag, target miner.Target, extranonce1 []byte) *stratum.Issue {
	branches := make([]miner.Hash, len(t.Branches))
	for i, b := range t.Branches {
		branches[i] = miner.Hash(b)
	}
	return &stratum.Issue{
		Job: stratum.Job{
			PrevHash: miner.Hash(t.Prev),
			Coinb1:   t.before(tag),
			Coinb2:   t.Coinb2,
			Branches: branches,
			Version:  uint32(t.Version),
			Bits:     miner.Bits(t.Bits),
			Time:     t.Time,
		},
		Extranonce1:     extranonce1,
		Extranonce2Size: t.Extranonce2Size,
		Mask:            uint32(t.Mask),
		Target:          target,
		MinTime:         t.MinTime,
		MaxTime:         t.MaxTime,
	}
}
