package receipt

import (
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// ScriptSigAt is where a coinbase's input script begins: after the version,
// the number of inputs, the outpoint and the script's one-byte length.
const ScriptSigAt = 4 + 1 + 36 + 1

// ErrNoTag is wrapped by every error of FindTag.
var ErrNoTag = errors.New("no tag in the coinbase")

// FindTag reads the tag out of a coinbase's input script. There is exactly
// one place for it: the second push, right after the block height of BIP34,
// made with the one-byte opcode for 16 bytes. What follows does not matter.
func FindTag(scriptSig []byte) (lease.Tag, error) {
	_, at, err := TagPlace(scriptSig)
	if err != nil {
		return lease.Tag{}, err
	}
	return lease.Tag(scriptSig[at : at+lease.TagSize]), nil
}

// TagPlace returns the block height and the offset of the tag's first byte.
func TagPlace(scriptSig []byte) (height int64, at int, err error) {
	height, at = BlockHeight(scriptSig)
	if at == 0 || at > len(scriptSig) {
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

// BlockHeight reads the block height of BIP34 that a script begins with, and
// returns where the script goes on, which is beyond its end when the script
// ends within the height, and 0 when it does not begin with one.
func BlockHeight(script []byte) (height int64, end int) {
	const op1, op16, maxHeightSize = 0x51, 0x60, 5
	if len(script) == 0 {
		return 0, 0
	}
	op := script[0]
	switch {
	case op >= op1 && op <= op16:
		return int64(op) - op1 + 1, 1
	case op < 1 || op > maxHeightSize:
		return 0, 0
	}
	end = 1 + int(op)
	if end > len(script) {
		return 0, end
	}
	for i := end - 1; i > 0; i-- {
		height = height<<8 | int64(script[i])
	}
	return height, end
}
