package receipt

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/miner"
	"github.com/hashlease/hashlease/stratum"
)

func (t *Template) checkSizes() error {
	if t.Pool != nil {
		return t.checkPoolSizes()
	}
	switch {
	case t.Format != TemplateFormat && t.Format != TemplateFormat1:
		return fmt.Errorf("format %.40q, want %s", t.Format, TemplateFormat)
	case t.Format == TemplateFormat1 && (t.Carry != 0 || t.Direct != nil || t.Earns != nil):
		return fmt.Errorf("a document of format %s with what came after it", TemplateFormat1)
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

func (t *Template) checkCoinbase(document []byte) error {
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
	if err := t.checkCommitment(document); err != nil {
		return err
	}
	return t.checkOutputs(c.Outputs)
}

// checkOutputs compares what the coinbase pays with the document: the direct
// outputs first, in their order, then the house's. Before there were direct
// ones, the house might have several.
func (t *Template) checkOutputs(outputs []stratum.Output) error {
	left, direct, house := t.Reward, t.Direct, 0
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
		if house++; house > 1 && t.Format != TemplateFormat1 {
			return fmt.Errorf("output %d pays %d satoshi to %.80x, of which the document says nothing", i, o.Value, o.Script)
		}
		if slices.ContainsFunc(t.Direct, func(d Direct) bool { return bytes.Equal(d.Script, o.Script) }) {
			return fmt.Errorf("output %d pays %d satoshi to %.80x once more", i, o.Value, o.Script)
		}
	}
	switch {
	case left != 0:
		return fmt.Errorf("its outputs do not sum to the reward of %d satoshi", t.Reward)
	case len(direct) > 0:
		return fmt.Errorf("%d of the outputs that the document says pay directly are not in its coinbase", len(direct))
	}
	return nil
}

func (t *Template) checkSplit() error {
	if t.Fee < 0 || t.Fee > t.Reward {
		return fmt.Errorf("fee of %d satoshi, want 0 to the reward of %d", t.Fee, t.Reward)
	}
	left := t.Reward - t.Fee
	if t.Carry < 0 || t.Carry > left {
		return fmt.Errorf("carry of %d satoshi, want 0 to the %d that the fee leaves", t.Carry, left)
	}
	left -= t.Carry
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
	if err := t.checkDirect(); err != nil {
		return err
	}
	return t.checkEarns()
}
