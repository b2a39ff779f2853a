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

// MinPoolTag is how many bytes of a tag the work for a foreign pool carries at
// least: some leave room for no more.
const MinPoolTag = 2

// Tag marks a coinbase, and so every hash below it, as work for one lease.
type Tag [TagSize]byte

// Distinct fails with ErrTagTaken when l's work could be taken for another
// lease's. Of leases that mine for pools, the first MinPoolTag bytes of the tag
// must differ if they are ever active at the same time, whatever the addresses
// of their pools are: one pool may have many.
func Distinct(leases []Lease, l *Lease) error {
	for i := range leases {
		o := &leases[i]
		switch {
		case o.Tag == l.Tag:
			return fmt.Errorf("%w: %v is the tag of lease %s, use another nonce", ErrTagTaken, l.Tag, o.ID)
		case o.Pool != nil && l.Pool != nil && [MinPoolTag]byte(o.Tag[:]) == [MinPoolTag]byte(l.Tag[:]) && o.overlaps(l):
			return fmt.Errorf("%w: %v begins like %v of lease %s, and there may be pools with no room for more: use another nonce",
				ErrTagTaken, l.Tag, o.Tag, o.ID)
		}
	}
	return nil
}

// DistinctAtPool is Distinct where the house works for a pool, too: then the work
// of leases without a pool of their own carries but the beginning of a tag as well,
// which must differ from that of every other lease that is ever active at the same
// time.
func DistinctAtPool(leases []Lease, l *Lease) error {
	if err := Distinct(leases, l); err != nil {
		return err
	}
	for i := range leases {
		if o := &leases[i]; [MinPoolTag]byte(o.Tag[:]) == [MinPoolTag]byte(l.Tag[:]) && o.overlaps(l) {
			return fmt.Errorf("%w: %v begins like %v of lease %s, and the house's pool may have no room for more: use another nonce", ErrTagTaken, l.Tag, o.Tag, o.ID)
		}
	}
	return nil
}

// overlaps reports whether there is a moment at which both are active.
func (l *Lease) overlaps(o *Lease) bool {
	before := func(a, b *Lease) bool { return a.StopMs() != 0 && a.StopMs() <= b.StartMs }
	return !before(l, o) && !before(o, l)
}

// TagInput is what a tag commits to.
type TagInput struct {
	Provider ed25519.PublicKey
	Lease    string
	Tenant   ed25519.PublicKey
	Nonce    [16]byte // the tenant's
	Terms    TermsHash
}

// NewTag hashes the input: the first 16 bytes of SHA-256 over fields that are
// each preceded by their length as a 4-byte big-endian number. TERMS.md specifies
// it.
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
