package miner

import (
	"errors"
	"strings"
	"testing"
)

func TestSelfTestPasses(t *testing.T) {
	for _, k := range usable(t) {
		if err := SelfTest(k); err != nil {
			t.Error(err)
		}
	}
}

// The known blocks are as their networks have them.
func TestKnownBlocks(t *testing.T) {
	for i := range knownBlocks {
		b := &knownBlocks[i]
		h, target, err := b.header()
		if err != nil {
			t.Errorf("block %s: %v", b.name, err)
		}
		if hash := h.Hash(); hash.String() != b.hash || !hash.Meets(target) {
			t.Errorf("block %s hashes to %v, want %s", b.name, hash, b.hash)
		}
	}
}

// faulty is plain Go in 8 lanes that spoils its masks at the end of a call.
func faulty(spoil func(s *Scanner, masks []uint32)) *Kernel {
	const lanes = 8
	return &Kernel{Name: "faulty", Lanes: lanes, scan: func(s *Scanner, nonce uint32, groups, _ int) (found uint32, made int) {
		masks := s.masks[:groups*len(s.mids)]
		clear(masks)
		for n := range uint32(groups * lanes) {
			for v := range s.mids {
				if decidingWord(&s.mids[v], &s.tail, nonce+n)&s.zero == 0 {
					masks[int(n/lanes)*len(s.mids)+v] |= 1 << (n % lanes)
				}
			}
		}
		spoil(s, masks)
		for _, m := range masks {
			found |= m
		}
		return found, 1
	}}
}

// brokenKernels have the faults that assembly might have.
func brokenKernels() map[string]*Kernel {
	return map[string]*Kernel{
		"finds nothing":           faulty(func(_ *Scanner, masks []uint32) { clear(masks) }),
		"is blind in one lane":    faulty(func(_ *Scanner, masks []uint32) { and(masks, ^uint32(1<<5)) }),
		"swaps lanes":             faulty(func(_ *Scanner, masks []uint32) { swapLanes(masks) }),
		"forgets the last group":  faulty(func(s *Scanner, masks []uint32) { clear(masks[len(masks)-len(s.mids):]) }),
		"forgets other versions":  faulty(func(s *Scanner, masks []uint32) { forgetOthers(masks, len(s.mids)) }),
		"repeats the first group": faulty(func(s *Scanner, masks []uint32) { repeatFirst(masks, len(s.mids)) }),
		"errs with many versions": faulty(func(s *Scanner, masks []uint32) {
			if len(s.mids) > 3 {
				swapLanes(masks)
			}
		}),
		"knows hard targets only": faulty(func(s *Scanner, masks []uint32) {
			if s.zero != ^uint32(0) {
				clear(masks)
			}
		}),
		"knows easy targets only": faulty(func(s *Scanner, masks []uint32) {
			if s.zero == ^uint32(0) {
				clear(masks)
			}
		}),
	}
}

func and(masks []uint32, with uint32) {
	for i := range masks {
		masks[i] &= with
	}
}

func swapLanes(masks []uint32) {
	for i, m := range masks {
		masks[i] = m&^3 | m&1<<1 | m>>1&1
	}
}

func forgetOthers(masks []uint32, versions int) {
	for i := range masks {
		if i%versions != 0 {
			masks[i] = 0
		}
	}
}

func repeatFirst(masks []uint32, versions int) {
	for i := versions; i < len(masks); i++ {
		masks[i] = masks[i%versions]
	}
}

func TestSelfTestDetectsBrokenKernels(t *testing.T) {
	for name, k := range brokenKernels() {
		if err := SelfTest(k); !errors.Is(err, ErrSelfTest) || !strings.Contains(err.Error(), "kernel faulty failed its self-test") {
			t.Errorf("kernel that %s: self-test says %v", name, err)
		}
	}
	if err := SelfTest(faulty(func(*Scanner, []uint32) {})); err != nil {
		t.Errorf("without a fault: %v", err)
	}
}

// Candidates that are no hits do no harm: the oracle sorts them out.
func TestFalseCandidatesAreNoHits(t *testing.T) {
	k := &Kernel{Name: "credulous", Lanes: 4, scan: func(s *Scanner, _ uint32, groups, _ int) (uint32, int) {
		for i := range s.masks[:groups*len(s.mids)] {
			s.masks[i] = ^uint32(0)
		}
		return 1, 1
	}}
	if err := SelfTest(k); err != nil {
		t.Error(err)
	}
	task := randomTask(3, 2, 4)
	testScan(t, k.NewScanner(&task.Header, nil, task.Target), task.Header, task.Versions, task.Target, 5, 43)
}
