package receipt

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// Value is what a hash on a pool's job is worth by the job itself: the amounts
// in its coinbase for the network's work.
func (t *Template) Value() (lease.Earns, error) {
	if t.Pool == nil {
		return lease.Earns{}, errors.New("not a pool's job")
	}
	c, err := t.coinbase()
	if err != nil {
		return lease.Earns{}, err
	}
	target, err := miner.Bits(t.Bits).Target()
	if err != nil {
		return lease.Earns{}, err
	}
	v := lease.Earns{Network: target.Work()}
	for i := range c.Outputs {
		sat := c.Outputs[i].Value
		if sat < 0 || sat > lease.MaxSat-v.Sat {
			return lease.Earns{}, fmt.Errorf("output %d pays %d sat after %d: more than there can be", i, sat, v.Sat)
		}
		v.Sat += sat
	}
	return v, nil
}

// OfPool tells a canonical template document of a pool's job from the house's.
func OfPool(document []byte) bool { return ofPool(document) }
