package miner

import (
	"encoding/binary"
	"unsafe"
)

const blockSize = 64 // bytes of a block of SHA-256

// batch is what is worked on at a time, a message a lane.
type batch struct {
	states [8 * maxLanes]uint32
	data   [blockSize * maxLanes]byte // a block a lane
}

// sum hashes in batches. A message of r bytes after its last whole block is
// padded with a block of its own lane when r > 0, and with one that is the
// same in all lanes when it has no room for the length or r = 0.
func (m *MultiBuffer) sum(dst []Hash, messages []byte, size int, twice bool) {
	if len(dst) == 0 {
		return
	}
	if size < 0 || size > len(messages)/len(dst) {
		panic("miner: MultiBuffer: messages are shorter than len(dst) times size")
	}
	if m.blocks == nil {
		for i := range dst {
			dst[i] = sumAlone(messages[i*size:(i+1)*size], twice)
		}
		return
	}
	var (
		b    batch
		end  = endOf(size)
		kw   [64]uint32
		rest = size % blockSize
	)
	if m.same != nil && end.shared {
		kw = scheduleWithK(&end.block)
	}
	for len(dst) >= max(1, m.least) {
		n := min(len(dst), m.Lanes)
		b.begin(m.Lanes)
		switch whole := size / blockSize; {
		case whole == 0:
		case n == m.Lanes:
			m.absorb(&b.states[0], &messages[0], size, whole)
		default:
			for at := 0; at < whole*blockSize; at += blockSize {
				b.gather(messages[at:], size, n, blockSize)
				m.absorb(&b.states[0], &b.data[0], blockSize, 1)
			}
		}
		if rest > 0 {
			b.gather(messages[size-rest:], size, n, rest)
			b.pad(n, rest, size)
			m.absorb(&b.states[0], &b.data[0], blockSize, 1)
		}
		switch {
		case !end.shared:
		case m.same != nil:
			m.same(noescape(&b.states[0]), noescape(&kw))
		default:
			m.absorb(&b.states[0], &end.block[0], 0, 1)
		}
		if twice {
			b.digests(n)
			b.begin(m.Lanes)
			m.absorb(&b.states[0], &b.data[0], blockSize, 1)
		}
		for i := range dst[:n] {
			putWords((*[32]byte)(&dst[i]), b.state(i))
		}
		dst, messages = dst[n:], messages[n*size:]
	}
	for i := range dst { // not worth all lanes
		dst[i] = sumAlone(messages[i*size:][:size], twice)
	}
}

// absorb calls the primitive, without its pointers escaping.
func (m *MultiBuffer) absorb(states *uint32, data *byte, stride, n int) {
	m.blocks(noescape(states), noescape(data), stride, n)
}

// noescape hides a pointer from escape analysis, which must take it that a
// function called through a variable keeps its arguments. The primitives do
// not, and this way callers can have their messages and hashes on the stack.
func noescape[T any](p *T) *T {
	x := uintptr(unsafe.Pointer(p))
	return *(**T)(unsafe.Pointer(&x))
}

// begin sets all states to the initial hash value.
func (b *batch) begin(lanes int) {
	for i := range lanes {
		*b.state(i) = sha256IV
	}
}

func (b *batch) state(lane int) *[8]uint32 { return (*[8]uint32)(b.states[8*lane:]) }

func (b *batch) block(lane int) *[blockSize]byte { return (*[blockSize]byte)(b.data[blockSize*lane:]) }

// gather copies length bytes of each of n messages to the lanes' blocks. The
// lanes after these are left to hash what they have, to no end.
func (b *batch) gather(messages []byte, size, n, length int) {
	for i := range n {
		copy(b.block(i)[:], messages[i*size:][:length])
	}
}

// pad completes blocks that hold the last bytes of the messages.
func (b *batch) pad(n, rest, size int) {
	for i := range n {
		block := b.block(i)
		clear(block[rest:])
		block[rest] = 0x80
		if rest < blockSize-8 {
			binary.BigEndian.PutUint64(block[blockSize-8:], 8*uint64(size))
		}
	}
}

// digests makes the states into padded messages of 32 bytes.
func (b *batch) digests(n int) {
	end := [32]byte{0: 0x80, 30: byte(digestBits >> 8)}
	for i := range n {
		block := b.block(i)
		putWords((*[32]byte)(block[:]), b.state(i))
		*(*[32]byte)(block[32:]) = end
	}
}

// putWords writes a state as a digest, the words big-endian.
func putWords(dst *[32]byte, state *[8]uint32) {
	for i, x := range state {
		binary.BigEndian.PutUint32(dst[4*i:], x)
	}
}

// ending is the last block of a padded message when it is the same for all of
// a size.
type ending struct {
	shared bool
	block  [blockSize]byte
}

func endOf(size int) (e ending) {
	rest := size % blockSize
	e.shared = rest == 0 || rest >= blockSize-8
	if rest == 0 {
		e.block[0] = 0x80
	}
	binary.BigEndian.PutUint64(e.block[blockSize-8:], 8*uint64(size))
	return e
}

// scheduleWithK returns K[t] + W[t] of a block.
func scheduleWithK(block *[blockSize]byte) (kw [64]uint32) {
	for t := range 16 {
		kw[t] = binary.BigEndian.Uint32(block[4*t:])
	}
	for t := 16; t < len(kw); t++ {
		kw[t] = smallSigma1(kw[t-2]) + kw[t-7] + smallSigma0(kw[t-15]) + kw[t-16]
	}
	for t, k := range &sha256K {
		kw[t] += k
	}
	return kw
}
