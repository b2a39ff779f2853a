package miner

import "encoding/binary"

// newStdlib returns the kernel that hashes whole headers with crypto/sha256:
// the yardstick of the others, and a sound choice where Go's own assembly is
// all there is.
func newStdlib() *Kernel { return &Kernel{Name: "stdlib", Lanes: 1, scan: scanStdlib} }

func scanStdlib(s *Scanner, nonce uint32, groups, _ int) (found uint32, made int) {
	masks := s.masks
	for g := range groups {
		s.header.SetNonce(nonce + uint32(g))
		for v, version := range s.versions {
			s.header.SetVersion(version)
			hash := s.header.Hash()
			mask := uint32(0)
			if binary.BigEndian.Uint32(hash[28:])&s.zero == 0 {
				mask = 1
			}
			masks[v] = mask
			found |= mask
		}
		masks = masks[len(s.versions):]
	}
	return found, 1
}
