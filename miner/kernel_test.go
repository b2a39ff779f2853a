package miner

import (
	"runtime"
	"testing"
	"time"
)

func TestSelfTests(t *testing.T) {
	for _, k := range Kernels() {
		if k.Supported() != nil {
			continue
		}
		start := time.Now()
		if err := SelfTest(k); err != nil {
			t.Error(err)
		}
		t.Log(k.Name, time.Since(start))
	}
}

func BenchmarkScan(b *testing.B) {
	for _, k := range Kernels() {
		b.Run(k.Name, func(b *testing.B) {
			runtime.LockOSThread() // for threadTime
			defer runtime.UnlockOSThread()
			if err := SelfTest(k); err != nil {
				b.Skip(err)
			}
			h, _, _ := knownBlocks[0].header()
			s := k.NewScanner(&h, nil, DifficultyOne)
			const call = 1 << 14
			nonce, start := uint32(0), threadTime()
			for b.Loop() {
				s.Scan(nonce, call)
				nonce += call
			}
			b.ReportMetric(call*float64(b.N)/(threadTime()-start).Seconds()/1e6, "MH/s")
		})
	}
}
