//go:build !purego

package miner

// assemblyKernels returns the kernels in assembly that this build has.
func assemblyKernels() []*Kernel {
	return []*Kernel{newAVX2(), newSHANI(), newAVX512(), newAVX512Roll()}
}
