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
// The scan must be assembly that needs no stack and is told of all memory it
// touches by pointers into the heap. From entersyscall to exitsyscall nothing
// may grow the stack, allocate or look at the goroutine, as in
// syscall.Syscall, whose form this is.
//
//go:nosplit
func outside(scan scanFunc, words *uint32, masks *uint32, nonce uint32, versions int, groups int) uint32 {
	entersyscall()
	found := scan(words, masks, nonce, versions, groups)
	exitsyscall()
	return found
}

// The runtime keeps these two for others than itself (go.dev/issue/67401).

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()
