//go:build !purego

package miner

import (
	"errors"

	"github.com/klauspost/cpuid/v2"
)

//go:generate go -C _asm run . -kernel avx512-blocks -out ../blocks_avx512_amd64.s -stubs ../blocks_avx512_amd64.go -pkg miner

// newAVX512MultiBuffer returns the implementation that hashes 32 messages in
// two streams of 16 lanes.
func newAVX512MultiBuffer() *MultiBuffer {
	return &MultiBuffer{
		Name:  "avx512",
		Lanes: 2 * avx512Vector,
		Needs: "AVX-512F, AVX-512BW",
		supported: func() error {
			if !cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512BW) {
				return errors.New("needs AVX-512F and AVX-512BW of the processor and the operating system's support of their registers")
			}
			return nil
		},
		least:  7,
		blocks: blocksAVX512,
		same:   sameAVX512,
	}
}
