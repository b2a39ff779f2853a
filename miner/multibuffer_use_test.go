package miner

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// Headers hashed at once are in the order of Header.Hash, and known blocks
// have their known hashes.
func TestMultiBufferHeaders(t *testing.T) {
	var headers []byte
	for i := range knownBlocks {
		h, _, err := knownBlocks[i].header()
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h[:]...)
	}
	for _, m := range usableBuffers(t) {
		dst := make([]Hash, len(knownBlocks))
		m.DoubleSum(dst, headers, HeaderSize)
		for i := range dst {
			if got := dst[i].String(); got != knownBlocks[i].hash {
				t.Errorf("%s: block %s has the hash %s", m.Name, knownBlocks[i].name, got)
			}
		}
	}
}

// A merkle tree is folded in place: block 100000 of Bitcoin's main chain has
// four transactions.
func TestMultiBufferMerkleFold(t *testing.T) {
	const root = "f3e94742aca4b5ef85488dc37c06c3282295ffec960994b2c0d5ac2a25a95766"
	var txids []Hash
	for _, s := range []string{
		"8c14f0db3df150123e6f3dbbf30f8b955a8249b62ac1d1ff16284aefa3d06d87",
		"fff2525b8931402dd09222c50775608f75787bd2b87e56995a7bdd30f79702c4",
		"6359f0868171b1d194cbee1af2f16ea598ae8fad666d9b012c8ed2b79a236ec4",
		"e9a66845e05d5abc0ad04ec80f774a7e585c6e8db975962d069a522137b80c1d",
	} {
		h, err := ParseHash(s)
		if err != nil {
			t.Fatal(err)
		}
		txids = append(txids, h)
	}
	fold := func(m *MultiBuffer, level []Hash) Hash {
		for len(level) > 1 {
			if len(level)%2 == 1 {
				level = append(level, level[len(level)-1])
			}
			m.DoubleSum(level[:len(level)/2], unsafe.Slice(&level[0][0], 32*len(level)), 64)
			level = level[:len(level)/2]
		}
		return level[0]
	}
	var many []Hash
	for i := range 1000 {
		many = append(many, SHA256d([]byte{byte(i), byte(i >> 8)}))
	}
	want := fold(newStdlibMultiBuffer(), slices.Clone(many))
	for _, m := range usableBuffers(t) {
		if got := fold(m, slices.Clone(txids)).String(); got != root {
			t.Errorf("%s: merkle root %s, want %s", m.Name, got, root)
		}
		if got := fold(m, slices.Clone(many)); got != want {
			t.Errorf("%s: merkle root of %d: %v, want %v", m.Name, len(many), got, want)
		}
	}
}

// Midstates of all multi-buffers against the plain ones, for all counts around
// the lanes.
func TestMidstates(t *testing.T) {
	task := randomTask(3, 2*maxLanes+3, 0)
	want := make([]midstate, len(task.Versions))
	midstatesOf(want, &task.Header, task.Versions, nil)
	for _, m := range usableBuffers(t) {
		for n := range len(want) + 1 {
			got := make([]midstate, n)
			midstatesOf(got, &task.Header, task.Versions[:n], m)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s: midstate %d of %d differs", m.Name, i, n)
				}
			}
		}
	}
}

// BenchmarkMultiBuffer compares the implementations, in processor time, for
// merkle nodes, headers and transactions of a usual length.
func BenchmarkMultiBuffer(b *testing.B) {
	for _, size := range []int{64, 80, 250} {
		stdlib := 0.0 // ns a message
		for _, m := range MultiBuffers() {
			b.Run(fmt.Sprintf("bytes=%d/%s", size, m.Name), func(b *testing.B) {
				if err := m.SelfTest(); err != nil {
					b.Skip(err)
				}
				const count = 1024
				messages, dst := randomBytes(1, count*size), make([]Hash, count)
				runtime.LockOSThread() // for threadTime
				defer runtime.UnlockOSThread()
				start := threadTime()
				for b.Loop() {
					m.DoubleSum(dst, messages, size)
				}
				ns := float64((threadTime() - start).Nanoseconds()) / float64(b.N) / count
				if m.Name == "stdlib" {
					stdlib = ns
				}
				b.ReportMetric(ns, "ns/message")
				b.ReportMetric(float64(size)/ns*1e3, "MB/s")
				if stdlib > 0 {
					b.ReportMetric(stdlib/ns, "x-stdlib")
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
