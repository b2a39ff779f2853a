package translog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// ErrTagTwice is a tag that marks the work of two leases at one destination: the
// same hashes could be sold twice.
var ErrTagTwice = errors.New("tag is used twice")

// Hash prefixes of the tag map, which keep one kind of node from being taken for
// another.
const (
	tagEntryPrefix = "hashlease tag entry v1\n"
	tagNodePrefix  = "hashlease tag node v1\n"
	tagRootPrefix  = "hashlease tag map v1\n"
)

// Bounds of a tag map.
const (
	maxTagEntries = 1 << 31
	maxTagLease   = 255 // bytes of a lease's ID
)

// DestinationID names where work goes, the house's coinbase or a pool's address,
// without telling it: SHA-256 of a prefix and the text.
func DestinationID(text string) B32 {
	return sha256.Sum256([]byte("hashlease destination v1\n" + text))
}

// TagEntry says that all work marked with a tag at a destination is one
// lease's.
type TagEntry struct {
	Destination B32    `json:"destination"`
	Lease       string `json:"lease"`
	// Tag is what stands in the coinbase there: the whole tag of 16 bytes, or
	// as many of its first bytes as there is room for, at least 2.
	Tag TagBytes `json:"tag"`
}

// check looks at what the types do not say.
func (e *TagEntry) check() error {
	if len(e.Tag) < lease.MinPoolTag || len(e.Tag) > lease.TagSize || e.Lease == "" || len(e.Lease) > maxTagLease {
		return fmt.Errorf("tag %x of lease %.60q: %w: want %d to %d bytes, and a lease", e.Tag, e.Lease, ErrMalformed, lease.MinPoolTag, lease.TagSize)
	}
	return nil
}

// span returns the first and the last whole tag that begin with the entry's, at
// its destination. Of two entries whose spans meet, one tag begins like the
// other: work with the longer could be taken for either's.
func (e *TagEntry) span() tagSpan {
	var s tagSpan
	copy(s.min[:], e.Destination[:])
	s.max = s.min
	copy(s.min[len(e.Destination):], e.Tag)
	for i := range lease.TagSize {
		s.max[len(e.Destination)+i] = 0xff
	}
	copy(s.max[len(e.Destination):], e.Tag)
	return s
}

// hash commits to the entry.
func (e *TagEntry) hash() B32 {
	h := sha256.New()
	h.Write([]byte(tagEntryPrefix))
	h.Write(e.Destination[:])
	h.Write([]byte{byte(len(e.Tag))})
	h.Write(e.Tag)
	h.Write([]byte(e.Lease))
	return B32(h.Sum(nil))
}

// tagKey is a destination and a whole tag.
type tagKey [32 + lease.TagSize]byte

// tagSpan is the range of keys below a node of the map, both ends included.
type tagSpan struct{ min, max tagKey }

// tagNode is a node of the map's tree. Its hash commits to the spans of both
// its children, so that no two proofs of one map can disagree about the order.
type tagNode struct {
	span tagSpan
	hash B32
}

// join makes the parent of two nodes, of which all keys on the left must be
// less than all on the right. That a span does not end before it begins must be
// checked too: of a node that others made it may be claimed.
func join(left, right tagNode) (tagNode, error) {
	inOrder := bytes.Compare(left.span.max[:], right.span.min[:]) < 0
	for _, s := range []tagSpan{left.span, right.span} {
		inOrder = inOrder && bytes.Compare(s.min[:], s.max[:]) <= 0
	}
	if !inOrder {
		return tagNode{}, fmt.Errorf("%w, or the map is out of order: %x is not before %x", ErrTagTwice, left.span.max, right.span.min)
	}
	return unite(left, right), nil
}

// unite makes the parent of two nodes in order.
func unite(left, right tagNode) tagNode {
	h := sha256.New()
	h.Write([]byte(tagNodePrefix))
	for _, n := range []tagNode{left, right} {
		h.Write(n.span.min[:])
		h.Write(n.span.max[:])
		h.Write(n.hash[:])
	}
	return tagNode{tagSpan{left.span.min, right.span.max}, B32(h.Sum(nil))}
}

// TagRoot is what a checkpoint commits to: the public part of a leaf of
// KindTagMap.
type TagRoot struct {
	Entries int64 `json:"entries"`
	Root    B32   `json:"root"`
}

// rootOf commits to the number of entries and the top node.
func rootOf(n int64, top tagNode) TagRoot {
	h := sha256.New()
	h.Write([]byte(tagRootPrefix))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
	h.Write(top.span.min[:])
	h.Write(top.span.max[:])
	h.Write(top.hash[:])
	return TagRoot{n, B32(h.Sum(nil))}
}

// TagMap is the sorted map of all tags whose work counts from some moment on.
type TagMap struct {
	entries []TagEntry
	levels  [][]tagNode // levels[0] are the entries; the last has one node
}

// NewTagMap sorts the entries. It fails with ErrTagTwice when one tag begins
// like another at the same destination.
func NewTagMap(entries []TagEntry) (*TagMap, error) {
	m := &TagMap{entries: slices.Clone(entries)}
	for i := range m.entries {
		if err := m.entries[i].check(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(m.entries, func(a, b TagEntry) int {
		x, y := a.span(), b.span()
		return bytes.Compare(x.min[:], y.min[:])
	})
	level := make([]tagNode, len(m.entries))
	for i := range m.entries {
		e := &m.entries[i]
		level[i] = tagNode{e.span(), e.hash()}
		if i > 0 {
			if err := apart(&m.entries[i-1], e); err != nil {
				return nil, err
			}
		}
	}
	for len(level) > 0 {
		m.levels = append(m.levels, level)
		if len(level) == 1 {
			break
		}
		var above []tagNode
		for i := 0; i+1 < len(level); i += 2 {
			n, err := join(level[i], level[i+1])
			if err != nil {
				return nil, err
			}
			above = append(above, n)
		}
		if len(level)%2 == 1 { // it goes up as it is, as in RFC 6962
			above = append(above, level[len(level)-1])
		}
		level = above
	}
	return m, nil
}

// apart fails with ErrTagTwice unless a is before b.
func apart(a, b *TagEntry) error {
	x, y := a.span(), b.span()
	if bytes.Compare(x.max[:], y.min[:]) < 0 {
		return nil
	}
	return fmt.Errorf("%w: lease %s has %x and lease %s has %x at one destination, and work with one could be the other's", ErrTagTwice, a.Lease, a.Tag, b.Lease, b.Tag)
}

// Root returns what a checkpoint commits to.
func (m *TagMap) Root() TagRoot {
	var top tagNode
	if n := len(m.levels); n > 0 {
		top = m.levels[n-1][0]
	}
	return rootOf(int64(len(m.entries)), top)
}

// Entries returns the entries in their order.
func (m *TagMap) Entries() []TagEntry { return slices.Clone(m.entries) }

// treeHeight is the number of levels above n entries.
func treeHeight(n int64) int { return bits.Len64(uint64(n - 1)) }
