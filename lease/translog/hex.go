package translog

import (
	"encoding/hex"
	"fmt"
)

// B32 is 32 bytes, written as 64 hexadecimal digits in lower case. That they are
// in lower case is checked by encoding the document again.
type B32 [32]byte

// String writes 64 hexadecimal digits.
func (b B32) String() string { return hex.EncodeToString(b[:]) }

// MarshalText implements encoding.TextMarshaler.
func (b B32) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *B32) UnmarshalText(text []byte) error { return fill(b[:], text) }

// Salt is 16 random bytes that keep a private part from being guessed.
type Salt [16]byte

// MarshalText implements encoding.TextMarshaler.
func (s Salt) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Salt) UnmarshalText(text []byte) error { return fill(s[:], text) }

// fill decodes exactly as many digits as dst holds.
func fill(dst, text []byte) error {
	if len(text) != 2*len(dst) {
		return fmt.Errorf("%w: %.70q, want %d hexadecimal digits", ErrMalformed, text, 2*len(dst))
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("%w: %.70q: %w", ErrMalformed, text, err)
	}
	return nil
}
