//go:build !unix

package transport

import "syscall"

// haveSocket says that sockets can be used without waiting for them.
const haveSocket = false

func readNow(uintptr, []byte) (int, syscall.Errno)  { return 0, syscall.EINVAL }
func writeNow(uintptr, []byte) (int, syscall.Errno) { return 0, syscall.EINVAL }
