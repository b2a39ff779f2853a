package transport

import (
	"io"
	"net"
	"os"
	"syscall"
)

// Socket is a TCP connection that is read and written by system calls of which
// Go's scheduler is not told, where that is possible. They never wait: that is
// the poller's part. Each call that the scheduler hears of wakes its monitor,
// on a node that does little else than hash; for a share there are three, and
// the monitor's waking takes longer than they do.
//
// One goroutine at a time may read, and one may write. Deadlines hold as for
// any connection.
type Socket struct {
	*net.TCPConn
	raw  syscall.RawConn
	in   direction
	out  direction
	hold bool // TryWrite: do not wait
}

// direction is a call that goes on.
type direction struct {
	p   []byte
	n   int // bytes done
	err syscall.Errno
	do  func(fd uintptr) bool // kept, so that calls cost no memory
}

// NewSocket returns c as a Socket, or nil where there is no such thing.
func NewSocket(c *net.TCPConn) *Socket {
	if !haveSocket {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	s := &Socket{TCPConn: c, raw: raw}
	s.in.do, s.out.do = s.readSome, s.writeSome
	return s
}

// Read implements net.Conn.
func (s *Socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.in.run(p, s.raw.Read, "read")
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// Write implements net.Conn.
func (s *Socket) Write(p []byte) (int, error) {
	s.hold = false
	return s.out.run(p, s.raw.Write, "write")
}

// TryWrite writes what the socket takes at once.
func (s *Socket) TryWrite(p []byte) (int, error) {
	s.hold = true
	return s.out.run(p, s.raw.Write, "write")
}

func (d *direction) run(p []byte, wait func(func(uintptr) bool) error, name string) (int, error) {
	d.p, d.n, d.err = p, 0, 0
	err := wait(d.do)
	d.p = nil
	if err == nil && d.err != 0 {
		err = os.NewSyscallError(name, d.err)
	}
	return d.n, err
}

// readSome reports whether there was something to read, or never will be.
func (s *Socket) readSome(fd uintptr) bool {
	d := &s.in
	for {
		n, errno := readNow(fd, d.p)
		switch errno {
		case 0:
			d.n = n
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			d.err = errno
			return true
		}
	}
}

// writeSome reports whether everything is written, or never will be.
func (s *Socket) writeSome(fd uintptr) bool {
	d := &s.out
	for d.n < len(d.p) {
		n, errno := writeNow(fd, d.p[d.n:])
		switch errno {
		case 0:
			d.n += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return s.hold
		default:
			d.err = errno
			return true
		}
	}
	return true
}
