package miner

import (
	"crypto/sha256"
	"fmt"
	"sync"
)

// MultiBuffer hashes many messages of one length at once, side by side in the
// lanes of the processor: headers, transactions, merkle nodes. It is safe for
// concurrent use.
type MultiBuffer struct {
	Name  string // stable: "stdlib", "sha-ni"
	Lanes int    // messages hashed side by side, at most maxLanes
	Needs string // what the processor must offer, for people; "" for nothing

	// least is the number of messages from which a batch, most of whose lanes
	// may be idle, is faster than one message after the other.
	least int
	// supported says why this machine cannot run it; nil is yes.
	supported func() error
	// blocks is the primitive: for each lane i < Lanes it takes the state
	// states[8i:8i+8], words in the processor's byte order, through n ≥ 1
	// blocks of 64 bytes that begin at data + i·stride. Neither pointer need be
	// aligned, stride may be 0, and neither pointer is kept. nil is
	// crypto/sha256, one message after the other.
	blocks func(states *uint32, data *byte, stride, n int)
	// same takes the states of all lanes through one and the same block, of
	// which it is given K[t] + W[t]. nil is blocks with stride 0.
	same func(states *uint32, kw *[64]uint32)

	test struct {
		once sync.Once
		err  error
	}
}

// maxLanes is the most an implementation may have; batches are laid out on
// the stack for so many.
const maxLanes = 32

// MultiBuffers returns the implementations compiled into the program, each
// faster than the one before where both run, whether or not this machine can
// run them. The first, stdlib, is crypto/sha256, one message after the other.
func MultiBuffers() []*MultiBuffer {
	return append([]*MultiBuffer{newStdlibMultiBuffer()}, assemblyMultiBuffers()...)
}

// NewMultiBuffer returns the fastest implementation that this machine can run
// and that passes its self-test, which takes about a millisecond. The order is
// fixed, not measured: what it is used for is short, and a processor that has
// more lanes is faster by more than measurements vary.
func NewMultiBuffer() *MultiBuffer {
	all := MultiBuffers()
	for i := len(all) - 1; i > 0; i-- {
		if all[i].SelfTest() == nil {
			return all[i]
		}
	}
	return all[0]
}

func newStdlibMultiBuffer() *MultiBuffer { return &MultiBuffer{Name: "stdlib", Lanes: 1} }

// Supported reports why this processor and operating system cannot run the
// implementation, or nil if they can.
func (m *MultiBuffer) Supported() error {
	if m.supported == nil {
		return nil
	}
	if err := m.supported(); err != nil {
		return fmt.Errorf("multi-buffer %s: %w", m.Name, err)
	}
	return nil
}

// Sum sets dst[i] to the SHA-256 of messages[i*size:(i+1)*size]. As with an
// index out of range, it panics when messages is too short for len(dst) of
// them; what it has beyond is left alone. dst and messages may be the same
// memory from the same address on when size is at least 32, so that a merkle
// tree can be folded in place; otherwise they must not overlap. The
// implementation must be Supported: an unsupported one ends the process with
// an illegal instruction. Sum does not allocate.
func (m *MultiBuffer) Sum(dst []Hash, messages []byte, size int) {
	m.sum(dst, messages, size, false)
}

// DoubleSum is Sum with SHA-256d in place of SHA-256: the hash of transactions
// and, with a size of 64 and 80, of merkle nodes and headers, as SHA256d and
// Header.Hash have it.
func (m *MultiBuffer) DoubleSum(dst []Hash, messages []byte, size int) {
	m.sum(dst, messages, size, true)
}

// sumAlone hashes one message with crypto/sha256.
func sumAlone(message []byte, twice bool) Hash {
	if twice {
		return SHA256d(message)
	}
	return sha256.Sum256(message)
}
