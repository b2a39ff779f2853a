package solo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Sizes of the parts of our coinbases' input script, in bytes.
const (
	ExtranonceSize1 = 2  // worker id
	ExtranonceSize2 = 4  // rolled by the worker
	TagSize         = 16 // tag of the lease
	CommitSize      = 32 // what the coinbase commits to
)

// mark ends the input script of our coinbases.
const mark = "/hashlease/"

// ErrLayout is wrapped by the errors of ParseScriptSig.
var ErrLayout = errors.New("input script not in our layout")

// scriptSig returns the input script up to the extranonces and after them,
// with zeros for what it commits to.
func scriptSig(height int64, tag [TagSize]byte) (before, after []byte) {
	before = pushHeight(height)
	before = append(before, TagSize)
	before = append(before, tag[:]...)
	before = append(before, CommitSize)
	before = append(before, make([]byte, CommitSize)...)
	before = append(before, ExtranonceSize1+ExtranonceSize2)
	after = append(after, byte(len(mark)))
	return before, append(after, mark...)
}

// pushHeight returns the shortest script that pushes the height (BIP34):
// OP_0, OP_1 to OP_16, else a little-endian number with a sign bit.
func pushHeight(height int64) []byte {
	switch {
	case height == 0:
		return []byte{0}
	case height <= 16:
		return []byte{byte(0x50 + height)}
	}
	n := binary.LittleEndian.AppendUint64(nil, uint64(height))
	for len(n) > 1 && n[len(n)-1] == 0 && n[len(n)-2] < 0x80 {
		n = n[:len(n)-1]
	}
	return append([]byte{byte(len(n))}, n...)
}

// ParseScriptSig finds height, tag and extranonces in the input script of one
// of our coinbases, whatever it commits to. Anything but the exact layout is an
// error.
func ParseScriptSig(script []byte) (height int64, tag [TagSize]byte, extranonce []byte, err error) {
	height, rest, err := parseHeight(script)
	if err != nil {
		return 0, tag, nil, err
	}
	before, after := scriptSig(height, tag)
	head := before[len(pushHeight(height)):]
	if want := len(head) + ExtranonceSize1 + ExtranonceSize2 + len(after); len(rest) != want {
		return 0, tag, nil, fmt.Errorf("%w: %d bytes after the height, want %d", ErrLayout, len(rest), want)
	}
	copy(tag[:], rest[1:])
	en := rest[len(head) : len(rest)-len(after)]
	before, after = scriptSig(height, tag)
	const commit = 1 + TagSize + 1 // where it begins
	copy(before[len(before)-len(head)+commit:][:CommitSize], rest[commit:])
	if !slices.Equal(script, slices.Concat(before, en, after)) {
		return 0, [TagSize]byte{}, nil, fmt.Errorf("%w: the pushes after the height are not ours", ErrLayout)
	}
	return height, tag, slices.Clone(en), nil
}

// parseHeight reads what pushHeight writes and returns what follows.
func parseHeight(script []byte) (int64, []byte, error) {
	if len(script) == 0 {
		return 0, nil, fmt.Errorf("%w: empty", ErrLayout)
	}
	op, rest := script[0], script[1:]
	var height int64
	switch {
	case op == 0:
	case op > 0x50 && op <= 0x60:
		height = int64(op - 0x50)
	case op <= 5 && len(rest) >= int(op):
		var n [8]byte
		copy(n[:], rest[:op])
		height, rest = int64(binary.LittleEndian.Uint64(n[:])), rest[op:]
	default:
		return 0, nil, fmt.Errorf("%w: does not start with a height", ErrLayout)
	}
	if height > maxHeight || !slices.Equal(pushHeight(height), script[:len(script)-len(rest)]) {
		return 0, nil, fmt.Errorf("%w: height not in its shortest form", ErrLayout)
	}
	return height, rest, nil
}

// maxHeight is the largest height that nodes can hold.
const maxHeight = 1<<31 - 1
