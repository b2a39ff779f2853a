package translog

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// openingPrefix keeps the hash of a private part from being taken for that of
// anything else.
const openingPrefix = "hashlease leaf private v1\n"

// maxOpening bounds the encoding of a private part, in bytes. The log holds
// only its hash.
const maxOpening = 1 << 20

// Opening is the private part of a leaf with the salt of its commitment. Its
// encoding is canonical JSON with exactly these keys.
type Opening struct {
	Private json.RawMessage `json:"private"` // a JSON object
	Salt    Salt            `json:"salt"`
}

// NewSalt draws a salt.
func NewSalt() Salt {
	var s Salt
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// Commitment is SHA-256 of openingPrefix, the salt and the canonical JSON of
// the private part.
func (o *Opening) Commitment() B32 {
	h := sha256.New()
	h.Write([]byte(openingPrefix))
	h.Write(o.Salt[:])
	h.Write(o.Private)
	return B32(h.Sum(nil))
}

// Encode returns the canonical JSON of an opening. It fails with ErrMalformed
// and ErrTooLarge.
func (o *Opening) Encode() ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	private, err := lease.Canonicalize(o.Private)
	if err != nil {
		return nil, fmt.Errorf("private part: %w: %w", ErrMalformed, err)
	}
	return o.frame(private)
}

// frame writes the opening around its private part, which is canonical.
func (o *Opening) frame(private []byte) ([]byte, error) {
	b := make([]byte, 0, len(private)+64)
	b = append(append(b, `{"private":`...), private...)
	b = append(hex.AppendEncode(append(b, `,"salt":"`...), o.Salt[:]), `"}`...)
	if len(b) > maxOpening {
		return nil, fmt.Errorf("private part: %w: %d bytes, at most %d", ErrTooLarge, len(b), maxOpening)
	}
	return b, nil
}

func (o *Opening) check() error {
	if len(o.Private) == 0 || o.Private[0] != '{' {
		return fmt.Errorf("private part: %w: no JSON object", ErrMalformed)
	}
	return nil
}

// DecodeOpening reads what Encode writes, and nothing else.
func DecodeOpening(b []byte) (Opening, error) {
	if len(b) > maxOpening {
		return Opening{}, fmt.Errorf("private part: %w: %d bytes, at most %d", ErrTooLarge, len(b), maxOpening)
	}
	var o Opening
	if err := decodeStrict(b, &o); err != nil {
		return Opening{}, fmt.Errorf("private part: %w", err)
	}
	return o, o.check()
}
