package receipt

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// Versions of the layout of a document of a foreign pool's job: of one with
// room for rigs, and of one whose pool leaves none.
const (
	PoolTemplateFormat = "hashlease-pool-template/1"
	NarrowPoolFormat   = "hashlease-pool-template/2"
)

// How a pool's extranonce2 is divided, in bytes: the tag first, at least
// minPoolTag of it, the worker's number and what workers roll last, and zeros
// between them if more is left. One that is too short for that, but has room
// for a tag and leastRolled bytes, has no worker's number: there the rest is
// rolled, by threads of one process alone, which share it out.
const (
	minPoolTag        = lease.MinPoolTag
	workerSize        = 2
	rolledSize        = 4
	leastRolled       = 2
	maxPoolExtranonce = 32 // bytes of each of the pool's two extranonces
)

// ErrPoolTooNarrow is wrapped when a pool leaves too few bytes of its
// extranonce2 for a tag and anything to roll.
var ErrPoolTooNarrow = errors.New("the pool's extranonce2 is too short for a lease")

// poolRoom is how an extranonce2 is divided.
type poolRoom struct {
	format              string
	tag, worker, rolled int // bytes
}

// poolRoomOf divides an extranonce2 of n bytes. The error wraps
// ErrPoolTooNarrow when that is too short.
func poolRoomOf(n int) (poolRoom, error) {
	switch {
	case n < minPoolTag+leastRolled:
		return poolRoom{}, fmt.Errorf("%w: it has %d bytes, and %d for the tag and %d to roll make %d: use a pool that hands out %d or more, or %d for rigs",
			ErrPoolTooNarrow, n, minPoolTag, leastRolled, minPoolTag+leastRolled, minPoolTag+leastRolled, minPoolTag+workerSize+rolledSize)
	case n < minPoolTag+workerSize+rolledSize:
		return poolRoom{NarrowPoolFormat, minPoolTag, 0, n - minPoolTag}, nil
	case n > maxPoolExtranonce:
		return poolRoom{}, fmt.Errorf("the pool's extranonce2 of %d bytes is longer than %d", n, maxPoolExtranonce)
	}
	return poolRoom{PoolTemplateFormat, min(n-workerSize-rolledSize, lease.TagSize), workerSize, rolledSize}, nil
}

// PoolTagSize is how many bytes of a tag fit at a pool with an extranonce2 of
// n bytes, 2 to lease.TagSize: what the worker's number and the rolled bytes
// leave of it. The error wraps ErrPoolTooNarrow when it is less.
func PoolTagSize(n int) (int, error) {
	room, err := poolRoomOf(n)
	return room.tag, err
}

// mark is the pool's extranonce2 before what workers fill in: as many bytes
// of the tag as fit, and zeros.
func (p *PoolJob) mark(tag lease.Tag) []byte {
	room, err := poolRoomOf(p.Extranonce2Size)
	if err != nil {
		return nil
	}
	mark := make([]byte, p.Extranonce2Size-room.worker-room.rolled)
	copy(mark, tag[:room.tag])
	return mark
}
