package receipt

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// TemplateFormat is the version of the template document's layout.
const TemplateFormat = "hashlease-template/1"

// Limits of a template.
const (
	MaxTemplateSize = 1 << 18 // bytes of the document
	MaxSplit        = 2000    // parts of the split
	MaxExtranonce   = 16      // bytes of each of the two extranonces
	maxLeaseID      = 64      // bytes
)

// Template is the public document of a block that leases work on, without
// what differs between leases: the tag and the target. It is either a block of
// the house, whose rewards are shared by a split, or, with Pool, the job of a
// foreign pool, which is another document: see poolDocument. The fields from
// Tail on that say otherwise are of the house's blocks alone.
type Template struct {
	Format          string       `json:"format"` // TemplateFormat, or PoolTemplateFormat
	Height          int64        `json:"height"` // 0: a pool's job does not say
	Prev            U256         `json:"prev"`   // previous block's hash
	Version         U32          `json:"version"`
	Mask            U32          `json:"mask"` // version bits that may be rolled
	Bits            U32          `json:"bits"`
	Time            uint32       `json:"time"`     // Unix seconds, like the next two
	MinTime         uint32       `json:"min_time"` // smallest ntime of a share
	MaxTime         uint32       `json:"max_time"` // largest ntime of a share
	Head            Hex          `json:"head"`     // stripped coinbase up to the tag; of a pool's job up to its extranonce1
	Tail            Hex          `json:"tail"`     // from after the tag to extranonce1; the house's
	Coinb2          Hex          `json:"coinb2"`   // from after extranonce2 to the end
	Branches        []B32        `json:"branches"` // as hashed, not reversed
	Extranonce1Size int          `json:"extranonce1_size"`
	Extranonce2Size int          `json:"extranonce2_size"`
	Terms           B32          `json:"terms"`  // hash of the terms it follows
	Reward          int64        `json:"reward"` // satoshi, the sum of the outputs; the house's
	Fee             int64        `json:"fee"`    // satoshi of the reward that are the house's
	Split           []lease.Part `json:"split"`  // of the rest, by lease; frozen; the house's
	Pool            *PoolJob     `json:"-"`      // nil: a block of the house
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
	Split            []lease.Part // sorted by lease, no zero parts
}

// NewTemplate cuts a job at its tag and checks the document that comes of it.
func NewTemplate(in TemplateInput) (*Template, error) {
	j := in.Job
	t := &Template{
		Format: TemplateFormat, Height: in.Height, Prev: U256(j.PrevHash), Version: U32(j.Version), Mask: U32(in.Mask),
		Bits: U32(j.Bits), Time: j.Time, MinTime: in.MinTime, MaxTime: in.MaxTime, Head: j.Coinb1, Coinb2: j.Coinb2,
		Branches: make([]B32, len(j.Branches)), Extranonce1Size: in.Extranonce1Size, Extranonce2Size: in.Extranonce2Size,
		Terms: B32(in.Terms), Reward: in.Reward, Fee: in.Fee, Split: append([]lease.Part{}, in.Split...),
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
		return nil, fmt.Errorf("template at height %d: %w", in.Height, err)
	}
	_, at, err := tagPlace(c.ScriptSig)
	if err != nil {
		return nil, fmt.Errorf("template at height %d: %w", in.Height, err)
	}
	at += scriptSigAt
	end := at + lease.TagSize
	if end > len(j.Coinb1) || lease.Tag(coinbase[at:end]) != in.Tag {
		return nil, fmt.Errorf("template at height %d: the job does not carry tag %s before its extranonces", in.Height, in.Tag)
	}
	t.Head, t.Tail = slices.Clone(j.Coinb1[:at]), slices.Clone(j.Coinb1[end:])
	return t, t.Validate()
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
	return t, t.Validate()
}

