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
	s := [8]uint32(*m)
	for t, w := range [4]uint32{tail[0], tail[1], tail[2], 0} {
		round(&s, sha256K[t]+w)
	}
	return s
}
