package transport

import (
	"syscall"
	"unsafe"
)

// haveSocket says that sockets can be used without waiting for them.
const haveSocket = true

// readNow reads into p, which has room, what is there already.
func readNow(fd uintptr, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

// writeNow writes what there is room for of p, which is not empty.
func writeNow(fd uintptr, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}
