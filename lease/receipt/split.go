package receipt

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/hashlease/hashlease/lease"
)

// Limits of a split.
const (
	MaxSplit     = 20_000  // parts: without room for them nobody would get jobs
	MaxSplitSize = 1 << 22 // bytes of the document
	maxLeaseID   = 64      // bytes
)

// Split is who gets what of a block's reward, less fee and carry: parts above 0
// sorted by lease. It is a document by itself, which templates name by its hash.
type Split []lease.Part

// One is the split in which a lease gets everything.
func One(leaseID string, sat int64) Split {
	if sat == 0 {
		return Split{}
	}
	return Split{{Lease: leaseID, Sat: sat}}
}

// Encode writes the split as canonical JSON.
func (s Split) Encode() ([]byte, error) { return lease.Canonical(append([]lease.Part{}, s...)) }

// DecodeSplit reads what Encode writes, and nothing else, and checks it.
func DecodeSplit(document []byte) (Split, error) {
	var s Split
	if err := lease.DecodeCanonical(document, MaxSplitSize, &s); err != nil {
		return nil, fmt.Errorf("split: %w", err)
	}
	_, err := s.sum()
	return s, err
}

// Hash is SHA-256 of the document.
func (s Split) Hash() (B32, error) {
	document, err := s.Encode()
	return sha256.Sum256(document), err
}

// sum checks the parts and adds them up.
func (s Split) sum() (sum int64, err error) {
	if s == nil || len(s) > MaxSplit {
		return 0, fmt.Errorf("split in %d parts, want 0 to %d", len(s), MaxSplit)
	}
	for i, p := range s {
		if p.Lease == "" || len(p.Lease) > maxLeaseID || i > 0 && p.Lease <= s[i-1].Lease {
			return 0, fmt.Errorf("split part %d: lease %.70q is not in order", i, p.Lease)
		}
		if p.Sat <= 0 || p.Sat > lease.MaxSat-sum {
			return 0, fmt.Errorf("split part %d: lease %s gets %d satoshi, which cannot be after %d", i, p.Lease, p.Sat, sum)
		}
		sum += p.Sat
	}
	return sum, nil
}

// Share returns what a lease gets of the block, in satoshi.
func (s Split) Share(leaseID string) int64 {
	i, ok := slices.BinarySearchFunc(s, leaseID, func(p lease.Part, id string) int { return cmp.Compare(p.Lease, id) })
	if !ok {
		return 0
	}
	return s[i].Sat
}

// CheckSplit checks that a split is the template's, that it adds up to the
// reward with the fee and the carry, and the direct outputs against its parts.
func (t *Template) CheckSplit(s Split) error {
	sum, err := s.sum()
	if err != nil {
		return err
	}
	hash, err := s.Hash()
	switch {
	case err != nil:
		return err
	case hash != t.Split:
		return errors.New("it is not the split that the template names")
	case sum != t.Reward-t.Fee-t.Carry:
		return fmt.Errorf("split, fee and carry are %d satoshi, the reward is %d", sum+t.Fee+t.Carry, t.Reward)
	}
	paid := make(map[string]bool)
	for i, d := range t.Direct {
		left := d.Sat
		for n, id := range d.Leases {
			sat := s.Share(id)
			if id == lease.House || sat == 0 || paid[id] || n > 0 && id <= d.Leases[n-1] {
				return fmt.Errorf("direct output %d: lease %.70q has no part of the split to be paid, or is not in order", i, id)
			}
			paid[id] = true
			left -= sat
		}
		if left != 0 || len(d.Leases) == 0 {
			return fmt.Errorf("direct output %d: %d satoshi, but the parts of its leases are %d", i, d.Sat, d.Sat-left)
		}
	}
	return nil
}

// DirectShare returns what an output of the coinbase pays of a lease's share,
// in satoshi: all or nothing.
func (t *Template) DirectShare(leaseID string, s Split) int64 {
	if !slices.ContainsFunc(t.Direct, func(d Direct) bool { return slices.Contains(d.Leases, leaseID) }) {
		return 0
	}
	return s.Share(leaseID)
}
