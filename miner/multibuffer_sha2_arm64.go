//go:build !purego

package miner

// newARMv8MultiBuffer returns the implementation with the SHA256 instructions,
// four messages side by side.
func newARMv8MultiBuffer() *MultiBuffer {
	return &MultiBuffer{
		Name:      "armv8-sha2",
		Lanes:     armWays,
		Needs:     armNeeds,
		supported: supportsARMv8,
		least:     2,
		blocks:    blocksSHA2,
	}
}

// blocksSHA2 takes four states through n blocks each, as MultiBuffer.blocks
// does.
//
//go:noescape
func blocksSHA2(states *uint32, data *byte, stride, n int)
