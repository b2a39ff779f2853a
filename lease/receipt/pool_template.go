package receipt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

// PoolJob is what makes a template that of a foreign pool's job.
type PoolJob struct {
	Address         string // of the pool, as the contract names it
	Extranonce1     Hex    // the pool's
	Extranonce2Size int    // the pool's, bytes
	Target          U256   // the pool's: what it takes shares at
}

// maxPoolCoinbase bounds what a pool's job gives of its coinbase, in bytes.
const maxPoolCoinbase = 1 << 16

// PoolInput is what the document of a pool's job is made of.
type PoolInput struct {
	Issue *stratum.Issue // of the pool's connection, as the pool gave it
	Pool  string         // its address, one of those in the contract, without user
	Terms lease.TermsHash
}

// NewPoolTemplate makes the document of a pool's job and checks it. Errors
// wrap ErrPoolTooNarrow, or say why no lease can work on such jobs.
func NewPoolTemplate(in PoolInput) (*Template, error) {
	i := in.Issue
	room, err := poolRoomOf(i.Extranonce2Size)
	if err != nil {
		return nil, fmt.Errorf("job of pool %.80s: %w", in.Pool, err)
	}
	t := &Template{
		Format: room.format, Prev: U256(i.PrevHash),
		// What miners may roll is theirs to set, so that every way of
		// combining it with the job's version gives the same header.
		Version: U32(i.Version &^ i.Mask), Mask: U32(i.Mask & stratum.VersionMask),
		Bits: U32(i.Bits), Time: i.Time, MinTime: i.MinTime, MaxTime: i.MaxTime,
		Head: slices.Clone(i.Coinb1), Coinb2: slices.Clone(i.Coinb2), Branches: make([]B32, len(i.Branches)),
		Extranonce1Size: room.worker, Extranonce2Size: room.rolled, Terms: B32(in.Terms),
		Pool: &PoolJob{
			Address: in.Pool, Extranonce1: slices.Clone(i.Extranonce1), Extranonce2Size: i.Extranonce2Size, Target: U256(i.Target),
		},
	}
	for n, b := range i.Branches {
		t.Branches[n] = B32(b)
	}
	err = t.checkSizes()
	if err == nil {
		var c *stratum.Coinbase
		if c, err = t.coinbase(); err == nil {
			t.Height, err = t.poolHeight(c.ScriptSig)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("job of pool %.80s: %w", in.Pool, err)
	}
	return t, t.Validate()
}

// FitsRigs reports whether rigs can work on the template, and not only threads
// of the provider's: they need a worker's number, and bytes of their own.
func (t *Template) FitsRigs() bool { return t.Extranonce1Size > 0 }

// IsPool reports whether the template is a foreign pool's job.
func (t *Template) IsPool() bool { return t.Pool != nil }

// PoolExtranonce2 is the extranonce2 to submit to the pool for a worker's two
// extranonces, or nil when the template is no pool's job.
func (t *Template) PoolExtranonce2(tag lease.Tag, extranonce1, extranonce2 []byte) []byte {
	if t.Pool == nil {
		return nil
	}
	return slices.Concat(t.Pool.mark(tag), extranonce1, extranonce2)
}

func (t *Template) checkPoolSizes() error {
	p := t.Pool
	address := lease.Pool{URLs: []string{p.Address}, User: "-"}
	if err := address.Validate(); err != nil {
		return err
	}
	room, err := poolRoomOf(p.Extranonce2Size)
	if err != nil {
		return err
	}
	switch {
	case t.Format != room.format:
		return fmt.Errorf("format %.40q, want %s", t.Format, room.format)
	case len(p.Extranonce1) > maxPoolExtranonce:
		return fmt.Errorf("the pool's extranonce1 of %d bytes, at most %d", len(p.Extranonce1), maxPoolExtranonce)
	case t.Extranonce1Size != room.worker || t.Extranonce2Size != room.rolled:
		return fmt.Errorf("extranonces of %d and %d bytes: at such a pool they have %d and %d",
			t.Extranonce1Size, t.Extranonce2Size, room.worker, room.rolled)
	case t.Branches == nil || len(t.Branches) > stratum.MaxBranches:
		return fmt.Errorf("%d merkle branches, want 0 to %d", len(t.Branches), stratum.MaxBranches)
	case len(t.Head)+len(t.Coinb2) > maxPoolCoinbase:
		return fmt.Errorf("coinbase of %d bytes, at most %d", len(t.Head)+len(t.Coinb2), maxPoolCoinbase)
	case len(t.Tail) != 0 || t.Reward != 0 || t.Fee != 0 || t.Split != nil:
		return errors.New("rewards of a pool's job are not the house's to share")
	case miner.Target(p.Target).Work() == miner.MaxWork:
		return fmt.Errorf("the pool's target %s is beyond reason", miner.Target(p.Target))
	}
	return nil
}

func (t *Template) checkPoolCoinbase() error {
	c, err := t.coinbase()
	if err != nil {
		return err
	}
	height, err := t.poolHeight(c.ScriptSig)
	if err != nil {
		return err
	}
	if height != t.Height {
		return fmt.Errorf("its coinbase is for height %d", height)
	}
	return nil
}

// poolHeight reads the height of a pool's job, 0 if its coinbase does not say,
// and checks where the extranonces lie. A coinbase in which a tag of the
// house's stands is refused: its hashes could be sold a second time, as work
// on a block of the house, or a block of the house as a pool's. To decide that
// once for all shares, the bytes that decide must be the pool's own.
func (t *Template) poolHeight(scriptSig []byte) (int64, error) {
	// As in checkCoinbase, only pushed bytes may differ between shares.
	if len(t.Head) < scriptSigAt || t.gapEnd() > scriptSigAt+len(scriptSig) {
		return 0, errors.New("its extranonces lie outside the coinbase's input script")
	}
	own := scriptSig[:len(t.Head)+len(t.Pool.Extranonce1)-scriptSigAt]
	height, end := heightPush(own)
	if len(own) == 0 || end >= len(own) && end > 0 {
		return 0, errors.New("its extranonces begin before the byte after the block height, which tells a pool's coinbase from the house's")
	}
	if tag, err := FindTag(scriptSig); err == nil {
		return 0, fmt.Errorf("its coinbase has a tag, %s, in the place of the house's: the work could be sold twice", tag)
	}
	return height, nil
}

// outputTo names the first output that pays anything to the script given in
// hexadecimal, or returns "".
func (t *Template) outputTo(script string) string {
	c, err := t.coinbase()
	if err != nil {
		return err.Error()
	}
	for i, o := range c.Outputs {
		if o.Value != 0 && fmt.Sprintf("%x", o.Script) == script {
			return fmt.Sprintf("output %d pays %d satoshi to the house", i, o.Value)
		}
	}
	return ""
}

// tagRoom returns how many bytes of a tag the job carries, and at how many
// places of the input script as many bytes and the workers' could stand.
func (t *Template) tagRoom() (size, places int) {
	size, _ = PoolTagSize(t.Pool.Extranonce2Size)
	c, err := t.coinbase()
	if err != nil {
		return size, 0
	}
	return size, max(len(c.ScriptSig)-size-t.Extranonce1Size-t.Extranonce2Size+1, 0)
}

// poolDocument is a template of a pool's job as it is written.
type poolDocument struct {
	Format          string `json:"format"` // PoolTemplateFormat or NarrowPoolFormat
	Height          int64  `json:"height"` // by the coinbase; 0: it does not say
	Prev            U256   `json:"prev"`
	Version         U32    `json:"version"`
	Mask            U32    `json:"mask"`
	Bits            U32    `json:"bits"`
	Time            uint32 `json:"time"`
	MinTime         uint32 `json:"min_time"`
	MaxTime         uint32 `json:"max_time"`
	Coinb1          Hex    `json:"coinb1"`
	Extranonce1     Hex    `json:"extranonce1"`      // the pool's
	Extranonce2Size int    `json:"extranonce2_size"` // the pool's
	Coinb2          Hex    `json:"coinb2"`
	Branches        []B32  `json:"branches"`
	Target          U256   `json:"target"` // the pool's
	Pool            string `json:"pool"`   // address
	Terms           B32    `json:"terms"`
}

// houseDocument is a template of the house's block as it is written.
type houseDocument Template

// MarshalJSON implements json.Marshaler.
func (t Template) MarshalJSON() ([]byte, error) {
	if t.Pool == nil {
		return json.Marshal(houseDocument(t))
	}
	return json.Marshal(poolDocument{
		Format: t.Format, Height: t.Height, Prev: t.Prev, Version: t.Version, Mask: t.Mask, Bits: t.Bits,
		Time: t.Time, MinTime: t.MinTime, MaxTime: t.MaxTime,
		Coinb1: t.Head, Extranonce1: t.Pool.Extranonce1, Extranonce2Size: t.Pool.Extranonce2Size, Coinb2: t.Coinb2,
		Branches: t.Branches, Target: t.Pool.Target, Pool: t.Pool.Address, Terms: t.Terms,
	})
}

// ofPool tells a canonical template document of a pool's job from the house's.
// No string in it can hold these quotes without a backslash.
func ofPool(document []byte) bool {
	return bytes.Contains(document, []byte(`"format":"`+PoolTemplateFormat+`"`)) ||
		bytes.Contains(document, []byte(`"format":"`+NarrowPoolFormat+`"`))
}

// UnmarshalJSON implements json.Unmarshaler. That the text is the one form of
// what it says is checked by writing it again: see decodeCanonical.
func (t *Template) UnmarshalJSON(text []byte) error {
	if !ofPool(text) {
		return json.Unmarshal(text, (*houseDocument)(t))
	}
	var d poolDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	room, _ := poolRoomOf(d.Extranonce2Size) // Validate says what is wrong with it
	*t = Template{
		Format: d.Format, Height: d.Height, Prev: d.Prev, Version: d.Version, Mask: d.Mask, Bits: d.Bits,
		Time: d.Time, MinTime: d.MinTime, MaxTime: d.MaxTime,
		Head: d.Coinb1, Coinb2: d.Coinb2, Branches: d.Branches, Terms: d.Terms,
		Extranonce1Size: room.worker, Extranonce2Size: room.rolled,
		Pool: &PoolJob{Address: d.Pool, Extranonce1: d.Extranonce1, Extranonce2Size: d.Extranonce2Size, Target: d.Target},
	}
	return nil
}
