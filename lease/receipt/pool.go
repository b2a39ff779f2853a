package receipt

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// PoolJob is what makes a template that of a foreign pool's job.
type PoolJob struct {
	Address         string `json:"address"`          // of the pool, as the contract names it
	Extranonce1     Hex    `json:"extranonce1"`      // the pool's
	Extranonce2Size int    `json:"extranonce2_size"` // the pool's, bytes
	Target          U256   `json:"target"`           // the pool's: what it takes shares at
}

// How a pool's extranonce2 is divided, in bytes: the tag first, at least
// lease.MinPoolTag of it, the worker's number and what workers roll last, and
// zeros between them if more is left. One that is too short for that, but has
// room for a tag and leastRolled bytes, has no worker's number: there the rest
// is rolled, by threads of one process alone, which share it out.
const (
	workerSize        = 2
	rolledSize        = 4
	leastRolled       = 2
	maxPoolExtranonce = 32 // bytes of each of the pool's two extranonces
)

// ErrPoolTooNarrow is wrapped when a pool leaves too few bytes of its
// extranonce2 for a tag and anything to roll.
var ErrPoolTooNarrow = errors.New("the pool's extranonce2 is too short for a lease")

// PoolRoom is how a pool's extranonce2 is divided, in bytes.
type PoolRoom struct{ Tag, Worker, Rolled int }

// PoolRoomOf divides an extranonce2 of n bytes. The error wraps
// ErrPoolTooNarrow when that is too short.
func PoolRoomOf(n int) (PoolRoom, error) {
	const tag = lease.MinPoolTag
	switch {
	case n < tag+leastRolled:
		return PoolRoom{}, fmt.Errorf("%w: it has %d bytes, and %d for the tag and %d to roll make %d: use a pool that hands out %d or more, or %d for rigs",
			ErrPoolTooNarrow, n, tag, leastRolled, tag+leastRolled, tag+leastRolled, tag+workerSize+rolledSize)
	case n < tag+workerSize+rolledSize:
		return PoolRoom{tag, 0, n - tag}, nil
	case n > maxPoolExtranonce:
		return PoolRoom{}, fmt.Errorf("the pool's extranonce2 of %d bytes is longer than %d", n, maxPoolExtranonce)
	}
	return PoolRoom{min(n-workerSize-rolledSize, lease.TagSize), workerSize, rolledSize}, nil
}

// mark is the pool's extranonce2 before what workers fill in: as many bytes
// of the tag as fit, and zeros.
func (p *PoolJob) mark(tag lease.Tag) []byte {
	room, err := PoolRoomOf(p.Extranonce2Size)
	if err != nil {
		return nil
	}
	mark := make([]byte, p.Extranonce2Size-room.Worker-room.Rolled)
	copy(mark, tag[:room.Tag])
	return mark
}

// IsPool reports whether the template is a foreign pool's job.
func (t *Template) IsPool() bool { return t.Pool != nil }

// FitsRigs reports whether rigs can work on the template, and not only threads
// of the provider's: they need a worker's number, and bytes of their own.
func (t *Template) FitsRigs() bool { return t.Extranonce1Size > 0 }

// PoolExtranonce2 is the extranonce2 to submit to the pool for a worker's two
// extranonces, or nil when the template is no pool's job.
func (t *Template) PoolExtranonce2(tag lease.Tag, extranonce1, extranonce2 []byte) []byte {
	if t.Pool == nil {
		return nil
	}
	return slices.Concat(t.Pool.mark(tag), extranonce1, extranonce2)
}

func (t *Template) checkPool() error {
	p := t.Pool
	address := lease.Pool{URLs: []string{p.Address}, User: "-"}
	if err := address.Validate(); err != nil {
		return err
	}
	room, err := PoolRoomOf(p.Extranonce2Size)
	switch {
	case err != nil:
		return err
	case t.Format != PoolTemplateFormat:
		return fmt.Errorf("format %.40q, want %s", t.Format, PoolTemplateFormat)
	case len(p.Extranonce1) > maxPoolExtranonce:
		return fmt.Errorf("the pool's extranonce1 of %d bytes, at most %d", len(p.Extranonce1), maxPoolExtranonce)
	case t.Extranonce1Size != room.Worker || t.Extranonce2Size != room.Rolled:
		return fmt.Errorf("extranonces of %d and %d bytes: at such a pool they have %d and %d",
			t.Extranonce1Size, t.Extranonce2Size, room.Worker, room.Rolled)
	case len(t.Head)+len(t.Coinb2) > maxCoinbase:
		return fmt.Errorf("coinbase of %d bytes, at most %d", len(t.Head)+len(t.Coinb2), maxCoinbase)
	case len(t.Tail) != 0 || t.Reward != 0 || t.Fee != 0 || t.Carry != 0 || t.Split != B32{} || t.Direct != nil || t.Earns != nil:
		return errors.New("rewards of a pool's job are not the house's to share")
	case miner.Target(p.Target).Work() == miner.MaxWork:
		return fmt.Errorf("the pool's target %s is beyond reason", miner.Target(p.Target))
	}
	return nil
}

// checkPoolCoinbase checks the height of a pool's job, which is 0 if its
// coinbase does not say, and where the extranonces lie. A coinbase in which a
// tag of the house's stands is refused: its hashes could be sold a second time,
// as work on a block of the house, or a block of the house as a pool's. To decide
// that once for all shares, the bytes that decide must be the pool's own.
func (t *Template) checkPoolCoinbase(scriptSig []byte) error {
	// As in checkCoinbase, only pushed bytes may differ between shares.
	if len(t.Head) < ScriptSigAt || t.gapEnd() > ScriptSigAt+len(scriptSig) {
		return errors.New("its extranonces lie outside the coinbase's input script")
	}
	own := scriptSig[:len(t.Head)+len(t.Pool.Extranonce1)-ScriptSigAt]
	height, end := BlockHeight(own)
	if len(own) == 0 || end >= len(own) && end > 0 {
		return errors.New("its extranonces begin before the byte after the block height, which tells a pool's coinbase from the house's")
	}
	if tag, err := FindTag(scriptSig); err == nil {
		return fmt.Errorf("its coinbase has a tag, %s, in the place of the house's: the work could be sold twice", tag)
	}
	if height != t.Height {
		return fmt.Errorf("its coinbase is for height %d", height)
	}
	return nil
}

// TagRoom returns how many bytes of a tag a pool's job carries, and at how many
// places of the input script as many bytes and the workers' could stand.
func (t *Template) TagRoom() (size, places int) {
	room, _ := PoolRoomOf(t.Pool.Extranonce2Size)
	c, err := t.Coinbase()
	if err != nil {
		return room.Tag, 0
	}
	return room.Tag, max(len(c.ScriptSig)-room.Tag-room.Worker-room.Rolled+1, 0)
}

// Value is what a hash on a pool's job is worth by the job itself: the amounts
// in its coinbase for the network's work.
func (t *Template) Value() (lease.Earns, error) {
	c, err := t.Coinbase()
	if err != nil {
		return lease.Earns{}, err
	}
	target, err := miner.Bits(t.Bits).Target()
	if err != nil {
		return lease.Earns{}, err
	}
	v := lease.Earns{Network: target.Work()}
	for i, o := range c.Outputs {
		if o.Value > lease.MaxSat-v.Sat {
			return lease.Earns{}, fmt.Errorf("output %d pays %d sat after %d: more than there can be", i, o.Value, v.Sat)
		}
		v.Sat += o.Value
	}
	return v, nil
}
