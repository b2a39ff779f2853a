//go:build unix

package stratum

import "syscall"

// canTry says that a socket can be written without waiting for it.
const canTry = true

// try writes what the socket takes at once.
func (s *Seat) try(lines []byte) (n int, err error) {
	var errno error
	err = s.tcp.Write(func(fd uintptr) bool {
		for n < len(lines) {
			m, e := syscall.Write(int(fd), lines[n:])
			if e == syscall.EINTR {
				continue
			}
			if e != nil {
				if e != syscall.EAGAIN {
					errno = e
				}
				break
			}
			n += m
		}
		return true
	})
	if err == nil {
		err = errno
	}
	return n, err
}
