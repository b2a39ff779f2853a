//go:build !(amd64 || arm64) || purego

package miner

func assemblyMultiBuffers() []*MultiBuffer { return nil }
