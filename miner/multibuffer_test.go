package miner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"runtime"
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

// The messages come out of a generator: their content makes no difference to
// what the code does, and the fuzzer would spend its time on making them small.
func FuzzMultiBuffer(f *testing.F) {
	f.Add(uint64(1), uint16(3), uint8(5), uint8(0))
	f.Add(uint64(2), uint16(64), uint8(33), uint8(1))
	f.Add(uint64(3), uint16(4095), uint8(17), uint8(15))
	ms := usableBuffers(f)
	f.Fuzz(func(t *testing.T, seed uint64, size uint16, count, offset uint8) {
		size %= 5000
		count %= 4*maxLanes + 1
		if size > 500 {
			count %= maxLanes + 1 // to stay quick
		}
		messages := randomBytes(seed, int(offset)+int(count)*int(size))[offset:]
		for _, m := range ms {
			checkSums(t, m, messages, int(count), int(size))
		}
	})
}
