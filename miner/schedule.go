//go:build (amd64 || arm64) && !purego

package miner

// What assembly kernels need to know before they begin.

// headerSchedule returns W[0] … W[17] of the header's second block, which do
// not depend on the nonce but for W[3], here 0; and for W[18] … W[63] the sum
// of the terms that do not depend on it. The nonce reaches W[18] by σ0 and
// W[19] as it is.
func headerSchedule(tail *[3]uint32) (w [64]uint32) {
	copy(w[:], tail[:])
	w[4], w[15] = padding, headerBits
	fixed := func(t int) uint32 {
		if t < 18 {
			return w[t]
		}
		return 0
	}
	for t := 16; t < len(w); t++ {
		w[t] = smallSigma1(fixed(t-2)) + fixed(t-7) + smallSigma0(fixed(t-15)) + fixed(t-16)
	}
	return w
}

// beforeRound4 returns the working variables before round 4 of the header's
// second block for W[3] = 0; W[3] is to be added to a and e.
func (m *midstate) beforeRound4(tail *[3]uint32) [8]uint32 {
	a, b, c, d, e, f, g, h := m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7]
	for t, w := range [4]uint32{tail[0], tail[1], tail[2], 0} { // as round, in registers
		t1 := h + bigSigma1(e) + (e&f ^ ^e&g) + sha256K[t] + w
		t2 := bigSigma0(a) + (a&b ^ a&c ^ b&c)
		a, b, c, d, e, f, g, h = t1+t2, a, b, c, d+t1, e, f, g
	}
	return [8]uint32{a, b, c, d, e, f, g, h}
}

// versionRecord is the size of a version's record of the vector kernels, in
// words; miner/_asm/avx512.go has its layout.
const versionRecord = 32

// fillRecords writes the records of all versions.
func (s *Scanner) fillRecords(records []uint32) {
	for i := range s.mids {
		m := &s.mids[i]
		v := m.beforeRound4(&s.tail)
		record := (*[versionRecord]uint32)(records[i*versionRecord:])
		record[0], record[1] = v[0], v[4] // a and e, less W[3]
		copy(record[2:5], v[1:4])         // b, c, d
		copy(record[5:7], v[5:7])         // f, g
		record[7] = v[7] + sha256K[4] + padding
		record[8] = v[6] + sha256K[5] // h + K + W of rounds 4 to 6
		record[9] = v[5] + sha256K[6]
		copy(record[10:18], m[:])
	}
}
