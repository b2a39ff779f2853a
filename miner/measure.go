package miner

import (
	"runtime"
	"time"
)

// jobVersions is how many rolled versions a job has, where rolling is allowed.
const jobVersions = 256

// Measure returns the headers a second that one thread hashes with the kernel,
// in the processor time of the thread where the system tells it, so that
// neighbours do not count. The header is rolled in as many versions as those of
// real jobs. It takes about d, which is at least a millisecond. The kernel must
// be Supported.
func Measure(k *Kernel, d time.Duration) (hps float64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	h, _, _ := knownBlocks[0].header()
	var versions [jobVersions]uint32
	for i := range versions {
		versions[i] = 1<<29 | uint32(i)<<13 // bits 13 to 28, as BIP 320 says
	}
	s := k.NewScanner(&h, versions[:], DifficultyOne)
	d = max(d, time.Millisecond)
	lanes := uint32(k.Lanes)
	count := lanes
	for nonce, hashed, start := uint32(0), uint64(0), threadTime(); ; {
		_, n := s.Scan(nonce, count)
		nonce += n
		hashed += uint64(n) * jobVersions
		t := threadTime() - start
		if t >= d {
			return float64(hashed) / t.Seconds()
		}
		if t < d/8 && count < 1<<20 {
			count *= 2 // until a call is a good part of the time
		}
	}
}