// Validate checks the template by itself: its limits, the place of the tag,
// and that both the outputs and the split with the fee add up to the reward,
// where they are the house's to share.
// Whether it follows the terms is for Verify to say.
func (t *Template) Validate() error {
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
			err = t.checkCoinbase()
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

func (t *Template) checkSizes() error {
	if t.Pool != nil {
		return t.checkPoolSizes()
	}
	switch {
	case t.Format != TemplateFormat:
		return fmt.Errorf("format %.40q, want %s", t.Format, TemplateFormat)
	case t.Extranonce1Size < 0 || t.Extranonce1Size > MaxExtranonce || t.Extranonce2Size < 1 || t.Extranonce2Size > MaxExtranonce:
		return fmt.Errorf("extranonces of %d and %d bytes: want 0 to %d and 1 to %d",
			t.Extranonce1Size, t.Extranonce2Size, MaxExtranonce, MaxExtranonce)
	case t.Branches == nil || len(t.Branches) > stratum.MaxBranches:
		return fmt.Errorf("%d merkle branches, want 0 to %d", len(t.Branches), stratum.MaxBranches)
	case t.Split == nil || len(t.Split) > MaxSplit:
		return fmt.Errorf("split in %d parts, want 0 to %d", len(t.Split), MaxSplit)
	case len(t.Head)+len(t.Tail)+len(t.Coinb2) > MaxTemplateSize/2:
		return fmt.Errorf("coinbase of %d bytes, at most %d", len(t.Head)+len(t.Tail)+len(t.Coinb2), MaxTemplateSize/2)
	}
	return nil
}

func (t *Template) checkHeader() error {
	if t.Mask&^stratum.VersionMask != 0 || t.Version&t.Mask != 0 {
		return fmt.Errorf("version %08x with mask %08x: the mask must lie within %08x and the version have none of its bits",
			uint32(t.Version), uint32(t.Mask), stratum.VersionMask)
	}
	if t.MinTime > t.Time || t.Time > t.MaxTime {
		return fmt.Errorf("time %d is not within its bounds, %d to %d", t.Time, t.MinTime, t.MaxTime)
	}
	_, err := miner.Bits(t.Bits).Target()
	return err
}

func (t *Template) checkCoinbase() error {
	c, err := t.coinbase()
	if err != nil {
		return err
	}
	height, at, err := tagPlace(c.ScriptSig)
	if err != nil {
		return err
	}
	if height != t.Height {
		return fmt.Errorf("its coinbase is for height %d", height)
	}
	if scriptSigAt+at != len(t.Head) {
		return fmt.Errorf("cut at byte %d, but the tag's place is byte %d", len(t.Head), scriptSigAt+at)
	}
	// Only pushed bytes may differ between shares: an extranonce among the
	// outputs could change whom they pay.
	if t.gapEnd() > scriptSigAt+len(c.ScriptSig) {
		return fmt.Errorf("its extranonces lie outside the coinbase's input script")
	}
	left := t.Reward
	for _, o := range c.Outputs {
		if left -= o.Value; left < 0 {
			break
		}
	}
	if left != 0 {
		return fmt.Errorf("its outputs do not sum to the reward of %d satoshi", t.Reward)
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

func (t *Template) checkSplit() error {
	if t.Fee < 0 || t.Fee > t.Reward {
		return fmt.Errorf("fee of %d satoshi, want 0 to the reward of %d", t.Fee, t.Reward)
	}
	left := t.Reward - t.Fee
	for i, p := range t.Split {
		if p.Lease == "" || len(p.Lease) > maxLeaseID || i > 0 && p.Lease <= t.Split[i-1].Lease {
			return fmt.Errorf("split part %d: lease %.70q is not in order", i, p.Lease)
		}
		if p.Sat <= 0 || p.Sat > left {
			return fmt.Errorf("split part %d: lease %s gets %d satoshi of the %d left", i, p.Lease, p.Sat, left)
		}
		left -= p.Sat
	}
	if left != 0 {
		return fmt.Errorf("split and fee are %d satoshi short of the reward of %d", left, t.Reward)
	}
	return nil
}

// Share returns what a lease gets of the block, in satoshi.
func (t *Template) Share(leaseID string) int64 {
	for _, p := range t.Split {
		if p.Lease == leaseID {
			return p.Sat
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

// foreignOutput names the first output that pays anything to another script
// than the one given in hexadecimal, or returns "".
func (t *Template) foreignOutput(script string) string {
	c, err := t.coinbase()
	if err != nil {
		return err.Error()
	}
	for i, o := range c.Outputs {
		if o.Value != 0 && hex.EncodeToString(o.Script) != script {
			return fmt.Sprintf("output %d pays %d satoshi to %.80x", i, o.Value, o.Script)
		}
	}
	return ""
}
