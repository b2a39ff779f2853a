package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// sockets returns both ends of a connection on the loopback, the first one as
// a Socket.
func sockets(t *testing.T) (*Socket, *net.TCPConn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	s := NewSocket(near)
	if s == nil {
		t.Skip("sockets of this system cannot be used without waiting for them")
	}
	return s, far
}

// What is written to a Socket is waited for where it does not fit at once, and
// what the peer sends is read in order, until it hangs up.
func TestSocketCarriesAll(t *testing.T) {
	s, far := sockets(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // more than any buffer holds
	wrote := make(chan error, 1)
	go func() {
		n, err := s.Write(sent)
		if err == nil && n != len(sent) {
			err = io.ErrShortWrite
		}
		wrote <- errors.Join(err, s.CloseWrite())
	}()
	echoed := make(chan error, 1)
	go func() {
		got, err := io.ReadAll(far)
		if err == nil {
			_, err = far.Write(got)
		}
		echoed <- errors.Join(err, far.CloseWrite())
	}()
	got, err := io.ReadAll(onlyReader{s})
	if err := errors.Join(err, <-wrote, <-echoed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back, and not those of the %d sent", len(got), len(sent))
	}
}

// onlyReader hides everything but Read.
type onlyReader struct{ io.Reader }

// TryWrite does not wait for a peer that does not read, and Write does, until
// its deadline.
func TestSocketFull(t *testing.T) {
	s, far := sockets(t)
	b := make([]byte, 1<<20)
	total := 0
	for {
		n, err := s.TryWrite(b)
		if err != nil {
			t.Fatal(err)
		}
		if total += n; n == 0 {
			break
		}
	}
	if err := s.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("writing to a full socket after the deadline: %v", err)
	}
	if err := s.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, far, int64(total)); err != nil {
		t.Fatalf("of the %d bytes that were taken: %v", total, err)
	}
	if n, err := s.Write([]byte("more")); n != 4 || err != nil {
		t.Errorf("there is room again: %d, %v", n, err)
	}
}

// Reading ends with the deadline, with the connection, and with an error of
// the peer's.
func TestSocketEnds(t *testing.T) {
	s, far := sockets(t)
	if n, err := s.Read(nil); n != 0 || err != nil {
		t.Errorf("reading nothing: %d, %v", n, err)
	}
	var timeout net.Error
	if err := s.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("reading after the deadline: %v", err)
	}
	if err := s.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := far.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	far.Close() // by a reset
	if n, err := s.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, io.EOF) {
		t.Errorf("reading after a reset: %d, %v", n, err)
	}
	s.Close()
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading what is closed: %v", err)
	}
	if _, err := s.TryWrite([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing what is closed: %v", err)
	}
}

// No call costs memory.
func TestSocketAllocates(t *testing.T) {
	s, far := sockets(t)
	b := make([]byte, 16)
	n := testing.AllocsPerRun(100, func() {
		if _, err := far.Write(b); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(s, b); err != nil {
			t.Fatal(err)
		}
		if _, err := s.TryWrite(b); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(far, b); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
