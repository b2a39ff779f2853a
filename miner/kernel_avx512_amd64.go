//go:build !purego

package miner

import (
	"errors"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go -C _asm run . -kernel avx512 -out ../scan_avx512_amd64.s -stubs ../scan_avx512_amd64.go -pkg miner

// newAVX512 returns the kernel that hashes 16 nonces of a version at a time in
// three interleaved streams, each expanding its own message schedule: the one
// for upstreams that do not allow version rolling.
func newAVX512() *Kernel {
	return &Kernel{
		Name:      "avx512",
		Lanes:     avx512Vector,
		Needs:     "AVX-512F",
		supported: hasAVX512,
		words:     avx512Records + avx512Padding,
		record:    versionRecord,
		buffer:    newAVX512MultiBuffer(),
		load:      loadAVX512,
		scan: func(s *Scanner, nonce uint32, groups, calls int) (uint32, int) {
			return outside(scanAVX512, s, nonce, groups, calls)
		},
	}
}

// newAVX512Roll returns the kernel that expands the message schedule of 16
// nonces once for all rolled versions. It does as newAVX512 when there are too
// few versions to share it.
func newAVX512Roll() *Kernel {
	k := newAVX512()
	plain := k.scan
	k.Name = "avx512-roll"
	k.scan = func(s *Scanner, nonce uint32, groups, calls int) (uint32, int) {
		if len(s.versions) < avx512Shared {
			return plain(s, nonce, groups, calls)
		}
		return outside(scanAVX512Roll, s, nonce, groups, calls)
	}
	return k
}

func hasAVX512() error {
	if !cpuid.CPU.Supports(cpuid.AVX512F) {
		return errors.New("needs AVX-512F of the processor and the operating system's support of its registers")
	}
	return nil
}

// avx512Shared is the number of versions from which sharing their schedule is
// faster than expanding it in the gaps of the hashes.
const avx512Shared = 4

// The memory of the kernels, in words; miner/_asm/avx512.go has it in bytes.
const (
	avx512Vector  = 16
	avx512Stages  = 3
	avx512Header  = (avx512Stages*24 + 2) * avx512Vector
	avx512Zero    = avx512Header + 64
	avx512Records = avx512Zero + avx512Vector + 2*64*avx512Vector
	avx512Padding = (avx512Stages - 1) * versionRecord
)

// loadAVX512 fills the memory with all that does not depend on the nonce.
func loadAVX512(s *Scanner) {
	w := headerSchedule(&s.tail)
	header := s.words[avx512Header:]
	copy(header, w[:])
	for t := 16; t < 18; t++ { // these are known
		header[t] += sha256K[t]
	}
	s.words[avx512Zero] = s.zero
	table := s.words[avx512Zero+avx512Vector:]
	for t := 7; t < 18; t++ {
		for lane := range avx512Vector {
			kw := sha256K[t] + w[t]
			table[t*avx512Vector+lane] = kw
			table[(64+t)*avx512Vector+lane] = kw
		}
	}
	records := s.words[avx512Records+avx512Padding:]
	s.fillRecords(records)
	// While a pass begins with the first version of a group, it is still busy
	// with the last ones of the group before.
	padding := s.words[avx512Records:][:avx512Padding]
	for i := range avx512Stages - 1 {
		last := len(s.mids) - 1 - i%len(s.mids)
		copy(padding[avx512Padding-(i+1)*versionRecord:][:versionRecord], records[last*versionRecord:])
	}
}
