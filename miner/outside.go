//go:build !purego && (amd64 || arm64)

package miner

import _ "unsafe" // for go:linkname

// scanFunc is the scan of a kernel in assembly.
type scanFunc func(words *uint32, masks *uint32, nonce uint32, versions int, groups int) uint32

// outside calls a kernel as Go calls the operating system: outside of its
// scheduler, so that nobody waits for the call to end.
//
// Assembly cannot be stopped. When the garbage collector wants all goroutines
// to stop, it would wait for a kernel call that runs, which is short; but also
// for one that does not, because a thread of the lowest priority got no
// processor beside other programs. Those waits were seen to be 0.2 s, in which
// the process did nothing at all, and answered nobody.
//
// The thread gives its place in the scheduler away itself. If it kept it, as in
// system calls that are expected to be short, Go's monitor would come and take
// it: some two hundred times a second, and after each it looks for more every
// few microseconds. Beside a thousand connected rigs it used a fiftieth of two
// processors for that. For the same reason many calls are made at a stretch:
// each time a thread comes back inside, the monitor wakes up.
//
// The scan must be assembly that needs no stack and is told of all memory it
// touches by pointers into the heap. From entersyscallblock to exitsyscall nothing
// may grow the stack, allocate or look at the goroutine, as in
// syscall.Syscall, whose form this is; nor may the race detector see anything.
//
//go:nosplit
//go:norace
func outside(scan scanFunc, s *Scanner, nonce uint32, groups, calls int) (found uint32, made int) {
	words, masks, versions := &s.words[0], &s.masks[0], len(s.versions)
	step := uint32(groups * s.kernel.Lanes)
	generation, quit, present := s.watch.generation, s.watch.quit, s.watch.present
	entersyscallblock()
	for {
		found = scan(words, masks, nonce, versions, groups)
		made++
		if found != 0 || made == calls || generation != nil && peek(generation) != present || quit != nil && peek(quit) != 0 {
			break
		}
		nonce += step
	}
	exitsyscall()
	return found, made
}

// peek reads a word that others write, without anybody's noticing.
//
//go:noescape
func peek(word *uint64) uint64

// The runtime keeps these two for others than itself (go.dev/issue/67401).

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()
