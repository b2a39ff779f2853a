package lease

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// The types of this file are bytes as signed documents spell them, in lower case
// hexadecimal. The spelling is checked by encoding the document again.

// Hex is a string of bytes of any length.
type Hex []byte

// B16 is 16 bytes: a tag or a tenant's nonce.
type B16 [16]byte

// B32 is 32 bytes: a SHA-256 digest or a public key.
type B32 [32]byte

// U256 is a block hash or a target, which miner stores little-endian and
// documents write as explorers do, most significant byte first.
type U256 [32]byte

// U32 is a 32-bit number of a header, written as eight digits.
type U32 uint32

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// MarshalText implements encoding.TextMarshaler.
func (b B16) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b[:]), nil }

// MarshalText implements encoding.TextMarshaler.
func (b B32) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b[:]), nil }

// MarshalText implements encoding.TextMarshaler.
func (u U256) MarshalText() ([]byte, error) {
	slices.Reverse(u[:])
	return hex.AppendEncode(nil, u[:]), nil
}

// MarshalText implements encoding.TextMarshaler.
func (u U32) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%08x", uint32(u)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *B16) UnmarshalText(text []byte) error { return fill(b[:], text) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *B32) UnmarshalText(text []byte) error { return fill(b[:], text) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *U256) UnmarshalText(text []byte) error {
	err := fill(u[:], text)
	slices.Reverse(u[:])
	return err
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *U32) UnmarshalText(text []byte) error {
	var b [4]byte
	err := fill(b[:], text)
	*u = U32(b[0])<<24 | U32(b[1])<<16 | U32(b[2])<<8 | U32(b[3])
	return err
}

// fill decodes exactly 2·len(dst) hexadecimal digits.
func fill(dst, text []byte) error {
	if len(text) != 2*len(dst) {
		return fmt.Errorf("%.80q: want %d hexadecimal digits, have %d characters", text, 2*len(dst), len(text))
	}
	_, err := hex.Decode(dst, text)
	return err
}
