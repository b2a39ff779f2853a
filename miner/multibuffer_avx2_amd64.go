//go:build !purego

package miner

//go:generate go -C _asm run . -kernel avx2-blocks -out ../blocks_avx2_amd64.s -stubs ../blocks_avx2_amd64.go -pkg miner

// newAVX2MultiBuffer returns the implementation that hashes 16 messages in two
// streams of 8 lanes.
func newAVX2MultiBuffer() *MultiBuffer {
	return &MultiBuffer{
		Name:      "avx2",
		Lanes:     2 * avx2Vector,
		Needs:     avx2Needs,
		supported: supportsAVX2,
		least:     10,
		blocks:    blocksAVX2,
		same:      sameAVX2,
	}
}
