//go:build !amd64 || purego

package miner

func assemblyMultiBuffers() []*MultiBuffer { return nil }
