//go:build !purego

package miner

//go:generate go -C _asm run . -kernel sha-ni-blocks -out ../blocks_shani_amd64.s -stubs ../blocks_shani_amd64.go -pkg miner

// newSHANIMultiBuffer returns the implementation with the SHA instructions,
// four messages side by side. A block that is the same in all lanes is no
// special case: the rounds are the limit, not the message schedule.
func newSHANIMultiBuffer() *MultiBuffer {
	return &MultiBuffer{
		Name:      "sha-ni",
		Lanes:     shaniWays,
		Needs:     shaniNeeds,
		supported: supportsSHANI,
		least:     2,
		blocks:    blocksSHANI,
	}
}
