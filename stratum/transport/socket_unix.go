//go:build unix && !linux

package transport

import (
	"errors"
	"syscall"
)

// haveSocket says that sockets can be used without waiting for them.
const haveSocket = true

// readNow reads into p, which has room, what is there already.
func readNow(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), p)
	return max(n, 0), number(err)
}

// writeNow writes what there is room for of p, which is not empty.
func writeNow(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(fd), p)
	return max(n, 0), number(err)
}

// number returns the error's, 0 if there is none.
func number(err error) (e syscall.Errno) {
	if err != nil && !errors.As(err, &e) {
		e = syscall.EIO
	}
	return e
}
