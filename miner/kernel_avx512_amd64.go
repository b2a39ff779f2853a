//go:build !purego

package miner

import (
	"errors"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go -C _asm run . -kernel avx512 -out ../scan_avx512_amd64.s -stubs ../scan_avx512_amd64.go -pkg miner

// newAVX512 returns the kernel that hashes 32 nonces in two streams of 16
// lanes. The message schedule of the header is shared by all rolled versions.
func newAVX512() *Kernel {
	return &Kernel{
		Name:  "avx512",
		Lanes: 16 * avx512Streams,
		Needs: "AVX-512F",
		supported: func() error {
			if !cpuid.CPU.Supports(cpuid.AVX512F) {
				return errors.New("needs AVX-512F of the processor and the operating system's support of its registers")
			}
			return nil
		},
		words:  avx512Records,
		record: avx512Record,
		load:   loadAVX512,
		scan: func(s *Scanner, nonce uint32, groups int) uint32 {
			return scanAVX512(&s.words[0], &s.masks[0], nonce, len(s.versions), groups)
		},
	}
}

// The memory of the kernel, in words; miner/_asm/avx512.go has it in bytes.
const (
	avx512Streams = 2
	avx512Vector  = 16
	avx512Rows    = 64 * avx512Vector // of a stream: K[t] + W[t] of the header
	avx512Sums    = 2 * avx512Streams * avx512Rows
	avx512Zero    = avx512Sums + 64
	avx512Records = avx512Zero + avx512Vector
	avx512Record  = 32
)

// loadAVX512 fills the memory with all that does not depend on the nonce.
func loadAVX512(s *Scanner) {
	w := headerSchedule(&s.tail)
	copy(s.words[avx512Sums:], w[:])
	s.words[avx512Zero] = s.zero
	for stream := range avx512Streams {
		rows := s.words[stream*avx512Rows:]
		for t := 7; t < 18; t++ {
			row := rows[t*avx512Vector:][:avx512Vector]
			for lane := range row {
				row[lane] = sha256K[t] + w[t]
			}
		}
	}
	for i := range s.mids {
		m := &s.mids[i]
		v := m.beforeRound4(&s.tail)
		record := s.words[avx512Records+i*avx512Record:][:avx512Record]
		copy(record, []uint32{
			v[0], v[4], // a and e, less W[3]
			v[1], v[2], v[3], // b, c, d
			v[5], v[6], // f, g
			v[7] + sha256K[4] + padding, v[6] + sha256K[5], v[5] + sha256K[6], // h + K + W of rounds 4 to 6
		})
		copy(record[10:], m[:])
	}
}
