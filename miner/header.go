package miner

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// HeaderSize is the length of a block header in bytes.
const HeaderSize = 80

// Header is a serialised block header: version, previous block hash, merkle
// root, time, bits, nonce; integers little-endian.
type Header [HeaderSize]byte

// Offsets of the header's fields in bytes.
const (
	offVersion = 0
	offPrev    = 4
	offRoot    = 36
	offTime    = 68
	offBits    = 72
	offNonce   = 76
)

// NewHeader puts the six fields in their places.
func NewHeader(version uint32, prev, root Hash, time uint32, bits Bits, nonce uint32) Header {
	var h Header
	h.SetVersion(version)
	copy(h[offPrev:], prev[:])
	copy(h[offRoot:], root[:])
	h.SetTime(time)
	binary.LittleEndian.PutUint32(h[offBits:], uint32(bits))
	h.SetNonce(nonce)
	return h
}

// ParseHeader reads 160 hexadecimal digits.
func ParseHeader(s string) (Header, error) {
	var h Header
	if err := decodeHex(h[:], s); err != nil {
		return Header{}, fmt.Errorf("header %.180q: %w", s, err)
	}
	return h, nil
}

// Hash returns the header's SHA-256d.
func (h *Header) Hash() Hash { return SHA256d(h[:]) }

// Version returns the version field.
func (h *Header) Version() uint32 { return binary.LittleEndian.Uint32(h[offVersion:]) }

// Prev returns the hash of the previous block.
func (h *Header) Prev() Hash { return Hash(h[offPrev:offRoot]) }

// Root returns the merkle root.
func (h *Header) Root() Hash { return Hash(h[offRoot:offTime]) }

// Time returns the time field, in Unix seconds.
func (h *Header) Time() uint32 { return binary.LittleEndian.Uint32(h[offTime:]) }

// Bits returns the compact network target.
func (h *Header) Bits() Bits { return Bits(binary.LittleEndian.Uint32(h[offBits:])) }

// Nonce returns the nonce field.
func (h *Header) Nonce() uint32 { return binary.LittleEndian.Uint32(h[offNonce:]) }

// SetVersion replaces the version field.
func (h *Header) SetVersion(v uint32) { binary.LittleEndian.PutUint32(h[offVersion:], v) }

// SetTime replaces the time field, in Unix seconds.
func (h *Header) SetTime(t uint32) { binary.LittleEndian.PutUint32(h[offTime:], t) }

// SetNonce replaces the nonce field.
func (h *Header) SetNonce(n uint32) { binary.LittleEndian.PutUint32(h[offNonce:], n) }

// String writes the header as 160 hexadecimal digits.
func (h Header) String() string { return hex.EncodeToString(h[:]) }
