//go:build !amd64 || purego

package miner

func assemblyKernels() []*Kernel { return nil }
