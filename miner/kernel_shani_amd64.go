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
		scan: func(s *Scanner, nonce uint32, groups int) uint32 {
			return outside(scanSHANI, &s.words[0], &s.masks[0], nonce, len(s.versions), groups)
		},
	}
}

const shaniNeeds = "SHA-NI, SSSE3"

func supportsSHANI() error {
	if !cpuid.CPU.Supports(cpuid.SHA, cpuid.SSSE3) {
		return errors.New("needs the SHA extensions and SSSE3 of the processor")
	}
	return nil
}

// The memory of the kernel, in words; miner/_asm/shani.go has it in bytes.
const (
	shaniWays    = 4
	shaniTail    = shaniWays * 16
	shaniZero    = shaniTail + 4
	shaniRecords = shaniZero + 4
	shaniRecord  = 16
)

// loadSHANI fills the memory with all that does not depend on the nonce.
func loadSHANI(s *Scanner) {
	copy(s.words[shaniTail:], []uint32{s.tail[0], s.tail[1], s.tail[2], 0, s.zero, s.zero, s.zero, s.zero})
	for i := range s.mids {
		m := [8]uint32(s.mids[i])
		v := s.mids[i].beforeRound4(&s.tail)
		record := s.words[shaniRecords+i*shaniRecord:][:shaniRecord]
		for half, x := range [][8]uint32{v, m} { // each F E B A, H G D C
			copy(record[8*half:], []uint32{x[5], x[4], x[1], x[0], x[7], x[6], x[3], x[2]})
		}
	}
}
