package miner

import (
	"encoding/binary"
	"math/bits"
)

// midstate is the hash value after the header's first 64 bytes: everything
// but the last four bytes of the merkle root, the time, the bits and the
// nonce. It is the same for all nonces, so it is computed once a version.
type midstate [8]uint32

// midstateOf returns the midstate of a header.
func midstateOf(h *Header) midstate {
	var block [16]uint32
	for i := range block {
		block[i] = binary.BigEndian.Uint32(h[4*i:])
	}
	return compress(&sha256IV, &block)
}

// midstatesOf sets mids to the midstates of a header with these versions. It
// computes them side by side in m, or in plain Go if that is nil.
func midstatesOf(mids []midstate, h *Header, versions []uint32, m *MultiBuffer) {
	if m != nil && m.blocks != nil && len(versions) > 1 {
		m.midstates(mids, h, versions)
		return
	}
	rolled := *h
	for i, v := range versions {
		rolled.SetVersion(v)
		mids[i] = midstateOf(&rolled)
	}
}

// midstates sets mids to the midstates of a header with these versions.
func (m *MultiBuffer) midstates(mids []midstate, h *Header, versions []uint32) {
	var b batch
	for lane := range m.Lanes {
		copy(b.block(lane)[:], h[:])
	}
	for len(versions) > 0 {
		n := min(len(versions), m.Lanes)
		b.begin(m.Lanes)
		for lane, v := range versions[:n] {
			binary.LittleEndian.PutUint32(b.block(lane)[offVersion:], v)
		}
		m.absorb(&b.states[0], &b.data[0], blockSize, 1)
		for lane := range n {
			mids[lane] = *b.state(lane)
		}
		mids, versions = mids[n:], versions[n:]
	}
}

// tailOf returns the words of the header's second block that do not change
// while nonces are scanned: end of the merkle root, time, bits.
func tailOf(h *Header) (tail [3]uint32) {
	for i := range tail {
		tail[i] = binary.BigEndian.Uint32(h[64+4*i:])
	}
	return tail
}

// Bit lengths of the two padded messages: the header and its first digest.
const (
	headerBits = 8 * HeaderSize
	digestBits = 8 * len(Hash{})
	padding    = 0x80000000 // the one bit after the message, as a word
)

// decidingWord returns the last word of the SHA-256d of the header that has
// this midstate, tail and nonce. Its bytes are the most significant ones of
// the hash as a number, least significant first.
func decidingWord(m *midstate, tail *[3]uint32, nonce uint32) uint32 {
	first := compress((*[8]uint32)(m), &[16]uint32{
		0: tail[0], 1: tail[1], 2: tail[2], 3: bits.ReverseBytes32(nonce), 4: padding, 15: headerBits,
	})
	second := [16]uint32{8: padding, 15: uint32(digestBits)}
	copy(second[:], first[:])
	return compress(&sha256IV, &second)[7]
}

// zeroBits returns the bits of the deciding word that are clear in every
// hash that meets the target. Hashes that have them clear are candidates: all
// hits are among them, and for a target of n leading zero bits (at most 32)
// one hash in 2^n is a candidate.
func (t *Target) zeroBits() (mask uint32, n int) {
	n = bits.LeadingZeros32(binary.LittleEndian.Uint32(t[28:]))
	return bits.ReverseBytes32(^uint32(uint64(1)<<(32-n) - 1)), n
}
