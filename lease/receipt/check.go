package receipt

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum/work"
)

// MaxDirectScript bounds a script that is paid directly, in bytes. Addresses
// have scripts of 42 at most.
const MaxDirectScript = 100

// Validate checks the template by itself: its limits, the place of the tag, that
// the coinbase commits to the document and pays directly what that says, and
// that the outputs add up to the reward, where they are the house's to share.
// What its split is, CheckSplit checks; whether it follows the terms is another
// matter.
func (t *Template) Validate() error { return t.validate(nil) }

// validate is Validate for a template whose document may be at hand.
func (t *Template) validate(document []byte) error {
	err := cmp.Or(t.checkSizes(), t.checkHeader())
	var c *work.Coinbase
	if err == nil {
		c, err = t.Coinbase()
	}
	switch {
	case err != nil:
	case t.Pool != nil:
		err = t.checkPoolCoinbase(c.ScriptSig)
	default:
		if err = t.checkCoinbase(c, document); err == nil {
			err = t.checkReward()
		}
	}
	if err != nil {
		return fmt.Errorf("template at height %d: %w", t.Height, err)
	}
	return nil
}

func (t *Template) checkSizes() error {
	switch {
	case t.Branches == nil || len(t.Branches) > work.MaxBranches:
		return fmt.Errorf("%d merkle branches, want 0 to %d", len(t.Branches), work.MaxBranches)
	case t.Pool != nil:
		return t.checkPool()
	case t.Format != TemplateFormat:
		return fmt.Errorf("format %.40q, want %s", t.Format, TemplateFormat)
	case t.Extranonce1Size < 0 || t.Extranonce1Size > MaxExtranonce || t.Extranonce2Size < 1 || t.Extranonce2Size > MaxExtranonce:
		return fmt.Errorf("extranonces of %d and %d bytes: want 0 to %d and 1 to %d",
			t.Extranonce1Size, t.Extranonce2Size, MaxExtranonce, MaxExtranonce)
	case len(t.Head)+len(t.Tail)+len(t.Coinb2) > maxCoinbase:
		return fmt.Errorf("coinbase of %d bytes, at most %d", len(t.Head)+len(t.Tail)+len(t.Coinb2), maxCoinbase)
	}
	return nil
}

func (t *Template) checkHeader() error {
	if t.Mask&^work.VersionMask != 0 || t.Version&t.Mask != 0 {
		return fmt.Errorf("version %08x with mask %08x: the mask must lie within %08x and the version have none of its bits",
			uint32(t.Version), uint32(t.Mask), work.VersionMask)
	}
	if t.MinTime > t.Time || t.Time > t.MaxTime {
		return fmt.Errorf("time %d is not within its bounds, %d to %d", t.Time, t.MinTime, t.MaxTime)
	}
	_, err := miner.Bits(t.Bits).Target()
	return err
}

func (t *Template) checkCoinbase(c *work.Coinbase, document []byte) error {
	height, at, err := TagPlace(c.ScriptSig)
	switch {
	case err != nil:
		return err
	case height != t.Height:
		return fmt.Errorf("its coinbase is for height %d", height)
	case ScriptSigAt+at != len(t.Head):
		return fmt.Errorf("cut at byte %d, but the tag's place is byte %d", len(t.Head), ScriptSigAt+at)
	// Only pushed bytes may differ between shares: an extranonce among the
	// outputs could change whom they pay.
	case t.gapEnd() > ScriptSigAt+len(c.ScriptSig):
		return errors.New("its extranonces lie outside the coinbase's input script")
	}
	return cmp.Or(t.checkCommitment(document), t.checkOutputs(c.Outputs))
}

// commitPrefix keeps the hash of a document from being taken for that of
// anything else.
const commitPrefix = "hashlease template v3\n"

// tailKey is what stands before the tail in a document. No string in canonical
// JSON can hold these quotes without a backslash.
const tailKey = `"tail":"`

// Commitment hashes a document without the commitment in it, 32 bytes that the
// tail begins with after the opcode that pushes them. It returns too where in
// the document their digits begin. What the document says, a coinbase with this
// hash in it was made for, and for nothing else: neither another split nor other
// terms can be claimed of its hashes.
func Commitment(document []byte) (sum [sha256.Size]byte, at int, err error) {
	const digits = 2 * (1 + sha256.Size)
	at = bytes.Index(document, []byte(tailKey)) + len(tailKey)
	if end := at + digits; at < len(tailKey) || end > len(document) || document[at] != '2' || document[at+1] != '0' || bytes.IndexByte(document[at:end], '"') >= 0 {
		return sum, 0, fmt.Errorf("no push of %d bytes after the tag, with which its coinbase would commit to the document", sha256.Size)
	}
	h := sha256.New()
	for _, part := range [][]byte{[]byte(commitPrefix), document[:at], document[at+digits:]} {
		h.Write(part)
	}
	h.Sum(sum[:0])
	return sum, at + 2, nil
}

