package work

import "github.com/hashlease/hashlease/miner"

// Seen remembers header hashes, so that one header counts once whatever its
// spelling on the wire. Its zero value is empty; it is not safe for
// concurrent use.
type Seen struct{ hashes map[miner.Hash]struct{} }

// Add reports whether h is new, and remembers it.
func (s *Seen) Add(h miner.Hash) bool {
	if _, dup := s.hashes[h]; dup {
		return false
	}
	if s.hashes == nil {
		s.hashes = make(map[miner.Hash]struct{})
	}
	s.hashes[h] = struct{}{}
	return true
}

// Has reports whether h is remembered.
func (s *Seen) Has(h miner.Hash) bool {
	_, dup := s.hashes[h]
	return dup
}

// Reset forgets everything; callers do so when the previous block changes and
// no share of the old one can count any more.
func (s *Seen) Reset() { s.hashes = nil }

// Len returns how many hashes are remembered.
func (s *Seen) Len() int { return len(s.hashes) }
