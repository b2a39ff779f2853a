package receipt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

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

// MaxDirectScript bounds a script that is paid directly, in bytes. Addresses
// have scripts of 42 at most.
const MaxDirectScript = 100

// checkDirect checks the direct outputs against the split.
func (t *Template) checkDirect() error {
	if len(t.Direct) > lease.MaxDirectOutputs {
		return fmt.Errorf("%d direct outputs, at most %d", len(t.Direct), lease.MaxDirectOutputs)
	}
	paid := make(map[string]bool)
	for i := range t.Direct {
		d := &t.Direct[i]
		if len(d.Script) == 0 || len(d.Script) > MaxDirectScript {
			return fmt.Errorf("direct output %d: script of %d bytes, want 1 to %d", i, len(d.Script), MaxDirectScript)
		}
		if slices.ContainsFunc(t.Direct[:i], func(o Direct) bool { return slices.Equal(o.Script, d.Script) }) {
			return fmt.Errorf("direct output %d: another one pays the script as well", i)
		}
		if i > 0 && d.Sat > t.Direct[i-1].Sat {
			return fmt.Errorf("direct output %d: %d satoshi after %d, want the largest first", i, d.Sat, t.Direct[i-1].Sat)
		}
		if len(d.Leases) == 0 {
			return fmt.Errorf("direct output %d is no lease's", i)
		}
		left := d.Sat
		for n, id := range d.Leases {
			sat := t.Share(id)
			if id == lease.House || sat == 0 || paid[id] || n > 0 && id <= d.Leases[n-1] {
				return fmt.Errorf("direct output %d: lease %.70q has no part of the split to be paid, or is not in order", i, id)
			}
			paid[id] = true
			left -= sat
		}
		if left != 0 {
			return fmt.Errorf("direct output %d: %d satoshi, but the parts of its leases are %d", i, d.Sat, d.Sat-left)
		}
	}
	return nil
}

// checkEarns checks that where shares are paid by themselves, blocks are the
// house's.
func (t *Template) checkEarns() error {
	e := t.Earns
	if e == nil {
		return nil
	}
	if e.Sat < 0 || e.Sat > lease.MaxSat || e.FeesSat < 0 || e.FeesSat > e.Sat {
		return fmt.Errorf("shares are paid by %d satoshi a block, %d of them fees: want 0 to %d, and not more fees than that", e.Sat, e.FeesSat, int64(lease.MaxSat))
	}
	if t.Fee != 0 || t.Carry != 0 || t.Direct != nil || t.Share(lease.House) != t.Reward {
		return errors.New("shares are paid by themselves, so that the whole reward must be the house's, without fee, carry or direct outputs")
	}
	return nil
}
