//go:build !purego

package miner

// assemblyMultiBuffers returns the implementations in assembly that this build
// has, the fastest last.
func assemblyMultiBuffers() []*MultiBuffer {
	return []*MultiBuffer{newAVX2MultiBuffer(), newSHANIMultiBuffer(), newAVX512MultiBuffer()}
}
