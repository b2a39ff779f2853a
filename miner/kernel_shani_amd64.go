//go:build !purego

package miner

import (
	"errors"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go -C _asm run . -kernel sha-ni -out ../scan_shani_amd64.s -stubs ../scan_shani_amd64.go -pkg miner

// newSHANI returns the kernel that hashes four nonces side by side with the
// SHA instructions.
func newSHANI() *Kernel {
	return &Kernel{
		Name:      "sha-ni",
		Lanes:     shaniWays,
		Needs:     shaniNeeds,
		supported: supportsSHANI,
		buffer:    newSHANIMultiBuffer(),
		words:     shaniRecords,
		record:    shaniRecord,
		load:      loadSHANI,
		scan: func(s *Scanner, nonce uint32, groups, calls int) (uint32, int) {
			if len(s.versions) >= shaniShared {
				return outside(scanSHANIRoll, s, nonce, groups, calls)
			}
			return outside(scanSHANI, s, nonce, groups, calls)
		},
	}
}

// shaniShared is the number of versions from which sharing their schedule is
// faster than computing it in the gaps of the rounds.
const shaniShared = 12

const shaniNeeds = "SHA-NI, SSSE3"

func supportsSHANI() error {
	if !cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3) {
		return errors.New("needs the SHA extensions and SSSE3 of the processor")
	}
	return nil
}

// The memory of the kernels, in words; miner/_asm/shani_scan.go has it in
// bytes.
const (
	shaniWays    = 4
	shaniSlots   = 14 // quads of a block's message schedule that are kept
	shaniArea    = shaniWays * shaniSlots * 4
	shaniDigests = shaniArea
	shaniFixed   = shaniDigests + shaniArea
	shaniZero    = shaniFixed + 3*4
	shaniRecords = shaniZero + 4 + shaniWays*4 + shaniWays*12*4
	shaniRecord  = 16
)

// loadSHANI fills the memory with all that does not depend on the nonce.
func loadSHANI(s *Scanner) {
	w := headerSchedule(&s.tail)
	fixed := s.words[shaniFixed:]
	copy(fixed, w[16:20])
	copy(fixed[4:], w[20:24])
	copy(fixed[8:], w[28:32])
	for way := range shaniWays {
		padded := s.words[shaniDigests+way*shaniSlots*4+8:][:8]
		copy(padded, []uint32{padding, 0, 0, 0, 0, 0, 0, uint32(digestBits)})
	}
	copy(s.words[shaniZero:], []uint32{s.zero, s.zero, s.zero, s.zero})
	for i := range s.mids {
		v, m := s.mids[i].beforeRound4(&s.tail), &s.mids[i]
		*(*[shaniRecord]uint32)(s.words[shaniRecords+i*shaniRecord:]) = [...]uint32{
			v[5], v[4], v[1], v[0], v[7], v[6], v[3], v[2], // F E B A, H G D C
			m[5], m[4], m[1], m[0], m[7], m[6], m[3], m[2],
		}
	}
}
