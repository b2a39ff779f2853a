//go:build !(amd64 || arm64) || purego

package miner

func assemblyKernels() []*Kernel { return nil }
