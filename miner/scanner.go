package miner

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// Hit is a place of a scan at which the header meets the target.
type Hit struct {
	Version int    // index of the rolled version
	Nonce   uint32 // the header's nonce field
}

// Scanner is what one thread needs to scan headers with a kernel: the header
// in the kernel's form and its working memory. It is not for concurrent use.
type Scanner struct {
	kernel   *Kernel
	buffer   *MultiBuffer // the kernel's, if it passed its self-test
	header   Header       // scratch for the oracle
	own      [1]uint32
	versions []uint32
	target   Target
	mids     []midstate // one a version
	tail     [3]uint32
	zero     uint32 // bits of the deciding word that every hit has clear

	watch     watch    // of the scan
	maxGroups uint64   // groups of lanes a kernel call may cover
	masks     []uint32 // candidates of a kernel call: [group][version], one bit a lane
	hits      []Hit
	words     []uint32 // the kernel's memory, aligned to 64 bytes
}

const (
	maskRoom = 4096 // masks of a kernel call; 16 KiB, to stay in the first-level cache
	hitRoom  = 256  // least room for hits
)

// NewScanner returns a scanner for the kernel, loaded as by Load. The kernel
// must be Supported: an unsupported one ends the process with an illegal
// instruction.
func (k *Kernel) NewScanner(h *Header, versions []uint32, t Target) *Scanner {
	s := &Scanner{kernel: k}
	if k.buffer != nil && k.buffer.SelfTest() == nil {
		s.buffer = k.buffer
	}
	s.Load(h, versions, t)
	return s
}

// Load takes another header, its rolled versions (none means the header's own
// version) and the target of its hits. The nonce field of the header is of no
// effect. Neither argument is kept. Memory is allocated only when there are
// more versions than ever before.
func (s *Scanner) Load(h *Header, versions []uint32, t Target) {
	s.header, s.target = *h, t
	if len(versions) == 0 {
		s.own[0] = h.Version()
		versions = s.own[:]
	}
	s.versions = append(s.versions[:0], versions...)
	s.mids = grow(s.mids, len(versions))
	midstatesOf(s.mids, h, s.versions, s.buffer)
	s.tail = tailOf(h)
	zero, n := t.zeroBits()
	s.zero = zero

	perGroup := len(versions) * s.kernel.Lanes
	s.masks = grow(s.masks, max(maskRoom, len(versions)))
	s.hits = grow(s.hits, max(hitRoom, perGroup))
	// A call covers no more than gives half a buffer of candidates, so that
	// little is scanned twice when targets are easy.
	s.maxGroups = min(
		uint64(len(s.masks)/len(versions)),
		max(1, uint64(len(s.hits)/2)<<n/uint64(perGroup)),
	)
	s.words = growAligned(s.words, s.kernel.words+len(versions)*s.kernel.record)
	if s.kernel.load != nil {
		s.kernel.load(s)
	}
}

// Scan hashes the headers of all loaded versions with count nonces from nonce
// on, and returns the hits among them, each confirmed with crypto/sha256, in
// no particular order. It returns early when its room for hits is full, or at
// the end of the nonces (a scan does not go on from 2^32-1 to 0): all versions
// of the first scanned nonces have been hashed, which are exactly
// scanned × versions headers, and the hits are those of these nonces and no
// others. For a count above zero scanned is above zero. The hits are valid
// until the next call. Scan does not allocate.
func (s *Scanner) Scan(nonce, count uint32) (hits []Hit, scanned uint32) {
	s.watch = watch{}
	return s.scan(nonce, count)
}

// watch says when a scan is to end early: at the end of the kernel call, of
// about so many nonces, in which the generation ceases to be the present one,
// quit becomes anything but 0, or there are hits.
type watch struct {
	nonces           uint64  // of a kernel call; 0: as many as there is room for
	generation, quit *uint64 // read atomically; nil: not watched
	present          uint64
}

// interrupted reports whether the scan is to end.
func (w *watch) interrupted() bool {
	return w.generation != nil && atomic.LoadUint64(w.generation) != w.present || w.quit != nil && atomic.LoadUint64(w.quit) != 0
}

func (s *Scanner) scan(nonce, count uint32) (hits []Hit, scanned uint32) {
	lanes := uint64(s.kernel.Lanes)
	todo := min(uint64(count), 1<<32-uint64(nonce))
	most := s.maxGroups // of a call
	if s.watch.nonces > 0 {
		most = min(most, max(1, s.watch.nonces/lanes))
	}
	s.hits = s.hits[:0]
	for done := uint64(0); done < todo; {
		groups := min((todo-done+lanes-1)/lanes, most)
		call := groups * lanes
		found, made := s.kernel.scan(s, nonce+uint32(done), int(groups), int(max(1, (todo-done)/call)))
		done += uint64(made-1) * call
		n := min(call, todo-done) // of the last call
		if found != 0 {
			if got := s.collect(nonce+uint32(done), n); got < n {
				return s.hits, uint32(done + got)
			}
		}
		done += n
		if s.watch.nonces > 0 && (len(s.hits) > 0 || s.watch.interrupted()) {
			return s.hits, uint32(done)
		}
	}
	return s.hits, uint32(todo)
}

// collect confirms the candidates of a kernel call on n nonces. When there is
// no room for a group's hits, it drops them and returns the number of nonces
// before that group.
func (s *Scanner) collect(nonce uint32, n uint64) uint64 {
	lanes := s.kernel.Lanes
	masks := s.masks
	for done := uint64(0); done < n; done += uint64(lanes) {
		before := len(s.hits)
		wanted := uint32(uint64(1)<<min(uint64(lanes), n-done) - 1)
		for v, mask := range masks[:len(s.versions)] {
			for m := mask & wanted; m != 0; m &= m - 1 {
				hit := Hit{Version: v, Nonce: nonce + uint32(done) + uint32(bits.TrailingZeros32(m))}
				if !s.confirm(hit) {
					continue
				}
				if len(s.hits) == cap(s.hits) {
					s.hits = s.hits[:before]
					return done
				}
				s.hits = append(s.hits, hit)
			}
		}
		masks = masks[len(s.versions):]
	}
	return n
}

// confirm asks the oracle, crypto/sha256, whether the header meets the target.
func (s *Scanner) confirm(hit Hit) bool {
	s.header.SetVersion(s.versions[hit.Version])
	s.header.SetNonce(hit.Nonce)
	return s.header.Hash().Meets(s.target)
}

// grow returns a slice of length n, b itself if it has the room.
func grow[T any](b []T, n int) []T {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]T, n)
}

// growAligned is grow for the kernels' memory, which begins at a multiple of
// 64 bytes, the size of a vector register.
func growAligned(b []uint32, n int) []uint32 {
	if cap(b) >= n {
		return b[:n]
	}
	const line = 64 / 4
	b = make([]uint32, n+line)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))/4) & (line - 1)
	return b[skip : skip+n]
}
