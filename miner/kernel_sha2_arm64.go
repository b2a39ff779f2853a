//go:build !purego

package miner

import (
	"errors"

	"golang.org/x/sys/cpu"
)

const armNeeds = "ARMv8 SHA2"

// supportsARMv8 asks the operating system, for only it can read what the
// processor offers.
func supportsARMv8() error {
	if !cpu.ARM64.HasSHA2 {
		return errors.New("needs the SHA2 instructions of the processor's cryptographic extension")
	}
	return nil
}

// newARMv8 returns the kernel that hashes four nonces side by side with the
// SHA256 instructions. The message schedule of the header is shared by all
// rolled versions.
func newARMv8() *Kernel {
	return &Kernel{
		Name:  "armv8-sha2",
		Lanes: armWays,
		Needs: armNeeds,

		supported: supportsARMv8,
		words:     armRecords,
		record:    armRecord,
		load:      loadARMv8,
		scan: func(s *Scanner, nonce uint32, groups, calls int) (uint32, int) {
			return outside(scanSHA2, s, nonce, groups, calls)
		},
	}
}

// scanSHA2 scans groups of 4 nonces for all versions and sets a mask for each,
// as Kernel.scan does. words is the kernel's memory.
//
//go:noescape
func scanSHA2(words, masks *uint32, nonce uint32, versions, groups int) uint32

// The memory of the kernel, in words; scan_sha2_arm64.s has it in bytes.
const (
	armWays    = 4
	armHeadKW  = 0
	armNonces  = armHeadKW + 12*4*armWays
	armIV      = armNonces + 4*armWays
	armDigestW = armIV + 8
	armZero    = armDigestW + 8
	armLaneBit = armZero + 4
	armHeadW   = armLaneBit + 4
	armHeadK   = armHeadW + 16
	armHeadS   = armHeadK + 12
	armDigestK = armHeadS + 8
	armDigestS = armDigestK + 8
	armIV7     = armDigestS + 4
	armRecords = armIV7 + 4 + 4 // a multiple of 16
	armRecord  = 16
)

// loadARMv8 fills the memory with all that does not depend on the nonce.
func loadARMv8(s *Scanner) {
	head := headerSchedule(&s.tail) // up to W[15] as it is, for nonce 0
	digest := [16]uint32{8: padding, 15: uint32(digestBits)}
	// begun is how the schedule begins W[t]: what SHA256SU0 does.
	begun := func(w []uint32, t int) uint32 { return w[t-16] + smallSigma0(w[t-15]) }

	copy(s.words[armHeadW:], head[:16])
	for i := range 12 {
		s.words[armHeadK+i] = sha256K[4+i] + head[4+i]
	}
	for i := range 8 {
		s.words[armHeadS+i] = begun(head[:], 20+i)
		s.words[armDigestW+i] = digest[8+i]
		s.words[armDigestK+i] = sha256K[8+i] + digest[8+i]
	}
	copy(s.words[armIV:], sha256IV[:])
	for i := range 4 {
		s.words[armDigestS+i] = begun(digest[:], 24+i)
		s.words[armIV7+i] = sha256IV[7]
		s.words[armZero+i] = s.zero
		s.words[armLaneBit+i] = 1 << i
	}
	for i := range s.mids {
		v := s.mids[i].beforeRound4(&s.tail)
		record := s.words[armRecords+i*armRecord:][:armRecord]
		copy(record, v[:])
		copy(record[8:], s.mids[i][:])
	}
}
