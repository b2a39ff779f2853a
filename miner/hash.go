package miner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Hash is a SHA-256d digest in the order the function puts it out. Read as a
// number it is little-endian: byte 31 is the most significant one.
type Hash [32]byte

// SHA256d returns SHA-256(SHA-256(b)), the hash of headers, transactions and
// merkle nodes.
func SHA256d(b []byte) Hash {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

// Meets reports whether h, as a 256-bit number, is at most t: whether it is a
// hit of t.
func (h Hash) Meets(t Target) bool { return cmpLE((*[32]byte)(&h), (*[32]byte)(&t)) <= 0 }

// Cmp orders hashes as 256-bit numbers: -1, 0 or +1.
func (h Hash) Cmp(o Hash) int { return cmpLE((*[32]byte)(&h), (*[32]byte)(&o)) }

// String writes the hash as block explorers do: hexadecimal, most significant
// byte first.
func (h Hash) String() string {
	slices.Reverse(h[:])
	return hex.EncodeToString(h[:])
}

// ParseHash reads what String writes: 64 hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if err := decodeHex(h[:], s); err != nil {
		return Hash{}, fmt.Errorf("hash %.80q: %w", s, err)
	}
	slices.Reverse(h[:])
	return h, nil
}

// decodeHex fills dst from exactly 2·len(dst) hexadecimal digits.
func decodeHex(dst []byte, s string) error {
	if len(s) != 2*len(dst) {
		return fmt.Errorf("want %d hexadecimal digits, have %d characters", 2*len(dst), len(s))
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}

// cmpLE compares two 256-bit little-endian numbers.
func cmpLE(a, b *[32]byte) int {
	for i := 31; i >= 0; i-- {
		if a[i] != b[i] {
			if a[i] < b[i] {
				return -1
			}
			return 1
		}
	}
	return 0
}
