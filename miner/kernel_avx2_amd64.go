//go:build !purego

package miner

import (
	"errors"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go -C _asm run . -kernel avx2 -out ../scan_avx2_amd64.s -stubs ../scan_avx2_amd64.go -pkg miner

// newAVX2 returns the kernel that hashes 16 nonces in two streams of 8 lanes.
// The message schedule of the header is shared by all rolled versions.
func newAVX2() *Kernel {
	return &Kernel{
		Name:      "avx2",
		Lanes:     avx2Streams * avx2Vector,
		Needs:     avx2Needs,
		supported: supportsAVX2,
		words:     avx2Records,
		record:    versionRecord,
		buffer:    newAVX2MultiBuffer(),
		load:      loadAVX2,
		scan: func(s *Scanner, nonce uint32, groups, calls int) (uint32, int) {
			return outside(scanAVX2, s, nonce, groups, calls)
		},
	}
}

const avx2Needs = "AVX2"

func supportsAVX2() error {
	if !cpuid.CPU.Supports(cpuid.AVX2) {
		return errors.New("needs AVX2 of the processor and the operating system's support of its registers")
	}
	return nil
}

// The memory of the kernel, in words; miner/_asm/avx2.go has it in bytes.
const (
	avx2Streams = 2
	avx2Vector  = 8
	avx2State   = 8 * avx2Vector  // of a stream
	avx2Rows    = 64 * avx2Vector // of a stream, twice: W[t] and K[t] + W[t]
	avx2Tables  = avx2Streams * (avx2State + avx2Rows)
	avx2Header  = avx2Tables + avx2Streams*avx2Rows
	avx2Zero    = avx2Header + 64
	avx2Records = avx2Zero + avx2Vector
)

// loadAVX2 fills the memory with all that does not depend on the nonce.
func loadAVX2(s *Scanner) {
	w := headerSchedule(&s.tail)
	copy(s.words[avx2Header:], w[:])
	for stream := range avx2Streams {
		table := s.words[avx2Tables+stream*avx2Rows:]
		digest := s.words[avx2Streams*avx2State+stream*avx2Rows:]
		for lane := range avx2Vector {
			digest[8*avx2Vector+lane] = padding
			for t := 9; t < 15; t++ {
				digest[t*avx2Vector+lane] = 0
			}
			digest[15*avx2Vector+lane] = uint32(digestBits)
		}
		for t := 7; t < 18; t++ {
			for lane := range avx2Vector {
				table[t*avx2Vector+lane] = sha256K[t] + w[t]
			}
		}
	}
	for lane := range avx2Vector {
		s.words[avx2Zero+lane] = s.zero
	}
	s.fillRecords(s.words[avx2Records:])
}
