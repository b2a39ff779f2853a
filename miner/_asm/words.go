package main

// term is one of the four terms of W[t].
type term struct {
	t    int    // of W[t-2], W[t-7], W[t-15] or W[t-16]
	rots [3]int // as of xorRotated; zeros for the word itself
	of   func(uint32) uint32
}

// scheduleTerms returns the terms of W[t] in the order in which they are
// summed: the youngest word is the last.
func scheduleTerms(t int) [4]term {
	word := func(x uint32) uint32 { return x }
	return [4]term{
		{t - 15, [3]int{7, 18, -3}, smallSigma0},
		{t - 16, [3]int{}, word},
		{t - 7, [3]int{}, word},
		{t - 2, [3]int{17, 19, -10}, smallSigma1},
	}
}

// digestKnown and headerKnown tell which W[t] do not depend on the digest, and
// on the nonce; headerZero which are zero.
func digestKnown(t int) bool { return 8 <= t && t < 16 }
func headerKnown(t int) bool { return t != 3 && t < 18 }
func headerZero(t int) bool  { return 5 <= t && t < 15 }

// digestSums returns what is the same for all digests: K[t] + W[t] for
// t = 8 … 15, and the part of W[t] for t = 16 … 60.
func digestSums() (sums [rounds]uint32) {
	w := [rounds]uint32{8: padding, 15: digestBits}
	for t := 8; t < 16; t++ {
		sums[t] = k[t] + w[t]
	}
	for t := 16; t < rounds; t++ {
		for _, u := range scheduleTerms(t) {
			if digestKnown(u.t) {
				sums[t] += u.of(w[u.t])
			}
		}
	}
	return sums
}

// headerSum reports whether W[t] of the header has terms that do not depend
// on the nonce and are not zero.
func headerSum(t int) bool {
	for _, u := range scheduleTerms(t) {
		if headerKnown(u.t) && !headerZero(u.t) {
			return true
		}
	}
	return false
}

const rounds = 64
