package work

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Coinbase is a coinbase transaction taken apart.
type Coinbase struct {
	ScriptSig []byte
	Outputs   []Output
}

// Output is one transaction output.
type Output struct {
	Value  int64 // satoshi
	Script []byte
}

// Consensus limits of a coinbase's input script, in bytes.
const (
	MinScriptSig = 2
	MaxScriptSig = 100
)

// ErrCoinbase is wrapped by every error of ParseCoinbase.
var ErrCoinbase = errors.New("malformed coinbase")

// ParseCoinbase takes a stripped (without witness) coinbase transaction
// apart. It accepts exactly one spelling of a transaction: minimal lengths,
// one input that spends nothing, and nothing after the lock time.
func ParseCoinbase(tx []byte) (*Coinbase, error) {
	r := &txReader{b: tx}
	r.take(4) // version
	if n := r.varint(); r.err == nil && n != 1 {
		return nil, fmt.Errorf("%w: %d inputs, want 1", ErrCoinbase, n)
	}
	prev := r.take(36)
	for i, c := range prev {
		if want := byte(0); i < 32 && c != want || i >= 32 && c != 0xff {
			return nil, fmt.Errorf("%w: its input spends a transaction", ErrCoinbase)
		}
	}
	size := r.varint()
	if r.err == nil && (size < MinScriptSig || size > MaxScriptSig) {
		return nil, fmt.Errorf("%w: input script of %d bytes, want %d to %d", ErrCoinbase, size, MinScriptSig, MaxScriptSig)
	}
	c := &Coinbase{ScriptSig: r.take(size)}
	r.take(4) // sequence
	outputs := r.varint()
	for n := uint64(0); n < outputs && r.err == nil; n++ {
		value := r.take(8)
		script := r.take(r.varint())
		if r.err != nil {
			break
		}
		v := binary.LittleEndian.Uint64(value)
		if v > maxSatoshi {
			return nil, fmt.Errorf("%w: output %d pays %d satoshi, more than exist", ErrCoinbase, n, v)
		}
		c.Outputs = append(c.Outputs, Output{int64(v), script})
	}
	r.take(4) // lock time
	if r.err != nil {
		return nil, r.err
	}
	if len(r.b) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after its end", ErrCoinbase, len(r.b))
	}
	if outputs == 0 {
		return nil, fmt.Errorf("%w: no outputs", ErrCoinbase)
	}
	return c, nil
}

const maxSatoshi = 21_000_000 * 100_000_000

// txReader consumes a serialised transaction; after the first error it
// returns nothing more.
type txReader struct {
	b   []byte
	err error
}

func (r *txReader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.b)) {
		r.err = fmt.Errorf("%w: ends %d bytes early", ErrCoinbase, n-uint64(len(r.b)))
	}
	if r.err != nil {
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *txReader) varint() uint64 {
	first := r.take(1)
	if r.err != nil {
		return 0
	}
	var n, least uint64
	switch first[0] {
	case 0xfd:
		if b := r.take(2); b != nil {
			n, least = uint64(binary.LittleEndian.Uint16(b)), 0xfd
		}
	case 0xfe:
		if b := r.take(4); b != nil {
			n, least = uint64(binary.LittleEndian.Uint32(b)), 1<<16
		}
	case 0xff:
		if b := r.take(8); b != nil {
			n, least = binary.LittleEndian.Uint64(b), 1<<32
		}
	default:
		return uint64(first[0])
	}
	if r.err == nil && n < least {
		r.err = fmt.Errorf("%w: a length is not minimal", ErrCoinbase)
	}
	return n
}
