package stratum_test

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

func mustAddrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// buffered reads ahead what comes on a connection, as a socket does, so that a
// pipe's other end need not wait for a reader.
type buffered struct {
	net.Conn
	mu    sync.Mutex
	data  []byte
	err   error
	ready chan struct{} // one element: something is new
	until time.Time
}

func newBuffered(conn net.Conn) *buffered {
	b := &buffered{Conn: conn, ready: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			b.mu.Lock()
			b.data = append(b.data, buf[:n]...)
			b.err = err
			b.mu.Unlock()
			select {
			case b.ready <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return b
}

func (b *buffered) SetReadDeadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = t
	return nil
}

func (b *buffered) Read(p []byte) (int, error) {
	for {
		b.mu.Lock()
		n, err, until := copy(p, b.data), b.err, b.until
		b.data = b.data[n:]
		b.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, io.EOF
		}
		var timeout <-chan time.Time
		if !until.IsZero() {
			t := time.NewTimer(time.Until(until))
			defer t.Stop()
			timeout = t.C
		}
		select {
		case <-b.ready:
		case <-timeout:
			return 0, os.ErrDeadlineExceeded
		}
	}
}
