package lease

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// TagSize is the length of a whole tag in bytes.
const TagSize = 16

// Tag marks a coinbase, and so every hash below it, as work for one lease.
type Tag [TagSize]byte

// TagInput is what a tag commits to.
type TagInput struct {
	Provider ed25519.PublicKey
	Lease    string
	Tenant   ed25519.PublicKey
	Nonce    [16]byte // the tenant's
	Terms    TermsHash
}

// NewTag hashes the input: the first 16 bytes of SHA-256 over fields that are
// each preceded by their length as a 4-byte big-endian number.
func NewTag(in TagInput) Tag {
	h := sha256.New()
	for _, field := range [][]byte{
		[]byte("hashlease tag v1"), in.Provider, []byte(in.Lease), in.Tenant, in.Nonce[:], in.Terms[:],
	} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(field)))
		h.Write(size[:])
		h.Write(field)
	}
	return Tag(h.Sum(nil)[:TagSize])
}

// String writes 32 hexadecimal digits.
func (t Tag) String() string { return hex.EncodeToString(t[:]) }

// ParseTag reads what String writes.
func ParseTag(s string) (Tag, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != TagSize {
		return Tag{}, fmt.Errorf("tag %.40q: want %d hexadecimal digits", s, 2*TagSize)
	}
	return Tag(b), nil
}
