package miner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// usableBuffers returns the multi-buffers this machine can run, and more of
// them with the optional primitive on or off.
func usableBuffers(t testing.TB) (ms []*MultiBuffer) {
	t.Helper()
	for _, m := range MultiBuffers() {
		if err := m.Supported(); err != nil {
			t.Log("not tested:", err)
			continue
		}
		ms = append(ms, m)
		switch {
		case m.same != nil:
			ms = append(ms, &MultiBuffer{Name: m.Name + " without same", Lanes: m.Lanes, blocks: m.blocks})
		case m.blocks != nil:
			same := func(states *uint32, kw *[64]uint32) { sameInGo(states, kw, m.Lanes) }
			ms = append(ms, &MultiBuffer{Name: m.Name + " with same", Lanes: m.Lanes, blocks: m.blocks, same: same})
		}
	}
	// The primitives' specification, with as many lanes as there may be.
	return append(ms, &MultiBuffer{Name: "plain Go", Lanes: maxLanes, blocks: blocksInGo})
}

// blocksInGo is MultiBuffer.blocks for maxLanes lanes.
func blocksInGo(states *uint32, data *byte, stride, n int) {
	all := unsafe.Slice(states, 8*maxLanes)
	for lane := range maxLanes {
		s := (*[8]uint32)(all[8*lane:])
		p := unsafe.Add(unsafe.Pointer(data), lane*stride)
		for range n {
			kw := scheduleWithK((*[blockSize]byte)(p))
			roundsInGo(s, &kw)
			p = unsafe.Add(p, blockSize)
		}
	}
}

// sameInGo is MultiBuffer.same.
func sameInGo(states *uint32, kw *[64]uint32, lanes int) {
	all := unsafe.Slice(states, 8*lanes)
	for lane := range lanes {
		roundsInGo((*[8]uint32)(all[8*lane:]), kw)
	}
}

func roundsInGo(s *[8]uint32, kw *[64]uint32) {
	before := *s
	for _, x := range kw {
		round(s, x)
	}
	for i := range s {
		s[i] += before[i]
	}
}

func randomBytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(b)
	return b
}

// checkSums compares all digests with crypto/sha256.
func checkSums(t *testing.T, m *MultiBuffer, messages []byte, count, size int) {
	t.Helper()
	const room = 3 // hashes after the last, which stay as they are
	for _, twice := range []bool{false, true} {
		dst := make([]Hash, count+room)
		if twice {
			m.DoubleSum(dst[:count], messages, size)
		} else {
			m.Sum(dst[:count], messages, size)
		}
		for i := range count {
			message := messages[i*size:][:size]
			want := sha256.Sum256(message)
			if twice {
				want = sha256.Sum256(want[:])
			}
			if dst[i] != want {
				t.Fatalf("%s: message %d of %d, of %d bytes, twice %v: %x, want %x", m.Name, i, count, size, twice, dst[i], want)
			}
		}
		if [room]Hash(dst[count:]) != ([room]Hash{}) {
			t.Fatalf("%s: wrote past the last of %d hashes", m.Name, count)
		}
	}
}

// Every length of a message around two and three blocks, every count around
// the lanes, at all alignments.
func TestMultiBufferSizesAndCounts(t *testing.T) {
	for _, m := range usableBuffers(t) {
		t.Run(m.Name, func(t *testing.T) {
			counts := []int{0, 1, 2, m.Lanes - 1, m.Lanes, m.Lanes + 1, 2*m.Lanes + 2}
			all := randomBytes(1, 201*(2*maxLanes+2)+16)
			for size := range 201 {
				for _, count := range counts {
					messages := all[size%16:][:count*size]
					checkSums(t, m, messages, count, size)
				}
			}
			for _, size := range []int{1000, 1024, 4095} {
				checkSums(t, m, randomBytes(2, (m.Lanes+2)*size), m.Lanes+2, size)
			}
		})
	}
}

