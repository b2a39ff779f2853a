package translog

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// TagBytes is the bytes of a tag in a coinbase, written in hexadecimal.
type TagBytes []byte

// MarshalText implements encoding.TextMarshaler.
func (b TagBytes) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, b), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *TagBytes) UnmarshalText(text []byte) (err error) {
	if len(text) > 2*lease.TagSize {
		return fmt.Errorf("%w: tag %.70q, at most %d bytes", ErrMalformed, text, lease.TagSize)
	}
	*b, err = hex.AppendDecode(nil, text)
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (k tagKey) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, k[:]), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *tagKey) UnmarshalText(text []byte) error { return fill(k[:], text) }

// TagSibling is a node beside the path from an entry to the root.
type TagSibling struct {
	Hash B32    `json:"hash"`
	Max  tagKey `json:"max"`
	Min  tagKey `json:"min"`
}

// TagPath proves that an entry is in a map.
type TagPath struct {
	Entry TagEntry     `json:"entry"`
	Index int64        `json:"index"`
	Path  []TagSibling `json:"path"` // from the bottom
}

// TagProof proves that an entry is in a map, and which entries stand before and
// after it. Its encoding is canonical JSON.
type TagProof struct {
	After  *TagPath `json:"after,omitempty"`
	Before *TagPath `json:"before,omitempty"`
	Entry  TagPath  `json:"entry"`
}

// maxTagProof bounds the encoding of a proof, in bytes: three paths of 31 nodes.
const maxTagProof = 1 << 16

// Encode returns the canonical JSON of a proof.
func (p *TagProof) Encode() ([]byte, error) { return lease.Canonical(p) }

// DecodeTagProof reads what Encode writes, and nothing else.
func DecodeTagProof(b []byte) (TagProof, error) {
	if len(b) > maxTagProof {
		return TagProof{}, fmt.Errorf("tag proof: %w: %d bytes, at most %d", ErrTooLarge, len(b), maxTagProof)
	}
	var p TagProof
	if err := decodeStrict(b, &p); err != nil {
		return TagProof{}, fmt.Errorf("tag proof: %w", err)
	}
	return p, nil
}

// Prove proves the entry of a lease at a destination with both its neighbours.
// It fails with ErrNotFound.
func (m *TagMap) Prove(destination B32, leaseID string) (TagProof, error) {
	i := slices.IndexFunc(m.entries, func(e TagEntry) bool { return e.Destination == destination && e.Lease == leaseID })
	if i < 0 {
		return TagProof{}, fmt.Errorf("lease %s has no tag at the destination %v: %w", leaseID, destination, ErrNotFound)
	}
	p := TagProof{Entry: m.path(i)}
	if i > 0 {
		before := m.path(i - 1)
		p.Before = &before
	}
	if i+1 < len(m.entries) {
		after := m.path(i + 1)
		p.After = &after
	}
	return p, nil
}

// path collects what stands beside the way up.
func (m *TagMap) path(i int) TagPath {
	p := TagPath{Entry: m.entries[i], Index: int64(i), Path: []TagSibling{}}
	for _, level := range m.levels[:len(m.levels)-1] {
		if beside := i ^ 1; beside < len(level) {
			n := level[beside]
			p.Path = append(p.Path, TagSibling{n.hash, n.span.max, n.span.min})
		}
		i /= 2
	}
	return p
}

// check goes up from the entry to the root. The order is checked at each step:
// with it no other proof of this root can show an overlapping tag.
func (p *TagPath) check(root TagRoot) error {
	if err := p.Entry.check(); err != nil {
		return err
	}
	if root.Entries < 1 || root.Entries > maxTagEntries || p.Index < 0 || p.Index >= root.Entries {
		return fmt.Errorf("tag map: %w: entry %d of %d", ErrProof, p.Index, root.Entries)
	}
	n := tagNode{p.Entry.span(), p.Entry.hash()}
	i, width, rest := p.Index, root.Entries, p.Path
	for range treeHeight(root.Entries) {
		if i^1 < width {
			if len(rest) == 0 {
				return fmt.Errorf("tag map: %w: the path of entry %d is too short", ErrProof, p.Index)
			}
			s := tagNode{tagSpan{rest[0].Min, rest[0].Max}, rest[0].Hash}
			left, right := n, s
			if i&1 == 1 {
				left, right = s, n
			}
			var err error
			if n, err = join(left, right); err != nil {
				return fmt.Errorf("tag map, path of lease %s: %w", p.Entry.Lease, err)
			}
			rest = rest[1:]
		}
		i, width = i/2, (width+1)/2
	}
	if len(rest) > 0 || rootOf(root.Entries, n) != root {
		return fmt.Errorf("tag map: %w: entry %d is not in the map of %d with the root %v", ErrProof, p.Index, root.Entries, root.Root)
	}
	return nil
}

// Check checks a proof against the root that a checkpoint commits to: the entry
// is in the map, and the entries beside it have other tags. It fails with
// ErrProof and ErrTagTwice.
func (p *TagProof) Check(root TagRoot) error {
	if err := p.Entry.check(root); err != nil {
		return err
	}
	i := p.Entry.Index
	if (p.Before == nil) != (i == 0) || (p.After == nil) != (i == root.Entries-1) {
		return fmt.Errorf("tag map: %w: entry %d of %d without a neighbour, or with one too many", ErrProof, i, root.Entries)
	}
	if p.Before != nil {
		if err := p.neighbour(root, p.Before, i-1, p.Before, &p.Entry); err != nil {
			return err
		}
	}
	if p.After != nil {
		return p.neighbour(root, p.After, i+1, &p.Entry, p.After)
	}
	return nil
}

// neighbour checks that n is in the map at the index, and a before b.
func (p *TagProof) neighbour(root TagRoot, n *TagPath, index int64, a, b *TagPath) error {
	if n.Index != index {
		return fmt.Errorf("tag map: %w: entry %d is shown beside entry %d", ErrProof, n.Index, p.Entry.Index)
	}
	if err := apart(&a.Entry, &b.Entry); err != nil {
		return err
	}
	return n.check(root)
}

// String names an entry for people.
func (e TagEntry) String() string {
	return strings.Join([]string{e.Lease, hex.EncodeToString(e.Tag), e.Destination.String()[:16]}, " ")
}