// checkCommitment compares the commitment with the document, which is nil when
// it is not at hand.
func (t *Template) checkCommitment(document []byte) error {
	if document == nil {
		var err error
		if document, err = t.Encode(); err != nil {
			return err
		}
	}
	sum, _, err := Commitment(document)
	if err == nil && !bytes.Equal(t.Tail[1:1+sha256.Size], sum[:]) {
		return errors.New("its coinbase commits to another document: what this one says is not what was worked on")
	}
	return err
}

// checkOutputs compares what the coinbase pays with the document: the direct
// outputs first, in their order, then the house's.
func (t *Template) checkOutputs(outputs []work.Output) error {
	left, direct, house := t.Reward, t.Direct, false
	for i, o := range outputs {
		if o.Value == 0 {
			continue
		}
		if left -= o.Value; left < 0 {
			break
		}
		if len(direct) > 0 {
			if o.Value != direct[0].Sat || !bytes.Equal(o.Script, direct[0].Script) {
				return fmt.Errorf("output %d pays %d satoshi to %.80x, the document says %d to %.80x", i, o.Value, o.Script, direct[0].Sat, []byte(direct[0].Script))
			}
			direct = direct[1:]
			continue
		}
		if house || pays(t.Direct, o.Script) {
			return fmt.Errorf("output %d pays %d satoshi to %.80x, of which the document says nothing", i, o.Value, o.Script)
		}
		house = true
	}
	switch {
	case left != 0:
		return fmt.Errorf("its outputs do not sum to the reward of %d satoshi", t.Reward)
	case len(direct) > 0:
		return fmt.Errorf("%d of the outputs that the document says pay directly are not in its coinbase", len(direct))
	}
	return nil
}

func pays(direct []Direct, script []byte) bool {
	return slices.ContainsFunc(direct, func(d Direct) bool { return bytes.Equal(d.Script, script) })
}

// checkReward checks what can be checked of the reward without its split.
func (t *Template) checkReward() error {
	if t.Fee < 0 || t.Fee > t.Reward {
		return fmt.Errorf("fee of %d satoshi, want 0 to the reward of %d", t.Fee, t.Reward)
	}
	if left := t.Reward - t.Fee; t.Carry < 0 || t.Carry > left {
		return fmt.Errorf("carry of %d satoshi, want 0 to the %d that the fee leaves", t.Carry, left)
	}
	if len(t.Direct) > lease.MaxDirectOutputs {
		return fmt.Errorf("%d direct outputs, at most %d", len(t.Direct), lease.MaxDirectOutputs)
	}
	for i, d := range t.Direct {
		switch {
		case len(d.Script) == 0 || len(d.Script) > MaxDirectScript:
			return fmt.Errorf("direct output %d: script of %d bytes, want 1 to %d", i, len(d.Script), MaxDirectScript)
		case pays(t.Direct[:i], d.Script):
			return fmt.Errorf("direct output %d: another one pays the script as well", i)
		case i > 0 && d.Sat > t.Direct[i-1].Sat:
			return fmt.Errorf("direct output %d: %d satoshi after %d, want the largest first", i, d.Sat, t.Direct[i-1].Sat)
		}
	}
	e := t.Earns
	if e == nil {
		return nil
	}
	// Where shares are paid by themselves, blocks are the house's.
	if e.Sat < 0 || e.Sat > lease.MaxSat || e.FeesSat < 0 || e.FeesSat > e.Sat {
		return fmt.Errorf("shares are paid by %d satoshi a block, %d of them fees: want 0 to %d, and not more fees than that", e.Sat, e.FeesSat, int64(lease.MaxSat))
	}
	whole, err := One(lease.House, t.Reward).Hash()
	if err == nil && (t.Fee != 0 || t.Carry != 0 || t.Direct != nil || t.Split != whole) {
		err = errors.New("shares are paid by themselves, so that the whole reward must be the house's, without fee, carry or direct outputs")
	}
	return err
}