// The examples of FIPS 180-4 (NIST's "SHA256.pdf") and vectors of NIST's
// SHA256ShortMsg.rsp and SHA256LongMsg.rsp.
func TestMultiBufferNIST(t *testing.T) {
	for _, v := range []struct{ message, digest string }{
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{hex.EncodeToString([]byte("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{hex.EncodeToString([]byte("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{hex.EncodeToString([]byte("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu")),
			"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
		{"d3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
		{"11af", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"},
		{strings.Repeat("61", 1e6), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
	} {
		message, err := hex.DecodeString(v.message)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usableBuffers(t) {
			if len(message) > 1000 && m.Name == "plain Go" {
				continue
			}
			count := m.Lanes + 2
			dst := make([]Hash, count)
			m.Sum(dst, bytes.Repeat(message, count), len(message))
			for i := range dst {
				if got := hex.EncodeToString(dst[i][:]); got != v.digest {
					t.Errorf("%s: message of %d bytes in lane %d: %s, want %s", m.Name, len(message), i, got, v.digest)
				}
			}
		}
	}
}

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

func TestMultiBufferShortMessagesPanic(t *testing.T) {
	for _, m := range usableBuffers(t) {
		for _, size := range []int{-1, 11, 1 << 62, 1<<63 - 1} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: 10 bytes for 4 messages of %d", m.Name, size)
					}
				}()
				m.Sum(make([]Hash, 4), make([]byte, 10), size)
			}()
		}
		m.Sum(nil, nil, -1) // nothing to hash
	}
}

// Neither argument escapes: callers may have both on the stack.
func TestMultiBufferDoesNotAllocate(t *testing.T) {
	for _, m := range usableBuffers(t) {
		if n := testing.AllocsPerRun(20, func() {
			var (
				messages [40 * 70]byte
				dst      [40]Hash
			)
			m.Sum(dst[:], messages[:], 70)
			m.DoubleSum(dst[:], messages[:], 64)
			m.DoubleSum(dst[:], messages[:], 60)
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.Name, n)
		}
	}
}

// Stacks that grow and are copied while others hash do no harm.
func TestMultiBufferConcurrently(t *testing.T) {
	messages := randomBytes(3, 80*100)
	want := make([]Hash, 100)
	newStdlibMultiBuffer().DoubleSum(want, messages, 80)
	for _, m := range usableBuffers(t) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				var got [100]Hash
				for range 20 {
					m.DoubleSum(got[:], messages, 80)
					runtime.Gosched()
				}
				if got != [100]Hash(want) {
					t.Errorf("%s: other digests when used by many", m.Name)
				}
			})
		}
		wg.Wait()
	}
}

func TestMultiBufferSelfTest(t *testing.T) {
	for _, m := range usableBuffers(t) {
		if err := m.SelfTest(); err != nil {
			t.Error(err)
		}
	}
	lazy := &MultiBuffer{Name: "lazy", Lanes: 4, blocks: func(*uint32, *byte, int, int) {}}
	if err := lazy.SelfTest(); err == nil || !strings.Contains(err.Error(), "lazy") {
		t.Errorf("error of one that does nothing: %v", err)
	}
	// One lane that is wrong only beyond the first block.
	wrong := &MultiBuffer{Name: "wrong", Lanes: maxLanes, blocks: func(states *uint32, data *byte, stride, n int) {
		blocksInGo(states, data, stride, n)
		if n > 1 {
			unsafe.Slice(states, 8*maxLanes)[8*7]++
		}
	}}
	if err := wrong.SelfTest(); err == nil {
		t.Error("a wrong lane passed the self-test")
	}
	if m := NewMultiBuffer(); m.SelfTest() != nil {
		t.Errorf("%s chosen", m.Name)
	}
}

func TestMultiBuffersAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for i, m := range MultiBuffers() {
		if seen[m.Name] || m.Lanes < 1 || m.Lanes > maxLanes || (i == 0) != (m.Name == "stdlib") {
			t.Errorf("multi-buffer %d, %s: name taken or not in its place, or %d lanes", i, m.Name, m.Lanes)
		}
		seen[m.Name] = true
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

func FuzzMultiBuffer(f *testing.F) {
	f.Add([]byte("abc"), uint16(3))
	f.Add(make([]byte, 1000), uint16(64))
	f.Add(make([]byte, 2000), uint16(55))
	ms := usableBuffers(f)
	f.Fuzz(func(t *testing.T, messages []byte, size uint16) {
		count := 5
		if size > 0 {
			count = len(messages) / int(size)
		}
		if count > 4*maxLanes {
			return
		}
		for _, m := range ms {
			checkSums(t, m, messages, count, int(size))
		}
	})
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
