package reward

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// ErrDirect is wrapped by errors of Direct.
var ErrDirect = errors.New("coinbase cannot pay directly")

// Payees say where a coinbase pays to.
type Payees struct {
	House  []byte            // script of the house's output
	Leases map[string][]byte // script by lease ID; a lease without one is carried

	MaxOutputs int                       // with an amount, the house's included; 0: lease.MaxDirectOutputs
	MaxParts   int                       // of the split, that outputs pay; 0: any number
	Dust       func(script []byte) int64 // least amount of an output; nil: Dust
}

// Output is one output of a coinbase.
type Output struct {
	Script []byte
	Sat    int64
	Parts  []lease.Part // what it pays of a split, by lease ID; none in the house's output
}

// Payment is how a coinbase pays a split. The outputs sum to the reward.
type Payment struct {
	// Outputs come largest first, of equal ones that with the lower script;
	// the house's is last, or missing when nothing is left for it.
	Outputs []Output

	// Carried are the parts that the house's output holds for leases, by lease
	// ID: the house owes them. Its own part is not among them.
	Carried []lease.Part
}

// Direct lays out a coinbase of rewardSat satoshi that pays a split itself.
// The parts of one script are paid in one output. What has no script, less
// than dust for its script, more parts than there is room for beside those of
// larger outputs, or no place among the largest goes into the
// house's output with the fee, the house's part and whatever of the reward the
// split leaves, such as the carry of PPLNS. A script nobody can spend is none,
// and what a lease wants paid to the house's own script is carried too, since
// it is in the house's hands. The house's output may be below dust: the reward
// has to go somewhere, and tenants come first.
//
// Errors wrap ErrDirect: a lease that stands twice in the split, parts that
// are not positive, parts and fee above the reward, no script for the house.
func Direct(parts []lease.Part, rewardSat, feeSat int64, to Payees) (Payment, error) {
	if err := checkDirect(parts, rewardSat, feeSat, to); err != nil {
		return Payment{}, err
	}
	limit, dust := cmp.Or(to.MaxOutputs, lease.MaxDirectOutputs), to.Dust
	if dust == nil {
		dust = Dust
	}
	outputs, carried := outputsOf(parts, to, dust)
	if to.MaxParts > 0 {
		named := 0
		outputs = slices.DeleteFunc(outputs, func(o Output) bool {
			if named+len(o.Parts) <= to.MaxParts {
				named += len(o.Parts)
				return false
			}
			carried = append(carried, o.Parts...)
			return true
		})
	}
	left := rewardSat
	for i := range outputs[:min(limit, len(outputs))] {
		left -= outputs[i].Sat
	}
	paid := min(limit, len(outputs))
	if paid == limit && left > 0 {
		// The house needs a place too.
		paid--
		left += outputs[paid].Sat
	}
	for _, o := range outputs[paid:] {
		carried = append(carried, o.Parts...)
	}
	byLease(carried)
	outputs = slices.Clip(outputs[:paid])
	if left > 0 || len(outputs) == 0 { // a transaction has at least one
		outputs = append(outputs, Output{Script: to.House, Sat: left})
	}
	return Payment{outputs, carried}, nil
}

// outputsOf are all outputs that could be, largest first, and the parts that
// can have none.
func outputsOf(parts []lease.Part, to Payees, dust func([]byte) int64) (outputs []Output, carried []lease.Part) {
	index := make(map[string]int)
	for _, p := range parts {
		script := to.Leases[p.Lease]
		switch {
		case p.Lease == lease.House:
			continue
		case len(script) == 0 || isUnspendable(script) || bytes.Equal(script, to.House):
			carried = append(carried, p)
			continue
		}
		i, ok := index[string(script)]
		if !ok {
			i = len(outputs)
			index[string(script)] = i
			outputs = append(outputs, Output{Script: script})
		}
		outputs[i].Sat += p.Sat
		outputs[i].Parts = append(outputs[i].Parts, p)
	}
	outputs = slices.DeleteFunc(outputs, func(o Output) bool {
		small := o.Sat < dust(o.Script)
		if small {
			carried = append(carried, o.Parts...)
		}
		return small
	})
	slices.SortFunc(outputs, func(a, b Output) int {
		return cmp.Or(cmp.Compare(b.Sat, a.Sat), bytes.Compare(a.Script, b.Script))
	})
	for i := range outputs {
		byLease(outputs[i].Parts)
	}
	return outputs, carried
}

func checkDirect(parts []lease.Part, rewardSat, feeSat int64, to Payees) error {
	if len(to.House) == 0 {
		return fmt.Errorf("%w: the house has no script", ErrDirect)
	}
	if to.MaxOutputs < 0 {
		return fmt.Errorf("%w: %d outputs, want at least one", ErrDirect, to.MaxOutputs)
	}
	if rewardSat < 0 || rewardSat > lease.MaxSat || feeSat < 0 || feeSat > rewardSat {
		return fmt.Errorf("%w: reward of %d sat with a fee of %d sat", ErrDirect, rewardSat, feeSat)
	}
	left := rewardSat - feeSat
	seen := make(map[string]bool, len(parts))
	for _, p := range parts {
		switch {
		case seen[p.Lease]:
			return fmt.Errorf("%w: %s stands in the split twice", ErrDirect, p.Lease)
		case p.Sat <= 0:
			return fmt.Errorf("%w: %d sat for %s", ErrDirect, p.Sat, p.Lease)
		case p.Sat > left:
			return fmt.Errorf("%w: parts and fee are more than the reward of %d sat, with %s's %d sat", ErrDirect, rewardSat, p.Lease, p.Sat)
		}
		seen[p.Lease] = true
		left -= p.Sat
	}
	return nil
}

func byLease(parts []lease.Part) {
	slices.SortFunc(parts, func(a, b lease.Part) int { return cmp.Compare(a.Lease, b.Lease) })
}
