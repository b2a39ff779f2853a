package miner

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
)

// SelfTest checks the implementation: it must be Supported, know the digest of
// "abc" in every lane, and agree with crypto/sha256 on random messages. It
// takes about a millisecond the first time; the verdict is kept.
func (m *MultiBuffer) SelfTest() error {
	m.test.once.Do(func() {
		if m.test.err = m.Supported(); m.test.err != nil {
			return
		}
		if err := errors.Join(m.testABC(), m.testRandom()); err != nil {
			m.test.err = fmt.Errorf("multi-buffer %s failed its self-test, choose another: %w", m.Name, err)
		}
	})
	return m.test.err
}

// testABC hashes the example of FIPS 180-4 in all lanes.
func (m *MultiBuffer) testABC() error {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	var messages []byte
	for range max(2, m.Lanes) {
		messages = append(messages, "abc"...)
	}
	got := make([]Hash, len(messages)/3)
	m.Sum(got, messages, 3)
	for i := range got {
		if s := hex.EncodeToString(got[i][:]); s != want {
			return fmt.Errorf("SHA-256 of %q in lane %d is %s, not %s", "abc", i, s, want)
		}
	}
	return nil
}

// testRandom hashes messages whose ends fall on all sides of a block and of
// the padding, in full batches and in parts of them.
func (m *MultiBuffer) testRandom() error {
	rng := rand.New(rand.NewPCG(0x6d756c7469, 0x627566666572))
	for _, size := range []int{0, 32, 55, 56, 63, 64, 80, 119, 128, 200} {
		for _, count := range []int{m.Lanes/2 + 1, 2*m.Lanes + 2} {
			messages := make([]byte, count*size)
			for i := range messages {
				messages[i] = byte(rng.Uint32())
			}
			once, twice := make([]Hash, count), make([]Hash, count)
			m.Sum(once, messages, size)
			m.DoubleSum(twice, messages, size)
			for i := range count {
				message := messages[i*size:][:size]
				if once[i] != sumAlone(message, false) || twice[i] != sumAlone(message, true) {
					return fmt.Errorf("message %d of %d, of %d bytes: crypto/sha256 has another digest", i, count, size)
				}
			}
		}
	}
	return nil
}
