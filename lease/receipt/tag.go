package receipt

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// ErrNoTag is wrapped by every error of FindTag.
var ErrNoTag = errors.New("no tag in the coinbase")

// FindTag reads the tag out of a coinbase's input script. There is exactly
// one place for it: the second push, right after the block height of BIP34,
// made with the one-byte opcode for 16 bytes. What follows does not matter.
func FindTag(scriptSig []byte) (lease.Tag, error) {
	_, at, err := tagPlace(scriptSig)
	if err != nil {
		return lease.Tag{}, err
	}
	return lease.Tag(scriptSig[at : at+lease.TagSize]), nil
}

// tagPlace returns the block height and the offset of the tag's first byte.
func tagPlace(scriptSig []byte) (height int64, at int, err error) {
	const op1, op16, maxHeightSize = 0x51, 0x60, 5
	if len(scriptSig) == 0 {
		return 0, 0, fmt.Errorf("%w: its input script is empty", ErrNoTag)
	}
	op := scriptSig[0]
	switch {
	case op >= op1 && op <= op16:
		height, at = int64(op)-op1+1, 1
	case op >= 1 && op <= maxHeightSize && len(scriptSig) > int(op):
		at = 1 + int(op)
		for i := at - 1; i > 0; i-- {
			height = height<<8 | int64(scriptSig[i])
		}
	default:
		return 0, 0, fmt.Errorf("%w: its input script does not begin with a block height", ErrNoTag)
	}
	if at >= len(scriptSig) || scriptSig[at] != lease.TagSize {
		return 0, 0, fmt.Errorf("%w: its input script has no push of %d bytes after the block height", ErrNoTag, lease.TagSize)
	}
	at++
	if len(scriptSig) < at+lease.TagSize {
		return 0, 0, fmt.Errorf("%w: its input script ends within the tag", ErrNoTag)
	}
	return height, at, nil
}
